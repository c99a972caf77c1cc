"""The text of rows as their provider sent it, for dead letters alone: a decoder loses spaces, escapes and digits.

A page is read once, and what a good row looked like nobody asks. For a row that becomes a letter its text is looked
for in the pages that the poll has read: it is what decodes to the row, by the digest.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from workers.errors import PageUnreadable
from workers.providers.decoding import decode, row_digest
from workers.reconcile.outcome import Letter, Outcome

#: Bytes of a body that is searched, and of all that are kept together: beyond, a letter shows what was decoded.
BODY_BYTES, KEPT_BYTES = 512 * 1024, 2 * 1024 * 1024
#: How many objects and lists stand around a row at least (the list of rows), and at most.
_AROUND = range(1, 4)

_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{\]}]', re.DOTALL)


class SentText:
    """The bodies that one poll has read, up to a bound; `forget` them before waiting for anything."""

    def __init__(self) -> None:
        self._bodies: list[bytes] = []
        self._size = 0

    def keep(self, body: bytes) -> None:
        """A page that was read, whose rows may become letters."""
        if len(body) <= min(BODY_BYTES, KEPT_BYTES - self._size):
            self._bodies.append(body)
            self._size += len(body)

    def forget(self) -> None:
        """No more letters will be made."""
        self._bodies, self._size = [], 0

    def told(self, outcome: Outcome) -> Outcome:
        """The outcome with each letter of a row as that row was sent, where it can be found."""
        wanted = {letter.digest for letter in outcome.letters if letter.scope == "row"}
        if not wanted:
            return outcome
        texts: dict[bytes, bytes] = {}
        for body in self._bodies:
            for text in _values(body):
                if (digest := _digest(text)) in wanted:
                    texts.setdefault(digest, text)
        letters = tuple(_as_sent(letter, texts) for letter in outcome.letters)
        return msgspec.structs.replace(outcome, letters=letters)


def joined(bodies: Sequence[bytes]) -> SentText:
    """These bodies, as far as they are kept."""
    text = SentText()
    for body in bodies:
        text.keep(body)
    return text


def _as_sent(letter: Letter, texts: dict[bytes, bytes]) -> Letter:
    text = texts.get(letter.digest) if letter.scope == "row" else None
    if text is None:
        return letter
    try:
        payload: str | bytes = text.decode()
    except UnicodeDecodeError:
        payload = text
    return msgspec.structs.replace(letter, payload=payload)


def _values(body: bytes) -> Iterator[bytes]:
    """The objects and lists of a body that may be rows, in their order; of what is no JSON whatever looks like one."""
    opened: list[int] = []
    for token in _TOKENS.finditer(body):
        sign = token[0]
        if sign in {b"{", b"["}:
            opened.append(token.start())
        elif sign in {b"}", b"]"} and opened:
            begin = opened.pop()
            if len(opened) in _AROUND:
                yield body[begin : token.end()]


def _digest(text: bytes) -> bytes | None:
    try:
        return row_digest(decode(text))
    except PageUnreadable:
        return None
