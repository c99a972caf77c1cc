"""CPU of a steady poll, everything on, against the HTTP transport alone: a page of fifty known messages.

The product's polls run as they do in a worker: an account's loop with its schedule, budget, slots, tasks and metrics.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from statistics import median

import httpx
import uvloop
import xxhash

from tests.benchmarks.ground import Ground, ground, settings_on
from tests.benchmarks.page_server import PageServer, page_server
from tests.benchmarks.rounds import Spent, Stopwatch, ratio, rotated
from workers.account import POLLS_IN_FLIGHT
from workers.model import Feed
from workers.polling.schedule import Schedule
from workers.polling.transport import PooledTransport

#: Requests under way at the same time: as many as an account may have.
CONCURRENCY = POLLS_IN_FLIGHT
#: Feeds that are polled in turn.
FEEDS = 200

Poll = Callable[[Feed], Awaitable[object]]
Round = Callable[[int], Awaitable[Spent]]


def _in_lanes(poll: Poll, feeds: Sequence[Feed]) -> Round:
    """Rounds of so many polls, CONCURRENCY at a time."""

    async def round_(count: int) -> Spent:
        turns = iter(range(count))
        watch = Stopwatch()

        async def lane() -> None:
            for turn in turns:
                await poll(feeds[turn % len(feeds)])

        await asyncio.gather(*(lane() for _ in range(CONCURRENCY)))
        return watch.spent(count)

    return round_


def _by_the_account(place: Ground) -> Round:
    """Rounds of at least so many polls by the account's own loop."""
    poller = place.poller
    polls = place.metrics.polls.labels(poller.adapter.provider, poller.name)

    async def round_(count: int) -> Spent:
        begun, watch = polls._value.get(), Stopwatch()
        poller.release()
        while polls._value.get() - begun < count:  # noqa: ASYNC110 - an event at each poll would be measured too
            await asyncio.sleep(0.01)
        poller.hold()
        while poller.busy:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)
        failures = place.metrics.poll_failures.collect()
        counts = [one for family in failures for one in family.samples if one.name.endswith("_total") and one.value]
        assert not counts, f"polls failed: {counts}"
        return watch.spent(int(polls._value.get() - begun))

    return round_


def _ways(place: Ground, transport: PooledTransport, feeds: Sequence[Feed]) -> dict[str, Round]:
    """The same page by three ways: the transport alone, with decoding on top, and a whole poll of the product."""
    adapter, first = place.poller.adapter, place.poller.adapter.first()
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

    return {"http": _in_lanes(http, feeds), "http + decode": _in_lanes(decoded, feeds), "poll": _by_the_account(place)}


async def _measured(bootstrap: str, server: PageServer, rounds: int, count: int) -> dict[str, dict[str, list[Spent]]]:
    async with ground(settings_on(bootstrap, 1, server.origin)) as place:
        await place.own_all()
        feeds, transport = place.feeds(range(FEEDS)), PooledTransport()
        ways = _ways(place, transport, feeds)
        (shard,) = place.shards.values()
        place.poller._schedule = Schedule(min_interval=0)  # a feed is due again at once
        place.poller.hold()
        for feed in feeds:
            place.poller.attach(feed, shard)
        running = asyncio.create_task(place.poller.run())
        await ways["poll"](2 * FEEDS)  # the first contacts: from here on all rows are known
        got: dict[str, dict[str, list[Spent]]] = {}
        for mode in ("same", "stirred", "new"):
            await asyncio.to_thread(server.mode, mode)
            mine = got[mode] = {name: [] for name in ways}
            for turn in range(rounds):
                for name in rotated(list(ways), turn):
                    mine[name].append(await ways[name](count))
        running.cancel()
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
