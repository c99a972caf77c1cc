"""What Ogmma's rows say, as facts. Its `documented` words fold kinds: what shows as another type is one. Pure."""

from collections.abc import Mapping
from typing import Any

from workers.simulator.facts import FILES, between, other_than_words, packed, words_and_file
from workers.simulator.records import Message

#: The contract's types of words that are not those.
_TYPES: Mapping[str, str] = {"ptt": "voice", "contact": "contacts", "button": "button_reply", "list": "list_reply"}


def facts_of(message: Message, word: str, status: str, text: str | None, form: str) -> bytes:
    """The facts of a row with this type and status; `form` is that of its content."""
    kind = _TYPES.get(word, word)
    facts: dict[str, Any] = {
        **between(message, message.conversation.contact.address),
        "author.kind": "contact" if message.inbound else "unknown",
        "type": kind,
        "provider_type": word,
        "status.provider": status,
        **_said(message, kind, text),
    }
    if kind == "contacts" and form != "string":
        facts["contacts.0.name"] = message.conversation.contact.name
    if kind == "document" and form != "string":
        facts["media.file_name"] = (message.media or "").rpartition("/")[2]
    return packed(facts)


def _said(message: Message, kind: str, text: str | None) -> dict[str, Any]:
    told = other_than_words(kind, text)
    return words_and_file(text, message.media if kind in FILES else None) if told is None else told
