"""Ways to damage a page. Each draws all its luck from the `Random` it is given: the same seed, the same damage."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.fuzz.broken_json import Members, Token, copied, item_at, places, put, read, write

#: Levels of the deepest value that is put in: far past every decoder's and call stack's end.
DEEP = 6000
#: Characters of the longest text that is put in: its event is larger than a record may be.
LONG = 950_000

_TOKENS = (
    *("NaN", "-Infinity", "Infinity", "9" * 400, "-" + "1" * 5000, "1e999", "-1e-999", "0e0", "-0", "1E5"),
    *("18446744073709551616", "-9223372036854775809", "0.1e-400", "3.14159265358979323846264338327950288"),
    *(r'"\ud83d"', r'"\udc00 and \ud83d"', r'"\u0000"', r'"\u202e\u2066"', '"\\ud83d\\ude00"', '"\x01\n\t"'),
    *("[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP),
    *("[" * 190 + "]" * 190, '[{"text":' * 99 + "1" + "}]" * 99),
    *("{}", "[]", "[[]]", "[{}]", '{"":{}}', '{"a":1,"a":2}', "null", "true", "false", '""', '" "'),
)  # fmt: skip
_STRANGE = (
    None, True, False, 0, 1, -1, 2, 1.5, 1e300, 10**18, 1_760_000_000, 1_760_000_000_000, "", " ", "0", "1", "null",
    "INBOUND", "image", "reaction", "2026-01-05T12:00:00.000Z", "2026-10-25 02:30:00", "0000-00-00 00:00:00",
    "9999-12-31T23:59:59Z", "23.5,-46.6", "https://x.example/y?z=1", "+55 (11) 98888-0000", "12345@lid", "{}", "[",
    '{"entry":[]}', '{"type":"text","text":{"body":"x"}}', "wamid.HBgNNTUx", "é" * 300, "\ufffd", "\U0001f600",
)  # fmt: skip
_BYTES = (b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\n",
          b"\\u", b"\\ud83d", b"e9", b"-", b"NaN", b"null", b"'", b"/*", b"<html>", b"\xf4\x90\x80\x80")  # fmt: skip

Change = Callable[[list[Any], int, Random], None]


def damaged_text(text: str, luck: Random) -> str:
    """A JSON text with one to three places of its structure damaged; as it was where it is no JSON or has no place."""
    try:
        value = read(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(value, list):
        return text
    value = copied(value)
    for _ in range(luck.choice((1, 1, 1, 2, 3))):
        if not (found := places(value)):
            break
        inside, number = luck.choice(found)
        luck.choice(_CHANGES)(inside, number, luck)
    return write(value)


def damaged_bytes(body: bytes, luck: Random) -> bytes:
    """A body with one to four of its stretches damaged."""
    for _ in range(luck.choice((1, 1, 2, 4))):
        at = luck.randrange(len(body) + 1)
        body = luck.choice(_BYTE_CHANGES)(body, at, luck)
    return body


# --- structure -------------------------------------------------------------------------------------------


def _strange(inside: list[Any], number: int, luck: Random) -> None:
    put(inside, number, luck.choice(_STRANGE))


def _token(inside: list[Any], number: int, luck: Random) -> None:
    put(inside, number, Token(luck.choice(_TOKENS)))


def _delete(inside: list[Any], number: int, luck: Random) -> None:
    del inside[number]


def _twice(inside: list[Any], number: int, luck: Random) -> None:
    inside.insert(number, copied(inside[number]) if isinstance(inside[number], list) else inside[number])


def _equal_keys(inside: list[Any], number: int, luck: Random) -> None:
    if isinstance(inside, Members):
        inside.insert(luck.randrange(len(inside) + 1), (inside[number][0], luck.choice(_STRANGE)))


def _swap(inside: list[Any], number: int, luck: Random) -> None:
    other = luck.randrange(len(inside))
    one, two = item_at(inside, number), item_at(inside, other)
    put(inside, number, two)
    put(inside, other, one)


def _rename(inside: list[Any], number: int, luck: Random) -> None:
    if isinstance(inside, Members):
        key = luck.choice(
            [inside[luck.randrange(len(inside))][0], "", "id", "data", "message", inside[number][0] + "_"]
        )
        inside[number] = (key, inside[number][1])


def _other_type(inside: list[Any], number: int, luck: Random) -> None:
    value = item_at(inside, number)
    wrapped = [[value], Members([("body", value)]), Members([("0", value)]), write(value), None, not value]
    if isinstance(value, str) and value.isdecimal() and len(value) < 30:
        wrapped.append(int(value))
    put(inside, number, luck.choice(wrapped))


def _unwrap(inside: list[Any], number: int, luck: Random) -> None:
    value = item_at(inside, number)
    if isinstance(value, list) and value:
        put(inside, number, item_at(value, luck.randrange(len(value))))


def _long(inside: list[Any], number: int, luck: Random) -> None:
    put(inside, number, luck.choice(("x", "é", '"', "\u2028")) * luck.choice((257, 5000, 70_000, 70_000, LONG)))


def _words(inside: list[Any], number: int, luck: Random) -> None:
    value = item_at(inside, number)
    if not isinstance(value, str) or isinstance(value, Token):
        return
    at = luck.randrange(len(value) + 1)
    put(
        inside,
        number,
        value[:at] + luck.choice(("\ud83d", "\udc00", "\x00", "\n", " ", "%", "\\", "{", "-")) + value[at:],
    )


def _inner(inside: list[Any], number: int, luck: Random) -> None:
    value = item_at(inside, number)
    if isinstance(value, str) and not isinstance(value, Token):
        put(inside, number, damaged_text(value, luck))


def _number(inside: list[Any], number: int, luck: Random) -> None:
    value = item_at(inside, number)
    if type(value) in {int, float}:
        changes: tuple[Any, ...] = (-value, value + 1, value - 1, value * 1000, value / 7, float(value), str(value), 0)
        put(inside, number, luck.choice(changes))


def _shuffle(inside: list[Any], number: int, luck: Random) -> None:
    luck.shuffle(inside)


_CHANGES: tuple[Change, ...] = (
    *(_strange, _strange, _token, _token, _delete, _twice, _equal_keys, _swap, _rename, _other_type, _other_type),
    *(_unwrap, _long, _words, _words, _inner, _inner, _number, _shuffle),
)  # fmt: skip

# --- bytes -----------------------------------------------------------------------------------------------


def _flipped(body: bytes, at: int, luck: Random) -> bytes:
    at = min(at, len(body) - 1)
    return body[:at] + bytes([body[at] ^ 1 << luck.randrange(8)]) + body[at + 1 :] if body else body


def _put_in(body: bytes, at: int, luck: Random) -> bytes:
    return body[:at] + luck.choice((luck.choice(_BYTES), luck.randbytes(luck.randrange(1, 9)))) + body[at:]


def _cut_out(body: bytes, at: int, luck: Random) -> bytes:
    return body[:at] + body[at + luck.randrange(1, 40) :]


def _cut_off(body: bytes, at: int, luck: Random) -> bytes:
    return body[:at]


def _repeated(body: bytes, at: int, luck: Random) -> bytes:
    end = at + luck.randrange(1, 200)
    return body[:end] + body[at:end] + body[end:]


def _overwritten(body: bytes, at: int, luck: Random) -> bytes:
    piece = luck.choice(_BYTES)
    return body[:at] + piece + body[at + len(piece) :]


def _as_text(body: bytes, at: int, luck: Random) -> bytes:
    return json.dumps(body.decode("utf-8", "replace")).encode()


_BYTE_CHANGES = (_flipped, _put_in, _put_in, _cut_out, _cut_off, _repeated, _overwritten, _overwritten, _as_text)
