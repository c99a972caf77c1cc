"""Publishing on a real broker: all or nothing, by one owner, and never stuck."""

import asyncio
import os
import time

import pytest
from aiokafka.admin import NewTopic

from tests.support.kafka import committed, create
from tests.support.produce_faults import (
    INVALID_TXN_STATE,
    MESSAGE_TOO_LARGE,
    NOT_ENOUGH_REPLICAS,
    OUT_OF_ORDER_SEQUENCE,
    TOPIC_AUTHORIZATION_FAILED,
)
from workers.errors import ShardFenced, TransactionFailed
from workers.stream.client import discarding
from workers.stream.publisher import Publisher
from workers.stream.record import KafkaRecord
from workers.stream.restore import restore

pytestmark = pytest.mark.kafka

LIMIT = 1_048_588


@pytest.fixture
def limits(names) -> dict[str, int]:
    return dict.fromkeys((names.messages, names.dead_letters, names.cursors), LIMIT)


def event(names, number: int, partition: int = 0, size: int = 20) -> KafkaRecord:
    # Its time is that of sending: a broker takes what is older than a topic's retention away when it looks next.
    padding = os.urandom(size) if size > 20 else b""
    return KafkaRecord(
        topic=names.messages,
        partition=partition,
        key=b"loja/1",
        value=b"%06d" % number + padding,
        headers=(("ce_id", b"%d" % number),),
    )


def cursor(names, number: int, shard: int = 0) -> KafkaRecord:
    return KafkaRecord(topic=names.cursors, partition=shard, key=b"loja/9/1", value=b"%06d" % number)


async def numbers(settings, topic: str, partition: int = 0) -> list[int]:
    """What an independent read_committed consumer sees."""
    values = await committed(",".join(settings.bootstrap_servers), topic, partition)
    return [int(value[:6]) for value in values]


async def restored(settings, names, shard: int = 0) -> dict[bytes, bytes | None]:
    cursors = {}
    await restore(settings, names.cursors, [shard], lambda _, key, value: cursors.update({key: value}), 20)
    return cursors


# --- what is published -----------------------------------------------------------------------------------


async def test_a_transaction_is_visible_whole_and_in_order(kafka, names, limits):
    # Given
    publisher = await Publisher.open(kafka, 0, limits)
    # When
    await publisher.publish([*(event(names, n, n % 3) for n in range(30)), cursor(names, 29)])
    await publisher.publish([*(event(names, n, n % 3) for n in range(30, 60)), cursor(names, 59)])
    # Then
    for partition in range(3):
        assert await numbers(kafka, names.messages, partition) == list(range(partition, 60, 3))
    assert await restored(kafka, names) == {b"loja/9/1": b"000059"}
    assert await publisher.close()
    assert not publisher.alive


async def test_more_than_a_batch_for_one_partition_goes_in_several_within_the_topic_limit(kafka, names):
    # Given a topic that takes batches of four of the records, whose random bytes no compression makes smaller
    small = f"{kafka.group}.small"
    bootstrap = ",".join(kafka.bootstrap_servers)
    await create(bootstrap, NewTopic(small, 2, 1, None, {"max.message.bytes": "100000"}))
    publisher = await Publisher.open(kafka, 0, {small: 100_000})
    records = [
        KafkaRecord(topic=small, partition=number % 2, key=b"k", value=b"%06d" % number + os.urandom(24_000))
        for number in range(41)
    ]
    # When
    await publisher.publish([*records, cursor(names, 1)])
    # Then
    assert await numbers(kafka, small, 0) == list(range(0, 41, 2))
    assert await numbers(kafka, small, 1) == list(range(1, 41, 2))
    await publisher.close()


async def test_nothing_to_publish_is_no_transaction(kafka, names, limits):
    # Given
    publisher = await Publisher.open(kafka, 0, limits)
    # When
    await publisher.publish([])
    # Then
    assert publisher.alive
    assert await numbers(kafka, names.cursors) == []
    await publisher.close()
    await publisher.publish([])


# --- what goes wrong -------------------------------------------------------------------------------------


async def test_a_record_that_exceeds_the_topic_takes_its_whole_transaction_with_it(kafka, names, limits):
    # Given
    publisher = await Publisher.open(kafka, 0, limits)
    await publisher.publish([event(names, 1), cursor(names, 1)])
    # When
    with pytest.raises(TransactionFailed) as failure:
        await publisher.publish([event(names, 2, 1), event(names, 3, size=2 * LIMIT), cursor(names, 3)])
    # Then
    assert failure.value.reason == "too_large"
    assert not publisher.alive
    with pytest.raises(TransactionFailed, match="abandoned"):
        await publisher.publish([cursor(names, 4)])
    # And the next one goes on from what was committed
    successor = await Publisher.open(kafka, 0, limits)
    assert await restored(kafka, names) == {b"loja/9/1": b"000001"}
    await successor.publish([event(names, 2), cursor(names, 2)])
    assert await numbers(kafka, names.messages) == [1, 2]
    assert await numbers(kafka, names.messages, 1) == []
    await successor.close()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MESSAGE_TOO_LARGE, "too_large"),
        (OUT_OF_ORDER_SEQUENCE, "state"),
        (INVALID_TXN_STATE, "state"),
        (TOPIC_AUTHORIZATION_FAILED, "refused"),
    ],
)
async def test_an_error_on_one_partition_never_lets_the_cursor_pass_the_event(
    *, error, reason, direct, proxied, proxy, names, limits
):
    # Given
    publisher = await Publisher.open(proxied, 0, limits)
    await publisher.publish([event(names, 1), cursor(names, 1)])
    # When the events are refused and the cursor beside them is taken
    proxy.fail_next(names.messages, error)
    with pytest.raises(TransactionFailed) as failure:
        await publisher.publish([event(names, 2), cursor(names, 2)])
    # Then
    assert failure.value.reason == reason
    assert proxy.injected[names.messages] == 1
    successor = await Publisher.open(proxied, 0, limits)
    assert await restored(proxied, names) == {b"loja/9/1": b"000001"}
    await successor.publish([event(names, 2), cursor(names, 2)])
    assert await numbers(direct, names.messages) == [1, 2]
    await successor.close()


async def test_an_error_that_a_repetition_mends_is_repeated(direct, proxied, proxy, names, limits):
    # Given
    publisher = await Publisher.open(proxied, 0, limits)
    # When
    proxy.fail_next(names.messages, NOT_ENOUGH_REPLICAS, times=2)
    await publisher.publish([event(names, 1), cursor(names, 1)])
    # Then
    assert proxy.injected[names.messages] == 2
    assert await numbers(direct, names.messages) == [1]
    await publisher.close()


@pytest.mark.parametrize("api", ["Produce", "AddPartitionsToTxn", "EndTxn"])
async def test_a_lost_answer_neither_loses_nor_doubles_anything(*, api, direct, proxied, proxy, names, limits):
    # Given
    publisher = await Publisher.open(proxied, 0, limits)
    await publisher.publish([event(names, 1), cursor(names, 1)])
    # When
    proxy.lose_next(api)
    try:
        await publisher.publish([event(names, 2), cursor(names, 2)])
    except TransactionFailed:
        publisher = await Publisher.open(proxied, 0, limits)
        if (await restored(proxied, names))[b"loja/9/1"] != b"000002":
            await publisher.publish([event(names, 2), cursor(names, 2)])
    # Then
    assert proxy.injected[api] == 1
    assert await numbers(direct, names.messages) == [1, 2]
    await publisher.close()


async def test_a_black_hole_ends_at_the_deadline_and_leaves_nothing_behind(direct, proxied, proxy, names, limits):
    # Given
    publisher = await Publisher.open(proxied, 0, limits, publish_seconds=1)
    await publisher.publish([event(names, 1), cursor(names, 1)])
    tasks = len(asyncio.all_tasks())
    # When
    proxy.black_hole(True)
    began = time.monotonic()
    with pytest.raises(TransactionFailed, match="longer than 1 s") as failure:
        await publisher.publish([event(names, 2), cursor(names, 2)])
    # Then
    assert failure.value.reason == "timeout"
    assert time.monotonic() - began < 1.5
    await asyncio.sleep(0.5)
    assert discarding() == 0
    assert len(asyncio.all_tasks()) < tasks
    # And nobody else has to wait for it
    proxy.black_hole(False)
    successor = await Publisher.open(proxied, 0, limits)
    assert await restored(proxied, names) == {b"loja/9/1": b"000001"}
    assert await numbers(direct, names.messages) == [1]
    await successor.close()


async def test_no_broker_means_no_producer_within_the_deadline(proxied, proxy, limits):
    # Given
    proxy.black_hole(True)
    began = time.monotonic()
    # When
    with pytest.raises(TransactionFailed, match="no producer id") as failure:
        await Publisher.open(proxied, 0, limits, open_seconds=1)
    # Then
    assert failure.value.reason == "open"
    assert time.monotonic() - began < 1.5
    # When nobody listens at all
    await proxy.refuse()
    with pytest.raises(TransactionFailed) as failure:
        await Publisher.open(proxied, 0, limits, open_seconds=1)
    assert failure.value.reason == "open"


async def test_taking_leave_of_a_dead_broker_is_bounded_and_said(proxied, proxy, names, limits):
    # Given
    publisher = await Publisher.open(proxied, 0, limits)
    proxy.black_hole(True)
    publishing = asyncio.create_task(publisher.publish([event(names, 1)]))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    # When
    in_order = await publisher.close(seconds=0.5)
    # Then
    assert not in_order
    assert time.monotonic() - began < 1
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing


async def test_a_cancelled_transaction_has_an_unknown_outcome_and_is_never_half(kafka, names, limits):
    # Given
    last = 0
    for attempt in range(12):
        publisher = await Publisher.open(kafka, 0, limits)
        last = int((await restored(kafka, names)).get(b"loja/9/1", b"0"))
        publishing = asyncio.create_task(
            publisher.publish([event(names, last + 1, 0), event(names, last + 1, 1), cursor(names, last + 1)])
        )
        # When
        await asyncio.sleep(0.004 * attempt)
        publishing.cancel()
        await asyncio.wait([publishing])
        # Then
        assert publisher.alive is not publishing.cancelled()
        publisher.abandon()
    await Publisher.open(kafka, 0, limits)
    last = int((await restored(kafka, names)).get(b"loja/9/1", b"0"))
    assert await numbers(kafka, names.messages, 0) == list(range(1, last + 1))
    assert await numbers(kafka, names.messages, 1) == list(range(1, last + 1))


# --- one owner -------------------------------------------------------------------------------------------


async def test_a_second_owner_fences_the_first_which_publishes_nothing_more(kafka, names, limits):
    # Given
    first = await Publisher.open(kafka, 0, limits)
    await first.publish([event(names, 1), cursor(names, 1)])
    # When
    second = await Publisher.open(kafka, 0, limits)
    # Then
    with pytest.raises(ShardFenced) as failure:
        await first.publish([event(names, 666), cursor(names, 666)])
    assert failure.value.reason == "fenced"
    assert not first.alive
    await second.publish([event(names, 2), cursor(names, 2)])
    assert await numbers(kafka, names.messages) == [1, 2]
    assert await restored(kafka, names) == {b"loja/9/1": b"000002"}
    await second.close()


async def test_owners_of_different_shards_do_not_disturb_each_other(kafka, names, limits):
    # Given
    publishers = [await Publisher.open(kafka, shard, limits) for shard in range(3)]
    # When
    await asyncio.gather(
        *(
            publisher.publish([event(names, shard), cursor(names, shard, shard)])
            for shard, publisher in enumerate(publishers)
        )
    )
    # Then
    assert sorted(await numbers(kafka, names.messages)) == [0, 1, 2]
    for shard, publisher in enumerate(publishers):
        assert await restored(kafka, names, shard) == {b"loja/9/1": b"%06d" % shard}
        await publisher.close()


async def test_what_a_predecessor_left_open_is_ended_before_its_successor_reads(direct, proxied, proxy, names, limits):
    # Given a transaction whose records are written and whose commit never arrives
    first = await Publisher.open(proxied, 0, limits)
    await first.publish([event(names, 1), cursor(names, 1)])
    proxy.lose_next("Produce")
    publishing = asyncio.create_task(first.publish([event(names, 2), cursor(names, 2)]))
    while not proxy.injected["Produce"]:  # noqa: ASYNC110 - the proxy only counts
        await asyncio.sleep(0.001)
    publishing.cancel()
    await asyncio.wait([publishing])
    # When
    second = await Publisher.open(proxied, 0, limits)
    # Then
    assert await restored(proxied, names) == {b"loja/9/1": b"000001"}
    await second.publish([event(names, 2), cursor(names, 2)])
    assert await numbers(direct, names.messages) == [1, 2]
    await second.close()
