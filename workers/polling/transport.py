"""HTTP over pooled connections: httpx's seam on aiohttp's engine.

httpx's own pool (httpcore 1.0.9) loses a slot for ever when a waiting request is cancelled, and a worker cancels polls
at every rebalance (encode/httpcore#1093); it also costs twenty to sixty times aiohttp's CPU at 50 connections. So the
records are httpx's, which any test can answer through `httpx.MockTransport`, and the connections are aiohttp's.

Call the transport directly. An `httpx.AsyncClient` around it adds redirects, cookies and an auth flow, none of which a
poller wants, at twice the price.
"""

import asyncio
import ssl
from contextlib import suppress
from functools import lru_cache
from typing import Final

import aiohttp
import httpx
import yarl
from multidict import CIMultiDict

from workers import __version__
from workers.errors import BodyTooLarge
from workers.polling.body import (
    ACCEPTED_ENCODINGS,
    BODY_LIMIT,
    TooLarge,
    beginning,
    decoded,
    read_beginning,
    read_bounded,
)
from workers.polling.unreachable import unreachable

#: Connections of one worker, all accounts together: at 100 ms an answer they carry 1 000 requests a second.
CONNECTIONS: Final = 100
#: Seconds for one exchange, connecting and reading included, so that a server that drips bytes ends too.
DEADLINE_SECONDS: Final = 30.0
#: Seconds for TCP and TLS: a host that does not even answer a SYN is given up before the deadline.
CONNECT_SECONDS: Final = 10.0
#: Seconds that an idle connection is kept: longer than the interval of a busy account, shorter than what
#: load balancers keep (60 s is the least of the usual defaults).
KEEP_ALIVE_SECONDS: Final = 60.0
#: Seconds that closing may take; a peer that does not take our last bytes must not hold a shutdown.
CLOSE_SECONDS: Final = 2.0
#: Seconds for the first megabyte of a body that announces itself too large.
BEGINNING_SECONDS: Final = 2.0

#: The extension of a request that holds its address as one text: to put one together costs 3 % of an exchange.
AS_WRITTEN: Final = "afluente.url"

#: Requests that are kept as they are sent, those of the feeds that are busy now: 3 KB each.
PREPARED_REQUESTS: Final = 2048

#: These headers describe the body as it travelled; what we hand on is whole and decoded.
_OF_THE_JOURNEY: Final = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


class PooledTransport(httpx.AsyncBaseTransport):
    """One pool of connections. Make it inside the running event loop, one per process.

    Every failure is `workers.errors.Unreachable`, with a reason of `unreachable.REASONS`; that of a body beyond
    `body_limit` is its BodyTooLarge. Answers are whole: body read,
    bounded and decoded. Redirects are not followed; cookies, `.netrc` and proxies of the environment are not used.
    """

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS,
        deadline_seconds: float = DEADLINE_SECONDS,
        body_limit: int = BODY_LIMIT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._body_limit = body_limit
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=connections, keepalive_timeout=KEEP_ALIVE_SECONDS, ssl=tls or shared_tls()
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"afluente/{__version__}", "Accept-Encoding": ACCEPTED_ENCODINGS},
            timeout=aiohttp.ClientTimeout(total=deadline_seconds, sock_connect=CONNECT_SECONDS),
            auto_decompress=False,
            trust_env=False,
            middlewares=(_once,),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange. Raises Unreachable, and nothing else but cancellation."""
        try:
            return await self._exchange(request)
        except Exception as error:  # noqa: BLE001 - an account may fail in any way, its worker in none
            failure = unreachable(error, str(request.url))
        raise failure

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        address, headers = _as_sent(request)
        answer = await self._session.request(
            request.method,
            address,
            headers=headers,
            data=(await request.aread() or None) if request.method != "GET" else None,
            allow_redirects=False,
        )
        body = await self._body(answer)
        if isinstance(body, TooLarge):
            url, kind = str(request.url), answer.headers.get("Content-Type", "")
            raise BodyTooLarge(str(unreachable(body, url)), answer.status, kind, body.received)
        told = [pair for pair in answer.raw_headers if pair[0].lower() not in _OF_THE_JOURNEY]
        return httpx.Response(answer.status, headers=told, stream=httpx.ByteStream(body))

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes | TooLarge:
        """The whole body, or how it begins where it is too large: not raised, for its frames hold all of it."""
        try:
            return await self._whole(answer)
        except TooLarge as error:
            answer.close()  # unread bytes on a connection would be read as the next answer
            return error.with_traceback(None)
        except BaseException:
            answer.close()
            raise

    async def _whole(self, answer: aiohttp.ClientResponse) -> bytes:
        encoding = answer.headers.get("Content-Encoding", "")
        if (answer.content_length or 0) > self._body_limit:
            raise TooLarge(beginning(await _arriving(answer.content), encoding))
        try:
            received = await read_bounded(answer.content, self._body_limit)
        except TooLarge as error:
            cut = error.received
        else:
            return decoded(received, encoding, self._body_limit)
        raise TooLarge(beginning(cut, encoding))

    async def aclose(self) -> None:
        """Close every connection, within `CLOSE_SECONDS`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._session.close()


async def _arriving(body: aiohttp.StreamReader) -> bytes:
    """What comes of a body within a moment: somebody will want to see it, but nobody waits for it."""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(BEGINNING_SECONDS):
            return await read_beginning(body)
    return b""


@lru_cache(maxsize=1)  # reading the system's certificates takes 20 ms
def shared_tls() -> ssl.SSLContext:
    """The system's trust (`SSL_CERT_FILE` and `SSL_CERT_DIR` are heard), host names checked, HTTP/1.1 only."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


@lru_cache(maxsize=PREPARED_REQUESTS)
def _as_sent(request: httpx.Request) -> tuple[yarl.URL, CIMultiDict[str]]:
    """Address and headers of this very request for the engine, which takes the address apart once: 7 % of an exchange.

    An adapter has quoted the address: it is sent as it stands.
    """
    address = yarl.URL(request.extensions.get(AS_WRITTEN) or str(request.url), encoded=True)
    return address, CIMultiDict((name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw)


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a GET again when its connection died: the budget has not allowed a second one.

    What the engine resends is decided by the exception's class, so it gets ours.
    """
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        failure = unreachable(error, str(request.url))
    raise failure
