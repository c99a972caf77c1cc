"""Reading the output topics as a stranger would: committed records only, CloudEvents and nothing else."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from workers.model import Record

#: Milliseconds that one look at the topics may wait for records.
LOOK_MS = 200


class Seen(Record, frozen=True, kw_only=True):
    """One record of an output topic: its CloudEvents attributes (without `ce_`), its data, and its place."""

    attributes: Mapping[str, str]
    data: Mapping[str, Any]
    key: str
    topic: str
    partition: int
    offset: int
    timestamp_ms: int


class Reader:
    """Reads topics from their beginning, committed records only, outside any group."""

    def __init__(self, bootstrap_servers: str, topics: tuple[str, ...]) -> None:
        self._consumer = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=bootstrap_servers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=LOOK_MS,
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Reader"]:
        """The reader, at the beginning of every partition."""
        await self._consumer.start()
        try:
            yield self
        finally:
            await self._consumer.stop()

    async def look(self) -> list[Seen]:
        """What has come since the last look; empty where nothing came for a moment."""
        batches = await self._consumer.getmany(timeout_ms=LOOK_MS, max_records=2000)
        return [seen_of(record) for records in batches.values() for record in records]

    async def rest(self) -> list[Seen]:
        """Everything up to what is committed now."""
        ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        seen: list[Seen] = []
        for place, end in ends.items():
            while await self._consumer.position(place) < end:
                seen += await self.look()
        return seen


def seen_of(record: ConsumerRecord) -> Seen:
    """A record in either content mode of the CloudEvents Kafka binding."""
    headers = {name: value.decode() for name, value in record.headers}
    if headers.get("content-type", "").startswith("application/cloudevents"):
        attributes = orjson.loads(record.value)
        data = attributes.pop("data")
    else:
        attributes = {name[3:]: value for name, value in headers.items() if name.startswith("ce_")}
        data = orjson.loads(record.value)
    return Seen(
        attributes=attributes,
        data=data,
        key=record.key.decode(),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
    )
