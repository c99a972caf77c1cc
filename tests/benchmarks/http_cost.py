"""What one HTTP exchange costs this process in CPU: aiohttp alone, our transport, and the fetcher on top of it.

The server is another process, so that only the client is measured.
"""

import asyncio
import statistics
from collections.abc import Awaitable, Callable

import aiohttp
import httpx
import uvloop

from tests.benchmarks.rounds import Stopwatch, ratio, rotated
from tests.benchmarks.serving import Answer, serving
from workers.model import HttpRequest
from workers.polling.fetch import Fetcher
from workers.polling.transport import PooledTransport

#: Bytes of the page: 50 messages of about 340 bytes, what Ogmma's default page holds.
PAGE_BYTES = 17_000
#: Exchanges open at once.
CONCURRENCY = 50
#: Feeds polled in turn, each with an address of its own.
FEEDS = 1_000
HEADERS = (("x-api-key", "k" * 40), ("accept", "application/json"))

Exchange = Callable[[int], Awaitable[bytes]]


def measure(rounds: int = 24, requests: int = 750) -> dict[str, float]:
    """Median CPU milliseconds per exchange of each client, and the two ratios that are goals.

    Keys: `aiohttp_ms`, `transport_ms`, `fetcher_ms`, `transport_to_aiohttp` (goal: about 1) and
    `fetcher_to_transport` (goal: at most 1.25).
    """
    with serving(_one_page, 0.0) as origin, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        costs = runner.run(_measured(origin, rounds, requests))
    return {
        **{f"{name}_ms": round(statistics.median(values), 4) for name, values in costs.items()},
        "transport_to_aiohttp": round(ratio(costs["transport"], costs["aiohttp"]), 3),
        "fetcher_to_transport": round(ratio(costs["fetcher"], costs["transport"]), 3),
    }


async def _measured(origin: str, rounds: int, requests: int) -> dict[str, list[float]]:
    urls = [f"{origin}/v1/conversations/{n:024x}/messages?page=1&limit=50" for n in range(FEEDS)]
    plain, transport = aiohttp.ClientSession(), PooledTransport()
    fetcher = Fetcher(PooledTransport())
    clients = {
        "aiohttp": _plain(plain, urls),
        "transport": _direct(transport, urls),
        "fetcher": _fetched(fetcher, urls),
    }
    costs: dict[str, list[float]] = {name: [] for name in clients}
    try:
        for exchange in clients.values():
            await _cpu_ms(exchange, FEEDS)  # connections opened, caches filled
        for turn in range(rounds):
            for name in rotated(list(clients), turn):
                costs[name].append(await _cpu_ms(clients[name], requests))
    finally:
        await asyncio.gather(plain.close(), transport.aclose(), fetcher.close())
    return costs


async def _cpu_ms(exchange: Exchange, requests: int) -> float:
    numbers = iter(range(requests))

    async def one_after_another() -> None:
        for number in numbers:
            if len(await exchange(number)) != PAGE_BYTES:
                raise RuntimeError("not the page")

    watch = Stopwatch()
    await asyncio.gather(*(one_after_another() for _ in range(CONCURRENCY)))
    return watch.spent(requests).cpu_us / 1000


def _plain(session: aiohttp.ClientSession, urls: list[str]) -> Exchange:
    headers = dict(HEADERS)

    async def exchange(number: int) -> bytes:
        async with session.get(urls[number % FEEDS], headers=headers) as answer:
            return await answer.read()

    return exchange


def _direct(transport: PooledTransport, urls: list[str]) -> Exchange:
    prepared = [httpx.Request("GET", url, headers=HEADERS) for url in urls]

    async def exchange(number: int) -> bytes:
        response = await transport.handle_async_request(prepared[number % FEEDS])
        return b"".join(response.stream)

    return exchange


def _fetched(fetcher: Fetcher, urls: list[str]) -> Exchange:
    async def exchange(number: int) -> bytes:
        request = HttpRequest(method="GET", url=urls[number % FEEDS], headers=HEADERS)
        return (await fetcher.fetch(request)).body

    return exchange


def _one_page() -> Answer:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {PAGE_BYTES}\r\n\r\n"
    answer = head.encode() + b"x" * PAGE_BYTES
    return lambda _: answer
