"""Two lists of events, field by field: what was stored, and what the same pages give now."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import orjson

from workers.model import Record

#: Stands for a field that is not there.
ABSENT = "(absent)"


class Field(Record, frozen=True, kw_only=True):
    """One field that differs; `path` is written like `data.message.status.state`."""

    path: str
    stored: Any
    now: Any


class Difference(Record, frozen=True, kw_only=True):
    """One event that differs. `gone`: only stored; `new`: only now; `moved`: only its place among the others."""

    kind: Literal["changed", "gone", "new", "moved"]
    type: str
    subject: str
    fields: tuple[Field, ...] = ()


Event = Mapping[str, Any]


def differences(stored: Sequence[bytes], now: Sequence[bytes]) -> tuple[Difference, ...]:
    """What differs, in the order of the stored events, then what is new. Raises ValueError for lines that are no JSON.

    Events are the same one where type and subject are, and their place among the events of this name: an id that
    changed is told as a field that changed.
    """
    before, after = _named(stored), _named(now)
    found = [*_changed(before, after), *_only(before, after, "gone"), *_only(after, before, "new")]
    return tuple(found) if found else tuple(_moved(before, after))


def _named(events: Sequence[bytes]) -> dict[tuple[str, str, int], Event]:
    named: dict[tuple[str, str, int], Event] = {}
    for line in events:
        event = orjson.loads(line)
        if not isinstance(event, dict):
            raise ValueError("an event is an object")  # noqa: TRY004 - a file is wrong, not a program
        name, number = (str(event.get("type")), str(event.get("subject"))), 0
        while (*name, number) in named:
            number += 1
        named[(*name, number)] = event
    return named


def _changed(before: Mapping[Any, Event], after: Mapping[Any, Event]) -> Iterator[Difference]:
    for name, event in before.items():
        fields = tuple(_fields(event, after[name], "")) if name in after else ()
        if fields:
            yield Difference(kind="changed", type=name[0], subject=name[1], fields=fields)


def _only(
    these: Mapping[Any, Event], others: Mapping[Any, Event], kind: Literal["gone", "new"]
) -> Iterator[Difference]:
    for name in these:
        if name not in others:
            yield Difference(kind=kind, type=name[0], subject=name[1])


def _moved(before: Mapping[Any, Event], after: Mapping[Any, Event]) -> Iterator[Difference]:
    for name, other in zip(before, after, strict=True):
        if name != other:
            yield Difference(kind="moved", type=name[0], subject=name[1])


def _fields(stored: object, now: object, path: str) -> Iterator[Field]:
    if isinstance(stored, dict) and isinstance(now, dict):
        for name in [*stored, *(name for name in now if name not in stored)]:
            below = f"{path}.{name}" if path else str(name)
            yield from _fields(stored.get(name, ABSENT), now.get(name, ABSENT), below)
    elif isinstance(stored, list) and isinstance(now, list) and len(stored) == len(now):
        for number, (one, other) in enumerate(zip(stored, now, strict=True)):
            yield from _fields(one, other, f"{path}[{number}]")
    elif stored != now or type(stored) is not type(now):
        yield Field(path=path, stored=stored, now=now)
