"""The feeds topic from the outside: writing definitions into it, and reading all that it holds.

Definitions are states, not events: writing one again changes nothing. So a write whose outcome is unknown is simply
repeated, and an idempotent producer without transactions is enough.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from workers.errors import FeedsNotWritten
from workers.feeds import write
from workers.model import Feed, Record
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream.client import MAX_BATCH_BYTES, REQUEST_TIMEOUT_MS, RETRY_BACKOFF_MS, discard, ended, within
from workers.stream.failure import described
from workers.stream.partition import partition_of
from workers.stream.restore import restore

#: Seconds to reach a broker, and again for each slice of records to be acknowledged by all replicas.
WRITE_SECONDS: Final = 20.0
#: Seconds for the producer to take its leave; everything is acknowledged by then.
END_SECONDS: Final = 2.0
#: Records that wait for their acknowledgement at a time (about 250 bytes each).
SLICE_RECORDS: Final = 1000
#: Seconds to read the whole topic: 100 000 definitions take about 2.
READ_SECONDS: Final = 60.0


class StoredDefinition(Record, frozen=True, kw_only=True):
    """A record of the feeds topic as it stands there; nobody has judged it yet."""

    partition: int
    key: bytes
    value: bytes


class DefinitionWriter:
    """Writes to the feeds topic, each call within its deadline. After a failure the next call begins anew.

    The topic must exist (`topics.check`): aiokafka would let brokers create it, as they please.
    """

    def __init__(self, kafka: KafkaSettings, topics: TopicNames) -> None:
        self._kafka, self._topic = kafka, topics.feeds
        self._producer: AIOKafkaProducer | None = None

    async def write(self, feeds: Iterable[Feed], *, poll_now: bool = False) -> None:
        """Let these feeds be polled, `poll_now`: at once. Raises FeedsNotWritten; some may be written then."""
        await self._define((feed, write(feed, poll_now=poll_now)) for feed in feeds)

    async def pause(self, feeds: Iterable[Feed]) -> None:
        """Let these feeds rest, and keep their definitions. Raises as `write` does."""
        await self._define((feed, write(feed, state="paused")) for feed in feeds)

    async def remove(self, definitions: Iterable[StoredDefinition]) -> None:
        """Take these records away, each from the partition where it stands. Raises FeedsNotWritten."""
        await self._send((stored.partition, stored.key, None) for stored in definitions)

    async def close(self) -> None:
        """Let go of Kafka."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await ended(producer, END_SECONDS)

    async def __aenter__(self) -> "DefinitionWriter":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _define(self, definitions: Iterable[tuple[Feed, bytes]]) -> None:
        keyed = ((feed.key.encode(), value) for feed, value in definitions)
        await self._send((partition_of(key, self._kafka.shards), key, value) for key, value in keyed)

    async def _send(self, records: Iterator[tuple[int, bytes, bytes | None]]) -> None:
        while some := list(islice(records, SLICE_RECORDS)):
            try:
                producer = await self._opened()
                async with within(WRITE_SECONDS):
                    await self._acknowledged(producer, some)
            # aiokafka says by an AssertionError that a topic has no such partition.
            except (KafkaError, OSError, TimeoutError, AssertionError) as failure:
                self._abandon()
                raise FeedsNotWritten(f"{self._topic} did not take the feeds: {described(failure)}") from failure
            except BaseException:
                self._abandon()
                raise

    async def _opened(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                **self._kafka.client_options(),
                enable_idempotence=True,
                acks="all",
                request_timeout_ms=REQUEST_TIMEOUT_MS,
                retry_backoff_ms=RETRY_BACKOFF_MS,
                max_batch_size=MAX_BATCH_BYTES,
            )
            async with within(WRITE_SECONDS):
                await self._producer.start()
        return self._producer

    async def _acknowledged(
        self, producer: AIOKafkaProducer, records: Sequence[tuple[int, bytes, bytes | None]]
    ) -> None:
        futures = [
            await producer.send(self._topic, value, key=key, partition=partition) for partition, key, value in records
        ]
        await asyncio.gather(*futures)

    def _abandon(self) -> None:
        if self._producer is not None:
            discard(self._producer)
            self._producer = None


async def stored_definitions(kafka: KafkaSettings, topics: TopicNames) -> list[StoredDefinition]:
    """All records of the feeds topic, the newest of each key and partition, sorted by key.

    Raises TransactionFailed where it was not read to its end in time, and TopicError where it may not be read.
    """
    found: dict[tuple[int, bytes], bytes] = {}

    def apply(partition: int, key: bytes | None, value: bytes | None) -> None:
        place = (partition, key or b"")  # a record without a key is a stranger's mistake; it is shown like all others
        found.pop(place, None)
        if value is not None:
            found[place] = value

    await restore(kafka, topics.feeds, range(kafka.shards), apply, READ_SECONDS)
    return [
        StoredDefinition(partition=partition, key=key, value=value)
        for (partition, key), value in sorted(found.items(), key=lambda item: (item[0][1], item[0][0]))
    ]
