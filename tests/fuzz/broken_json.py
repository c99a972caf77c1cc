"""JSON that can say what JSON should not: equal keys, bare words, halves of surrogate pairs. Read, changed, written.

An object is `Members` (pairs, so that a key may stand twice); a `Token` is written as it stands.
"""

import json
from typing import Any


class Members(list):
    """The members of an object, as (key, value)."""


class Token(str):
    """A piece of JSON text, legal or not."""

    __slots__ = ()


def read(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError."""
    return json.loads(text, object_pairs_hook=Members)


def write(value: Any) -> str:
    """The value as JSON text; a half of a surrogate pair is written as its escape."""
    if isinstance(value, Token):
        return str(value)
    if isinstance(value, Members):
        return "{" + ",".join(f"{json.dumps(key)}:{write(item)}" for key, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value)


def copied(value: Any) -> Any:
    """A copy whose lists and objects may be changed."""
    if isinstance(value, Members):
        return Members((key, copied(item)) for key, item in value)
    return [copied(item) for item in value] if isinstance(value, list) else value


def places(value: Any) -> list[tuple[list[Any], int]]:
    """Every place inside a value: the list or object, and the number of the item in it."""
    found: list[tuple[list[Any], int]] = []
    unread = [value]
    while unread:
        here = unread.pop()
        if not isinstance(here, list):
            continue
        found += [(here, number) for number in range(len(here))]
        unread += [item[1] for item in here] if isinstance(here, Members) else here
    return found


def item_at(inside: list[Any], number: int) -> Any:
    """The value at a place."""
    return inside[number][1] if isinstance(inside, Members) else inside[number]


def put(inside: list[Any], number: int, value: Any) -> None:
    """Another value at a place; its key stays."""
    inside[number] = (inside[number][0], value) if isinstance(inside, Members) else value
