"""What a 99digital row says.

The history documents eight fields; `caption`, `senderName`, `isForwarded` and `quoteUnique` are those of the webhook
(`webhook/webhook`), read where a row has them. `message` is words, a link or a place, as the type says.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from workers.model import Direction, Interactive, Media, Message, RawRow, Reaction, Reference, Status, StatusError
from workers.providers.base import digits
from workers.providers.content import card_of, is_link, place_of
from workers.providers.decoding import Json
from workers.providers.fields import text, word
from workers.providers.kinds import MEDIA_TYPES, author_of, type_of
from workers.times import iso

_DIRECTIONS: Mapping[str | None, Direction] = MappingProxyType({"1": "inbound", "2": "outbound"})
#: The only documented code of `state`, by way of a note: "state '0' for failed messages".
_FAILED = "0"
#: `reason` 1 is "OK", 0 is a program's "none": neither explains a failure.
_NO_REASON = frozenset({None, "0", "1"})
#: The parts of a message that its type decides, by the names of `Message`.
Parts = dict[str, Any]


def message_of(row: RawRow, states: Mapping[str, str]) -> Message:
    """The message of a row; `states` is the account's table of codes. Raises RowUnreadable."""
    raw = row.raw
    told = direction_of(raw)
    provider_type = word(raw, "type")
    kind = type_of(provider_type, told)
    direction: Direction = "internal" if kind == "system" else told
    return Message(
        id=row.id,
        direction=direction,
        author=author_of(direction, sender_name(raw)),
        from_=address(raw, "from"),
        to=address(raw, "to"),
        sent_at=iso(row.time),
        type=kind,
        provider_type=provider_type,
        reply_to=_quoted(raw, kind),
        forwarded=_flag(raw.get("isForwarded")),
        status=_status_of(raw, direction, states),
        **_parts_of(raw, kind),
    )


def direction_of(raw: Mapping[str, Any]) -> Direction:
    """`"1"` came in, `"2"` went out. Raises RowUnreadable."""
    return _DIRECTIONS.get(word(raw, "direction"), "unknown")


def address(raw: Mapping[str, Any], name: str) -> str | None:
    """A phone number in digits, or a hidden identity verbatim. Raises RowUnreadable."""
    told = word(raw, name)
    return told and digits(told)


def sender_name(raw: Mapping[str, Any]) -> str | None:
    """The name of the contact who wrote. Raises RowUnreadable."""
    return text(raw, "senderName")


def _status_of(raw: Mapping[str, Any], direction: Direction, states: Mapping[str, str]) -> Status:
    code, reason = word(raw, "state"), word(raw, "reason")
    if direction != "outbound" or code is None:
        return Status(provider=code)
    state = states.get(code, "failed" if code == _FAILED else None)
    explains = state == "failed" and reason not in _NO_REASON
    return Status(state=state, provider=code, error=_error_of(reason) if explains else None)


def _error_of(reason: str | None) -> StatusError:
    return StatusError(code=reason) if reason and reason.isdigit() else StatusError(message=reason)


def _quoted(raw: Mapping[str, Any], kind: str) -> Reference | None:
    target = _target(raw)
    return None if kind == "reaction" or target.id is None else target


def _target(raw: Mapping[str, Any]) -> Reference:
    """`quoteUnique` is false where nothing is quoted."""
    quoted = raw.get("quoteUnique")
    return Reference(id=None if quoted is False else word(raw, "quoteUnique"))


def _flag(value: Json) -> bool | None:
    return value if type(value) is bool else None


# --- what was said ---------------------------------------------------------------------------------------


def _parts_of(raw: Mapping[str, Any], kind: str) -> Parts:
    if kind == "unsupported" and type(raw.get("message")) in {dict, list}:
        return {}
    words, caption = text(raw, "message"), text(raw, "caption")
    if kind in MEDIA_TYPES:
        return _file(words, caption)
    if kind == "reaction":
        return {"reaction": Reaction(emoji=words, target=_target(raw))}
    reader = _READERS.get(kind)
    return {"text": caption} | reader(words) if reader else {"text": words or caption}


def _file(words: str | None, caption: str | None) -> Parts:
    """A link that dies after a week. Where other words stand in its place, they are what is left to read."""
    if is_link(words):
        return {"text": caption, "media": Media(url=words and words.strip())}
    return {"text": words or caption, "media": Media(available=False)}


def _location(words: str | None) -> Parts:
    place = place_of(words)
    return {"text": words} if place is None else {"location": place}


def _contacts(words: str | None) -> Parts:
    card = card_of(words)
    return {"text": words} if card is None else {"contacts": (card,)}


def _chosen(kind: str) -> Callable[[str | None], Parts]:
    def read(words: str | None) -> Parts:
        return {"text": words, "interactive": Interactive(kind=kind, title=words)}

    return read


_READERS: Mapping[str, Callable[[str | None], Parts]] = MappingProxyType(
    {
        "location": _location,
        "contacts": _contacts,
        "interactive": _chosen("interactive"),
        "button_reply": _chosen("button_reply"),
        "list_reply": _chosen("list_reply"),
    }
)
