"""Sound messages, records and chats of Wegly, and short ways to ask what becomes of them."""

import json

from workers.model import HttpResponse
from workers.providers.wegly import Wegly, WeglySettings
from workers.providers.wegly.chat import chat_in
from workers.providers.wegly.steps import TimelineRef

KEY = "eyJhbGciOiJIUzI1NiJ9.topsecret"
CHAT = "0b6f0c1e-0000-4000-8000-000000000001"
OURS, THEIRS = "5511900000001", "5511988880000"
USER = {"id": "0b6f0c1e-0000-4000-8000-0000000000c1", "name": "Bia", "avatar": "https://x.example/a.png"}
AGENT = {"id": "0b6f0c1e-0000-4000-8000-0000000000b1", "user": USER}


def account(**fields):
    return WeglySettings(**{"name": "escola", "provider": "wegly", "api_key": KEY, **fields})


def wegly(**fields):
    return Wegly(account(**fields))


def feed(of=None):
    return (of or wegly()).feed({"chat_id": CHAT})


def spoken(number=0, **fields):
    """A message object; 0 is the newest."""
    return {
        "id": f"0b6f0c1e-0000-4000-8000-{number + 160:012x}",
        "type": "text",
        "origin": "OUTBOUND",
        "from_me": True,
        "sent_via": "BOT",
        "status": "sent",
        "body_text": f"words {number}",
        "content_payload": {},
        "reactions": [],
        "meta_timestamp": f"2026-01-05T12:{59 - number // 60:02d}:{59 - number % 60:02d}.000Z",
        "is_history": False,
        "is_media_placeholder": False,
        "agent": None,
        "user": None,
        **fields,
    }


def heard(number=0, **fields):
    """A message object of the contact's."""
    return spoken(number, **{"origin": "INBOUND", "from_me": False, "sent_via": "CONTACT", **fields})


def record(message, **fields):
    told = {"id": "0b6f0c1e-0000-4000-8000-000000000002", "event_type": "MESSAGE", "message": message}
    return {**told, **fields}


def chat(last=None, **fields):
    return {
        "id": CHAT,
        "wa_contact_id": "0b6f0c1e-0000-4000-8000-0000000000d1",
        "contact_name": "Ana",
        "contact_number": "+55 11 98888-0000",
        "status": "OPEN",
        "chat_type": "INDIVIDUAL",
        "unread_count": 2,
        "assigned_agent_id": AGENT["id"],
        "phone_number": {"id": "p", "display_number": "+55 11 90000-0001", "raw_number": OURS, "phone_number_id": "1"},
        "assigned_agent": {"agent_id": AGENT["id"], "user": USER},
        "last_message_at": None,
        "last_message": last,
        "remote_profile_name": "ana!",
        "updated_at": "2026-01-05T13:00:00Z",
        **fields,
    }


def response(body, status=200, **of_response):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status=status, body=sent, content_type="application/json", **of_response)


def chat_page(body=None, status=200, of=None, **of_response):
    """What the first response of a poll comes to."""
    of = of or wegly()
    return of.page(feed(of), of.first(), response(chat() if body is None else body, status, **of_response))


def timeline_ref(last=None, **fields):
    """The first page of a timeline, behind a chat object."""
    return TimelineRef(number=2, limit=1, chat=chat_in(chat(last, **fields), f"escola/{CHAT}", CHAT))


def timeline(body, status=200, ref=None, of=None, **of_response):
    of = of or wegly()
    return of.page(feed(of), ref or timeline_ref(), response(body, status, **of_response))


def normalised(message=None, of=None, ref=None, **fields):
    of = of or wegly()
    page = timeline({"total": 1, "records": [record(message or spoken(**fields))]}, of=of, ref=ref)
    return of.normalise(feed(of), page.rows[0])


def message(**fields):
    return normalised(spoken(**fields)).message


def received(**fields):
    return normalised(heard(**fields)).message
