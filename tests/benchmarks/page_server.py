"""A server of conversations, in a process of its own.

What a page shows follows `mode`: the same bytes each time, the same
rows in other bytes, or so many more rows at each look.
"""

import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal

from tests.benchmarks.pages import page, rows
from tests.benchmarks.serving import Answer, serving

Mode = Literal["same", "stirred", "new1", "new5", "new45"]
#: Rows that a conversation begins with, and that a page shows: the provider's default size.
SHOWN = 50
#: Bodies that are kept as they were made: those of all conversations would be gigabytes.
KEPT = 2_000
#: Rows that a conversation may grow to while a benchmark runs.
MOST = 8_000

_REQUEST = re.compile(rb"GET /(?:mode/(\w+)|channels/\w+/conversations/(\w+)\?limit=(\d+)) HTTP")
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"


class PageServer:
    """The running server, from outside."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def mode(self, mode: Mode) -> None:
        """What pages show from now on. It blocks for a millisecond: to be called between two rounds."""
        with urllib.request.urlopen(f"{self.origin}/mode/{mode}") as answer:
            answer.read()


@contextmanager
def page_server(shown: int = SHOWN) -> Iterator[PageServer]:
    """A server that ends with the block; conversations begin with so many rows, and a page shows as many."""
    with serving(partial(_answers, shown)) as origin:
        yield PageServer(origin)


class _Conversations:
    """What is shown of each conversation."""

    def __init__(self, shown: int) -> None:
        self.mode: Mode = "same"
        self._shown = shown
        self._rows = rows(MOST)
        self._length: dict[str, int] = {}
        self._bodies: dict[str, bytes] = {}
        self._looks = 0

    def look(self, conversation: str, limit: int) -> bytes:
        """The body of one answer. Only looks at the newest page let a conversation grow."""
        length = self._length.get(conversation, self._shown)
        self._looks += 1
        if limit > SHOWN:
            return page(self._rows[max(0, length - limit) : length], limit, conversation)
        if self.mode.startswith("new"):
            self._length[conversation] = length = length + int(self.mode.removeprefix("new"))
            assert length <= MOST, "the conversation has no more rows"
            self._bodies.pop(conversation, None)
        if self.mode == "stirred":
            return page(self._rows[length - self._shown : length], limit, conversation, stirred=self._looks)
        body = self._bodies.get(conversation)
        if body is None:
            if len(self._bodies) >= KEPT:
                del self._bodies[next(iter(self._bodies))]
            body = self._bodies[conversation] = page(self._rows[length - self._shown : length], limit, conversation)
        return body


def _answers(shown: int) -> Answer:
    conversations = _Conversations(shown)

    def answer(request: bytes) -> bytes:
        matched = _REQUEST.match(request)
        if matched is None:
            return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
        mode, conversation, limit = matched.groups()
        if mode:
            conversations.mode = mode.decode()
            return _HEAD % (0, b"")
        body = conversations.look(conversation.decode(), int(limit))
        return _HEAD % (len(body), body)

    return answer
