"""Identities that were sent as numbers too long for any number of a computer: read by their digits.

Decoders make floating point of a whole number beyond 64 bits, and two rows would have one identity. Which rows these
are is known only when the page was read, so that a page without them costs nothing: then it is read once more, with
such numbers as the texts that they should have been.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, wraps
from typing import TypeVar

from msgspec.structs import replace

from workers.errors import PollFailed
from workers.model import Feed, HttpResponse, Page, PageRef
from workers.providers.decoding import Absurd, as_received, decode

A = TypeVar("A")
#: How an adapter of kind `A` reads a page.
ReadsPages = Callable[[A, Feed, PageRef, HttpResponse], Page]

#: Whole numbers that decoders keep: 64 bits, with a sign or without.
_KEPT = range(-(1 << 63), 1 << 64)


def exact_ids(name: str, rows: str = "") -> Callable[[ReadsPages[A]], ReadsPages[A]]:
    """Makes `Adapter.page` of a provider whose rows have their identity in the field `name` read it to the digit.

    `rows`: the field that may hold all rows as one JSON text.
    """

    def exactly(page: ReadsPages[A]) -> ReadsPages[A]:
        @wraps(page)
        def read(adapter: A, feed: Feed, ref: PageRef, response: HttpResponse) -> Page:
            shown = page(adapter, feed, ref, response)
            if not shown.broken or all(row.reason != "bad_id" for row in shown.broken):
                return shown
            body = quoted(_unwrapped(response.body, rows), name)
            if body != response.body:
                with suppress(PollFailed):  # more rows are told by the first reading than by none
                    return page(adapter, feed, ref, replace(response, body=body))
            return shown

        return read

    return exactly


def quoted(body: bytes, name: str) -> bytes:
    """The JSON with each whole number in the field `name` that no decoder keeps as a text.

    Inside a text there is no match: a quotation mark there is escaped, so none stands right behind the name.
    """
    return _numbers(name).sub(lambda found: found[0] if int(found[2]) in _KEPT else b'%b"%b"' % found.groups(), body)


def _unwrapped(body: bytes, rows: str) -> bytes:
    """The body with its rows as JSON where they were a text."""
    value = decode(body) if rows else None
    if type(value) is not dict or type(text := value.get(rows)) is not str:
        return body
    return as_received({**value, rows: Absurd(source=text)}).encode()


@lru_cache(maxsize=8)  # one for each provider
def _numbers(name: str) -> re.Pattern[bytes]:
    # At most as many digits as an identity may have characters.
    return re.compile(rb'("%b"\s*:\s*)(-?[1-9][0-9]{18,255})(?=[\s,}])' % re.escape(name.encode()))
