"""JSON that the fast decoder refuses although it is legal: one poison row must not be a poison page.

Bad UTF-8 and lone halves of surrogate pairs become U+FFFD. What no value can hold (`NaN`, a number of 400 digits,
values nested too deep) becomes `Absurd`, so that only the row it stands in can suffer. Everything else comes out
exactly as the fast decoder reads it: a row has the same digest whichever of the two read its page.

Time is linear in the length of the body; the stack is bounded by `DEEPEST`.
"""

import math
import re
from collections.abc import Callable, Mapping
from json import JSONDecoder
from typing import Any, TypeAlias

from workers.model import Record

#: Levels of lists and objects that a decoded body may have. Encoders refuse somewhere (orjson at 254), and an event
#: stands around what is published of a row; no provider's page comes near.
DEEPEST = 200


#: What a JSON text decodes to: None, bool, int, float, str, list, dict with texts as keys, `Absurd`.
Json: TypeAlias = Any


class Absurd(Record, frozen=True, kw_only=True):
    """Stands for a value that cannot be held; `source` is its JSON as it was received."""

    source: str

    def __str__(self) -> str:
        return self.source


def decode_tolerantly(body: bytes) -> Json:
    """The value of a JSON text. Raises ValueError for what is not JSON."""
    text = _without_lone_surrogates(body.decode("utf-8-sig", "replace"))
    text, cut = _cut(text)
    # strict=False: line breaks and tabs inside strings are against the rules, but can mean only one thing.
    decoder = JSONDecoder(
        strict=False, parse_int=_integer, parse_float=_number_or_cut(cut) if cut else _number, parse_constant=_absurd
    )
    return decoder.decode(text)


def _absurd(literal: str) -> Absurd:
    return Absurd(source=literal)


#: Digits and sign of the longest integer that fits 64 bits.
_LONGEST_INTEGER = 20


def _integer(literal: str) -> int | float | Absurd:
    """As orjson: whole numbers of 64 bits, beyond that floating point. `int` of a long text is refused by Python."""
    if len(literal) <= _LONGEST_INTEGER:
        value = int(literal)
        if -(1 << 63) <= value < 1 << 64:
            return value
    return _number(literal)


def _number(literal: str) -> float | Absurd:
    value = float(literal)
    return Absurd(source=literal) if math.isinf(value) else value


def _number_or_cut(cut: Mapping[str, str]) -> Callable[[str], float | Absurd]:
    def number(literal: str) -> float | Absurd:
        source = cut.get(literal)
        return _number(literal) if source is None else Absurd(source=source)

    return number


# --- surrogates ------------------------------------------------------------------------------------------

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_SUSPECT = re.compile(r"\\u[dD][89a-fA-F]")


def _without_lone_surrogates(text: str) -> str:
    return _ESCAPE.sub(_mended, text) if _SUSPECT.search(text) else text


def _mended(escape: re.Match[str]) -> str:
    return escape[0] if escape[1] is None else "\\ufffd"


# --- depth -----------------------------------------------------------------------------------------------

_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]+|[\]}]+', re.DOTALL)


def _cut(text: str) -> tuple[str, dict[str, str]]:
    """The text with everything below `DEEPEST` levels cut out, and what was cut by its placeholder.

    A placeholder is a number that nobody writes: zero, to the power of as many zeros and the number of the cut.
    """
    if text.count("[") + text.count("{") <= DEEPEST:
        return text, {}
    kept: list[str] = []
    cut: dict[str, str] = {}
    end = 0
    for begin, stop in _too_deep(text):
        placeholder = f"0E{len(cut):030d}"
        cut[placeholder] = text[begin:stop]
        kept += (text[end:begin], placeholder)
        end = stop
    return "".join((*kept, text[end:])), cut


def _too_deep(text: str) -> list[tuple[int, int]]:
    """Begin and end of each outermost value deeper than `DEEPEST` levels. Raises ValueError where one never ends."""
    found, depth, begin = [], 0, 0
    for token in _STRUCTURE.finditer(text):
        at, stop = token.span()
        first = text[at]
        if first == '"':
            continue
        if first in "[{":
            if depth <= DEEPEST < depth + stop - at:
                begin = at + DEEPEST - depth
            depth += stop - at
        else:
            if depth - (stop - at) <= DEEPEST < depth:
                found.append((begin, at + depth - DEEPEST))
            depth -= stop - at
    if depth > DEEPEST:
        raise ValueError("a value that never ends")
    return found
