"""Ogmma's lists of channels and conversations. Their contract is UNKNOWN: fields as documented, the rest by analogy.

Conversation fields are those of `conversations/introduction`; paging is that of GET /v1/contacts.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from workers.simulator.records import Account, Conversation, Message, Row
from workers.simulator.rooms.base import HTML, Answer, Call, said
from workers.simulator.switches import AccountSwitches

#: Entries of a conversation list: by analogy with GET /v1/contacts (default 20, maximum 100).
DEFAULT_LIST, MAX_LIST = 20, 100
#: The newest messages among which unread ones are counted (messages).
UNREAD_REACH = 100


def iso_s(ms: int) -> str:
    """Milliseconds as conversations and contacts show them, without a fraction: `2026-01-05T12:00:00Z`."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}Z"


def whole(text: str | None, default: int) -> int | None:
    """A positive whole number from a query; None for anything else."""
    if text is None:
        return default
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


def failure(status: int, form: str, text: str, code: str) -> Answer:
    """An error in one of the forms that a body may have."""
    if form == "html":
        return Answer(status, f"<!doctype html><title>{status}</title><h1>{text}</h1>".encode(), content_type=HTML)
    if form == "empty":
        return Answer(status)
    return said(status, {"error": text} if form == "error" else {"message": text, "code": code})


def channels(account: Account, switches: AccountSwitches) -> Answer | None:
    """GET /channels; None where it does not exist."""
    word = switches.word("ogmma.channel_list")
    if word == "off":
        return None
    rows = [Row(orjson.dumps(_channel(channel.id, channel.number))) for channel in account.channels]
    return Answer(200, b"[", rows, b"]") if word == "bare" else Answer(200, b'{"data":[', rows, b"]}")


def conversations(account: Account, channel: str | None, call: Call, switches: AccountSwitches) -> Answer | None:
    """GET /conversations or /channels/{channel}/conversations, latest touched first; None where it does not exist."""
    there = {"both", "conversations" if channel is None else "channel"}
    if switches.word("ogmma.conversation_list") not in there:
        return None
    state = call.query.get("status")
    found = [c for c in account.conversations if channel in {None, c.channel.id} and state in {None, _state(c)}]
    found.sort(key=lambda c: c.changed_ms, reverse=True)
    if switches.word("ogmma.list_paging") == "none":
        return Answer(200, b'{"data":[', _rows(found), b"]}")
    limit, page = whole(call.query.get("limit"), DEFAULT_LIST), whole(call.query.get("page"), 1)
    if limit is None or page is None or limit > MAX_LIST:
        return said(400, {"message": "Paginação inválida.", "code": "VALIDATION_ERROR"})
    block = {"page": page, "limit": limit, "total": len(found), "totalPages": -(-len(found) // limit)}
    shown = _rows(found[(page - 1) * limit : page * limit])
    return Answer(200, b'{"data":[', shown, b'],"pagination":' + orjson.dumps(block) + b"}")


def _channel(name: str, number: str) -> dict[str, str]:
    kind = {"type": "WHATSAPP_BAILEYS", "status": "CONNECTED"}
    return {"id": name, "name": f"Loja {number[-2:]}", **kind, "phone": number}


def _state(conversation: Conversation) -> str:
    return "CLOSED" if conversation.closed else "OPEN"


def _unread(message: Message) -> bool:
    return message.inbound and message.status != "read"


def _rows(found: Sequence[Conversation]) -> list[Row]:
    return [Row(orjson.dumps(_listed(conversation))) for conversation in found]


def _listed(conversation: Conversation) -> dict[str, object]:
    last = conversation.messages[-1] if conversation.messages else None
    contact = conversation.contact
    return {
        "id": conversation.id,
        "channelId": conversation.channel.id,
        "contact": {"id": contact.id, "name": contact.name, "phone": contact.address},
        "assignedTo": None,
        "departmentId": None,
        "status": _state(conversation),
        "lastMessage": (last.text or "") if last else None,
        "unreadCount": sum(map(_unread, conversation.messages[-UNREAD_REACH:])),
        "createdAt": iso_s(conversation.created_ms),
        "updatedAt": iso_s(conversation.changed_ms),
    }
