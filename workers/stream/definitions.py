"""Reading the feeds topic: every record of an owned shard, from the beginning, each once."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaTimeoutError

from workers.stream.client import connection_errors
from workers.stream.reading import Reading

#: Longest wait for records (milliseconds). Short, because an assignment that brings none does not end the wait.
_WAIT_MS = 100

#: Records that are parsed and handed on before the event loop may turn, about 3 ms.
_SLICE_RECORDS = 100


class Told(Protocol):
    """Who is told what stands in the feeds topic."""

    def on_definition(self, shard: int, key: bytes, value: bytes | None, offset: int, written: float) -> None:
        """A record of a shard that is ours: all from the beginning, each once for as long as the shard stays.

        `written`: when, in seconds of the epoch, as its writer's clock or the broker's says.
        """
        ...

    def on_caught_up(self, shard: int) -> None:
        """All definitions that stood there when the shard became ours have been told."""
        ...


class Definitions:
    """How far the owned shards have been read. Outlives the consumers that read them: offsets are kept here only."""

    def __init__(self, topic: str, told: Told) -> None:
        self._topic, self._told = topic, told
        self._next_offset: dict[int, int] = {}
        self._ends: dict[int, int | None] = {}
        self._takes = 0

    def take(self, client: AIOKafkaConsumer, kept: Iterable[int], taken: Iterable[int]) -> None:
        """Go on where `kept` shards stood, begin `taken` ones anew, forget all others. To be called on assignment."""
        kept = frozenset(kept)
        self._takes += 1
        self._next_offset = {shard: self._next_offset.get(shard, 0) for shard in kept} | dict.fromkeys(taken, 0)
        self._ends = {shard: end for shard, end in self._ends.items() if shard in kept} | dict.fromkeys(taken)
        for shard, offset in self._next_offset.items():
            # A seek outruns the offsets that someone may have committed for the group. Where compaction took the
            # offset away, the consumer is sent to the first that is there.
            client.seek(self._place(shard), offset)

    def forget(self) -> None:
        """No shard is ours."""
        self._takes += 1
        self._next_offset, self._ends = {}, {}

    async def pump(self, client: AIOKafkaConsumer, pumped: Callable[[], None]) -> None:
        """Read for ever, and say `pumped` after each read. Raises KafkaError, also for what befell the group."""
        reading = Reading(client)
        with connection_errors():
            while True:
                slices = await client.getmany(timeout_ms=_WAIT_MS, max_records=_SLICE_RECORDS)
                pumped()
                for place, records in slices.items():
                    for record in records:
                        self._tell(place.partition, record)
                if self._ends:
                    await self._tell_caught_up(client, reading, brought=bool(slices))
                await asyncio.sleep(0)

    def _tell(self, shard: int, record: Any) -> None:  # noqa: ANN401 - aiokafka ships no types
        """Tell one record, unless it was read before the shard was ours, or again after a rebalance."""
        if record.offset < self._next_offset.get(shard, record.offset + 1):
            return
        self._next_offset[shard] = record.offset + 1
        self._told.on_definition(shard, record.key or b"", record.value, record.offset, record.timestamp / 1000)

    async def _tell_caught_up(self, client: AIOKafkaConsumer, reading: Reading, *, brought: bool) -> None:
        takes = self._takes
        try:
            ends = await self._known_ends(client)
            await reading.move(ends, brought=brought)
        except (IllegalStateError, KafkaTimeoutError):
            return  # a rebalance came in between, or no broker answered; the next round knows more
        if takes != self._takes:
            return
        for place, end in ends.items():
            self._ends[place.partition] = end
            if reading.at(place, end):
                del self._ends[place.partition]
                self._told.on_caught_up(place.partition)

    async def _known_ends(self, client: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        known = {self._place(shard): end for shard, end in self._ends.items() if end is not None}
        unknown = [self._place(shard) for shard, end in self._ends.items() if end is None]
        return known | (await client.end_offsets(unknown) if unknown else {})

    def _place(self, shard: int) -> TopicPartition:
        return TopicPartition(self._topic, shard)
