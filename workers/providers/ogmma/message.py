"""What an Ogmma row says: who, when, how it was delivered. What was said is in `content`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workers.model import Direction, Message, RawRow, Status
from workers.providers.base import digits
from workers.providers.fields import moment_or_none, word
from workers.providers.kinds import author_of, state_of, type_of
from workers.providers.ogmma.content import parts_of
from workers.times import iso

_DIRECTIONS: Mapping[str | None, Direction] = MappingProxyType({"INBOUND": "inbound", "OUTBOUND": "outbound"})
#: Where the person at the other end stands.
_CONTACT_ENDS: Mapping[Direction, str] = MappingProxyType({"inbound": "from", "outbound": "to"})


def message_of(row: RawRow, told: Direction) -> Message:
    """The message of a row of this direction. Raises RowUnreadable."""
    raw = row.raw
    provider_type = word(raw, "type")
    kind = type_of(provider_type, told)
    direction: Direction = "internal" if kind == "system" else told
    return Message(
        id=row.id,
        direction=direction,
        author=author_of(direction),
        from_=_address(raw, "from"),
        to=_address(raw, "to"),
        sent_at=iso(row.time),
        provider_type=provider_type,
        status=_status_of(raw, direction),
        **parts_of(raw, kind),
    )


def contact_address(row: RawRow, told: Direction) -> str | None:
    """The person at the other end; without a direction nobody can say which end that is. Raises RowUnreadable."""
    end = _CONTACT_ENDS.get(told)
    return None if end is None else _address(row.raw, end)


def direction_of(row: RawRow) -> Direction:
    """Who said it to whom, as far as the row tells. Raises RowUnreadable."""
    told = word(row.raw, "direction")
    return _DIRECTIONS.get(told and told.upper(), "unknown")


def _address(raw: Mapping[str, Any], name: str) -> str | None:
    told = word(raw, name)
    return told and digits(told)


def _status_of(raw: Mapping[str, Any], direction: Direction) -> Status:
    provider = word(raw, "status")
    at = moment_or_none(raw.get("updatedAt"), "updatedAt")
    return Status(
        state=state_of(provider) if direction == "outbound" else None,
        provider=provider,
        at=None if at is None else iso(at),
    )
