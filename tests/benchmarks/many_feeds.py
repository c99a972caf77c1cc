"""A cluster with many feeds, as it stands in Kafka: a definition and a cursor of thirty rows for each of them.

The cursors know what the page server shows, so that a worker which restores them polls steadily from its first poll on.
"""

import asyncio
import multiprocessing
import random
import time
from collections.abc import Iterator

import uvloop

from tests.benchmarks.ground import ACCOUNT
from tests.benchmarks.pages import CHANNEL, conversation, page, rows
from tests.benchmarks.restore import SLICE
from workers.model import Feed, HttpResponse, PageRef
from workers.poll import _digest
from workers.polling import memory
from workers.polling.cursor import Cursor, Newest, remember
from workers.polling.cursor_records import records
from workers.polling.forecast import Memory
from workers.polling.imprint import pack
from workers.providers import adapter
from workers.settings.settings import Settings
from workers.stream.feeds_topic import DefinitionWriter
from workers.stream.partition import partition_of
from workers.stream.publisher import Publisher
from workers.stream.record import KafkaRecord

#: Remembered rows of each feed: those that its page shows, and an older one of its own.
ROWS = 30
SHOWN = ROWS - 1
#: Seconds since a feed was polled last, at most, when its owner went away.
LAST_ROUND = 3600.0


def fill(settings: Settings, limits: dict[str, int], feeds: int) -> None:
    """Write everything from a process of its own: what that leaves in a heap is no business of a worker's."""
    child = multiprocessing.get_context("spawn").Process(target=_fill, args=(settings, limits, feeds))
    child.start()
    child.join()
    assert child.exitcode == 0, "the topics could not be filled"


def _fill(settings: Settings, limits: dict[str, int], feeds: int) -> None:
    uvloop.run(_write(settings, limits, feeds))


async def _write(settings: Settings, limits: dict[str, int], feeds: int) -> None:
    provider = adapter(settings.accounts[ACCOUNT])
    every = [provider.feed({"channel_id": CHANNEL, "conversation_id": conversation(n)}) for n in range(feeds)]
    async with DefinitionWriter(settings.kafka, settings.topics) as writer:
        await writer.write(every)
    shards: dict[int, list[KafkaRecord]] = {}
    for one in _cursors(settings, every):
        shards.setdefault(one.partition, []).append(one)
    for shard, mine in shards.items():
        publisher = await Publisher.open(settings.kafka, shard, limits)
        for start in range(0, len(mine), SLICE):
            await publisher.publish(mine[start : start + SLICE])
        await publisher.close()
    await asyncio.sleep(0)


def _cursors(settings: Settings, feeds: list[Feed]) -> Iterator[KafkaRecord]:
    provider, ref = adapter(settings.accounts[ACCOUNT]), PageRef(number=1, limit=50)
    parts = {name: memory.identity(name)[:3] for name in ("envelope", "status", "text")}
    now, chance = time.time(), random.Random(7)
    for number, feed in enumerate(feeds):
        body = page(rows(SHOWN), 50, conversation(number))
        response = HttpResponse(status=200, body=body, content_type="application/json")
        shown = sorted(provider.page(feed, ref, response).rows, key=lambda row: row.time)
        own = memory.Known(id=memory.identity(feed.key), raw=b"", time=shown[0].time - 1, parts=parts)
        known = [own]
        for row in shown:
            known.append(memory.Known(id=memory.identity(row.id), raw=row.digest, time=row.time, rank=5, parts=parts))
        cursor = Cursor(
            contact=int(now * 1000),
            page=_digest(response),
            newest=Newest(id=shown[-1].id, time=shown[-1].time),
            imprint=_imprint(now, chance),
        )
        after = remember(cursor, {one.id: memory.encode(one) for one in known})
        for key, value in records(feed.key, None, after):
            partition = partition_of(feed.key.encode(), settings.kafka.shards)
            yield KafkaRecord(topic=settings.topics.cursors, partition=partition, key=key, value=value)


def _imprint(now: float, chance: random.Random) -> bytes:
    """What a schedule knew of a conversation: polled within the last round, a message every few hours or days."""
    learned, every = Memory(), 3600 * 10 ** chance.uniform(0, 2)
    learned.seen = 0.0
    learned.take(0.0, [chance.expovariate(1 / every) + every * message for message in range(5)])
    return pack(learned, chance.uniform(0, LAST_ROUND), now)
