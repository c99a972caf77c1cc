"""The fetch seam: a complete request goes in, a whole response or `Unreachable` comes out.

No slot is ever waited for inside the transport: the fetcher hands out fewer than there are connections, and to each
account its share, so a provider that hangs keeps only its own account waiting.
"""

import asyncio
from collections import defaultdict
from functools import lru_cache

import httpx

from workers.model import HttpRequest, HttpResponse
from workers.polling.transport import CONNECTIONS
from workers.polling.unreachable import unreachable

#: Requests kept as httpx's objects, about 3 KB each: a feed's first page is the same request at every poll, and making
#: one anew costs a fifth of an exchange.
PREPARED_REQUESTS = 4096


class Fetcher:
    """Bounded exchanges over one transport.

    `connections` is the limit of the transport's pool, `accounts` the number of accounts that share it: each may
    have `connections // accounts` exchanges open, and at least one.
    """

    def __init__(
        self, transport: httpx.AsyncBaseTransport, *, connections: int = CONNECTIONS, accounts: int = 1
    ) -> None:
        share = max(1, connections // max(1, accounts))
        self._transport = transport
        self._slots = asyncio.Semaphore(connections)
        self._shares = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(share))

    async def fetch(self, request: HttpRequest, *, account: str = "") -> HttpResponse:
        """The response, whatever its status. Raises Unreachable. Waiting for a slot is not part of any deadline."""
        async with self._shares[account], self._slots:
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
    return httpx.Request(request.method, request.url, headers=request.headers, content=request.body)
