"""Reading the fields of a row: what is told as text, as a number or not at all, whatever JSON type it was sent in.

Providers change types without notice (`"1"` and `1`, `""` and null). A plain value is always read; an object or a
list where a plain value belongs is a shape nobody knows, and raises RowUnreadable, as an `Absurd` does.
"""

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from workers.errors import RowUnreadable
from workers.providers.decoding import Absurd, Json
from workers.providers.reasons import unreadable
from workers.times import LATEST_MS, parse_iso

#: Longest identity of a row, in characters: Meta's are below 128; it stands in cursors and Kafka headers.
LONGEST_ID = 256
#: Above this a floating point number no longer tells neighbouring whole numbers apart.
_EXACT = 1 << 53


def text(fields: Mapping[str, Any], name: str) -> str | None:
    """The words of a field, verbatim; None where it is missing, null or empty."""
    value = fields.get(name)
    if type(value) is not str:
        value = plain(value, name)
    return value or None


def word(fields: Mapping[str, Any], name: str) -> str | None:
    """The words of a field without the space around them: names, codes, addresses."""
    value = fields.get(name)
    if type(value) is not str:
        value = plain(value, name)
    return (value and value.strip()) or None


def word_or_none(row: Json, name: str) -> str | None:
    """A field that the row can do without; None also where there is no row to read."""
    try:
        return word(row, name) if type(row) is dict else None
    except RowUnreadable:
        return None


def first_word(fields: Mapping[str, Any], *names: str) -> str | None:
    """The first of several fields that says something."""
    for name in names:
        value = word(fields, name)
        if value is not None:
            return value
    return None


def number(fields: Mapping[str, Any], name: str) -> float | None:
    """A number, also one that was sent as text; None where the field says nothing. Words are a bad shape."""
    value = fields.get(name)
    if type(value) in {int, float}:
        return float(value)  # type: ignore[arg-type]
    value = word(fields, name)
    if value is None:
        return None
    if not _DECIMAL.fullmatch(value):
        raise unreadable("bad_shape", f"{name} is not a number")
    return float(value)


def size(fields: Mapping[str, Any], name: str) -> int | None:
    """A number of bytes; None where it cannot be read. Nobody loses a message for it."""
    try:
        value = number(fields, name)
    except RowUnreadable:
        return None
    return int(value) if value is not None and 0 <= value < _EXACT else None


def plain(value: Json, name: str) -> str | None:
    """Any plain value as text. Raises RowUnreadable."""
    kind = type(value)
    if value is None or kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if kind is Absurd:
        raise unreadable("absurd_value", f"{name} holds a value that cannot be held")
    raise unreadable("bad_shape", f"{name} is {'an object' if kind is dict else 'a list'}, not a plain value")


# --- identity and time -----------------------------------------------------------------------------------


def identity(value: Json, name: str) -> str:
    """The identity of a row. Raises RowUnreadable where two rows could not be told apart by it."""
    if type(value) is not str:
        value = _whole(value, name)
    value = value.strip()
    if not value:
        raise unreadable("no_id", f"{name} is missing or empty")
    if len(value) > LONGEST_ID or not value.isprintable() or "\ufffd" in value:
        raise unreadable("bad_id", f"{name} is longer than {LONGEST_ID} characters or cannot be printed")
    return value  # type: ignore[no-any-return]


def _whole(value: Json, name: str) -> str:
    kind = type(value)
    if value is None:
        return ""
    if kind is int:
        return str(value)
    if kind is float and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    raise unreadable("absurd_value" if kind is Absurd else "bad_id", f"{name} is neither a text nor a whole number")


#: Digits that are more than any unit of time needs; Python refuses to read thousands.
_LONGEST_DECIMAL = 40
#: A number as people and programs write it.
_DECIMAL = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{0,40})?")
#: Upper ends (exclusive) of numbers that are seconds, milliseconds, microseconds; beyond are nanoseconds. Each is
#: the year 5138 in its own unit and 1973 in the next finer one: no message can be meant two ways.
_SECONDS, _MILLIS, _MICROS = 10**11, 10**14, 10**17


def moment(value: Json, name: str) -> int:
    """Epoch ms of a time: ISO 8601 (without a zone: UTC), or a number since the epoch. Raises RowUnreadable."""
    if type(value) is str:
        return _moment_told(value, name)
    if value is None or value == 0:
        raise unreadable("no_time", f"{name} is missing, empty or zero")
    if type(value) not in {int, float}:
        raise unreadable("absurd_value" if type(value) is Absurd else "bad_time", f"{name} is not a time")
    return _after_epoch(_milliseconds(value), name)


@lru_cache(maxsize=16_384)  # rows of busy conversations come again with every page: about 150 bytes for each time
def _moment_told(text: str, name: str) -> int:
    text = text.strip()
    return _parsed(text, name) if text[4:5] == "-" else moment(_numeral(text, name), name)


def _numeral(value: str, name: str) -> int | float | None:
    if value.isdecimal() and len(value) <= _LONGEST_DECIMAL:
        return int(value)
    if _DECIMAL.fullmatch(value):
        return float(value)
    if value:
        raise unreadable("bad_time", f"{name} is not a time")
    return None


def moment_or_none(value: Json, name: str) -> int | None:
    """A time that the row can do without: None where it cannot be read."""
    try:
        return moment(value, name)
    except RowUnreadable:
        return None


def _parsed(value: str, name: str) -> int:
    try:
        return _after_epoch(parse_iso(value.upper()), name)  # RFC 3339 section 5.6: "t" and "z" may be small
    except (ValueError, OverflowError):
        raise unreadable("bad_time", f"{name} is not a time") from None


def _milliseconds(value: float) -> int:
    if value < _SECONDS:
        return math.floor(value * 1000 + 0.5)
    if value < _MILLIS:
        return math.floor(value)
    return math.floor(value // (1000 if value < _MICROS else 1_000_000))


def _after_epoch(value: int, name: str) -> int:
    if not 0 < value <= LATEST_MS:
        raise unreadable("bad_time", f"{name} is not a time at which a message can have been sent")
    return value
