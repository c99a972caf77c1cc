"""Bytes to values and back, for pages of JSON that strangers wrote."""

from functools import partial
from itertools import chain
from secrets import token_hex

import orjson
import xxhash

from workers.providers.reasons import no_page
from workers.providers.tolerant import DEEPEST, Absurd, Json, decode_tolerantly

__all__ = ["Absurd", "Json", "as_received", "decode", "row_digest"]

#: Bytes of a row's digest: with 5 000 remembered rows, one change in 2**48 would go unseen.
DIGEST_BYTES = 6
#: Levels at which orjson refuses to encode: the fast path is held to `DEEPEST` with its help.
_ENCODABLE = 254


def decode(body: bytes) -> Json:
    """The value of a JSON body. Raises PageUnreadable for what is not JSON.

    Texts hold no lone surrogates, numbers are finite, nothing is nested deeper than `DEEPEST`, and of equal keys the
    last one counts. Where the body said something else, there stands U+FFFD or an `Absurd`.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _decode_tolerantly(body)
    return value if _is_shallow(body, value) else _decode_tolerantly(body)


def as_received(value: Json) -> str:
    """A decoded value as JSON text again; an `Absurd` comes out as it was received."""
    return _encoded(value).decode()


def row_digest(row: Json) -> bytes:
    """Digest of a decoded row: the same for the same content, in whatever order its keys were sent."""
    return xxhash.xxh3_64_digest(_encoded(row, orjson.OPT_SORT_KEYS))[:DIGEST_BYTES]


def _encoded(value: Json, option: int = 0) -> bytes:
    try:
        return orjson.dumps(value, None, option)
    except TypeError:
        return _encoded_with_marks(value, option)


def _encoded_with_marks(value: Json, option: int) -> bytes:
    # Not by orjson.Fragment: behind one, the ends of 100 lists around it are written past the end of orjson's buffer
    # (seen in 3.11 to 3.13), which ends the process. So a text stands in an `Absurd`'s place that stands nowhere else.
    mark = "\0"
    while True:
        sources: list[bytes] = []
        parts = orjson.dumps(value, partial(_marked, mark, sources), option).split(orjson.dumps(mark))
        if len(parts) == len(sources) + 1:
            return b"".join(chain(*zip(parts, [*sources, b""], strict=True)))
        mark = f"\0{token_hex(8)}"  # nobody who writes a row can know it


def _marked(mark: str, sources: list[bytes], value: Json) -> str:
    if type(value) is not Absurd:
        raise TypeError(f"{type(value).__name__} is no value of JSON")
    sources.append(value.source.encode())
    return mark


def _is_shallow(body: bytes, value: Json) -> bool:
    # What `count` would say, at a fifth of its price: it looks at bytes one by one where `replace` jumps.
    opened = 2 * len(body) - len(body.replace(b"[", b"")) - len(body.replace(b"{", b""))
    if opened <= DEEPEST:
        return True
    for _ in range(_ENCODABLE - DEEPEST):
        value = [value]
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def _decode_tolerantly(body: bytes) -> Json:
    try:
        return decode_tolerantly(body)
    except ValueError:
        raise no_page("not_json", f"not JSON: {_looks_like(body)}") from None


def _looks_like(body: bytes) -> str:
    """What a person should think of first, without a word of the body."""
    head = body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not head:
        return "an empty body"
    if head.startswith(b"<"):
        return "an HTML page" if b"<html" in head or b"<!doctype html" in head else "it begins like XML or HTML"
    if head.startswith((b"{", b"[")):
        return f"it begins like JSON and is broken or cut off ({len(body)} bytes)"
    return f"{len(body)} bytes of something else"
