"""The bytes of an answer, bounded before they are kept: as they arrive, and again as they are decoded.

A decoder that is given a whole body without a bound turns a megabyte into a gigabyte; here it stops one byte past it.
Texts of errors hold nothing that the other side sent: it may have echoed a credential.
"""

import zlib
from contextlib import suppress
from typing import Protocol

#: Bytes of one body, received and decoded alike: fifteen times the largest page known (500 rows of about 1 KB),
#: and small enough that the share of one hostile account stays below its place in memory.
BODY_LIMIT = 8 * 1024 * 1024
#: Bytes that are handed on of a body beyond its bound: what a dead letter looks at.
BEGINNING = 1024 * 1024
#: What requests offer as `Accept-Encoding`: exactly what `decoded` understands.
ACCEPTED_ENCODINGS = "gzip, deflate"
#: Parts that one gzip body may consist of; servers send one. Each costs a copy of the rest, so thousands are an attack.
GZIP_MEMBERS = 8

_GZIP, _ZLIB, _RAW_DEFLATE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class TooLarge(Exception):
    """The body passed its bound. `received` is how it begins, up to `BEGINNING` bytes; its text holds nothing of it."""

    def __init__(self, received: bytes = b"") -> None:
        super().__init__()
        self.received = received


class Garbled(Exception):
    """The body is not what its headers say."""


class Chunks(Protocol):
    """What a body is read from; `aiohttp.StreamReader` is one."""

    async def readany(self) -> bytes:
        """Whatever has arrived, waiting for at least one byte; empty at the end."""
        ...

    def at_eof(self) -> bool:
        """Whether the end has come and all was taken."""
        ...


async def read_bounded(chunks: Chunks, limit: int) -> bytes:
    """All bytes up to the end. Raises TooLarge as soon as more than `limit` have arrived."""
    body = bytearray()
    while chunk := await chunks.readany():
        if len(body) + len(chunk) > limit:
            raise TooLarge(bytes(body[:BEGINNING]) + chunk[: max(0, BEGINNING - len(body))])
        if not body and chunks.at_eof():
            return chunk  # the usual page is one chunk, and need not be copied
        body += chunk
    return bytes(body)


async def read_beginning(chunks: Chunks) -> bytes:
    """The first bytes of a body that will not be read to its end, or all that there are."""
    body = bytearray()
    while len(body) < BEGINNING and (chunk := await chunks.readany()):
        body += chunk
    return bytes(body[:BEGINNING])


def beginning(received: bytes, encoding: str) -> bytes:
    """How the text of a body begins, of which so much was received; empty where that cannot be told."""
    coding = encoding.strip().lower()
    if coding in {"", "identity"}:
        return received
    if coding not in {"gzip", "x-gzip", "deflate"}:
        return b""
    deflate = _ZLIB if _has_zlib_header(received) else _RAW_DEFLATE
    with suppress(zlib.error):
        return zlib.decompressobj(deflate if coding == "deflate" else _GZIP).decompress(received, BEGINNING)
    return b""


def decoded(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its `Content-Encoding`, at most `limit` bytes. Raises TooLarge and Garbled."""
    coding = encoding.strip().lower()
    if coding in {"", "identity"} or not body:
        return body
    if coding in {"gzip", "x-gzip"}:
        return _members(body, limit)
    if coding == "deflate":
        return _inflated(body, _ZLIB if _has_zlib_header(body) else _RAW_DEFLATE, limit)[0]
    raise Garbled("a content encoding that was not asked for")


def _members(body: bytes, limit: int) -> bytes:
    whole, rest = _inflated(body, _GZIP, limit)
    for _ in range(GZIP_MEMBERS - 1):
        if not rest:
            return whole
        part, rest = _inflated(rest, _GZIP, limit, whole)
        whole += part
    if rest:
        raise Garbled("a gzip body of too many parts")
    return whole


def _inflated(body: bytes, window: int, limit: int, before: bytes = b"") -> tuple[bytes, bytes]:
    """One compressed stream: its text, which counts with the text `before` it, and the bytes that follow it."""
    inflater = zlib.decompressobj(window)
    try:
        text = inflater.decompress(body, limit - len(before) + 1)
    except zlib.error:
        raise Garbled("a compressed body that does not decompress") from None
    if len(before) + len(text) > limit:
        raise TooLarge((before + text[:BEGINNING])[:BEGINNING])
    if not inflater.eof:
        raise Garbled("a compressed body that breaks off")
    return text, inflater.unused_data


def _has_zlib_header(body: bytes) -> bool:
    """RFC 1950 section 2.2. Some servers call the bare RFC 1951 stream "deflate" too, and browsers read both."""
    return len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and (body[0] << 8 | body[1]) % 31 == 0
