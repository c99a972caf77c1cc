"""A cluster with many feeds, as it stands in Kafka: a definition and a cursor of thirty rows for each of them.

The cursors know what the page server shows, so that a worker which restores them polls steadily from its first poll on.
"""

import asyncio
import multiprocessing
import random
import time
from collections.abc import Iterator

import uvloop

from tests.benchmarks.pages import CHANNEL, conversation, page, rows
from tests.benchmarks.restore import publish_all
from workers.model import Feed, HttpResponse, PageRef
from workers.providers import adapter
from workers.providers.base import Adapter
from workers.reconcile.cursor import Cursor, Newest
from workers.reconcile.cursor_records import records
from workers.reconcile.known import Known, encode, identity
from workers.reconcile.page_letter import page_digest
from workers.reconcile.remembering import remember
from workers.schedule.forecast import Memory
from workers.schedule.imprint import pack
from workers.settings.settings import Settings
from workers.stream import topics
from workers.stream.feeds_topic import DefinitionWriter
from workers.stream.partition import partition_of
from workers.stream.record import KafkaRecord

#: Remembered rows of each feed: those that its page shows, and an older one of its own.
ROWS = 30
SHOWN = ROWS - 1
#: Seconds since a feed was polled last, at most, when its owner went away.
LAST_ROUND = 3600.0
#: Seconds for the partitions of new topics to have their leaders.
LEADERS_SECONDS = 2.0

_PARTS = {name: identity(name)[:3] for name in ("envelope", "status", "text")}


def fill(settings: Settings, first: int, feeds: int) -> dict[str, int]:
    """Make topics with so many conversations from number `first` on, shared by the accounts alike.

    In a process of its own: what that leaves in a heap is no business of a worker's. Returns the topics' limits.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_fill, (settings, first, feeds))


def _fill(settings: Settings, first: int, feeds: int) -> dict[str, int]:
    return uvloop.run(_write(settings, first, feeds))


async def _write(settings: Settings, first: int, feeds: int) -> dict[str, int]:
    await topics.create(settings.kafka, settings.topics)
    await asyncio.sleep(LEADERS_SECONDS)
    limits = (await topics.check(settings.kafka, settings.topics)).limits
    shards: dict[int, list[KafkaRecord]] = {}
    async with DefinitionWriter(settings.kafka, settings.topics) as writer:
        for turn, account in enumerate(settings.accounts.values()):
            mine, each = adapter(account), feeds // len(settings.accounts)
            ids = [conversation(first + turn * each + number) for number in range(each)]
            every = [(mine.feed({"channel_id": CHANNEL, "conversation_id": one}), one) for one in ids]
            await writer.write(feed for feed, _ in every)
            for record in _cursor_records(settings, mine, every):
                shards.setdefault(record.partition, []).append(record)
    await publish_all(settings, limits, shards)
    return limits


def _cursor_records(settings: Settings, mine: Adapter, feeds: list[tuple[Feed, str]]) -> Iterator[KafkaRecord]:
    now, chance = time.time(), random.Random(7)
    for feed, shown in feeds:
        cursor = _cursor(mine, feed, page(rows(SHOWN), 50, shown), now, _imprint(now, chance))
        partition = partition_of(feed.key.encode(), settings.kafka.shards)
        for key, value in records(feed.key, None, cursor):
            yield KafkaRecord(topic=settings.topics.cursors, partition=partition, key=key, value=value)


def _cursor(mine: Adapter, feed: Feed, body: bytes, now: float, imprint: bytes) -> Cursor:
    response = HttpResponse(status=200, body=body, content_type="application/json")
    shown = sorted(mine.page(feed, PageRef(number=1, limit=50), response).rows, key=lambda row: row.time)
    known = [Known(id=identity(feed.key), raw=b"", time=shown[0].time - 1, parts=_PARTS)]
    known += [Known(id=identity(row.id), raw=row.digest, time=row.time, rank=5, parts=_PARTS) for row in shown]
    newest = Newest(id=shown[-1].id, time=shown[-1].time)
    cursor = Cursor(contact=int(now * 1000), page=page_digest(response), newest=newest, imprint=imprint)
    return remember(cursor, {one.id: encode(one) for one in known})


def _imprint(now: float, chance: random.Random) -> bytes:
    """What a schedule knew of a conversation: polled within the last round, a message every few hours or days."""
    learned, every = Memory(), 3600 * 10 ** chance.uniform(0, 2)
    learned.seen = 0.0
    learned.take(0.0, [chance.expovariate(1 / every) + every * message for message in range(5)])
    return pack(learned, chance.uniform(0, LAST_ROUND), now)
