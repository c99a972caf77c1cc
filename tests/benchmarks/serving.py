"""A loopback server in a process of its own, so that only the client's CPU is measured.

It answers as fast as a hand-written protocol can.
"""

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection

import uvloop

#: Seconds until an answer: with none a client would have one request open at a time, however many it may have.
ANSWER_SECONDS = 0.005

#: What a request's head is answered with, both as they travel.
Answer = Callable[[bytes], bytes]


@contextmanager
def serving(make: Callable[[], Answer], seconds: float = ANSWER_SECONDS) -> Iterator[str]:
    """The origin of a server that ends with the block. `make` is called in the server's process."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, make, seconds), daemon=True)
    process.start()
    there.close()  # so that its death ends the waiting below
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection, make: Callable[[], Answer], seconds: float) -> None:
    uvloop.run(_answering(pipe, make(), seconds))


async def _answering(pipe: Connection, answer: Answer, seconds: float) -> None:
    make = partial(_Answers, answer, seconds)
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


class _Answers(asyncio.Protocol):
    def __init__(self, answer: Answer, seconds: float) -> None:
        self._answer, self._seconds = answer, seconds
        self._loop, self._unread = asyncio.get_running_loop(), b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, received: bytes) -> None:
        *requests, self._unread = (self._unread + received).split(b"\r\n\r\n")
        for request in requests:
            if self._seconds:
                self._loop.call_later(self._seconds, self._transport.write, self._answer(request))
            else:
                self._transport.write(self._answer(request))
