"""YAML of what JSON can hold: blocks of objects and lists, and texts quoted as JSON quotes them or plain words."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: Texts that no YAML reader takes for anything but themselves.
_WORD = re.compile(r"[A-Za-z$][A-Za-z0-9_$./-]*")
_NOT_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_HEAD = "# Made by `make schemas` from the code. Changes made here are lost.\n"


def written(value: Mapping[str, Any]) -> str:
    """The whole file."""
    return _HEAD + "\n".join(_block(value, 0)) + "\n"


def _block(value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _entry(f"{indent}{_scalar(name)}:", inner, depth)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for inner in value:
            first, *rest = _block(inner, depth + 1)
            yield f"{indent}- {first.strip()}"
            yield from rest
    else:
        yield f"{indent}{_scalar(value)}"


def _entry(begin: str, inner: Any, depth: int) -> Iterator[str]:
    nested = isinstance(inner, Mapping | Sequence) and not isinstance(inner, str) and bool(inner)
    if nested:
        yield begin
        yield from _block(inner, depth + 1)
    else:
        yield f"{begin} {_scalar(inner)}"


def _scalar(value: Any) -> str:
    plain = isinstance(value, str) and _WORD.fullmatch(value) and value.lower() not in _NOT_WORDS
    return str(value) if plain else json.dumps(value, ensure_ascii=False)
