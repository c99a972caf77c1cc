"""Publisher and restore under everything at once: exactly once, or the protocol is not worth its name.

Two rivals per shard, each of which believes that it is the owner, publish numbered events of the same feeds and a
cursor beside them, one after the other or at the same time. Meanwhile produce errors are injected, answers are lost,
connections are cut, delayed and black-holed, the broker is killed and started again, and publishing tasks are
cancelled. In the end an independent read_committed consumer counts.

CHAOS_SEEDS and CHAOS_EVENTS make it longer.
"""

import asyncio
import os
import random
from collections import Counter

import pytest

from tests.support import produce_faults as faults
from tests.support.kafka import committed
from tests.support.produce_faults import FaultyProxy
from workers.broker import Broker, Reservation
from workers.errors import ReopenShard, ShardFenced
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream import topics
from workers.stream.client import discarding
from workers.stream.partition import partition_of
from workers.stream.publisher import Publisher
from workers.stream.record import KafkaRecord
from workers.stream.restore import restore

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

#: Two fifths of the suite's seeds, and a twentieth of its events for each of them.
SEEDS = max(1, int(os.environ.get("CHAOS_SEEDS", "5")) * 2 // 5)
EVENTS = int(os.environ.get("CHAOS_EVENTS", "20000")) // 20
SHARDS, FEEDS_PER_SHARD = 2, 5
#: Seconds that one seed may take for each thousand events, the broker's restarts included.
SECONDS_PER_THOUSAND = 60.0
#: Seconds until the last discarded client has no task left; it takes one, on an idle machine.
DISCARD_SECONDS = 15.0
#: What goes wrong, times for each thousand events (about 80 transactions).
TROUBLES = {"refuse_produce": 10, "lose_end": 4, "lose_answer": 6, "cut": 3, "delay": 2, "black_hole": 1, "kill": 1}

ERRORS = (
    faults.MESSAGE_TOO_LARGE,
    faults.NOT_ENOUGH_REPLICAS,
    faults.TOPIC_AUTHORIZATION_FAILED,
    faults.OUT_OF_ORDER_SEQUENCE,
    faults.INVALID_TXN_STATE,
)
LOSSES = ("Produce", "AddPartitionsToTxn", "InitProducerId", "FindCoordinator", "ListOffsets", "Fetch")


class World:
    """One seed: its dice, its topics, the ways to the broker, and what has happened."""

    def __init__(self, seed: int, prefix: str, broker: Broker, proxy: FaultyProxy):
        self.random = random.Random(seed)
        self.broker, self.proxy = broker, proxy
        self.names = TopicNames(
            messages=f"{prefix}.messages",
            feeds=f"{prefix}.feeds",
            cursors=f"{prefix}.cursors",
            dead_letters=f"{prefix}.dead-letters",
        )
        self.direct = self._settings(broker.bootstrap, prefix)
        self.proxied = self._settings(broker.proxied_bootstrap, prefix)
        self.published = self.counted = 0
        self.over = False
        self.happened: Counter[str] = Counter()

    @staticmethod
    def _settings(bootstrap: str, group: str) -> KafkaSettings:
        return KafkaSettings(bootstrap_servers=tuple(bootstrap.split(",")), group=group, shards=SHARDS)

    def feeds(self, shard: int) -> list[bytes]:
        return [b"loja/%d/%d" % (shard, number) for number in range(FEEDS_PER_SHARD)]

    async def own(self, shard: int, name: str) -> None:
        """Open, restore, publish, and again, until all troubles are over."""
        while not self.over:
            kafka = self.random.choice((self.proxied, self.proxied, self.direct))
            try:
                await self._serve(kafka, shard)
            except ShardFenced:
                self.happened[f"{name} fenced"] += 1
                await asyncio.sleep(self.random.uniform(0, 0.6))
            except ReopenShard as failure:
                self.happened[f"reopened: {failure.reason}"] += 1
                await asyncio.sleep(self.random.uniform(0, 0.3))
            except asyncio.CancelledError:
                if asyncio.current_task().cancelling():
                    raise
                self.happened["cancelled"] += 1

    async def _serve(self, kafka: KafkaSettings, shard: int) -> None:
        limits = dict.fromkeys((self.names.messages, self.names.cursors), 1_048_588)
        publisher = await Publisher.open(kafka, shard, limits, open_seconds=8, publish_seconds=3)
        try:
            cursors = dict.fromkeys(self.feeds(shard), 0)
            await restore(
                kafka,
                self.names.cursors,
                [shard],
                lambda _, key, value: cursors.update({key: int(value.split()[1])}),
                10,
            )
            while not self.over and self.random.random() > 0.02:  # else it is left to the rival
                records, moved = self._news(shard, cursors)
                await self._publish(publisher, records)
                cursors |= moved
                self.published += len(records) - len(moved)
                self.happened["committed"] += 1
        finally:
            publisher.abandon()

    def _news(self, shard: int, cursors: dict[bytes, int]):
        """The next events of some feeds, and the cursors after them."""
        moved, records = {}, []
        for feed in self.random.sample(self.feeds(shard), self.random.randint(1, FEEDS_PER_SHARD)):
            first = cursors[feed] + 1
            last = cursors[feed] + self.random.randint(1, 8)
            partition = partition_of(feed, SHARDS)
            records += [
                KafkaRecord(topic=self.names.messages, partition=partition, key=feed, value=b"%s %d" % (feed, number))
                for number in range(first, last + 1)
            ]
            records.append(
                KafkaRecord(topic=self.names.cursors, partition=shard, key=feed, value=b"%s %d" % (feed, last))
            )
            moved[feed] = last
        return records, moved

    async def _publish(self, publisher: Publisher, records: list[KafkaRecord]) -> None:
        publishing = asyncio.create_task(publisher.publish(records))
        try:
            if self.random.random() < 0.04:
                await asyncio.sleep(self.random.uniform(0, 0.05))
                publishing.cancel()
            await publishing
        finally:
            publishing.cancel()

    # --- what goes wrong ----------------------------------------------------------------------------------

    async def trouble(self) -> None:
        """All troubles of the seed, shuffled, each after a little progress: an outage in an outage shows nothing."""
        deck = [kind for kind, times in TROUBLES.items() for _ in range(int(times * EVENTS / 1000))]
        self.random.shuffle(deck)
        for kind in deck:
            await self.progress(2)
            self.happened[kind] += 1
            await getattr(self, kind)()
        while self.published < EVENTS or not self._tortured():
            await self.progress(1)
        self.over = True

    def _tortured(self) -> bool:
        """Whether enough was injected: a fault waits for somebody who comes by the proxy, and many go directly."""
        refused, lost = self.proxy.injected[self.names.messages], self.proxy.injected["EndTxn"]
        return refused >= 2 * EVENTS // 1000 and lost >= EVENTS // 1000

    async def progress(self, commits: int) -> None:
        enough = self.happened["committed"] + commits
        while self.happened["committed"] < enough:  # noqa: ASYNC110 - many tasks commit
            await asyncio.sleep(0.01)

    async def refuse_produce(self) -> None:
        topic = self.random.choice((self.names.messages, self.names.messages, self.names.cursors))
        self.proxy.fail_next(topic, self.random.choice(ERRORS))

    async def lose_end(self) -> None:
        self.proxy.lose_next("EndTxn")

    async def lose_answer(self) -> None:
        self.proxy.lose_next(self.random.choice(LOSSES))

    async def cut(self) -> None:
        self.proxy.cut()

    async def delay(self) -> None:
        self.proxy.delay(self.random.uniform(0.005, 0.1))
        await asyncio.sleep(self.random.uniform(0.1, 0.5))
        self.proxy.delay(0)

    async def black_hole(self) -> None:
        self.proxy.black_hole(True)
        await asyncio.sleep(self.random.uniform(0.1, 3.5))
        self.proxy.black_hole(False)

    async def kill(self) -> None:
        await asyncio.to_thread(self.broker.kill)
        await asyncio.to_thread(self.broker.restart)

    # --- the judge ----------------------------------------------------------------------------------------

    async def verdict(self) -> dict[bytes, str]:
        """What is wrong with each feed, as a consumer sees it; empty where everything is right."""
        for shard in range(SHARDS):  # the last transactions were abandoned: opening the shard decides them
            (await Publisher.open(self.direct, shard, {})).abandon()
        seen = await self._seen(self.names.messages)
        published_to = {feed: numbers[-1] for feed, numbers in (await self._seen(self.names.cursors)).items()}
        self.counted = sum(map(len, seen.values()))
        return {
            feed: _difference(seen[feed], last)
            for feed, last in published_to.items()
            if seen[feed] != list(range(1, last + 1))
        }

    async def _seen(self, topic: str) -> dict[bytes, list[int]]:
        """Feed → numbers, in the order in which they stand in its partition."""
        seen: dict[bytes, list[int]] = {}
        for partition in range(SHARDS):
            for value in await committed(self.broker.bootstrap, topic, partition):
                feed, number = value.rsplit(b" ", 1)
                seen.setdefault(feed, []).append(int(number))
        assert len(seen) == SHARDS * FEEDS_PER_SHARD
        return seen


def _difference(numbers: list[int], last: int) -> str:
    lost = sorted(set(range(1, last + 1)) - set(numbers))
    twice = sorted(number for number, times in Counter(numbers).items() if times > 1)
    return f"lost {lost}, twice {twice}, too many {max(numbers) - last}, ascending {numbers == sorted(numbers)}"


@pytest.fixture(scope="module")
def tortured():
    """A broker of our own to kill, and the port of the proxy in front of it."""
    with Reservation(1) as reserved, Broker.start(proxied_ports=(reserved.ports[0],)) as broker:
        yield broker, reserved.ports[0]


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
async def test_everything_is_published_once_whatever_breaks(seed, tortured, topic_prefix):
    # Given
    broker, port = tortured
    async with FaultyProxy(broker.proxied_targets[0], port=port) as proxy:
        world = World(seed, topic_prefix, broker, proxy)
        await topics.create(world.direct, world.names)
        owners = [
            asyncio.create_task(world.own(shard, f"{name} of {shard}")) for shard in range(SHARDS) for name in "ab"
        ]
        # When
        trouble = asyncio.create_task(world.trouble())
        try:
            async with asyncio.timeout(30 + SECONDS_PER_THOUSAND * EVENTS / 1000):
                await asyncio.gather(trouble, *owners)
        finally:
            for task in (trouble, *owners):
                task.cancel()
            await asyncio.wait([trouble, *owners])
            print(f"seed {seed}: {dict(world.happened)}, injected {dict(proxy.injected)}")
        # Then
        assert await world.verdict() == {}
        assert world.counted >= world.published >= EVENTS
    # And it was a torture, of which nothing is left
    assert any(count for what, count in world.happened.items() if "fenced" in what)
    async with asyncio.timeout(DISCARD_SECONDS):
        while discarding():  # noqa: ASYNC110 - many tasks end
            await asyncio.sleep(0.1)
