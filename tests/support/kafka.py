"""What tests do with Kafka directly: create topics, produce, and read as an independent consumer."""

import asyncio
import contextlib

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError


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


async def committed(bootstrap: str, topic: str, partition: int = 0) -> list[bytes]:
    """All values that a read_committed consumer sees in a partition, up to its last stable offset."""
    where = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([where])
        await consumer.seek_to_beginning(where)
        end = (await consumer.end_offsets([where]))[where]
        values = []
        while await consumer.position(where) < end:
            fetched = await consumer.getmany(timeout_ms=50)
            values += [record.value for record in fetched.get(where, [])]
        return values
    finally:
        await consumer.stop()


async def send_in_transaction(producer: AIOKafkaProducer, records: dict[str, bytes]) -> list[BaseException | None]:
    """Begin, send one record per topic, wait for all; returns each one's error and leaves the transaction open."""
    await producer.begin_transaction()
    futures = [await producer.send(topic, value, partition=0) for topic, value in records.items()]
    results = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 20)
    return [result if isinstance(result, BaseException) else None for result in results]
