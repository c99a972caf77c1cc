"""What workers know, copied to topics of another number of shards: the feeds topic and the cursors.

Where a record lies follows from its feed's key and the number of shards, so shards are added by copying. Keys and
values stay as they are; each copy is a transaction of the shard that it goes to.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from workers.errors import TopicError
from workers.model import Record
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream import group, topics
from workers.stream.partition import partition_of
from workers.stream.publisher import Publisher
from workers.stream.record import KafkaRecord
from workers.stream.restore import restore

#: Bytes and records of one transaction: sent in about a second, far from its deadline.
_BYTES, _RECORDS = 4 * 1024 * 1024, 5_000


class Place(Record, frozen=True, kw_only=True):
    """A cluster of workers by what it stands on: its brokers and group, and the names of its topics."""

    kafka: KafkaSettings
    names: TopicNames


class Copied(Record, frozen=True, kw_only=True):
    """How many records were copied, and how many were left: they lie in a partition where no worker looks for them."""

    feeds: int
    cursors: int
    left: int


async def copy(source: Place, target: Place) -> Copied:
    """Copy definitions and cursors. Both sides must be without workers, the target's topics right and still empty.

    Raises TopicError where that is not so, BrokerUnreachable, TransactionFailed and ShardFenced. A copy that was cut
    short leaves topics that are not empty: they are to be deleted before the next.
    """
    if {source.names.feeds, source.names.cursors} & {target.names.feeds, target.names.cursors}:
        raise TopicError("both configurations name the same topics: the new shards need topics of their own")
    for place in (source, target):
        await _without_workers(place)
    report = await topics.check(target.kafka, target.names)
    if report.problems:
        raise TopicError("; ".join(report.problems))
    pairs = ((source.names.feeds, target.names.feeds), (source.names.cursors, target.names.cursors))
    for _, topic in pairs:
        await _empty(target.kafka, topic)
    limits = {**report.limits, target.names.feeds: min(report.limits.values())}
    copied = [await _copied(source.kafka, old, target.kafka, new, limits) for old, new in pairs]
    (feeds, strays), (cursors, stray_cursors) = copied
    return Copied(feeds=feeds, cursors=cursors, left=strays + stray_cursors)


async def _without_workers(place: Place) -> None:
    members = (await group.described(place.kafka)).members
    if members:
        running = ", ".join(sorted(member.worker for member in members))
        raise TopicError(
            f"group {place.kafka.group}: stop its workers first ({running}); what they do now is not copied"
        )


async def _empty(kafka: KafkaSettings, topic: str) -> None:
    async for _, records in _read(kafka, topic):
        if records:
            raise TopicError(f"{topic} is not empty: delete it, create it anew and copy again")


async def _read(kafka: KafkaSettings, topic: str) -> AsyncIterator[tuple[int, Mapping[bytes, bytes]]]:
    """Each partition with its records that are alive, by key."""
    for number in range(kafka.shards):
        alive: dict[bytes, bytes] = {}

        def apply(_: int, key: bytes, value: bytes | None, alive: dict[bytes, bytes] = alive) -> None:
            if value is None:
                alive.pop(key, None)
            else:
                alive[key] = value

        await restore(kafka, topic, [number], apply)
        yield number, alive


async def _copied(
    source: KafkaSettings, old: str, target: KafkaSettings, new: str, limits: Mapping[str, int]
) -> tuple[int, int]:
    """How many records were copied, and how many were not: whoever reads another partition never saw those."""
    count = left = 0
    async for number, alive in _read(source, old):
        here = {key: value for key, value in alive.items() if partition_of(_feed_of(key), source.shards) == number}
        shards: defaultdict[int, list[KafkaRecord]] = defaultdict(list)
        for key, value in here.items():
            shard = partition_of(_feed_of(key), target.shards)
            shards[shard].append(KafkaRecord(topic=new, partition=shard, key=key, value=value))
        for shard, records in shards.items():
            await _publish(target, shard, records, limits)
        count, left = count + len(here), left + len(alive) - len(here)
    return count, left


async def _publish(kafka: KafkaSettings, shard: int, records: Sequence[KafkaRecord], limits: Mapping[str, int]) -> None:
    publisher = await Publisher.open(kafka, shard, limits)
    try:
        for some in _transactions(records):
            await publisher.publish(some)
    except BaseException:
        publisher.abandon()
        raise
    await publisher.close()


def _transactions(records: Sequence[KafkaRecord]) -> Iterator[list[KafkaRecord]]:
    some: list[KafkaRecord] = []
    size = 0
    for record in records:
        if some and (len(some) >= _RECORDS or size + record.size > _BYTES):
            yield some
            some, size = [], 0
        some.append(record)
        size += record.size
    yield some


def _feed_of(key: bytes) -> bytes:
    """The feed that a record is of: a cursor's segments are called by its key, a `#`, and their number."""
    return key.partition(b"#")[0]
