"""A shard that goes down is opened again: after how long, and with what left behind. In virtual time, without Kafka."""

import asyncio
from itertools import pairwise

import pytest

from tests.support.virtual_time import in_virtual_time
from workers import shard as shards
from workers.errors import ReopenShard, ShardFenced, TransactionFailed
from workers.metrics import Metrics
from workers.reconcile.cursor import Cursor
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.shard import REOPEN_SECONDS, Shard
from workers.stream.record import KafkaRecord

RECORD = KafkaRecord(topic="t", partition=0, key=b"k", value=b"v")
KAFKA = KafkaSettings(session_timeout_seconds=15)
NOW = 1_767_614_400.0


class Broker:
    """What becomes of each opening, restoring and transaction: `fails` says of what the next of them fail, by name."""

    def __init__(self, monkeypatch) -> None:
        self.fails: dict[str, list[Exception | None]] = {"open": [], "restore": [], "serving": [], "publish": []}
        self.opened: list[float] = []
        self.left, self.serves = 0, asyncio.Event()
        monkeypatch.setattr(shards.Publisher, "open", self.open)
        monkeypatch.setattr(shards, "restore", self.restore)

    def _next(self, what: str) -> None:
        error = self.fails[what].pop(0) if self.fails[what] else None
        if error is not None:
            raise error

    async def open(self, *_) -> "Broker":
        self.opened.append(asyncio.get_running_loop().time())
        self._next("open")
        return self

    async def restore(self, *_, **__) -> None:
        self._next("restore")

    async def serving(self, shard) -> None:
        self._next("serving")
        self.serves.set()

    def down(self, shard) -> None:
        """Nothing is polled here."""

    async def publish(self, records) -> None:
        self._next("publish")

    def abandon(self) -> None:
        self.left += 1

    async def close(self) -> bool:
        return True

    @property
    def waits(self) -> list[float]:
        """Seconds between two openings."""
        return [round(after - before, 3) for before, after in pairwise(self.opened)]


@pytest.fixture
def broker(monkeypatch) -> Broker:
    return Broker(monkeypatch)


def shard_of(broker: Broker, metrics: Metrics | None = None) -> Shard:
    return Shard(
        3, kafka=KAFKA, topics=TopicNames(), limits={}, metrics=metrics or Metrics(), listener=broker, clock=lambda: NOW
    )


async def ended(task) -> None:
    task.cancel()
    await asyncio.wait([task])


def test_a_shard_that_was_fenced_leaves_its_rightful_owner_alone_for_a_session(broker):
    async def story():
        # Given one that a newer owner fences
        broker.fails["publish"] = [ShardFenced("a newer owner", "fenced")]
        shard = shard_of(broker)
        task = asyncio.create_task(shard.run())
        await asyncio.sleep(1)
        with pytest.raises(ReopenShard):
            await shard.commit("a", Cursor(contact=1), [RECORD], 1)
        # Then it stays away for a session, whatever it is told
        assert shard.state == "fenced"
        await asyncio.sleep(KAFKA.session_timeout_seconds - 1)
        assert len(broker.opened) == 1
        # And serves again
        await asyncio.sleep(2)
        assert len(broker.opened) == 2
        assert shard.serving
        await ended(task)

    in_virtual_time(story())


def test_a_shard_is_opened_again_soon_after_a_transaction_that_failed_though_it_failed_often_before(broker):
    async def story():
        # Given a shard that could not be opened for a while
        first, _ = REOPEN_SECONDS
        broker.fails["open"] = [TransactionFailed("no broker", "open")] * 4
        shard = shard_of(broker)
        task = asyncio.create_task(shard.run())
        await asyncio.sleep(60)
        assert broker.waits == [first, 2 * first, 4 * first, 8 * first]
        # When it commits, and then a transaction fails
        await shard.commit("a", Cursor(contact=1), [RECORD], 1)
        broker.fails["publish"] = [TransactionFailed("no broker", "timeout")]
        with pytest.raises(TransactionFailed):
            await shard.commit("a", Cursor(contact=2), [RECORD], 1)
        down = asyncio.get_running_loop().time()
        await asyncio.sleep(60)
        # Then the waits begin anew
        assert broker.opened[-1] - down == pytest.approx(first)
        await ended(task)

    in_virtual_time(story())


def test_a_shard_that_serves_and_never_commits_waits_longer_each_time(broker):
    async def story():
        # Given one whose every transaction fails, and whose polls try again and again
        first, last = REOPEN_SECONDS
        broker.fails["publish"] = [TransactionFailed("refused", "rejected")] * 20
        shard = shard_of(broker)
        task = asyncio.create_task(shard.run())
        for number in range(10):
            await broker.serves.wait()
            broker.serves.clear()
            with pytest.raises(TransactionFailed):
                await shard.commit("a", Cursor(contact=number), [RECORD], 1)
        await asyncio.sleep(60)
        # Then
        assert [broker.waits[0], broker.waits[-1]] == pytest.approx(
            [first, last], abs=0.1
        )  # and the linger of a commit
        await ended(task)

    in_virtual_time(story())


@pytest.mark.parametrize("what", ["restore", "serving", "publish"])
def test_a_producer_whose_shard_does_not_serve_is_left_behind(broker, what):
    async def story():
        # Given
        broker.fails[what] = [TransactionFailed("no broker", "timeout")]
        shard = shard_of(broker)
        task = asyncio.create_task(shard.run())
        await asyncio.sleep(0.01)
        if what == "publish":
            with pytest.raises(TransactionFailed):
                await shard.commit("a", Cursor(contact=1), [RECORD], 1)
        # When it has been opened again
        await asyncio.sleep(5)
        # Then the first producer is used by nobody any more, and the second one serves
        assert (len(broker.opened), broker.left, shard.serving) == (2, 1, True)
        await ended(task)
        assert broker.left == 2

    in_virtual_time(story())


def test_the_metrics_tell_when_a_shard_committed_last(broker):
    async def story():
        # Given
        metrics = Metrics()
        shard = shard_of(broker, metrics)
        task = asyncio.create_task(shard.run())
        await asyncio.sleep(1)
        name, labels = "afluente_shard_last_commit_timestamp_seconds", {"shard": "3"}
        assert not metrics.registry.get_sample_value(name, labels)
        # When
        assert await shard.commit("a", Cursor(contact=1), [RECORD], 1) == NOW
        # Then
        assert metrics.registry.get_sample_value(name, labels) == NOW
        await ended(task)

    in_virtual_time(story())
