"""Images, videos, sounds, documents, stickers: `{id | link, mime_type, sha256, caption, filename}`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workers.model import Media
from workers.providers.content import is_link
from workers.providers.fields import first_word, size, text, word
from workers.providers.meta.nested import Told

#: Meta's words for files, and the contract's types.
FILES: Mapping[str, str] = MappingProxyType(
    {name: name for name in ("image", "video", "audio", "voice", "document", "sticker")}
)


def file_parts(kind: str, told: Told) -> dict[str, Any]:
    """The parts of a message that is a file; an audio recorded in the chat (`voice: true`) is a voice message."""
    voice = kind == "audio" and told.fields.get("voice") is True
    return {
        "type": "voice" if voice else FILES[kind],
        "text": text(told.fields, "caption") or (None if is_link(told.words) else told.words),
        "media": media_of(told),
    }


def media_of(told: Told) -> Media:
    """The file itself. One that has neither an address nor an id cannot be fetched."""
    fields = told.fields
    link = told.words.strip() if told.words and is_link(told.words) else None
    url, media_id = link or first_word(fields, "link", "url"), word(fields, "id")
    return Media(
        url=url,
        id=media_id,
        mime_type=word(fields, "mime_type"),
        file_name=text(fields, "filename"),
        sha256=word(fields, "sha256"),
        size_bytes=size(fields, "file_size"),
        available=url is not None or media_id is not None,
    )
