"""Reading cursors back on a real broker: everything that was committed, nothing else, and always to an end."""

import asyncio
import time

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from tests.support.kafka import create, producing
from workers.errors import TransactionFailed
from workers.stream.client import discarding
from workers.stream.publisher import Publisher
from workers.stream.record import KafkaRecord
from workers.stream.restore import restore

pytestmark = pytest.mark.kafka


def cursor(names, number: int, shard: int = 0, value: bytes | None = b"x") -> KafkaRecord:
    return KafkaRecord(topic=names.cursors, partition=shard, key=b"feed/%d" % number, value=value)


async def restored(kafka, topic, *partitions, seconds=20) -> list[tuple[int, bytes, bytes | None]]:
    applied = []
    await restore(kafka, topic, partitions, lambda *record: applied.append(record), seconds)
    return applied


async def open_shard(kafka, names, shard: int = 0) -> Publisher:
    return await Publisher.open(kafka, shard, {names.cursors: 1_048_588})


async def test_everything_committed_is_handed_over_in_order_tombstones_too(kafka, names):
    # Given
    publisher = await open_shard(kafka, names)
    for number in range(5):
        await publisher.publish([cursor(names, number % 3, value=b"%d" % number)])
    await publisher.publish([cursor(names, 0, value=None)])
    await publisher.close()
    # When / Then
    assert await restored(kafka, names.cursors, 0) == [
        (0, b"feed/0", b"0"),
        (0, b"feed/1", b"1"),
        (0, b"feed/2", b"2"),
        (0, b"feed/0", b"3"),
        (0, b"feed/1", b"4"),
        (0, b"feed/0", None),
    ]


async def test_only_the_partitions_asked_for_are_read_and_empty_ones_have_an_end(kafka, names):
    # Given
    for shard in (0, 1):
        publisher = await open_shard(kafka, names, shard)
        await publisher.publish([cursor(names, shard, shard)])
        await publisher.close()
    # When / Then
    assert await restored(kafka, names.cursors, 1, 2) == [(1, b"feed/1", b"x")]
    assert await restored(kafka, names.cursors, 2) == []
    assert await restored(kafka, names.cursors) == []


async def test_what_was_never_committed_is_not_handed_over(kafka, names):
    # Given a shard whose owner died in mid-transaction, after the records were written
    bootstrap = ",".join(kafka.bootstrap_servers)
    async with producing(bootstrap, transactional_id=f"{kafka.group}-0") as dying:
        await dying.begin_transaction()
        await dying.send_and_wait(names.cursors, b"never", b"feed/1", partition=0)
        # When the next owner opens it and reads
        publisher = await open_shard(kafka, names)
        # Then
        assert await restored(kafka, names.cursors, 0) == []
        await publisher.publish([cursor(names, 1)])
        assert await restored(kafka, names.cursors, 0) == [(0, b"feed/1", b"x")]
        await publisher.close()


async def test_a_foreign_open_transaction_is_waited_for_since_it_hides_our_newest_cursors(kafka, names):
    # Given
    bootstrap = ",".join(kafka.bootstrap_servers)
    async with producing(bootstrap, transactional_id=f"{kafka.group}-foreign") as foreign:
        await foreign.begin_transaction()
        await foreign.send_and_wait(names.cursors, b"foreign", b"foreign", partition=0)
        publisher = await open_shard(kafka, names)
        await publisher.publish([cursor(names, 1)])
        # When it stays open
        with pytest.raises(TransactionFailed, match=r"partitions left: 0 \(behind an open transaction") as failure:
            await restored(kafka, names.cursors, 0, 1, seconds=1)
        # Then
        assert failure.value.reason == "restore"
        # When it ends in time
        restoring = asyncio.create_task(restored(kafka, names.cursors, 0))
        await asyncio.sleep(0.5)
        assert not restoring.done()
        await foreign.abort_transaction()
        # Then
        assert await restoring == [(0, b"feed/1", b"x")]
        await publisher.close()


async def test_a_partition_whose_beginning_was_deleted_is_read_from_what_is_left(kafka, names):
    # Given a topic whose records may be deleted
    publisher = await Publisher.open(kafka, 0, {names.messages: 1_048_588})
    for number in range(6):
        await publisher.publish([KafkaRecord(topic=names.messages, partition=0, key=b"%d" % number, value=b"")])
    await publisher.close()
    # When the first three transactions (a record and a marker each) go
    await delete_before(kafka, names.messages, 6)
    # Then
    assert [key for _, key, _ in await restored(kafka, names.messages, 0)] == [b"3", b"4", b"5"]
    # When all go
    await delete_before(kafka, names.messages, -1)
    # Then
    assert await restored(kafka, names.messages, 0) == []


async def delete_before(kafka, topic: str, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=list(kafka.bootstrap_servers))
    await admin.start()
    await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=offset)})
    await admin.close()


async def test_a_partition_that_compaction_has_emptied_has_an_end(kafka, topic_prefix):
    # Given a topic that compacts as fast as a broker can, whose only key is written, taken back, and cleaned away
    topic = f"{topic_prefix}.compacting"
    config = {
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": "0.001",
        "segment.ms": "100",
        "delete.retention.ms": "0",
        "min.compaction.lag.ms": "0",
    }
    bootstrap = ",".join(kafka.bootstrap_servers)
    await create(bootstrap, NewTopic(topic, 1, 1, None, config))
    publisher = await Publisher.open(kafka, 0, {topic: 1_048_588})
    for number in range(20):
        value = b"%d" % number if number < 10 else None
        await publisher.publish([KafkaRecord(topic=topic, partition=0, key=b"feed/1", value=value)])
        await asyncio.sleep(0.12)
    await publisher.close()
    # When
    applied = await restored(kafka, topic, 0)
    end = time.monotonic() + 15
    while len(applied) > 3 and time.monotonic() < end:
        await asyncio.sleep(0.5)
        applied = await restored(kafka, topic, 0)
    # Then it was compacted, and read to its end at every stage of it
    assert len(applied) <= 3
    assert {value for _, _, value in applied} <= {None}


async def test_a_broker_that_does_not_answer_ends_the_round_at_its_deadline(proxied, proxy, names):
    # Given
    proxy.black_hole(True)
    began = time.monotonic()
    # When
    with pytest.raises(TransactionFailed, match="not read to its end within 1 s") as failure:
        await restored(proxied, names.cursors, 0, seconds=1)
    # Then
    assert failure.value.reason == "restore"
    assert time.monotonic() - began < 1.5
    await asyncio.sleep(0.3)
    assert discarding() == 0


async def test_connections_that_break_are_mended_within_the_deadline(proxied, proxy, names):
    # Given
    publisher = await open_shard(proxied, names)
    for number in range(50):
        await publisher.publish([cursor(names, number)])
    # When
    proxy.delay(0.02)
    restoring = asyncio.create_task(restored(proxied, names.cursors, 0))
    for _ in range(5):
        await asyncio.sleep(0.05)
        proxy.cut()
    # Then
    try:
        keys = [key for _, key, _ in await restoring]
    except TransactionFailed:  # the very first connection was cut: there was nobody left to ask
        keys = [key for _, key, _ in await restored(proxied, names.cursors, 0)]
    assert keys == [b"feed/%d" % number for number in range(50)]
    publisher.abandon()


async def test_a_long_read_lets_the_event_loop_turn(kafka, names):
    # Given 20 000 cursors
    publisher = await open_shard(kafka, names)
    await publisher.publish([cursor(names, number, value=b"v" * 200) for number in range(20_000)])
    await publisher.close()
    turns = 0

    async def turn():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    # When
    seen_at = []
    await restore(kafka, names.cursors, [0], lambda *_: seen_at.append(turns), 20)
    turning.cancel()
    # Then no more than a slice was handed over between two turns of the loop
    assert len(seen_at) == 20_000
    assert max(seen_at.count(turn) for turn in set(seen_at)) <= 1_000
