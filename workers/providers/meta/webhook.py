"""The envelope in which Meta tells of messages: `{object, entry[{changes[{value{messages[]}}]}]}`, or a part of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from workers.model import Record
from workers.providers.base import digits
from workers.providers.decoding import Json
from workers.providers.fields import moment_or_none, word_or_none

#: Where the messages of a value stand: those of contacts, and those that the business wrote in another app.
_MESSAGES = ("messages", "message_echoes")


class Webhook(Record, frozen=True, kw_only=True):
    """What an envelope holds. `names` are the profile names by `wa_id`, `number` is the business number in digits."""

    messages: tuple[Mapping[str, Any], ...] = ()
    names: Mapping[str, str] = {}
    number: str | None = None
    #: Whether it tells of deliveries and of no message.
    is_status: bool = False
    errors: tuple[Mapping[str, Any], ...] = ()

    def message(self, wamid: str | None) -> Mapping[str, Any]:
        """The message with this id, or else the first one; one delivery may hold several."""
        own = (message for message in self.messages if wamid is not None and message.get("id") == wamid)
        first = self.messages[0] if self.messages else {"type": "unsupported", "errors": list(self.errors)}
        return next(own, first)


def webhook_in(content: Json) -> Webhook | None:
    """The envelope that a decoded content is; None for any other content."""
    values = [value for value in _values(content) if _is_value(value)]
    if not values:
        return None
    messages = tuple(message for value in values for name in _MESSAGES for message in _objects(value.get(name)))
    contacts = [contact for value in values for contact in _objects(value.get("contacts"))]
    statuses = any(_objects(value.get("statuses")) for value in values)
    return Webhook(
        messages=messages,
        names={wa_id: name for wa_id, name in map(_named, contacts) if wa_id and name},
        number=next((number for value in values if (number := _number(value))), None),
        is_status=statuses and not messages,
        errors=tuple(error for value in values for error in _objects(value.get("errors"))),
    )


def sent_at(message: Mapping[str, Any]) -> int | None:
    """When Meta took the message (epoch ms; it tells whole seconds); None where it does not say."""
    return moment_or_none(message.get("timestamp"), "timestamp")


def _values(content: Json) -> Iterator[Mapping[str, Any]]:
    """Everything that may be the `value` of a change, at whichever level the content begins."""
    if type(content) is not dict:
        return
    for entry in _objects(content.get("entry")) or [content]:
        for change in _objects(entry.get("changes")) or [entry]:
            value = change.get("value")
            yield value if type(value) is dict else change


def _is_value(value: Mapping[str, Any]) -> bool:
    """Whether it has what only a `value` has; `errors` alone may also be a message's."""
    if any(type(value.get(name)) is list for name in (*_MESSAGES, "statuses")):
        return True
    return type(value.get("errors")) is list and "metadata" in value


def _objects(value: Json) -> list[dict[str, Any]]:
    return [item for item in value if type(item) is dict] if type(value) is list else []


def _named(contact: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return word_or_none(contact, "wa_id"), word_or_none(contact.get("profile"), "name")


def _number(value: Mapping[str, Any]) -> str | None:
    told = word_or_none(value.get("metadata"), "display_phone_number")
    return told and digits(told)
