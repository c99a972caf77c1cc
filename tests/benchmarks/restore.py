"""Restoring 100 000 cursors as a worker does: the time, and what each feed then weighs."""

import asyncio
import gc
import multiprocessing
import time
from collections.abc import Iterator

import psutil
import uvloop

from tests.benchmarks.ground import ground, settings_on
from tests.benchmarks.pages import conversation
from workers.reconcile.cursor import Cursor, Newest
from workers.reconcile.cursor_records import records
from workers.reconcile.known import Known, encode, identity
from workers.reconcile.remembering import remember
from workers.settings.settings import Settings
from workers.stream.partition import partition_of
from workers.stream.publisher import Publisher
from workers.stream.record import KafkaRecord

#: Remembered rows of each feed: what a conversation of a few days has.
ROWS = 30
#: Records of one transaction while the topic is filled.
SLICE = 2000


def cursor_of(number: int) -> Cursor:
    """A cursor as a worker writes it: rows with a status and a text."""
    now = time.time_ns() // 1_000_000
    parts = {name: identity(f"{number}{name}")[:3] for name in ("envelope", "status", "text")}
    known = {}
    for row in range(ROWS):
        row_id = identity(f"{number:x}-{row}")
        seen = Known(id=row_id, raw=row_id[:6], time=now - row * 1000, rank=5, parts=parts)
        known[row_id] = encode(seen)
    cursor = Cursor(contact=now, page=identity(str(number)), newest=Newest(id=f"{number:024x}", time=now))
    return remember(cursor, known)


async def fill(settings: Settings, limits: dict[str, int], feeds: int) -> None:
    """Write the cursors, each into the partition of its shard, in transactions."""
    by_shard: dict[int, list[KafkaRecord]] = {}
    for record in _cursor_records(settings, feeds):
        by_shard.setdefault(record.partition, []).append(record)
    await publish_all(settings, limits, by_shard)


async def publish_all(settings: Settings, limits: dict[str, int], by_shard: dict[int, list[KafkaRecord]]) -> None:
    """Publish the records of each shard by its own producer, in transactions of SLICE."""
    for shard, mine in by_shard.items():
        publisher = await Publisher.open(settings.kafka, shard, limits)
        for start in range(0, len(mine), SLICE):
            await publisher.publish(mine[start : start + SLICE])
        await publisher.close()


def _cursor_records(settings: Settings, feeds: int) -> Iterator[KafkaRecord]:
    for number in range(feeds):
        key = f"loja/66aa00000000000000000009/{conversation(number)}"
        partition = partition_of(key.encode(), settings.kafka.shards)
        for name, value in records(key, None, cursor_of(number)):
            yield KafkaRecord(topic=settings.topics.cursors, partition=partition, key=name, value=value)


def _filled_elsewhere(settings: Settings, limits: dict[str, int], feeds: int) -> None:
    """Fill in another process: what filling leaves in the heap would hide what restoring takes."""
    child = multiprocessing.get_context("spawn").Process(target=_fill, args=(settings, limits, feeds))
    child.start()
    child.join()
    assert child.exitcode == 0, "the topic could not be filled"


def _fill(settings: Settings, limits: dict[str, int], feeds: int) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(fill(settings, limits, feeds))


async def _measure(bootstrap: str, feeds: int, shards: int) -> dict[str, float]:
    async with ground(settings_on(bootstrap, shards)) as place:
        await asyncio.to_thread(_filled_elsewhere, place.settings, place.limits, feeds)
        gc.collect()
        process = psutil.Process()
        before, begun, cpu = process.memory_info().rss, time.perf_counter(), time.process_time()
        await place.own_all()
        seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu
        gc.collect()
        restored = process.memory_info().rss
        for feed in place.feeds(range(feeds)):
            shard = place.shards[partition_of(feed.key.encode(), shards)]
            place.poller.attach(feed, shard)
        restored_all = sum(len(shard._cursors) for shard in place.shards.values())
        assert restored_all == feeds, f"{restored_all} of {feeds} cursors came back"
        attached = process.memory_info().rss
    return {
        "feeds": feeds,
        "shards": shards,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "cursor_bytes_per_feed": round((restored - before) / feeds),
        "bytes_per_polled_feed": round((attached - before) / feeds),
    }


def measure(bootstrap: str, *, feeds: int = 100_000, shards: int = 12) -> dict[str, float]:
    """Seconds to restore; resident bytes of each feed: its cursor alone, and all that a worker keeps of it."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(bootstrap, feeds, shards))
