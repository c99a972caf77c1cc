"""Events that a topic does not take: too large for it, or no leader to take them. The cursor never passes them."""

import asyncio
from random import Random

import pytest
from aiokafka.admin import NewTopic
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from tests.support.kafka import create
from tests.support.watched import Watched
from workers.broker import Broker
from workers.settings.kafka import TopicNames
from workers.simulator import SimulationSettings
from workers.stream.publisher import PUBLISH_SECONDS

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

WORKERS = ("a", "b")
OGMMA, NINETYNINE = "loja", "clinica"
#: `max.message.bytes` of a topic that takes less than the configuration allows.
SMALL = 20_000
#: Shards, and the partition of the messages whose only replica is on the second node.
SHARDS, ALONE = 6, 5


def still(seed: int = 1, **settings) -> SimulationSettings:
    """A world in which nothing happens but what the test puts in."""
    given = {"conversations": 12, "history": 3, "rate": 0.0, "status_seconds": 0.0, **settings}
    return SimulationSettings(seed=seed, switches=("ogmma.requests_per_minute=0",), **given)


def noise(chance: Random, size: int) -> str:
    """ASCII that no compression makes much smaller."""
    letters = "".join(chr(code) for code in range(33, 127) if chr(code) not in '"\\')
    return "".join(chance.choices(letters, k=size))


def conversation(stage: Watched, account: str, which: int = 0):
    return stage.simulation.world.accounts[account].conversations[which]


def letters(stage: Watched) -> dict[str, dict]:
    """Dead letters by the message that they tell of."""
    return {seen.data["row_id"]: seen.data for seen in stage.seen if seen.attributes["type"] == "afluente.dead-letter"}


def created(stage: Watched) -> dict[str, object]:
    return {
        seen.data["message"]["id"]: seen for seen in stage.seen if seen.attributes["type"] == "afluente.message.created"
    }


async def test_an_event_too_large_becomes_a_truncated_letter_and_its_neighbours_go_on(broker, topic_prefix):
    chance = Random(7)
    async with Watched(broker.bootstrap, topic_prefix, still()) as stage:
        stage.start("a")
        await stage.ready("a")
        huge, fitting = {}, []
        for account in (OGMMA, NINETYNINE):
            name = conversation(stage, account).id
            # When a message of 2 MB stands between two that fit, and another comes just below the limit of 900 000
            before = stage.simulation.append(account, name, text="before")
            large = stage.simulation.append(account, name, text=noise(chance, 2_000_000))
            over = stage.simulation.append(account, name, text=noise(chance, 900_000))
            below = stage.simulation.append(account, name, text=noise(chance, 890_000))
            after = stage.simulation.append(account, name, text="after")
            huge[account] = [*large, *over]
            fitting += [*before, *below, *after]
        await stage.judged(still=("a",))
        later = stage.simulation.append(OGMMA, conversation(stage, OGMMA).id, text="later")
        # Then
        verdict = await stage.judged(still=("a",))
        told = letters(stage)
        assert told.keys() == {name for names in huge.values() for name in names}
        assert {(letter["reason"], letter["scope"], letter["truncated"]) for letter in told.values()} == {
            ("too_large", "row", True)
        }
        assert set(fitting) | set(later) <= created(stage).keys()
        assert verdict.dead_lettered == 4
        # And no transaction had to fail for it
        assert await stage.total("afluente_transaction_failures_total") == 0
        assert await stage.total("afluente_dead_letters_total", account=OGMMA, reason="too_large") == 2


def batch_bytes(record) -> int:
    """The bytes of a batch that holds only this record, uncompressed: what a broker holds against its limit."""
    batch = DefaultRecordBatchBuilder(2, 0, 1, 1, 0, 0, 10_000_000)
    batch.append(0, record.timestamp, record.key, record.value, list(record.headers))
    return batch.size()


async def test_a_topic_that_takes_less_than_configured_is_obeyed_to_the_byte(broker, topic_prefix):
    async with Watched(broker.bootstrap, topic_prefix, still()) as stage:
        # Given a topic of uncompressed messages of at most 20 000 bytes, where the configuration says 900 000
        await stage.set_topic(stage.names.messages, max_message_bytes=str(SMALL), compression_type="uncompressed")
        stage.start("a")
        await stage.ready("a")
        name = conversation(stage, OGMMA).id
        (probe,) = stage.simulation.append(OGMMA, name, text="x")
        await stage.judged(still=("a",))
        (record,) = [one for one in await stage.records(stage.names.messages) if probe.encode() in one.value]
        # When messages come whose records are around that limit, one for every byte
        sized = {}
        for size in range(SMALL - 90, SMALL + 20):
            (made,) = stage.simulation.append(OGMMA, name, text="x" * (1 + size - batch_bytes(record)))
            sized[made] = size
        # Then each is published or told, and the border is where the topic has it, or little below
        await stage.judged(still=("a",))
        published, told = created(stage).keys() & sized.keys(), letters(stage).keys() & sized.keys()
        assert published | told == sized.keys()
        border = max(sized[name] for name in published)
        assert SMALL - 80 <= border <= SMALL
        assert border < min(sized[name] for name in told)
        assert await stage.total("afluente_transaction_failures_total") == 0


async def test_a_limit_lowered_behind_the_workers_back_holds_the_cursor_until_it_is_raised(broker, topic_prefix):
    chance = Random(11)
    async with Watched(broker.bootstrap, topic_prefix, still(history=10)) as stage:
        stage.start(*WORKERS)
        await stage.ready(*WORKERS)
        await stage.judged(still=WORKERS)
        # Given a topic that takes less than it did when the workers looked
        await stage.set_topic(stage.names.messages, max_message_bytes=str(SMALL))
        name = conversation(stage, OGMMA).id
        # When an event comes that the workers believe to fit, with company
        (large,) = stage.simulation.append(OGMMA, name, text=noise(chance, 5 * SMALL))
        beside = [
            *stage.simulation.append(OGMMA, name, text="beside it"),
            *stage.simulation.append(NINETYNINE, conversation(stage, NINETYNINE).id, text="elsewhere"),
        ]
        await stage.until(lambda: refused(stage, 2), 30, "the broker refuses it twice")
        # And its owner dies, so that only what Kafka holds is left
        (owner,) = [worker for worker in WORKERS if stage.logged(worker, "shard_reopens")]
        stage.kill(owner)
        (other,) = set(WORKERS) - {owner}
        await stage.until(lambda: refused_by(stage, other), 30, "the next owner is refused as well")
        await stage.verdict()
        assert large not in created(stage).keys() | letters(stage).keys()
        # Then it is there once the limit is back, once, with all that waited behind it
        await stage.set_topic(stage.names.messages, max_message_bytes="1048588")
        await stage.judged(still=(other,))
        assert {large, *beside} <= created(stage).keys()


async def refused(stage: Watched, times: int) -> bool:
    return await stage.total("afluente_transaction_failures_total", reason="too_large") >= times


async def refused_by(stage: Watched, worker: str) -> bool:
    return stage.logged(worker, "shard_reopens") > 0


async def scattered(bootstrap: str, names: TopicNames) -> None:
    """The four topics with all partitions on the first node, but one of the messages, which is on the second."""
    first = {number: [0] for number in range(SHARDS)}
    compact = {"cleanup.policy": "compact"}
    await create(
        bootstrap,
        NewTopic(names.messages, -1, -1, first | {ALONE: [1]}),
        NewTopic(names.dead_letters, -1, -1, first),
        NewTopic(names.feeds, -1, -1, first, compact),
        NewTopic(names.cursors, -1, -1, first, compact),
    )


async def test_a_partition_without_a_leader_holds_the_cursors_and_loses_nothing(topic_prefix):
    broker = await asyncio.to_thread(lambda: Broker.start(nodes=2))
    try:
        world = still(rate=15.0, limit=550, history=5, status_seconds=3.0, conversations=36)
        stage = Watched(broker.bootstrap, topic_prefix, world, shards=SHARDS, create=False)
        await scattered(broker.bootstrap, stage.names)
        async with stage:
            # Given two workers under load
            stage.start(*WORKERS)
            await stage.ready(*WORKERS)
            # When that node dies under load, for longer than a transaction may take
            await asyncio.sleep(3)
            await asyncio.to_thread(broker.kill, 1)

            async def failed() -> bool:
                return await stage.total("afluente_transaction_failures_total") > 0

            await stage.until(failed, 4 * PUBLISH_SECONDS, "a transaction fails for want of a leader")
            # And a worker with it, so that only what Kafka holds is left
            stage.kill("a")
            await asyncio.sleep(8)
            await asyncio.to_thread(broker.restart, 1)
            # Then
            await stage.judged(still=("b",))
            assert any(stage.logged(name, "shard_reopens") for name in WORKERS)
    finally:
        await asyncio.to_thread(broker.stop)
