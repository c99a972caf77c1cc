"""A server of conversations in a process of its own, so that only the client's CPU is measured.

It answers as fast as a hand-written protocol can. What a page shows follows `mode`: the same bytes each time, the same
rows in other bytes, or so many more rows at each look.
"""

import asyncio
import multiprocessing
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Literal

import uvloop

from tests.benchmarks.pages import page, rows

Mode = Literal["same", "stirred", "new1", "new5", "new45"]
#: Rows that a conversation begins with, and that a page shows: the provider's default size.
SHOWN = 50
#: Bodies that are kept as they were made: those of all conversations would be gigabytes.
KEPT = 2_000
#: Rows that a conversation may grow to while a benchmark runs.
MOST = 8_000
#: Seconds until an answer: with none a client would have one request open at a time, however many it may have.
ANSWER_SECONDS = 0.005

_REQUEST = re.compile(rb"GET /(?:mode/(\w+)|channels/\w+/conversations/(\w+)\?limit=(\d+)) HTTP")
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"


class PageServer:
    """The running server, from outside."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"

    def mode(self, mode: Mode) -> None:
        """What pages show from now on. It blocks for a millisecond: to be called between two rounds."""
        with urllib.request.urlopen(f"{self.origin}/mode/{mode}") as answer:
            answer.read()


@contextmanager
def page_server(shown: int = SHOWN) -> Iterator[PageServer]:
    """A server that ends with the block; conversations begin with so many rows, and a page shows as many."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, shown), daemon=True)
    process.start()
    there.close()  # so that its death ends the waiting below
    try:
        yield PageServer(here.recv())
    finally:
        process.terminate()
        process.join()


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
        """The body of one answer. Only looks at the newest page count as such."""
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


def _serve(pipe: Connection, shown: int) -> None:
    conversations = _Conversations(shown)
    loop = asyncio.new_event_loop()

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

    class Answers(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.unread = transport, b""

        def data_received(self, received: bytes) -> None:
            *requests, self.unread = (self.unread + received).split(b"\r\n\r\n")
            for request in requests:
                loop.call_later(ANSWER_SECONDS, self.transport.write, answer(request))

    async def serve() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Answers, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())
