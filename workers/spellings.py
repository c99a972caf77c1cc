"""The ways a secret can be spelt in a text, and the ways a text can be read. Pure; only for `redaction`."""

import base64
import html
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache
from html.entities import html5
from typing import NamedTuple
from urllib.parse import quote, quote_plus

_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")

#: One decoded character and how many characters of the encoded text it took.
Unit = tuple[str, int]


class Encoder(NamedTuple):
    """An encoder to undo: the sign that all its escapes begin with, their pattern, and what a run of them stands for.

    `shortest` is the length of its shortest escape. `decoded` and `units` tell the same; the first is fast, the second
    knows where each character was.
    """

    sign: str
    shortest: int
    runs: re.Pattern[str]
    decoded: Callable[[str], str]
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
    escaped = json.dumps(secret)[1:-1]
    forms = [secret, quote(secret, safe=""), quote_plus(secret), escaped, escaped.replace("/", "\\/")]
    for form in dict.fromkeys(forms):
        for offset in range(3):
            text = base64.b64encode(bytes(offset) + form.encode()).decode()
            bits = 8 * (offset + len(form.encode()))
            whole = text[-(-8 * offset // 6) : bits // 6]
            for alphabet in (whole, whole.replace("+", "-").replace("/", "_")):
                yield Spelling(alphabet, before=offset > 0, after=bits % 6 > 0)


class View:
    """A text after some encoders were undone, and the way back to the text as it stood.

    The way is worked out when it is first asked for: where no secret is found, and that is almost everywhere, a view
    costs no more than its text.
    """

    def __init__(self, text: str, source: "View | None" = None, encoder: Encoder | None = None) -> None:
        self.text = text
        self._source = source
        self._encoder = encoder
        self._here: list[int] = []  # positions in this text, ascending, …
        self._there: list[int] = []  # … where each of them is in the source, …
        self._widths: list[int] = []  # … and how many characters of it each that follows took

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A part of this text, in the text that all views began with."""
        view = self
        while view._source is not None:
            start, end, view = view._back(start), view._back(end), view._source
        return start, end

    def undone(self, encoder: Encoder) -> "View | None":
        """The view after decoding all escapes of an encoder; None where there are none."""
        if encoder.sign not in self.text:
            return None
        text, runs = encoder.runs.subn(lambda match: encoder.decoded(match[0]), self.text)
        return View(text, self, encoder) if runs else None

    def _back(self, position: int) -> int:
        if not self._here:
            self._mark_all()
        mark = bisect_right(self._here, position) - 1
        return self._there[mark] + (position - self._here[mark]) * self._widths[mark]

    def _mark_all(self) -> None:
        self._mark(0, 0)
        if self._source is None or self._encoder is None:
            return
        length, done = 0, 0
        for match in self._encoder.runs.finditer(self._source.text):
            length += match.start() - done
            done = match.start()
            for characters, width in self._widths_of(match[0]):
                self._mark(length, done, width)
                length, done = length + characters, done + characters * width
            self._mark(length, done)

    def _widths_of(self, run: str) -> list[tuple[int, int]]:
        """So many characters of so many characters each. In most runs all are alike, and one step tells of all."""
        if self._encoder is None:
            return []
        characters = len(self._encoder.decoded(run))
        width = len(run) // characters
        if width == self._encoder.shortest and characters * width == len(run):
            return [(characters, width)]
        return [(1, width) for _, width in self._encoder.units(run)]

    def _mark(self, here: int, there: int, width: int = 1) -> None:
        self._here.append(here)
        self._there.append(there)
        self._widths.append(width)


def views(text: str, layers: int) -> Iterator[View]:
    """The text as it stands, and after undoing up to `layers` encoders in any order, each view once.

    Wide characters are no more than the outermost of them: that is how a body travels, not a text in it.
    """
    outer = [View(text)]
    if (narrow := outer[0].undone(_WIDE)) is not None:
        outer.append(narrow)
    seen = {view.text for view in outer}
    yield from outer
    for _ in range(layers):
        inner = []
        for undone in (view.undone(encoder) for view in outer for encoder in _ENCODERS):
            if undone is not None and undone.text not in seen:
                seen.add(undone.text)
                inner.append(undone)
        yield from inner
        outer = inner


def _unquoted(run: str) -> str:
    return bytes.fromhex(run.replace("%", "")).decode(errors="surrogateescape")


def _quoted_units(run: str) -> list[Unit]:
    return [(character, 3 * len(character.encode(errors="surrogateescape"))) for character in _unquoted(run)]


#: One escape of JSON; two of them may be one character.
_ESCAPE = r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\"\\/bfnrt])"
_ONE_ESCAPE = re.compile(_ESCAPE)
_SIMPLE_ESCAPES = {
    '\\"': '"', "\\\\": "\\", "\\/": "/", "\\b": "\b", "\\f": "\f", "\\n": "\n", "\\r": "\r", "\\t": "\t"
}  # fmt: skip


def _unescaped(run: str) -> str:
    text: str = _SIMPLE_ESCAPES.get(run) or json.loads(f'"{run}"')
    return text


def _escaped_units(run: str) -> list[Unit]:
    return [(_unescaped(escape), len(escape)) for escape in _ONE_ESCAPE.findall(run)]


#: One reference of HTML to a character that a secret may hold: by its number, or by one of the names of ASCII.
_NAMES = "|".join(
    sorted(name[:-1] for name, text in html5.items() if name.endswith(";") and text.isascii() and len(text) == 1)
)
_REFERENCE = f"&(?:#[0-9]{{1,7}}|#[xX][0-9A-Fa-f]{{1,6}}|{_NAMES});"
_ONE_REFERENCE = re.compile(_REFERENCE)


@lru_cache(maxsize=1024)  # a text of nothing else has few different ones
def _referred(reference: str) -> str:
    return html.unescape(reference) or "\ufffd"  # it stands for no character at all


def _dereferenced(run: str) -> str:
    return "".join(map(_referred, _ONE_REFERENCE.findall(run)))


def _reference_units(run: str) -> list[Unit]:
    return [(_referred(reference), len(reference)) for reference in _ONE_REFERENCE.findall(run)]


_ENCODERS = (
    Encoder("%", 3, re.compile(r"(?:%[0-9A-Fa-f]{2})+"), _unquoted, _quoted_units),
    Encoder("\\", 2, re.compile(f"(?:{_ESCAPE})+"), _unescaped, _escaped_units),
    Encoder("&", 4, re.compile(f"(?:{_REFERENCE})+"), _dereferenced, _reference_units),
)


def _wide_units(run: str) -> list[Unit]:
    return [(character[0], len(character)) for character in _WIDE_CHARACTER.findall(run)]


#: A character of UTF-16 or UTF-32 whose other bytes are zero, as all of ASCII. Those of big-endian texts stand before
#: it and are taken for its predecessor's, which comes to the same text.
_WIDE_CHARACTER = re.compile(r"[^\0]\0{1,3}")
_WIDE = Encoder("\0", 2, re.compile(r"(?:[^\0]\0{1,3})+"), lambda run: run.replace("\0", ""), _wide_units)
