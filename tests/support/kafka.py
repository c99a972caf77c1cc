"""What tests do with Kafka directly: create topics, produce, and read as an independent consumer."""

import asyncio
import contextlib
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from workers.demo.reading import MARKERS_SECONDS


async def create(bootstrap: str, *topics: NewTopic) -> None:
    """Create topics as they are described."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics(list(topics))
    finally:
        await admin.close()


@contextlib.asynccontextmanager
async def producing(bootstrap: str, **options):
    """A started producer. Its own `stop` never returns while a batch has no leader: then it is torn down."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, **options)
    try:
        await asyncio.wait_for(producer.start(), 30)
        yield producer
    finally:
        with contextlib.suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(producer.stop(), 2)
        await producer._sender.close()
        await producer.client.close()


@contextlib.asynccontextmanager
async def reading(bootstrap: str, places: list[TopicPartition], isolation: str = "read_committed"):
    """A consumer of its own, at the first record of each of these partitions.

    `earliest`, or the library asks for their ends as soon as they are assigned, and goes there when that answer
    comes after the wish for the beginning.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level=isolation,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        consumer.assign(places)
        yield consumer
    finally:
        await consumer.stop()


async def everything(bootstrap: str, places: list[TopicPartition], isolation: str = "read_committed") -> list:
    """Every record of these partitions up to where they end now, read_committed or not.

    A broker answers a commit before its markers are written: what is hidden gets MARKERS_SECONDS to show itself.
    """
    patient = time.monotonic() + MARKERS_SECONDS
    async with reading(bootstrap, places, isolation) as consumer:
        found = []
        for place in places:
            while await _more(consumer, place, patient, isolation):
                batches = await consumer.getmany(timeout_ms=50)
                found += [record for records in batches.values() for record in records]
        return found


async def _more(consumer: AIOKafkaConsumer, place: TopicPartition, patient: float, isolation: str) -> bool:
    end = (await consumer.end_offsets([place]))[place]
    if await consumer.position(place) < end:
        return True
    shown = isolation == "read_uncommitted" or consumer.highwater(place) == end
    return not shown and time.monotonic() < patient


async def committed(bootstrap: str, topic: str, partition: int = 0) -> list[bytes]:
    """All values that a read_committed consumer sees in a partition, up to its last stable offset."""
    return [record.value for record in await everything(bootstrap, [TopicPartition(topic, partition)])]


async def send_in_transaction(producer: AIOKafkaProducer, records: dict[str, bytes]) -> list[BaseException | None]:
    """Begin, send one record per topic, wait for all; returns each one's error and leaves the transaction open."""
    await producer.begin_transaction()
    futures = [await producer.send(topic, value, partition=0) for topic, value in records.items()]
    results = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 20)
    return [result if isinstance(result, BaseException) else None for result in results]
