"""Which records of the feeds topic are told, and when a shard has been read to its end. That is Kafka's on a broker."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from workers.stream.definitions import Definitions

FEEDS = "feeds"


def place(shard):
    return TopicPartition(FEEDS, shard)


class Told:
    def __init__(self):
        self.records, self.caught_up = [], []

    def on_definition(self, shard, key, value, offset, written):
        self.records.append((shard, offset))

    def on_caught_up(self, shard):
        self.caught_up.append(shard)


class Consumer:
    """One that is given records by the test, read after read, and then none any more."""

    def __init__(self, *reads):
        self.reads, self.ends, self.asked = list(reads), {}, []
        self.position_of = dict[int, int]()
        self.meanwhile = lambda: None

    def seek(self, where, offset):
        self.position_of[where.partition] = offset

    async def getmany(self, **_):
        if not self.reads:
            await asyncio.Event().wait()
        slices = {}
        for shard, offset in self.reads.pop(0):
            record = SimpleNamespace(key=b"a/1", value=b"{}", offset=offset, timestamp=1000)
            slices.setdefault(place(shard), []).append(record)
            self.position_of[shard] = offset + 1
        return slices

    async def end_offsets(self, places):
        self.asked += [one.partition for one in places]
        self.meanwhile()
        return {one: self.ends[one.partition] for one in places}

    async def position(self, where):
        return self.position_of[where.partition]

    def last_poll_timestamp(self, where):
        return None


@pytest.fixture
def told():
    return Told()


async def pumped(definitions, consumer):
    """Read until there is nothing left."""
    task = asyncio.create_task(definitions.pump(consumer, lambda: None))
    for _ in range(50):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled(), task.exception()


async def test_each_record_is_told_once_and_those_of_shards_that_are_not_ours_never(told):
    # Given shard 0 of which two records were told, and shard 1 that is new
    definitions, consumer = Definitions(FEEDS, told), Consumer()
    consumer.ends = {0: 9, 1: 9}
    definitions.take(consumer, [], [0])
    consumer.reads = [[(0, 0), (0, 1)]]
    await pumped(definitions, consumer)
    definitions.take(consumer, [0], [1])
    # When what was on its way before the rebalance comes again, beside a shard that went to another worker
    consumer.reads = [[(0, 1), (2, 0), (0, 2)], [(1, 0)]]
    await pumped(definitions, consumer)
    # Then
    assert told.records == [(0, 0), (0, 1), (0, 2), (1, 0)]


async def test_a_shard_that_went_and_came_back_is_told_from_its_beginning(told):
    # Given
    definitions, consumer = Definitions(FEEDS, told), Consumer([(0, 0), (0, 1)])
    consumer.ends = {0: 2}
    definitions.take(consumer, [], [0])
    await pumped(definitions, consumer)
    assert told.caught_up == [0]
    # When, and nothing that still comes meanwhile is ours
    definitions.forget()
    consumer.reads = [[(0, 2)]]
    await pumped(definitions, consumer)
    definitions.take(consumer, [], [0])
    assert consumer.position_of[0] == 0
    consumer.reads = [[(0, 0)], [(0, 1)]]
    await pumped(definitions, consumer)
    # Then
    assert told.records == [(0, 0), (0, 1)] * 2
    assert told.caught_up == [0, 0]


async def test_the_end_of_a_shard_is_where_it_was_when_the_shard_became_ours_and_is_told_once(told):
    # Given a shard of three records, to which somebody adds all the time
    definitions, consumer = Definitions(FEEDS, told), Consumer(*([(0, number)] for number in range(6)))
    consumer.ends = {0: 3}
    definitions.take(consumer, [], [0])
    # When
    await pumped(definitions, consumer)
    # Then it was asked for once, and all records were told
    assert consumer.asked == [0]
    assert told.caught_up == [0]
    assert len(told.records) == 6


async def test_an_end_that_was_asked_for_before_a_rebalance_says_nothing_of_what_came_after_it(told):
    # Given a shard that is taken anew while its end is asked for: it will be read from its beginning
    definitions, consumer = Definitions(FEEDS, told), Consumer([(0, 0)])
    consumer.ends = {0: 1}
    definitions.take(consumer, [], [0])

    def rebalance():
        consumer.meanwhile = lambda: None
        position = consumer.position_of[0]
        definitions.take(consumer, [], [0])
        consumer.position_of[0] = position  # the seek takes effect with the next read

    consumer.meanwhile = rebalance
    # When
    await pumped(definitions, consumer)
    # Then its definitions were not all told by its new owner yet
    assert told.caught_up == []


async def test_ends_that_no_broker_tells_are_asked_for_again(told):
    # Given
    definitions, consumer = Definitions(FEEDS, told), Consumer([(0, 0)], [])
    consumer.ends = {0: 1}
    definitions.take(consumer, [], [0])

    def nobody_answers():
        consumer.meanwhile = lambda: None
        raise KafkaTimeoutError

    consumer.meanwhile = nobody_answers
    # When
    await pumped(definitions, consumer)
    # Then
    assert consumer.asked == [0, 0]
    assert told.caught_up == [0]
