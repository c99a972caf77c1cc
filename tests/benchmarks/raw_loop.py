"""The least that an exactly-once publisher can do with the same client: what the product's publishing is measured by.

Records are encoded beforehand. A transaction is what the client's rules ask for: batches built and closed, every
delivery awaited before the commit. No cursor is looked at, nothing is counted, nobody is answered.
"""

import asyncio
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from workers.stream.record import KafkaRecord

#: What goes into one batch: partition by partition, key, value and headers of each record.
Prepared = dict[tuple[str, int], list[tuple[bytes, bytes | None, list[tuple[str, bytes]]]]]


def prepared(records: Sequence[KafkaRecord]) -> Prepared:
    """The records of one transaction, by partition."""
    places: Prepared = {}
    for record in records:
        place = places.setdefault((record.topic, record.partition), [])
        place.append((record.key, record.value, list(record.headers)))
    return places


async def publish_for(seconds: float, producers: Sequence[AIOKafkaProducer], transactions: Sequence[Prepared]) -> int:
    """Publish the transaction of each producer again and again; how many transactions were committed."""
    end = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_publish_until(end, *pair) for pair in zip(producers, transactions, strict=True)))
    return sum(counts)


async def _publish_until(end: float, producer: AIOKafkaProducer, places: Prepared) -> int:
    count = 0
    while time.perf_counter() < end:
        await producer.begin_transaction()
        deliveries = []
        for (topic, partition), records in places.items():
            batch = producer.create_batch()
            for key, value, headers in records:
                if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                    raise ValueError("a transaction of the raw loop holds one batch of each partition")
            batch.close()
            deliveries.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*deliveries)
        await producer.commit_transaction()
        count += 1
    return count
