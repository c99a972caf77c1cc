"""What a row of Fonte says."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workers.model import Author, Direction, Media, Message, RawRow, Reference, Status, StatusError
from workers.providers.fields import moment_or_none, size, text, word
from workers.providers.kinds import MEDIA_TYPES, author_of, type_of
from workers.times import iso

_DIRECTIONS: Mapping[str | None, Direction] = MappingProxyType({"in": "inbound", "out": "outbound", "note": "internal"})
#: Fonte's words for a delivery, and ours.
_STATES = MappingProxyType(
    {"queued": "pending", "sent": "sent", "arrived": "delivered", "seen": "read", "lost": "failed"}
)


def message_of(row: RawRow, contact: str) -> Message:
    """The message of a row of the chat with this contact. Raises RowUnreadable."""
    raw = row.raw
    direction = _DIRECTIONS.get(word(raw, "way"), "unknown")
    provider_type = word(raw, "kind")
    kind = "system" if direction == "internal" else type_of(provider_type, direction)
    return Message(
        id=row.id,
        wamid=word(raw, "wamid"),
        direction=direction,
        author=_author_of(raw, direction),
        from_=contact if direction == "inbound" else None,
        to=contact if direction == "outbound" else None,
        sent_at=iso(row.time),
        type=kind,
        provider_type=provider_type,
        text=text(raw, "words"),
        media=_media_of(raw) if kind in MEDIA_TYPES else None,
        reply_to=Reference(id=quoted) if (quoted := word(raw, "answers")) else None,
        status=_status_of(raw, direction),
    )


def _author_of(raw: Mapping[str, Any], direction: Direction) -> Author:
    agent = word(raw, "agent")
    return Author(kind="agent", name=agent) if agent and direction == "outbound" else author_of(direction)


def _media_of(raw: Mapping[str, Any]) -> Media:
    url = word(raw, "file")
    return Media(url=url, mime_type=word(raw, "mime"), size_bytes=size(raw, "bytes"), available=url is not None)


def _status_of(raw: Mapping[str, Any], direction: Direction) -> Status:
    provider, why = word(raw, "delivery"), text(raw, "why")
    state = _STATES.get(provider or "") if direction == "outbound" else None
    at = moment_or_none(raw.get("delivery_at"), "delivery_at")
    error = StatusError(message=why) if state == "failed" and why else None
    return Status(state=state, provider=provider, at=None if at is None else iso(at), error=error)
