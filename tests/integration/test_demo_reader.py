"""The reader of the demo and of the chaos tests: what it counts at the end is all that is committed."""

import asyncio

import pytest
from aiokafka.admin import NewTopic

from tests.support.kafka import create, producing
from workers.demo import reading
from workers.demo.reading import Reader

pytestmark = pytest.mark.kafka

VALUES = (b'{"n":1}', b'{"n":2}')


async def said(reader: Reader) -> list[int]:
    return [seen.data["n"] for seen in await reader.rest()]


async def test_the_rest_waits_for_a_transaction_whose_markers_are_still_to_come(broker, topic_prefix):
    # Given a transaction that ends, for whoever reads, a moment after the reader is asked for the rest
    await create(broker.bootstrap, NewTopic(topic_prefix, 1, 1))
    async with (
        producing(broker.bootstrap, transactional_id=topic_prefix) as producer,
        Reader(broker.bootstrap, (topic_prefix,)).opened() as reader,
    ):
        await producer.begin_transaction()
        for value in VALUES:
            await producer.send_and_wait(topic_prefix, value, key=b"k", partition=0)
        # When
        rest = asyncio.create_task(said(reader))
        await asyncio.sleep(reading.MARKERS_SECONDS / 4)
        await producer.commit_transaction()
        # Then
        assert await rest == [1, 2]


async def test_a_transaction_that_nobody_ends_hides_only_what_stands_behind_it(broker, topic_prefix):
    # Given
    await create(broker.bootstrap, NewTopic(topic_prefix, 1, 1))
    async with (
        producing(broker.bootstrap) as plain,
        producing(broker.bootstrap, transactional_id=topic_prefix) as producer,
        Reader(broker.bootstrap, (topic_prefix,)).opened() as reader,
    ):
        await plain.send_and_wait(topic_prefix, VALUES[0], key=b"k", partition=0)
        await producer.begin_transaction()
        await producer.send_and_wait(topic_prefix, VALUES[1], key=b"k", partition=0)
        # When / Then
        assert await said(reader) == [1]
        await producer.commit_transaction()
        assert await said(reader) == [2]
