"""A worker is told to stop: shards that have nothing to commit end at once, and the others say what they could not."""

import asyncio

import pytest

from workers import shard as shards
from workers.errors import ShardFenced, TransactionFailed
from workers.holdings import Holdings
from workers.metrics import Metrics
from workers.reconcile.cursor import Cursor
from workers.settings.settings import Settings
from workers.shard import Shard
from workers.stream.record import KafkaRecord

RECORD = KafkaRecord(topic="t", partition=0, key=b"k", value=b"v")
LONG = 60.0


class Producer:
    """One whose broker does not answer within the test."""

    async def publish(self, records):
        await asyncio.sleep(LONG)

    def abandon(self):
        """It holds nothing."""

    async def close(self):
        return True


@pytest.fixture
def broker(monkeypatch):
    """What opening and restoring come to, for a test to say."""

    class Broker:
        opened: Exception | None = None
        restored = 0.0

    async def opened(*_):
        if Broker.opened:
            raise Broker.opened
        return Producer()

    async def restored(*_, **__):
        await asyncio.sleep(Broker.restored)

    monkeypatch.setattr(shards.Publisher, "open", opened)
    monkeypatch.setattr(shards, "restore", restored)
    return Broker


@pytest.fixture
async def holdings():
    """What a worker holds."""
    settings = Settings()

    def made(number, listener):
        topics, limits = settings.topics, dict[str, int]()
        return Shard(number, kafka=settings.kafka, topics=topics, limits=limits, metrics=Metrics(), listener=listener)

    held = Holdings(
        settings,
        pollers={},
        finders=(),
        make_shard=made,
        metrics=Metrics(),
        worker_id="one",
        supervise=asyncio.create_task,
        draining=lambda: False,
    )
    yield held
    for task in held.tasks.values():
        task.cancel()
    await asyncio.wait(held.tasks.values())


async def given(holdings):
    """The group gives it a shard."""
    holdings.on_owned(frozenset({3}))
    await asyncio.sleep(0.02)


@pytest.mark.parametrize("error", [ShardFenced("newer owner", "fenced"), TransactionFailed("no broker", "open")])
async def test_a_shard_that_waits_to_be_opened_again_ends_at_once(monkeypatch, broker, holdings, error):
    # Given one whose producer could not be opened
    broker.opened = error
    monkeypatch.setattr(shards, "REOPEN_SECONDS", (LONG, LONG))
    await given(holdings)
    assert holdings.states()[3] in {"fenced", "failed"}
    # When the worker drains / Then nothing stayed behind
    async with asyncio.timeout(2):
        assert await holdings.close(LONG) == []


async def test_a_shard_that_restores_ends_at_once(broker, holdings):
    # Given one whose cursors are being read
    broker.restored = LONG
    await given(holdings)
    assert holdings.states()[3] == "restoring"
    # When / Then
    async with asyncio.timeout(2):
        assert await holdings.close(LONG) == []


@pytest.mark.parametrize("gone", [True, False])
async def test_a_transaction_under_way_at_the_deadline_is_told_with_its_records(broker, holdings, gone):
    # Given seven records of a feed under way, whose poll may have been cancelled by the drain
    await given(holdings)
    poll = asyncio.create_task(holdings.shards[3].commit("a", Cursor(contact=1), [RECORD] * 7, 10))
    await asyncio.sleep(0.2)
    if gone:
        poll.cancel()
        await asyncio.wait([poll])
    # When the deadline passes
    lines = await holdings.close(0.1)
    # Then
    assert lines == ["shard 3: 7 records of 1 feeds"]
