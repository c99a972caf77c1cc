"""Events per second, and CPU per event, through publish, against a raw loop of the same client.

Three things take turns: the raw loop; `publish`, which commits records that are encoded already, as the raw loop does
(shards, group commit, counting, answers); `encoded`, which makes the records of a poll's outcome anew each time.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import uvloop
from aiokafka import AIOKafkaProducer

from tests.benchmarks import raw_loop
from tests.benchmarks.ground import Ground, ground, settings_on
from tests.benchmarks.pages import page, rows
from tests.benchmarks.rounds import Spent, Stopwatch, ratio, rotated
from workers.encoded import Encoded
from workers.model import Feed, HttpResponse, PageRef
from workers.poll import FeedPoll
from workers.reconcile.cursor import Cursor
from workers.reconcile.outcome import Outcome
from workers.reconcile.reconcile import reconcile
from workers.stream.client import producer
from workers.stream.partition import partition_of

#: New messages of each poll.
EVENTS = 50
#: Polls of each shard that commit at the same time: what group commit has to work with.
POLLS = 8


@dataclass(frozen=True)
class News:
    """One feed with fifty new messages, ready to be encoded and committed."""

    poll: FeedPoll
    before: Cursor
    outcome: Outcome

    def encoded(self) -> Encoded:
        """The records of the outcome, observed now."""
        return self.poll._encoded(self.before, self.outcome, now=time.time_ns() // 1_000_000)


def news_of(place: Ground, feed: Feed) -> News:
    """A poll of this feed that found fifty new messages."""
    adapter, now = place.poller.adapter, time.time_ns() // 1_000_000
    body = page(rows(EVENTS), 500, feed.values["conversation_id"])
    shown = adapter.page(feed, PageRef(limit=500), HttpResponse(status=200, body=body))
    before = Cursor(contact=now)
    shard = place.shards[partition_of(feed.key.encode(), place.settings.kafka.shards)]
    poll = place.poller._make_poll(feed, shard, place.poller)
    outcome = reconcile(before, shown.rows[::-1], lambda row: adapter.normalise(feed, row), poll._rules, now)
    assert len(outcome.changes) == EVENTS
    return News(poll, before, outcome)


def news_by_shard(place: Ground, shards: int) -> list[list[News]]:
    """POLLS feeds with news in each shard."""
    mine: dict[int, list[News]] = {number: [] for number in range(shards)}
    for feed in place.feeds(range(shards * POLLS * 4)):
        some = mine[partition_of(feed.key.encode(), shards)]
        if len(some) < POLLS:
            some.append(news_of(place, feed))
    assert all(len(some) == POLLS for some in mine.values())
    return list(mine.values())


async def product(seconds: float, news: Sequence[News], *, encode: bool) -> int:
    """Commit each feed's outcome again and again, encoded anew where asked; how many outcomes were committed."""
    end = time.perf_counter() + seconds

    async def again_and_again(one: News) -> int:
        count, encoded = 0, one.encoded()
        while time.perf_counter() < end:
            await one.poll._commit(one.encoded() if encode else encoded)
            count += 1
        return count

    return sum(await asyncio.gather(*(again_and_again(one) for one in news)))


async def _measured(bootstrap: str, shards: int, rounds: int, seconds: float) -> dict[str, list[Spent]]:
    async with ground(settings_on(bootstrap, shards)) as place:
        await place.own_all()
        news = news_by_shard(place, shards)
        transactions = [raw_loop.prepared(_records(mine)) for mine in news]
        producers = await _raw_producers(place, shards)
        flat = [one for mine in news for one in mine]
        got: dict[str, list[Spent]] = {"raw": [], "publish": [], "encoded": []}
        for turn in range(rounds + 1):
            for name in rotated(list(got), turn):
                watch = Stopwatch()
                if name == "raw":
                    pieces = await raw_loop.publish_for(seconds, producers, transactions) * POLLS * EVENTS
                else:
                    pieces = await product(seconds, flat, encode=name == "encoded") * EVENTS
                if turn:  # the first round warms up
                    got[name].append(watch.spent(pieces))
        for raw in producers:
            await raw.stop()
    return got


def _records(mine: Sequence[News]) -> list:
    return [record for one in mine for record in one.encoded().records]


async def _raw_producers(place: Ground, shards: int) -> list[AIOKafkaProducer]:
    kafka, names = place.settings.kafka, place.settings.topics
    producers = [producer(kafka, f"{kafka.group}-raw-{number}") for number in range(shards)]
    for raw in producers:
        await raw.start()
        for topic in (names.messages, names.cursors):
            await raw.partitions_for(topic)
    return producers


def measure(bootstrap: str, *, shards: int = 4, rounds: int = 5, seconds: float = 2.0) -> dict[str, float]:
    """Medians of each, and the ratios to the raw loop, round by round."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        got = runner.run(_measured(bootstrap, shards, rounds, seconds))
    figures: dict[str, float] = {"shards": shards}
    for name, spent in got.items():
        rates, costs = [one.rate for one in spent], [one.cpu_us for one in spent]
        figures[f"{name}_events_per_second"] = round(median(rates))
        figures[f"{name}_cpu_us_per_event"] = round(median(costs), 1)
        figures[f"{name}_events_ratio"] = round(ratio(rates, [one.rate for one in got["raw"]]), 2)
        figures[f"{name}_cpu_ratio"] = round(ratio(costs, [one.cpu_us for one in got["raw"]]), 2)
    return figures
