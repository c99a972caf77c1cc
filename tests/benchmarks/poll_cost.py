"""CPU of a poll, everything on, against a raw `aiohttp` loop that only fetches and hashes the page.

The product's polls run as they do in a worker: an account's loop with its schedule, budget, slots, tasks and metrics.
Of pages with news the cost of an event, from HTTP to its commit, stands beside a raw transactional loop of the client.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from statistics import median

import aiohttp
import uvloop
import xxhash

from tests.benchmarks import publish, raw_loop
from tests.benchmarks.ground import Ground, ground, settings_on
from tests.benchmarks.page_server import PageServer, page_server
from tests.benchmarks.rounds import Spent, Stopwatch, ratio, rotated
from workers.account.poller import AccountPoller
from workers.account.slots import POLLS_IN_FLIGHT
from workers.metrics import Metrics
from workers.model import Feed
from workers.schedule.schedule import Schedule
from workers.stream.client import producer

#: Requests under way at the same time: as many as an account may have.
CONCURRENCY = POLLS_IN_FLIGHT
#: Feeds that are polled in turn.
FEEDS = 200
#: What the page shows, in the order in which it is measured: see `page_server`.
MODES = ("same", "stirred", "new1", "new5", "new45")
#: The raw loop twice: polls of fifty events in one transaction, and producers that take turns. The product's own
#: transactions hold as many records as the first's; the second is a loop that commits what each poll brought.
RAW_LOOPS = {"raw": (8, 1), "raw_poll": (1, 4)}
#: Seconds of a raw loop for each round.
RAW_SECONDS = 0.5

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


def by_the_account(poller: AccountPoller, metrics: Metrics) -> Round:
    """Rounds of at least so many polls by the account's own loop."""
    polls = metrics.polls.labels(poller.adapter.provider, poller.name)

    async def round_(count: int) -> Spent:
        begun, watch = polls._value.get(), Stopwatch()
        poller.release()
        while polls._value.get() - begun < count:  # noqa: ASYNC110 - an event at each poll would be measured too
            await asyncio.sleep(0.01)
        poller.hold()
        while poller.busy:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)
        failures = metrics.poll_failures.collect()
        counts = [one for family in failures for one in family.samples if one.name.endswith("_total") and one.value]
        assert not counts, f"polls failed: {counts}"
        return watch.spent(int(polls._value.get() - begun))

    return round_


def _ways(place: Ground, session: aiohttp.ClientSession, feeds: Sequence[Feed]) -> dict[str, Round]:
    """The same page by three ways: fetched and hashed, fetched and decoded by the product, and polled by it."""
    adapter, first = place.poller.adapter, place.poller.adapter.first()

    async def http(feed: Feed) -> None:
        asked = adapter.request(feed, first)
        async with session.get(asked.url, headers=dict(asked.headers)) as answer:
            xxhash.xxh3_64_digest(await answer.read())

    async def decoded(feed: Feed) -> None:
        response = await place.fetcher.fetch(adapter.request(feed, first), account=feed.account)
        adapter.page(feed, first, response)

    polled = by_the_account(place.poller, place.metrics)
    return {"http": _in_lanes(http, feeds), "http + decode": _in_lanes(decoded, feeds), "poll": polled}


async def _raw_event_us(place: Ground, feed: Feed, seconds: float, polls: int, producers: int) -> float:
    """CPU microseconds of one event in a raw transactional loop, encoded beforehand."""
    kafka, names = place.settings.kafka, place.settings.topics
    raw = [producer(kafka, f"{kafka.group}-raw-{polls}-{number}") for number in range(producers)]
    for one in raw:
        await one.start()
        for topic in (names.messages, names.cursors):
            await one.partitions_for(topic)
    records = [record for _ in range(polls) for record in publish.news_of(place, feed).encoded().records]
    watch = Stopwatch()
    transactions = await raw_loop.publish_for(seconds, raw, [raw_loop.prepared(records)] * producers)
    spent = watch.spent(transactions * polls * publish.EVENTS)
    for one in raw:
        await one.stop()
    return spent.cpu_us


async def _measured(
    bootstrap: str, server: PageServer, rounds: int, count: int
) -> tuple[dict[str, dict[str, list[Spent]]], dict[str, float]]:
    async with ground(settings_on(bootstrap, 1, server.origin)) as place:
        await place.own_all()
        # A look makes a conversation grow: what others look at would be news to the poll, and is none of its feeds.
        feeds, others = place.feeds(range(FEEDS)), place.feeds(range(FEEDS, 2 * FEEDS))
        session = aiohttp.ClientSession()
        ways = _ways(place, session, others)
        (shard,) = place.shards.values()
        place.schedule_by(Schedule(min_interval=0))  # a feed is due again at once
        place.poller.hold()
        for feed in feeds:
            place.poller.attach(feed, shard)
        running = asyncio.create_task(place.poller.run())
        await ways["poll"](2 * FEEDS)  # the first contacts: from here on all rows are known
        got: dict[str, dict[str, list[Spent]]] = {}
        for mode in MODES:
            await asyncio.to_thread(server.mode, mode)
            mine = got[mode] = {name: [] for name in ways}
            for turn in range(rounds):
                for name in rotated(list(ways), turn):
                    mine[name].append(await ways[name](count if mode != "new45" else count // 5))
        running.cancel()
        await session.close()
        seconds = rounds * RAW_SECONDS
        raw_us = {name: await _raw_event_us(place, feeds[0], seconds, *loop) for name, loop in RAW_LOOPS.items()}
    return got, raw_us


def measure(bootstrap: str, *, rounds: int = 12, count: int = 1500) -> list[dict[str, float | str]]:
    """CPU microseconds of one poll by what the page shows: the same, other bytes, so many new messages each time."""
    with page_server() as server, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        got, raw_us = runner.run(_measured(bootstrap, server, rounds, count))
    return [_row(mode, ways, raw_us) for mode, ways in got.items()]


def _row(mode: str, ways: dict[str, list[Spent]], raw_us: dict[str, float]) -> dict[str, float | str]:
    costs = {name: [spent.cpu_us for spent in some] for name, some in ways.items()}
    http, decoded, poll = (median(costs[name]) for name in ("http", "http + decode", "poll"))
    row: dict[str, float | str] = {
        "page": mode,
        "http_us": round(http),
        "decode_us": round(decoded - http),
        "poll_us": round(poll),
        "poll_to_http": round(ratio(costs["poll"], costs["http"]), 2),
    }
    if mode.startswith("new"):
        event = poll / int(mode.removeprefix("new"))
        row["event_us"] = round(event, 1)
        for name, cost in raw_us.items():
            row |= {f"event_to_{name}": round(event / cost, 1), f"{name}_event_us": round(cost, 1)}
    return row
