"""Sound rows of WizeBot, and short ways to ask what becomes of them."""

import json

from workers.model import HttpResponse, PageRef
from workers.providers.wizebot import Wizebot, WizebotSettings

KEY = "wb0123topsecret"
PHONE_NUMBER_ID, PHONE = "111222333444555", "5511988880000"
WAMID = "wamid.HBgNNTUxMTk4ODg4MDAwMA=="


def account(**fields):
    given = {"name": "suporte", "provider": "wizebot", "api_key": KEY, "phone_number_id": PHONE_NUMBER_ID}
    return WizebotSettings(**{**given, "timezone": "America/Sao_Paulo", **fields})


def wizebot(**fields):
    return Wizebot(account(**fields))


def feed(of=None):
    return (of or wizebot()).feed({"phone_number": PHONE})


def send_body(kind="text", body=None, **fields):
    """What was sent, as the documented example has it."""
    return {
        "delay_in_reply": 0,
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": PHONE,
        "type": kind,
        kind: {"body": "Olá"} if body is None else body,
        **fields,
    }


def webhook(kind="text", body=None, **fields):
    """What came in: the whole envelope of Meta's."""
    told = {"from": PHONE, "id": WAMID, "timestamp": "1760000000", "type": kind}
    message = {**told, kind: {"body": "oi"} if body is None else body, **fields}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "+55 11 90000-0001", "phone_number_id": PHONE_NUMBER_ID},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": PHONE}],
        "messages": [message],
    }
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "2", "changes": [{"field": "messages", "value": value}]}],
    }


def row(number=0, content=None, **fields):
    words = f"words {number}" if content is None else content
    return {
        "id": 9000 - number,
        "whatsapp_bot_subscriber_subscriber_id": f"{PHONE}-42",
        "whatsapp_bot_id": 42,
        "sender": "bot",
        "agent_name": None,
        "message_content": words if isinstance(words, str) else json.dumps(words),
        "conversation_time": f"2026-01-05 09:{59 - number // 60:02d}:{59 - number % 60:02d}",
        "wa_message_id": f"wamid.{number}",
        "reaction_data": None,
        "message_status": "sent",
        "delivery_status_updated_at": "2026-01-05 10:00:02",
        "failed_reason": "",
        **fields,
    }


def answered(body, status=200, ref=None, of=None, **of_response):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    of = of or wizebot()
    response = HttpResponse(status=status, body=sent, **of_response)
    return of.page(feed(of), ref or PageRef(number=1, limit=50), response)


def page(*rows, ref=None, of=None):
    return answered({"status": "1", "message": list(rows)}, ref=ref, of=of)


def normalised(content=None, of=None, **fields):
    of = of or wizebot()
    return of.normalise(feed(of), page(row(content=content, **fields), of=of).rows[0])


def message(content=None, **fields):
    return normalised(content, **fields).message


def received(kind="text", body=None, **fields):
    """The message of a row that a webhook brought; `fields` are those of Meta's message object."""
    return message(webhook(kind, body, **fields), sender="user")
