"""Putting an answer on the wire, whole or in one of the ways in which that goes wrong."""

import asyncio
import contextlib
import gzip
import socket
import struct
import zlib
from functools import lru_cache

from aiohttp import hdrs, web

from workers.simulator.rooms.base import Answer
from workers.simulator.settings import SimulationSettings

#: Pieces of a body that drips (pieces).
DRIPS = 20
#: What a too long Content-Length promises beyond the body (bytes).
PROMISED = 64
#: Padding is written in pieces of this size (bytes), so that an oversized body takes no memory here.
PIECE = 2**16
#: Closing with this option sends a reset instead of a farewell.
LINGER_NOTHING = struct.pack("ii", 1, 0)


class Delivery:
    """Writes answers. `deliver` says whether the whole answer went out as it should."""

    def __init__(self, settings: SimulationSettings) -> None:
        self._settings = settings

    async def deliver(self, request: web.BaseRequest, answer: Answer, manner: str | None) -> web.StreamResponse:
        """Write the answer in this manner (None: whole). Raises ConnectionError where the caller is gone."""
        if manner is None:
            return await _whole(request, answer)
        if manner == "slow_drip":
            return await self._drip(request, answer)
        if manner in {"half_body", "long_length"}:
            return await _short(request, answer, manner)
        if manner in {"oversized", "gzip_bomb"}:
            return await self._large(request, answer, manner)
        if manner == "bad_gzip":
            return await _badly_packed(request, answer)
        if manner == "hang":
            await asyncio.sleep(self._settings.hang_seconds)
        _cut(request, reset=manner == "reset")
        return web.Response()

    async def _drip(self, request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        body, response = answer.body, _begun(answer)
        response.content_length = len(body)
        await response.prepare(request)
        step = -(-len(body) // DRIPS) or 1
        for start in range(0, len(body), step):
            await asyncio.sleep(self._settings.drip_seconds / DRIPS)
            await response.write(body[start : start + step])  # no sleep after the last: the caller has it all then
        await response.write_eof()
        return response

    async def _large(self, request: web.BaseRequest, answer: Answer, manner: str) -> web.StreamResponse:
        response = _begun(answer)
        if manner == "gzip_bomb":
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"
            packed = await asyncio.to_thread(_bomb, answer.before, answer.after, self._settings.bomb_bytes)
            await response.prepare(request)
            await response.write(packed)
        else:
            await response.prepare(request)
            await response.write(answer.before)
            for _ in range(-(-self._settings.oversized_bytes // PIECE)):
                await response.write(b" " * PIECE)
            await response.write(answer.after)
        await response.write_eof()
        return response


def _begun(answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.headers[hdrs.CONTENT_TYPE] = answer.content_type
    return response


async def _whole(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    headers = {**answer.headers, hdrs.CONTENT_TYPE: answer.content_type}
    response = web.Response(body=answer.body, status=answer.status, headers=headers)
    await response.prepare(request)
    await response.write_eof()
    return response


async def _short(request: web.BaseRequest, answer: Answer, manner: str) -> web.StreamResponse:
    """A body that ends too early: cut in its middle, or whole with too much promised."""
    body, response = answer.body, _begun(answer)
    whole = manner == "long_length"
    response.content_length = len(body) + (PROMISED if whole else 0)
    await response.prepare(request)
    await response.write(body if whole else body[: len(body) // 2])
    _cut(request, reset=False)
    return response


async def _badly_packed(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """A body under the name of gzip: half of one, or none at all, as the length of the page has it."""
    response = _begun(answer)
    response.headers[hdrs.CONTENT_ENCODING] = "gzip"
    packed = gzip.compress(answer.body)
    body = packed[: len(packed) // 2] if len(answer.body) % 2 else answer.body
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body)
    await response.write_eof()
    return response


def _cut(request: web.BaseRequest, *, reset: bool) -> None:
    """End the connection: with a farewell after what was written, or with a reset at once."""
    transport = request.transport
    if transport is None:
        return
    if not reset:
        transport.close()
        return
    plug = transport.get_extra_info("socket")
    if plug is not None:
        with contextlib.suppress(OSError):
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOTHING)
    transport.abort()


@lru_cache(maxsize=4)
def _bomb(before: bytes, after: bytes, size: int) -> bytes:
    """An answer padded with spaces to this size, packed: about a thousandth of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = [packer.compress(before)]
    packed += [packer.compress(b" " * PIECE) for _ in range(-(-size // PIECE))]
    return b"".join([*packed, packer.compress(after), packer.flush()])
