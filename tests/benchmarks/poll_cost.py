"""CPU of a steady poll, everything on, against the HTTP transport alone: a page of fifty known messages."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from statistics import median

import httpx
import uvloop
import xxhash

from tests.benchmarks.ground import Ground, ground, settings_on
from tests.benchmarks.page_server import PageServer, page_server
from tests.benchmarks.rounds import Spent, Stopwatch, ratio, rotated
from workers.model import Feed
from workers.polling.transport import PooledTransport

#: Polls under way at the same time.
CONCURRENCY = 50
#: Feeds that are polled in turn.
FEEDS = 200

Poll = Callable[[Feed], Awaitable[object]]


async def _round(poll: Poll, feeds: Sequence[Feed], count: int) -> Spent:
    """So many polls, CONCURRENCY at a time; what they took."""
    turns = iter(range(count))
    watch = Stopwatch()

    async def lane() -> None:
        for turn in turns:
            await poll(feeds[turn % len(feeds)])

    await asyncio.gather(*(lane() for _ in range(CONCURRENCY)))
    return watch.spent(count)


def _polls(place: Ground, transport: PooledTransport) -> dict[str, Poll]:
    """The same page by three ways: the transport alone, with decoding on top, and a whole poll of the product."""
    adapter, first = place.poller.adapter, place.poller.adapter.first()
    (shard,) = place.shards.values()
    prepared: dict[str, httpx.Request] = {}

    def request_of(feed: Feed) -> httpx.Request:
        made = prepared.get(feed.key)
        if made is None:
            asked = adapter.request(feed, first)
            made = prepared[feed.key] = httpx.Request(asked.method, asked.url, headers=asked.headers)
        return made

    async def http(feed: Feed) -> None:
        response = await transport.handle_async_request(request_of(feed))
        xxhash.xxh3_64_digest(await response.aread())

    async def decoded(feed: Feed) -> None:
        response = await place.fetcher.fetch(adapter.request(feed, first), account=feed.account)
        adapter.page(feed, first, response)

    async def polled(feed: Feed) -> None:
        await place.poller._make_poll(feed, shard, place.poller.fetch).live()

    return {"http": http, "http + decode": decoded, "poll": polled}


async def _measured(bootstrap: str, server: PageServer, rounds: int, count: int) -> dict[str, dict[str, list[Spent]]]:
    async with ground(settings_on(bootstrap, 1, server.origin)) as place:
        await place.own_all()
        feeds, transport = place.feeds(range(FEEDS)), PooledTransport()
        polls = _polls(place, transport)
        await _round(polls["poll"], feeds, FEEDS)  # the first contact: from here on all rows are known
        got: dict[str, dict[str, list[Spent]]] = {}
        for mode in ("same", "stirred", "new"):
            await asyncio.to_thread(server.mode, mode)
            mine = got[mode] = {name: [] for name in polls}
            for turn in range(rounds):
                for name in rotated(list(polls), turn):
                    mine[name].append(await _round(polls[name], feeds, count))
        await transport.aclose()
    return got


def measure(bootstrap: str, *, rounds: int = 6, count: int = 1500) -> list[dict[str, float | str]]:
    """CPU microseconds of one poll by what the page shows: unchanged, other bytes, one new message at each look."""
    with page_server() as server, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        got = runner.run(_measured(bootstrap, server, rounds, count))
    return [_row(mode, ways) for mode, ways in got.items()]


def _row(mode: str, ways: dict[str, list[Spent]]) -> dict[str, float | str]:
    costs = {name: [spent.cpu_us for spent in some] for name, some in ways.items()}
    http, decoded, poll = (median(costs[name]) for name in ("http", "http + decode", "poll"))
    return {
        "page": mode,
        "http_us": round(http),
        "decode_us": round(decoded - http),
        "poll_us": round(poll),
        "poll_to_http": round(ratio(costs["poll"], costs["http"]), 2),
    }
