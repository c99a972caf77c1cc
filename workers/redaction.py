"""No credential leaves: secrets are found in a text, however they were encoded, and removed.

A text may have gone through several encoders before it is seen: an address inside a query inside a JSON text. So it
is looked at as it stands and as it looks after undoing URL-quoting, JSON-escaping and HTML's references, in any order,
up to `LAYERS` times; what is found in any of these views is removed from the text as it stands. Base64 needs no
undoing: a secret inside it has one of three spellings, by where it begins, and these are searched for like the secret
itself. A text that was cut may end within a secret: whoever says that it is not `whole` gets it without that beginning.
"""

import json
import re
from collections.abc import Iterable, Iterator

from workers.spellings import View, spellings, views

#: What stands where a credential stood.
REMOVED = "[credential removed]"
#: Characters of the shortest secret that is searched for. A shorter one would be found in ordinary words, and
#: removing it would harm messages; `check` warns of it.
SHORTEST = 6
#: How many encoders, one over the other, are undone. Two are usual (an address in a JSON text).
LAYERS = 4

#: Escapes that can hide a character of a secret. Of the others only `\\"` can, and its form is searched for.
_HIDING = re.compile(rb"\\[u/\\]")
#: What a reference of HTML begins like.
_REFERRING = re.compile(rb"&(?:#|[A-Za-z]{2,16};)")
#: An escape that the end of a text cut through, and the most characters that it has.
_TORN_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]?|\\(?:u[0-9A-Fa-f]{0,3})?|&#?[0-9A-Za-z]{0,16})\Z")
_LONGEST_ESCAPE = 20


class Redactor:
    """Removes the given secrets from texts. Secrets of fewer than `SHORTEST` characters are left alone."""

    def __init__(self, secrets: Iterable[str]) -> None:
        searched = sorted({secret for secret in secrets if len(secret) >= SHORTEST})
        self._spellings = tuple(dict.fromkeys(way for secret in searched for way in spellings(secret)))
        self._longest = max((len(way.text) for way in self._spellings), default=0)
        self._plus_is_space = any(" " in secret for secret in searched)
        written = (
            text for way in self._spellings for text in (way.text, json.dumps(way.text, ensure_ascii=False)[1:-1])
        )
        self._encoded = tuple(dict.fromkeys(text.encode() for text in written))

    def redact(self, text: str, *, whole: bool = True) -> str:
        """The text with `[credential removed]` in the place of every secret, plain or encoded."""
        if not self._spellings:
            return text
        spans = [span for view in views(text, LAYERS) for span in self._spans(view, whole=whole)]
        return _without(text, spans) if spans else text

    def redact_bytes(self, content: bytes, *, whole: bool = True) -> bytes:
        """Bytes that need not be text, without the secrets; all others stay as they are."""
        text = content.decode(errors="surrogateescape")
        return self.redact(text, whole=whole).encode(errors="surrogateescape")

    def redact_value(self, value: object) -> object:
        """A copy of decoded JSON, of any depth, without secrets in its keys, texts and numbers."""
        whole = [value]
        unread: list[list[object] | dict[object, object]] = [whole]
        while unread:  # a stack of its own: a provider's JSON may be nested deeper than Python calls
            here = unread.pop()
            if isinstance(here, list):
                here[:] = [self._part(item, unread) for item in here]
                continue
            members = list(here.items())
            here.clear()
            for key, item in members:
                here[self._key(key, here)] = self._part(item, unread)
        return whole[0]

    def may_contain(self, encoded: bytes) -> bool:
        """Whether a text in UTF-8, or JSON as an encoder that leaves non-ASCII alone writes it, may hold a secret.

        Never False for what `redact` or `redact_value` would change, seldom True for other. It takes a
        microsecond or two for each secret, unless there is something that can hide a character of one.
        """
        find = encoded.find  # half the cost of `in`
        for way in self._encoded:
            if find(way) >= 0:
                return True
        if not self._spellings or not (self._plus_is_space or _is_encoded_again(encoded)):
            return False
        text = encoded.decode(errors="replace")
        return any(True for view in views(text, LAYERS + 1) for _ in self._found(view))

    def _spans(self, view: View, *, whole: bool) -> Iterator[tuple[int, int]]:
        yield from self._found(view)
        if not whole:
            yield from self._torn(view)

    def _torn(self, view: View) -> Iterator[tuple[int, int]]:
        """Where in the original text, at its end, a secret begins that goes on behind it."""
        end = len(view.text)
        tail = _TORN_ESCAPE.sub("", self._spaced(view.text[-(self._longest + _LONGEST_ESCAPE) :]))
        start = max(0, end - self._longest - _LONGEST_ESCAPE)
        for way in self._spellings:
            spelt = self._spaced(way.text)
            for length in range(min(len(spelt), len(tail)), SHORTEST - 1, -1):
                if tail.endswith(spelt[:length]):
                    yield view.span(start + len(tail) - length, end)

    def _found(self, view: View) -> Iterable[tuple[int, int]]:
        """Where in the original text a secret stands, as this view shows it."""
        text = self._spaced(view.text)
        for way in self._spellings:
            at = text.find(self._spaced(way.text))
            while at >= 0:
                start, end = way.extent(view.text, at)
                if not _inside_mark(text, start, end):
                    yield view.span(start, end)
                at = text.find(self._spaced(way.text), at + 1)

    def _spaced(self, text: str) -> str:
        return text.replace("+", " ") if self._plus_is_space else text

    def _part(self, item: object, unread: list[list[object] | dict[object, object]]) -> object:
        if isinstance(item, str):
            return self.redact(item)
        if isinstance(item, dict | list | tuple):
            copy = dict(item) if isinstance(item, dict) else list(item)
            unread.append(copy)
            return copy
        return self._number(item) if isinstance(item, int | float) and not isinstance(item, bool) else item

    def _number(self, number: float) -> object:
        try:
            return number if self.redact(repr(number)) == repr(number) else REMOVED
        except ValueError:  # thousands of digits, which Python does not print
            return number

    def _key(self, key: object, taken: dict[object, object]) -> object:
        key = self.redact(key) if isinstance(key, str) else key
        while key in taken:
            key = f"{key}'"  # two keys that differ in a secret only stay two
        return key


def _is_encoded_again(encoded: bytes) -> bool:
    """Whether there is anything that an encoder beneath this text may have made of a character."""
    if b"%" in encoded or b"\0" in encoded:
        return True
    escaped = b"\\" in encoded and _HIDING.search(encoded) is not None
    return escaped or (b"&" in encoded and _REFERRING.search(encoded) is not None)


def _inside_mark(text: str, start: int, end: int) -> bool:
    """Whether this is part of a mark of ours: a secret may be a word of it, and a second pass must change nothing."""
    return text.find(REMOVED, max(0, end - len(REMOVED)), start + len(REMOVED)) >= 0


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start > done or not pieces:
            pieces += [text[done:start], REMOVED]
        done = max(done, end)
    return "".join([*pieces, text[done:]])
