"""A message object, received or sent: `{type, <type>{…}, context{…}}`. What its type decides, and what any may have.

Left out, since an event has no place for it: `referral` (the advertisement that a chat began at), `identity` (a digest
of the contact's keys), `context.from` and `context.referred_product`, `sticker.animated`, titles of a list's sections
and descriptions of its rows, `example` of a template's definition; of contact cards `addresses`, `urls`, `birthday`,
`org.department` and `org.title`; of system notices everything but their words.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from workers.errors import RowUnreadable
from workers.model import Call, Reference
from workers.providers.decoding import Json
from workers.providers.fields import moment_or_none, number, text, word, word_or_none
from workers.providers.meta.files import FILES, file_parts
from workers.providers.meta.interactive import button_parts, interactive_parts
from workers.providers.meta.nested import Told, told
from workers.providers.meta.shared import contacts_parts, location_parts, order_parts, reaction_parts
from workers.providers.meta.template import template_parts
from workers.providers.reasons import unreadable
from workers.times import iso

#: The parts of a message by the names of `Message`, its type among them.
Parts = dict[str, Any]


def parts_of(message: Mapping[str, Any]) -> Parts:
    """What a message object says. Raises RowUnreadable for a shape that nobody knows."""
    provider_type = word(message, "type")
    context = told(message.get("context"), "context").fields
    quoted = word(context, "id") or word(context, "message_id")
    parts = {"provider_type": provider_type, "forwarded": _forwarded(context), **_content_of(message, provider_type)}
    if quoted and parts["type"] != "reaction":
        parts["reply_to"] = Reference(wamid=quoted)
    return parts


def _content_of(message: Mapping[str, Any], provider_type: str | None) -> Parts:
    if "components" in message and "template" not in message:
        return template_parts(Told(fields=dict(message)))  # a definition: it has neither `type` nor `to`
    kind = (provider_type or _implied(message)).casefold()
    value = message[kind] if kind in message else _beside(message)
    return _READERS[kind](value) if kind in _READERS else _unsupported(value, kind)


def _implied(message: Mapping[str, Any]) -> str:
    """The type of an object that does not name it: the one whose content it has. Raises RowUnreadable."""
    kind = next((name for name in _READERS if name in message), "text" if "body" in message else None)
    if kind is None:
        raise unreadable("bad_shape", "an object without a type and without the content of one")
    return kind


def _beside(message: Mapping[str, Any]) -> Parts:
    """The content of an object that has it beside its type, not below it: `{type: "text", body: "…"}`."""
    return {name: value for name, value in message.items() if name not in _AROUND}


def _forwarded(context: Mapping[str, Any]) -> bool | None:
    told_of = [context[name] for name in ("forwarded", "frequently_forwarded") if type(context.get(name)) is bool]
    return any(told_of) if told_of else None


# --- types -----------------------------------------------------------------------------------------------


def _text(value: Json) -> Parts:
    given = told(value, "text")
    return {"type": "text", "text": text(given.fields, "body") or text(given.fields, "text") or given.words}


def _system(value: Json) -> Parts:
    given = told(value, "system")
    return {"type": "system", "text": text(given.fields, "body") or given.words}


def _call(value: Json) -> Parts:
    """A call among messages; its fields are those of Meta's call events."""
    fields = told(value, "call").fields
    call = Call(
        status=word(fields, "status"),
        direction=word(fields, "direction"),
        started_at=_time(fields, "start_time"),
        ended_at=_time(fields, "end_time"),
        duration_seconds=number(fields, "duration"),
    )
    return {"type": "call", "call": call}


def _time(fields: Mapping[str, Any], name: str) -> str | None:
    at = moment_or_none(fields.get(name), name)
    return None if at is None else iso(at)


def _unsupported(value: Json, kind: str) -> Parts:
    """A type that is not known, or that Meta does not show (`unsupported{type}` says what it was)."""
    try:
        given = told(value, kind)
    except RowUnreadable:
        given = Told()
    words = (word_or_none(given.fields, name) for name in ("body", "text", "caption", "title"))
    parts: Parts = {"type": "unsupported", "text": next((found for found in words if found), given.words)}
    hidden = word_or_none(given.fields, "type") if kind in _HIDDEN else None
    return parts if hidden is None else {**parts, "provider_type": hidden}


def _file(kind: str) -> Callable[[Json], Parts]:
    return lambda value: file_parts(kind, told(value, kind))


def _object(name: str, reader: Callable[[Told], Parts]) -> Callable[[Json], Parts]:
    return lambda value: reader(told(value, name))


#: What stands around the content of a message.
_AROUND = frozenset(
    {"id", "from", "to", "type", "timestamp", "context", "errors", "messaging_product", "recipient_type"}
    | {"delay_in_reply", "referral", "identity"}
)
#: What Meta calls messages that it does not show.
_HIDDEN = frozenset({"unsupported", "unknown"})
_READERS: Mapping[str, Callable[[Json], Parts]] = MappingProxyType(
    {
        **{name: _file(name) for name in FILES},
        "interactive": _object("interactive", interactive_parts),
        "template": _object("template", template_parts),
        "button": _object("button", button_parts),
        "location": _object("location", location_parts),
        "contacts": contacts_parts,
        "reaction": _object("reaction", reaction_parts),
        "order": _object("order", order_parts),
        "system": _system,
        "call": _call,
        "text": _text,
    }
)
