"""What 99digital's rows say, as facts. Pure."""

from collections.abc import Mapping
from typing import Any

from workers.simulator.facts import between, other_than_words, packed, words_and_file
from workers.simulator.records import Message

#: The contract's types of words that are not those.
_TYPES: Mapping[str, str] = {
    "chat": "text",
    "ptt": "voice",
    "file": "document",
    "button": "button_reply",
    "list": "list_reply",
}


def facts_of(message: Message, word: str, row: Mapping[str, Any], text: str | None, address: str) -> bytes:
    """The facts of a row with this type, whose contact shows as `address`."""
    kind = _TYPES.get(word, word)
    facts: dict[str, Any] = {
        **between(message, address),
        "author.kind": "contact" if message.inbound else "unknown",
        "type": kind,
        "provider_type": word,
        "status.provider": str(row["state"]),
        **_said(message, kind, text),
    }
    if not message.inbound and message.status == "failed":
        facts["status.state"] = "failed"
        if "reason" in row:
            facts["status.error.code"] = str(row["reason"])
    return packed(facts)


def _said(message: Message, kind: str, text: str | None) -> dict[str, Any]:
    told = other_than_words(kind, text)
    return words_and_file(None if message.media else text, message.media) if told is None else told
