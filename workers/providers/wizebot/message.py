"""What a WizeBot row says: who, when, how it was delivered. What was said is in `content`."""

from collections.abc import Mapping
from datetime import tzinfo
from types import MappingProxyType
from typing import Any, NamedTuple

from workers.model import Author, AuthorKind, Contact, Direction, Message, RawRow, Status, StatusError
from workers.providers.base import digits
from workers.providers.fields import text, word, word_or_none
from workers.providers.kinds import state_of
from workers.providers.wizebot.content import Content, content_of
from workers.providers.wizebot.local_time import moment_after
from workers.providers.wizebot.reactions import reactions_in
from workers.times import iso

#: Who `sender` names: `user`, `bot`, `automation` and `system` were seen, the others are only guarded against. What is
#: not here is unknown, above all not inbound: whoever answers inbound messages would answer its own.
_SENDERS: Mapping[str | None, tuple[Direction, AuthorKind]] = MappingProxyType(
    {
        "user": ("inbound", "contact"),
        "bot": ("outbound", "bot"),
        "automation": ("outbound", "automation"),
        "agent": ("outbound", "agent"),
        "admin": ("outbound", "agent"),
        "business": ("outbound", "unknown"),
        "system": ("internal", "system"),
    }
)
#: The times that tell of a state; the time of the row's last change serves for any other.
_TIMES: Mapping[str | None, str] = MappingProxyType({"read": "read_time", "failed": "failed_time"})


class Heard(NamedTuple):
    """A row that was read: its message, and what it says of the contact."""

    message: Message
    contact: Contact


def heard(row: RawRow, phone: str, zone: tzinfo) -> Heard:
    """The message of a row in the conversation with this number; `zone` is that of its local times.

    Raises RowUnreadable.
    """
    raw, content = row.raw, content_of(row.raw)
    parts = content.parts()
    sender = word(raw, "sender")
    direction, author = _SENDERS.get(sender and sender.casefold(), ("unknown", "unknown"))
    if direction == "internal" and content.message is None:
        parts["type"] = "system"
    if parts["type"] == "system":
        direction, author = "internal", "system"
    name = _name_in(content) if direction == "inbound" else None
    message = Message(
        id=row.id,
        wamid=_wamid(raw, content),
        direction=direction,
        author=_author(raw, author, name),
        from_=_from(direction, content, phone),
        to=_to(direction, content, phone),
        sent_at=iso(row.time),
        reactions=reactions_in(raw.get("reaction_data"), phone),
        status=_status_of(row, direction, content.error, zone),
        **parts,
    )
    return Heard(message, Contact(address=phone, name=name))


def _wamid(raw: Mapping[str, Any], content: Content) -> str | None:
    inner = content.message if content.webhook is not None else None
    return word(raw, "wa_message_id") or word_or_none(inner, "id")


def _author(raw: Mapping[str, Any], kind: AuthorKind, name: str | None) -> Author:
    """The bot's rows are a human's where they name one: by the number of a member of the team."""
    agent = word(raw, "agent_name")
    if agent is None or kind in {"contact", "system"}:
        return Author(kind=kind, name=name)
    return Author(kind="agent", id=agent) if agent.isdecimal() else Author(kind="agent", name=agent)


def _name_in(content: Content) -> str | None:
    if content.webhook is None:
        return None
    names, writer = content.webhook.names, word_or_none(content.message, "from")
    return names.get(writer or "") or (next(iter(names.values())) if len(names) == 1 else None)


def _from(direction: Direction, content: Content, phone: str) -> str | None:
    if direction == "inbound":
        return _address(content, "from") or phone
    return content.webhook.number if direction == "outbound" and content.webhook else None


def _to(direction: Direction, content: Content, phone: str) -> str | None:
    if direction == "inbound":
        return content.webhook.number if content.webhook else None
    return _address(content, "to") or phone if direction == "outbound" else None


def _address(content: Content, end: str) -> str | None:
    told = word_or_none(content.message, end)
    return told and digits(told)


def _status_of(row: RawRow, direction: Direction, hidden: StatusError | None, zone: tzinfo) -> Status:
    """How the message was delivered. The page names a state or none; `failed_reason` has no list of codes."""
    raw = row.raw
    provider = word(raw, "message_status")
    state = state_of(provider)
    names = (_TIMES.get(state), "delivery_status_updated_at")
    times = (moment_after(raw.get(name), name, zone, row.time) for name in names if name)
    at = next((one for one in times if one is not None), None)
    reason = text(raw, "failed_reason")
    return Status(
        state=state if direction == "outbound" else None,
        provider=provider,
        at=None if at is None else iso(at),
        error=hidden if reason is None else StatusError(message=reason),
    )
