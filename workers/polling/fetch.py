"""The fetch seam: a complete request goes in, a whole response or `Unreachable` comes out.

No slot is ever waited for inside the transport: the fetcher hands out fewer than there are connections, and to each
account its share, so a provider that hangs keeps only its own account waiting.
"""

import asyncio
import re
from collections import defaultdict
from functools import lru_cache
from typing import Any, Literal

import httpx

from workers.model import HttpRequest, HttpResponse
from workers.polling.transport import AS_WRITTEN, CONNECTIONS, DEADLINE_SECONDS, PREPARED_REQUESTS, PooledTransport
from workers.polling.unreachable import unreachable

#: Connections of one account at least: six polls, a batch of a history, and the list of feeds. A worker of many
#: accounts has so many times this; fewer would let one feed that hangs hold up its neighbours.
LEAST_SHARE = 8

#: A URL that needs no quoting, which nearly all are: its origin, its path without dots to resolve, its query.
_PLAIN = re.compile(r"(https?://[a-z0-9.-]+(?::[0-9]+)?)((?:/[\w~-][\w.~-]*)+)(?:\?([\w.~=&-]+))?", re.ASCII)


def connections_for(accounts: int) -> int:
    """How many connections a worker of so many accounts may have open."""
    return max(CONNECTIONS, LEAST_SHARE * accounts)


class Fetcher:
    """Bounded exchanges over one transport.

    `connections` is the limit of the transport's pool, by default what so many accounts need; `accounts` the number of
    accounts that share it: each may have `connections // accounts` exchanges open, its `share`, and at least one.
    """

    def __init__(
        self, transport: httpx.AsyncBaseTransport, *, connections: int | None = None, accounts: int = 1
    ) -> None:
        connections = connections_for(accounts) if connections is None else connections
        self.share = max(1, connections // max(1, accounts))
        self._transport = transport
        #: Only where there are more accounts than connections can all shares together be more than there are.
        self._slots = asyncio.Semaphore(connections) if self.share * accounts > connections else None
        self._shares = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(self.share))

    @classmethod
    def pooled(cls, accounts: int = 1, *, deadline_seconds: float = DEADLINE_SECONDS) -> "Fetcher":
        """Over a pool of the connections that so many accounts need. Inside the running event loop."""
        pool = PooledTransport(connections=connections_for(accounts), deadline_seconds=deadline_seconds)
        return cls(pool, accounts=accounts)

    async def fetch(self, request: HttpRequest, *, account: str = "") -> HttpResponse:
        """The response, whatever its status. Raises Unreachable. Waiting for a slot is not part of any deadline."""
        async with self._shares[account]:
            if self._slots is None:
                return await self._answer(request)
            async with self._slots:
                return await self._answer(request)

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            return await self._exchange(request)
        except Exception as error:  # noqa: BLE001 - any engine may sit below; `unreachable` sorts them
            failure = unreachable(error, request.url)
        raise failure

    async def _exchange(self, request: HttpRequest) -> HttpResponse:
        response = await self._transport.handle_async_request(_prepared(request))
        # Their raw form, in one go: httpx looks through all of them for each that is asked for.
        headers = {name.lower(): value for name, value in response.headers.raw}
        retry_after = headers.get(b"retry-after")
        return HttpResponse(
            status=response.status_code,
            body=await _whole(response, plain=b"content-encoding" not in headers),
            content_type=headers.get(b"content-type", b"").decode("latin-1"),
            retry_after=None if retry_after is None else retry_after.decode("latin-1"),
        )

    async def close(self) -> None:
        """Close the transport and its connections."""
        await self._transport.aclose()


async def _whole(response: httpx.Response, *, plain: bool) -> bytes:
    """The body. What is already whole and decoded is taken as it is, for a tenth of what `aread` costs."""
    if plain and isinstance(response.stream, httpx.ByteStream):
        return b"".join(response.stream)
    return await response.aread()


@lru_cache(maxsize=PREPARED_REQUESTS)
def _prepared(request: HttpRequest) -> httpx.Request:
    """As httpx makes it. It looks at each character of a URL, which costs a fifth of an exchange; ours is quoted."""
    plain = _PLAIN.fullmatch(request.url) if request.body is None else None
    if plain is None:
        return httpx.Request(request.method, request.url, headers=request.headers, content=request.body)
    origin, path, query = plain.groups()
    like, place = _alike(request.method, origin, request.headers)
    url = httpx.URL.__new__(httpx.URL)
    url._uri_reference = type(place)(*place[:4], path, query, None)  # noqa: SLF001 - no public way is short
    prepared = httpx.Request.__new__(httpx.Request)
    prepared.__dict__.update(like.__dict__, url=url, extensions={AS_WRITTEN: request.url})
    return prepared


@lru_cache(maxsize=PREPARED_REQUESTS)  # of accounts, of which there are fewer
def _alike(
    method: Literal["GET", "POST"], origin: str, headers: tuple[tuple[str, str], ...]
) -> tuple[httpx.Request, Any]:
    """A request to this origin, and httpx's parts of its address: scheme, user, host, port, path, query, fragment."""
    like = httpx.Request(method, origin, headers=headers)
    return like, like.url._uri_reference  # noqa: SLF001 - as above
