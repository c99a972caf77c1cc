"""The words of an event, and the providers' words that mean them without a doubt."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from workers.model import STATUS_ORDER, Author, Direction

#: Types whose content is a file.
MEDIA_TYPES = frozenset({"image", "audio", "voice", "video", "document", "sticker"})
#: Types that a person's tap makes.
REPLY_TYPES = frozenset({"button_reply", "list_reply"})

#: Provider's word, in small letters, to the contract's type. What is not here is `unsupported`.
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "text": "text",
        "chat": "text",
        "image": "image",
        "audio": "audio",
        "voice": "voice",
        "ptt": "voice",
        "video": "video",
        "document": "document",
        "file": "document",
        "sticker": "sticker",
        "location": "location",
        "contact": "contacts",
        "contacts": "contacts",
        "vcard": "contacts",
        "interactive": "interactive",
        "button_reply": "button_reply",
        "list_reply": "list_reply",
        "template": "template",
        "reaction": "reaction",
        "order": "order",
        "call": "call",
        "system": "system",
    }
)
#: From a contact these are a tap on what we sent; from us they are what was sent.
_TAPS: Mapping[str, str] = MappingProxyType({"button": "button_reply", "list": "list_reply"})


@lru_cache(maxsize=256)  # providers have few words
def type_of(provider_type: str | None, direction: Direction) -> str:
    """The contract's type for a provider's word; `unsupported` for a word never seen."""
    lower = (provider_type or "").casefold()
    if lower in _TAPS:
        return _TAPS[lower] if direction == "inbound" else "interactive"
    return _TYPES.get(lower, "unsupported")


@lru_cache(maxsize=256)
def state_of(word: str | None) -> str | None:
    """The delivery state that a provider's word names by itself; None for any other word."""
    lower = (word or "").casefold()
    return lower if lower in STATUS_ORDER else None


@lru_cache(maxsize=1024)  # names of those who write now
def author_of(direction: Direction, name: str | None = None) -> Author:
    """Who wrote a message, where only its direction tells: outbound says no more than "one of ours"."""
    if direction == "inbound":
        return Author(kind="contact", name=name)
    return Author(kind="system" if direction == "internal" else "unknown")
