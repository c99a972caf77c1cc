"""JSON inside JSON: texts that hold objects, and the shapes that lists and objects come in."""

from collections.abc import Mapping

import orjson

from workers.errors import PageUnreadable
from workers.model import Record
from workers.providers.decoding import Json, decode
from workers.providers.fields import plain
from workers.providers.reasons import unreadable

#: How often a value may have been written as text: twice is seen (a form's answer inside a stored webhook).
LAYERS = 3

Fields = Mapping[str, Json]


def unwrapped(value: Json) -> Json:
    """The object or list that a text holds, however often it was written as text; any other value as it is."""
    inner = value
    for _ in range(LAYERS):
        if type(inner) is not str:
            break
        inner = _decoded(inner)
    return inner if type(inner) in {dict, list} else value


def _decoded(words: str) -> Json:
    bare = words.strip()
    if bare[:1] not in {"{", "[", '"'}:
        return None
    try:
        return decode(bare.encode())
    except PageUnreadable:
        return None


class Told(Record, frozen=True, kw_only=True):
    """What stands in a place where an object belongs: its fields, or the plain text in their stead."""

    words: str | None = None
    fields: Mapping[str, Json] = {}


def told(value: Json, name: str) -> Told:
    """A value that is an object, or the plain thing that stands in its place. Raises RowUnreadable for a list."""
    inner = unwrapped(value)
    return Told(fields=inner) if type(inner) is dict else Told(words=plain(inner, name) or None)


def items(value: Json, name: str) -> list[Fields]:
    """The objects of a list, also of one that was written as an object with numbers for keys. Raises RowUnreadable."""
    inner = unwrapped(value)
    if inner is None or inner == "":
        return []
    if type(inner) is dict:
        inner = list(inner.values()) if all(key.isdecimal() for key in inner) else [inner]
    if type(inner) is not list or not all(type(item) is dict for item in inner):
        raise unreadable("bad_shape", f"{name} is not a list of objects")
    return inner


def storable(value: Json, name: str) -> Json:
    """A value of any shape that an event can carry as it is. Raises RowUnreadable where nothing can hold it."""
    try:
        orjson.dumps(value)
    except TypeError:
        raise unreadable("absurd_value", f"{name} holds a value that cannot be held") from None
    return value
