"""What `message_content` holds: a webhook of Meta's, what was sent, a template's definition, or plain words.

It is documented as a JSON text. Seen at siblings: customers' rows hold the whole webhook, templates their definition
with its variables unresolved, system notices plain words; files that the platform keeps are a line of words that
ends in their address.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workers.errors import RowUnreadable
from workers.model import Media, Record, StatusError
from workers.providers.decoding import Json
from workers.providers.fields import text, word_or_none
from workers.providers.meta import Parts, Webhook, error_of, parts_of, unwrapped, webhook_in
from workers.providers.meta.webhook import sent_at
from workers.providers.reasons import unreadable

#: How the platform words a file that it keeps: a sign, what the file is, its address, and nothing else.
_FILE_LINE = re.compile(r"[^\w\s]+\s*(\w{1,20}(?: \w{1,20})?)\s*:\s*(https?://\S+)", re.IGNORECASE)
#: What such a file may be called, in the languages that the product speaks there.
_FILE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("image", "photo", "imagem", "foto"), "image"),
        **dict.fromkeys(("video", "vídeo"), "video"),
        **dict.fromkeys(("audio", "áudio"), "audio"),
        **dict.fromkeys(("voice", "voice message", "voz"), "voice"),
        **dict.fromkeys(("document", "documento", "file", "arquivo"), "document"),
        **dict.fromkeys(("sticker", "figurinha"), "sticker"),
    }
)


class Content(Record, frozen=True, kw_only=True):
    """The content of one row: a message object of Meta's and the webhook it came in, or else plain words."""

    message: Mapping[str, Any] | None = None
    webhook: Webhook | None = None
    words: str | None = None

    @property
    def is_status(self) -> bool:
        """Whether the row tells of a delivery and of no message."""
        return self.webhook is not None and self.webhook.is_status

    @property
    def sent_at(self) -> int | None:
        """When Meta took the message (epoch ms), where a webhook says so."""
        return sent_at(self.message) if self.webhook is not None and self.message is not None else None

    @property
    def error(self) -> StatusError | None:
        """Why Meta does not show it."""
        return None if self.message is None else error_of(self.message)

    def parts(self) -> Parts:
        """The parts of the message by the names of `Message`, its type among them. Raises RowUnreadable."""
        if self.message is None:
            return _of_words(self.words)
        parts = parts_of(self.message)
        platforms_own = self.webhook is None and parts["type"] == "text"
        return {**parts, **_of_words(parts["text"])} if platforms_own and parts["text"] else parts


def content_of(raw: Mapping[str, Any]) -> Content:
    """The content of a row. Raises RowUnreadable for what is neither an object nor words."""
    given = raw.get("message_content")
    held = unwrapped(given)
    if type(held) is dict:
        webhook = webhook_in(held)
        message = held if webhook is None else webhook.message(word_or_none(raw, "wa_message_id"))
        return Content(message=message, webhook=webhook)
    words = text(raw, "message_content")
    if words is not None and words.lstrip().startswith('{"'):
        raise unreadable("bad_shape", "message_content begins like JSON and is broken or cut off")
    return Content(words=words)


def webhook_content(raw: Json) -> Content | None:
    """The content of a row that a webhook brought; None for any other, which costs no decoding."""
    given = raw.get("message_content") if type(raw) is dict else None
    if type(given) is str and "timestamp" not in given and "statuses" not in given:
        return None
    try:
        content = content_of(raw) if given else None
    except RowUnreadable:
        return None
    return content if content is not None and content.webhook is not None else None


def _of_words(words: str | None) -> Parts:
    if words is None:
        return {"type": "unsupported"}
    file = _FILE_LINE.fullmatch(words.strip())
    kind = _FILE_WORDS.get(file[1].casefold()) if file else None
    if file is None or kind is None:
        return {"type": "text", "text": words}
    return {"type": kind, "text": words, "media": Media(url=file[2])}
