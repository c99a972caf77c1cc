"""What a row says, in the words of the contract: fields of the event that must come of it. Pure, from the world alone.

Facts are paths into an event's `message` (`media.url`, `contacts.0.name`) or, with `conversation.` in front, into
its conversation, each with the value that must stand there. A room tells those that its rows show; what a row leaves
open is no fact. They are written down beside the adapters, from the documentation of the providers and the contract
of events, and share nothing with what they judge.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from workers.simulator.records import Message, ShownState

Facts = Mapping[str, Any]
#: The contract's types of files.
FILES = frozenset({"image", "video", "audio", "voice", "document", "sticker"})


def packed(facts: Facts) -> bytes:
    """Facts as they are kept: always the same bytes for the same facts."""
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)


def unpacked(kept: bytes) -> dict[str, Any]:
    """Facts that were kept; none for none."""
    facts: dict[str, Any] = orjson.loads(kept) if kept else {}
    return facts


def common(kept: bytes, others: bytes) -> bytes:
    """The facts that stand in both."""
    one, other = unpacked(kept), unpacked(others)
    return packed({name: value for name, value in one.items() if name in other and other[name] == value})


def says_no_more(state: ShownState, than: ShownState) -> bool:
    """Whether a state tells nothing that another does not tell as well: a list may show less of a message."""
    if state._replace(facts=b"") != than._replace(facts=b""):
        return False
    return state.facts == than.facts or unpacked(state.facts).items() <= unpacked(than.facts).items()


def between(message: Message, address: str) -> dict[str, Any]:
    """Who wrote to whom, where `address` names the contact."""
    ours = message.conversation.channel.number
    sender, receiver = (address, ours) if message.inbound else (ours, address)
    return {
        "direction": "inbound" if message.inbound else "outbound",
        "from": sender,
        "to": receiver,
        "conversation.contact.address": address,
    }


def words_and_file(text: str | None, media: str | None) -> dict[str, Any]:
    """Words, and a file that can be fetched or none."""
    told: dict[str, Any] = {"text": text or None}
    return told | ({"media": None} if media is None else {"media.url": media, "media.available": True})


def place(text: str | None) -> dict[str, Any]:
    """A place, which the world keeps as `latitude,longitude`."""
    latitude, _, longitude = (text or "0,0").partition(",")
    return {"text": None, "location.latitude": float(latitude), "location.longitude": float(longitude)}


def card(number: str | None, name: str | None = None) -> dict[str, Any]:
    """One contact card with one number."""
    return {"contacts.0.phones.0.number": number} | ({} if name is None else {"contacts.0.name": name})


def other_than_words(kind: str, text: str | None) -> dict[str, Any] | None:
    """What rows of a type say that is neither words nor a file, where their text says it; None for other types."""
    if kind == "location":
        return place(text)
    if kind == "contacts":
        return card(text)
    if kind == "reaction":
        return {"text": None, "reaction.emoji": text}
    if kind in {"button_reply", "list_reply"}:
        return {"text": text, "interactive.kind": kind, "interactive.title": text}
    return None
