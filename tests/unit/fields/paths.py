"""Paths into decoded JSON: `data[].content.text`; `[]` is any item of a list."""

import copy
import re
from collections.abc import Iterator
from typing import Any

#: What each path of a value holds, in order. Null is left out: it says no more than a field that is missing.
Flat = dict[str, list[Any]]

_STEP = re.compile(r"\[\]|[^.\[\]]+")


def flat(value: Any) -> Flat:
    """The leaves of a value by their paths."""
    found: Flat = {}
    for path, leaf in _leaves(value, ""):
        found.setdefault(path, []).append(leaf)
    return found


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, f"{path}[]")
    elif value is not None:
        yield path, value


def shown(value: Any) -> set[str]:
    """The paths of all leaves, of nulls and empty containers too: what a page shows."""
    return set(_names(value, ""))


def _names(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _names(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _names(inner, f"{path}[]")
    else:
        yield path


def below(path: str, ancestor: str) -> bool:
    """Whether a path is another one or lies inside it."""
    return path == ancestor or path.startswith((f"{ancestor}.", f"{ancestor}["))


def steps(path: str) -> list[str | int]:
    """The names and places (always the first) on the way."""
    return [0 if step == "[]" else step for step in _STEP.findall(path)]


def at(value: Any, path: str) -> Any:
    """What stands at a path. Raises LookupError where nothing does."""
    for step in steps(path):
        try:
            value = value[step]
        except TypeError:
            raise LookupError(path) from None
    return value


def with_at(value: Any, path: str, new: Any) -> Any:
    """A copy of a value that holds something else at a path. Raises LookupError where there is no such place."""
    if not path:
        return copy.deepcopy(new)
    changed = copy.deepcopy(value)
    *way, last = steps(path)
    place = changed
    for step in way:
        place = place[step]
    place[last] = copy.deepcopy(new)
    return changed
