"""Reading the output topics as a stranger would: committed records only, CloudEvents and nothing else."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from workers.model import Record

#: Milliseconds that one look at the topics may wait for records.
LOOK_MS = 200
#: Seconds that an open transaction is taken for one that is committed: a broker answers a commit before its markers
#: stand in the partitions. It needs milliseconds, and on a loaded machine now and then half a second.
MARKERS_SECONDS = 2.0


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
        #: It reads nothing: it knows where partitions end for those who see what is not committed.
        self._onlooker = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=None)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Reader"]:
        """The reader, at the beginning of every partition."""
        try:
            await self._consumer.start()
            await self._onlooker.start()
            yield self
        finally:
            await self._onlooker.stop()
            await self._consumer.stop()

    async def look(self) -> list[Seen]:
        """What has come since the last look; empty where nothing came for a moment."""
        batches = await self._consumer.getmany(timeout_ms=LOOK_MS, max_records=2000)
        return [seen_of(record) for records in batches.values() for record in records]

    async def rest(self) -> list[Seen]:
        """Everything that is committed now, also where the markers of the commit are still to come."""
        places, patient = list(self._consumer.assignment()), time.monotonic() + MARKERS_SECONDS
        ends, seen = await self._onlooker.end_offsets(places), list[Seen]()
        while [place for place in places if await self._consumer.position(place) < ends[place]]:
            seen += await self.look()
            if time.monotonic() > patient:  # a transaction that nobody ends: what stands before it
                ends = await self._consumer.end_offsets(places)
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
