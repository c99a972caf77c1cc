"""What one HTTP exchange costs this process in CPU: aiohttp alone, our transport, and the fetcher on top of it.

The server is another process, so that only the client is measured. Rounds are short and alternate, each in another
order, and a ratio is the median of the rounds' own ratios: what else runs on the machine meets all of them alike.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from multiprocessing.connection import Connection

import aiohttp
import httpx
import uvloop

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
    with _server() as port, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        costs = runner.run(_measured(f"http://127.0.0.1:{port}", rounds, requests))
    return {
        **{f"{name}_ms": round(statistics.median(values), 4) for name, values in costs.items()},
        "transport_to_aiohttp": _ratio(costs["transport"], costs["aiohttp"]),
        "fetcher_to_transport": _ratio(costs["fetcher"], costs["transport"]),
    }


def _ratio(costs: list[float], base: list[float]) -> float:
    return round(statistics.median(cost / other for cost, other in zip(costs, base, strict=True)), 3)


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
            for name in _rotated(list(clients), turn):
                costs[name].append(await _cpu_ms(clients[name], requests))
    finally:
        await asyncio.gather(plain.close(), transport.aclose(), fetcher.close())
    return costs


def _rotated(names: list[str], turn: int) -> list[str]:
    start = turn % len(names)
    return names[start:] + names[:start]


async def _cpu_ms(exchange: Exchange, requests: int) -> float:
    numbers = iter(range(requests))

    async def one_after_another() -> None:
        for number in numbers:
            if len(await exchange(number)) != PAGE_BYTES:
                raise RuntimeError("not the page")

    before = time.process_time()
    await asyncio.gather(*(one_after_another() for _ in range(CONCURRENCY)))
    return (time.process_time() - before) * 1000 / requests


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


@contextmanager
def _server():
    """The port of a server in another process that answers every request with the same page."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection) -> None:
    page = b"x" * PAGE_BYTES
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {PAGE_BYTES}\r\n\r\n"
    answer = head.encode() + page

    class OnePage(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(answer * data.count(b"\r\n\r\n"))

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(OnePage, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--requests", type=int, default=750, help="per client and round")
    given = parser.parse_args()
    print(json.dumps(measure(given.rounds, given.requests), indent=2))
