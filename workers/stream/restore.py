"""Reading compacted partitions to their end: how the cursors of newly taken shards come into memory.

To be called after the shards' producers are open. Opening ends the transactions of the previous owner, so from
then on the last stable offset lies behind everything that was ever committed.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka_errors

from workers.errors import TopicError, TransactionFailed
from workers.settings.kafka import KafkaSettings
from workers.stream.client import discard, ended, reader, within
from workers.stream.failure import described
from workers.stream.reading import Reading

#: Seconds for one round where nobody says otherwise, however many partitions: 100 000 records take one or two.
RESTORE_SECONDS = 60.0

#: Records that are parsed and handed on before the event loop may turn, about 3 ms; an answer whole would take 0.6 s.
_SLICE_RECORDS = 250

#: Milliseconds to wait for records. Behind the last record lies a transaction marker, which moves the position
#: without bringing a record, so a longer wait would only be slept through.
_WAIT_MS = 50

#: Seconds for the reader to take its leave.
_END_SECONDS = 1.0

Apply = Callable[[int, bytes, bytes | None], None]


async def restore(
    kafka: KafkaSettings, topic: str, partitions: Iterable[int], apply: Apply, deadline: float = RESTORE_SECONDS
) -> None:
    """Hand every committed record of these partitions to `apply(partition, key, value)`, oldest first.

    `deadline` is in seconds. Raises TransactionFailed (reason `restore`) when the end is not reached by then:
    with less than everything, what came into memory must not be used. TopicError: the topic may not be read.
    """
    wanted = [TopicPartition(topic, partition) for partition in partitions]
    if not wanted:
        return
    client = reader(kafka)
    progress = _Progress(client, wanted)
    try:
        async with within(deadline):
            await client.start()
            await _read(client, wanted, progress, apply)
    except kafka_errors.TopicAuthorizationFailedError as refusal:
        discard(client)
        raise TopicError(f"{topic}: Kafka does not let this user read it (allow Read and Describe)") from refusal
    except (kafka_errors.KafkaError, TimeoutError) as failure:
        discard(client)
        text = f"{topic} was not read to its end within {deadline:g} s: {described(failure)}; {progress}"
        raise TransactionFailed(text, "restore") from failure
    except BaseException:
        discard(client)
        raise
    await ended(client, _END_SECONDS)


async def _read(client: AIOKafkaConsumer, wanted: list[TopicPartition], progress: "_Progress", apply: Apply) -> None:
    client.assign(wanted)
    for place in wanted:
        client.seek(place, 0)  # where compaction took it away, the reader is sent to the first that is there
    progress.ends = await client.end_offsets(wanted)
    slices: dict[TopicPartition, list[Any]] = {}
    while not await progress.reached(bool(slices)):
        slices = await client.getmany(timeout_ms=_WAIT_MS, max_records=_SLICE_RECORDS)
        for place, records in slices.items():
            for record in records:
                apply(place.partition, record.key, record.value)
        await asyncio.sleep(0)


class _Progress:
    """What of a round is left to read.

    A partition is read when the position has reached the last stable offset of the beginning, and no open
    transaction hides anything behind it, that is, the last stable offset and the high watermark are the same:
    a foreign transaction would hide our newest cursors, and older ones would publish their events again.
    """

    def __init__(self, client: AIOKafkaConsumer, wanted: Iterable[TopicPartition]) -> None:
        self.ends: dict[TopicPartition, int] = {}
        self._client = client
        self._reading = Reading(client)
        self._left = set(wanted)

    async def reached(self, brought: bool) -> bool:
        """Whether all is read; `brought`: the last read brought records."""
        hidden = {place for place in self._left if not self._visible(place)}
        await self._reading.move(self._left, brought=brought, hidden=hidden)
        self._left = {place for place in self._left if not self._read(place)}
        return not self._left

    def _read(self, place: TopicPartition) -> bool:
        if not self._visible(place):
            return False
        return self._reading.at(place, max(self.ends[place], self._client.highwater(place)))

    def _visible(self, place: TopicPartition) -> bool:
        watermark = self._client.highwater(place)
        return watermark is not None and watermark == self._client.last_stable_offset(place)

    def __str__(self) -> str:
        hidden = {place for place in self._left if self.ends and not self._visible(place)}
        some = ", ".join(str(partition) for _, partition in sorted(hidden or self._left)[:10])
        why = " (behind an open transaction of another producer)" if hidden else ""
        return f"partitions left: {some}{why}"
