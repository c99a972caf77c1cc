"""What a message object says: who, when, how it was delivered. What was said is in `content`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workers.model import Author, AuthorKind, Direction, EmbeddedReaction, Message, Reactor, Reference, Status
from workers.providers.base import digits
from workers.providers.fields import moment_or_none, text, word
from workers.providers.kinds import state_of, type_of
from workers.providers.meta.nested import items, told
from workers.providers.wegly.chat import Chat, ChatRow
from workers.providers.wegly.content import parts_of, quoted_in
from workers.times import iso

#: Words of `origin`. INBOUND is documented, the others are what their words say.
_ORIGINS: Mapping[str | None, Direction] = MappingProxyType(
    {
        **dict.fromkeys(("inbound", "incoming", "received"), "inbound"),
        **dict.fromkeys(("outbound", "outgoing"), "outbound"),
        **dict.fromkeys(("internal", "system"), "internal"),
    }
)
#: Words of `sent_via` and of a reaction's `actor`. CONTACT is documented, the others are what their words say.
_WRITERS: Mapping[str | None, AuthorKind] = MappingProxyType(
    {
        **dict.fromkeys(("contact", "customer"), "contact"),
        **dict.fromkeys(("agent", "user"), "agent"),
        **dict.fromkeys(("bot", "chatbot"), "bot"),
        **dict.fromkeys(("automation", "campaign"), "automation"),
        "system": "system",
    }
)
#: The one word of `status` that is documented and does not name its state by itself.
_STATES: Mapping[str | None, str] = MappingProxyType({"processing": "pending"})
#: Reactions of one message that are kept: a group has many members, an event has a size.
_MOST_REACTIONS = 200


def message_of(row: ChatRow) -> Message:
    """The message of a row. Raises RowUnreadable."""
    raw, chat = row.message, row.chat
    provider_type = word(raw, "type")
    direction = _direction_of(raw)
    if type_of(provider_type, direction) == "system":
        direction = "internal"
    ours, theirs = chat.number, chat.contact.address
    # Who of a group wrote is not documented: its own address names nobody.
    writer = None if chat.is_group else theirs
    quoted = quoted_in(raw)
    return Message(
        id=row.id,
        direction=direction,
        author=_author(raw, direction, chat),
        from_={"inbound": writer, "outbound": ours}.get(direction),
        to={"inbound": ours, "outbound": theirs}.get(direction),
        sent_at=iso(row.time),
        provider_type=provider_type,
        reactions=_reactions(raw),
        reply_to=Reference(id=quoted) if quoted else None,
        status=_status_of(raw, direction),
        **parts_of(raw, direction),
    )


def _direction_of(raw: Mapping[str, Any]) -> Direction:
    """By `origin`; where its word is not known `from_me` says it, and then who wrote it."""
    told_by = _ORIGINS.get(_small(raw, "origin"))
    if told_by is not None:
        return told_by
    from_me = raw.get("from_me")
    if type(from_me) is bool:
        return "outbound" if from_me else "inbound"
    return "inbound" if _WRITERS.get(_small(raw, "sent_via")) == "contact" else "unknown"


def _author(raw: Mapping[str, Any], direction: Direction, chat: Chat) -> Author:
    """A member of the team where one is named; else what `sent_via` says, where the direction allows it."""
    agent, user = told(raw.get("agent"), "agent").fields, told(raw.get("user"), "user").fields
    person = told(agent.get("user"), "user").fields
    named = Author(
        kind="agent", id=word(agent, "id") or word(user, "id"), name=text(person, "name") or text(user, "name")
    )
    if direction != "inbound" and (named.id or named.name):
        return named
    kind = _WRITERS.get(_small(raw, "sent_via"), "unknown")
    if direction == "inbound":
        return Author(kind="contact", name=None if chat.is_group else chat.contact.name)
    if direction == "internal":
        return Author(kind="system")
    return Author(kind="unknown" if kind == "contact" and direction == "outbound" else kind)


def _reactions(raw: Mapping[str, Any]) -> tuple[EmbeddedReaction, ...]:
    """The reactions, in one order whatever the page's is; one without an emoji was taken back."""
    found = []
    for fields in items(raw.get("reactions"), "reactions")[:_MOST_REACTIONS]:
        emoji, address = text(fields, "emoji"), word(fields, "reactor_wa_id")
        if emoji is None:
            continue
        at = moment_or_none(fields.get("created_at"), "created_at")
        by = Reactor(
            kind=_WRITERS.get(_small(fields, "actor"), "unknown"),
            address=digits(address) if address else word(fields, "reactor_user_id"),
        )
        found.append(EmbeddedReaction(emoji=emoji, by=by, at=None if at is None else iso(at)))
    return tuple(sorted(found, key=lambda one: (one.at or "", one.by.address or "", one.emoji or "")))


def _status_of(raw: Mapping[str, Any], direction: Direction) -> Status:
    provider = word(raw, "status")
    state = state_of(provider) or _STATES.get(provider and provider.casefold())
    return Status(state=state if direction == "outbound" else None, provider=provider)


def _small(fields: Mapping[str, Any], name: str) -> str | None:
    told_by = word(fields, name)
    return told_by and told_by.casefold()
