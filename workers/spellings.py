"""The ways a secret can be spelt in a text, and the ways a text can be read. Pure; only for `redaction`."""

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote, quote_plus

_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")

#: One decoded character and how many characters of the encoded text it took.
Unit = tuple[str, int]


class Encoder(NamedTuple):
    """An encoder to undo: the sign that all its escapes begin with, their pattern, and what one match stands for."""

    sign: str
    pattern: re.Pattern[str]
    units: Callable[[str], list[Unit]]


class Spelling(NamedTuple):
    """A text to search for. Base64 mixes the bits of neighbours into a character at either end: `before`, `after`."""

    text: str
    before: bool = False
    after: bool = False

    def extent(self, text: str, at: int) -> tuple[int, int]:
        """Start and end of a find at `at`, with the base64 characters that hold a part of the secret."""
        end = at + len(self.text)
        start = at - 1 if self.before and at > 0 and text[at - 1] in _BASE64 else at
        return start, (end + 1 if self.after and end < len(text) and text[end] in _BASE64 else end)


def spellings(secret: str) -> Iterator[Spelling]:
    """The secret itself, and what base64 makes of it (and of its quoted forms) anywhere in a longer text."""
    yield Spelling(secret)
    for form in dict.fromkeys([secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]]):
        for offset in range(3):
            text = base64.b64encode(bytes(offset) + form.encode()).decode()
            bits = 8 * (offset + len(form.encode()))
            whole = text[-(-8 * offset // 6) : bits // 6]
            for alphabet in (whole, whole.replace("+", "-").replace("/", "_")):
                yield Spelling(alphabet, before=offset > 0, after=bits % 6 > 0)


class View:
    """A text after some encoders were undone, and the way back to the text as it stood."""

    def __init__(self, text: str, source: "View | None" = None) -> None:
        self.text = text
        self._source = source
        self._here = [0]  # positions in this text, ascending, and …
        self._there = [0]  # … where each of them is in the source; what follows it is the same in both

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A part of this text, in the text that all views began with."""
        view = self
        while view._source is not None:
            start, end, view = view._back(start), view._back(end), view._source
        return start, end

    def undone(self, encoder: Encoder) -> "View | None":
        """The view after decoding all escapes of an encoder; None where there are none."""
        found = list(encoder.pattern.finditer(self.text)) if encoder.sign in self.text else []
        if not found:
            return None
        view, pieces, length, done = View("", self), [], 0, 0
        for match in found:
            pieces.append(self.text[done : match.start()])
            length += match.start() - done
            done = match.start()
            for character, width in encoder.units(match.group()):
                view._mark(length, done)
                pieces.append(character)
                length, done = length + 1, done + width
            view._mark(length, done)
        view.text = "".join([*pieces, self.text[done:]])
        return view

    def _mark(self, here: int, there: int) -> None:
        self._here.append(here)
        self._there.append(there)

    def _back(self, position: int) -> int:
        mark = bisect_right(self._here, position) - 1
        return self._there[mark] + position - self._here[mark]


def views(text: str, layers: int) -> Iterator[View]:
    """The text as it stands, and after undoing up to `layers` encoders in any order, each view once."""
    seen = {text}
    outer = [View(text)]
    yield from outer
    for _ in range(layers):
        inner = []
        for undone in (view.undone(encoder) for view in outer for encoder in _ENCODERS):
            if undone is not None and undone.text not in seen:
                seen.add(undone.text)
                inner.append(undone)
        yield from inner
        outer = inner


def _unquoted(run: str) -> list[Unit]:
    text = bytes.fromhex(run.replace("%", "")).decode(errors="surrogateescape")
    return [(character, 3 * len(character.encode(errors="surrogateescape"))) for character in text]


def _unescaped(escape: str) -> list[Unit]:
    character = _SIMPLE_ESCAPES.get(escape[1]) or json.loads(f'"{escape}"')
    return [(character, len(escape))]


_SIMPLE_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ENCODERS = (
    Encoder("%", re.compile(r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*"), _unquoted),
    Encoder(
        "\\",
        re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\"\\/bfnrt])"),
        _unescaped,
    ),
)
