"""Outcomes by hand, and the records that the encoder makes of them."""

import orjson

from workers.events.encoding import EventEncoder
from workers.events.payload import ConversationName, Http
from workers.events.source import Source
from workers.model import Author, Contact, Conversation, Feed, Message, Normalised, Status
from workers.reconcile.cursor import Cursor
from workers.reconcile.outcome import Change, Letter, Outcome
from workers.redaction import Redactor

SECRET = "topsecret-0123456789"
FEED = Feed(key="loja/c/v", account="loja", values={"channel_id": "c", "conversation_id": "v"})
#: 2026-01-05T12:00:00Z, when the message was sent, and seven seconds later, when it was seen (epoch ms).
SENT, SEEN = 1_767_614_400_000, 1_767_614_407_000


NOBODY = Http()


def source(**fields):
    conversation = ConversationName(id="loja/v", provider_id="v")
    return Source(**{"provider": "ogmma", "account": "loja", "feed": FEED, "conversation": conversation, **fields})


def change(*, message=None, conversation="v", **fields):
    told = {
        "id": "m1",
        "direction": "outbound",
        "author": Author(kind="bot"),
        "sent_at": "2026-01-05T12:00:00.000Z",
        "type": "text",
        "text": "oi",
        "status": Status(state="sent", provider="SENT"),
        **(message or {}),
    }
    of = Conversation(id=f"loja/{conversation}", provider_id=conversation, contact=Contact(address="5511988880000"))
    given = {"kind": "created", "time": SENT, "origin": "live", "digest": b"state", **fields}
    return Change(normalised=Normalised(conversation=of, message=Message(**told)), **given)


def letter(**fields):
    given = {"scope": "row", "reason": "no_id", "detail": "it has none", "digest": b"123456", "payload": "{}"}
    return Letter(**{**given, **fields})


def records(outcome, *, now=SEEN, answered=NOBODY, **fields):
    """The records of an outcome, secrets removed."""
    return EventEncoder(source(**fields), Redactor([SECRET]), answered).events(outcome, now)


def of_changes(*changes, **fields):
    return records(Outcome(cursor=Cursor(contact=1), changes=changes), **fields)


def of_letters(*letters, **fields):
    return records(Outcome(cursor=Cursor(contact=1), letters=letters), **fields)


def headers(record):
    return {name: value.decode() for name, value in record.headers}


def data(record):
    value = orjson.loads(record.value)
    return value["data"] if "specversion" in value else value


def identity(record):
    """The event's id, in either content mode."""
    return headers(record).get("ce_id") or orjson.loads(record.value)["id"]
