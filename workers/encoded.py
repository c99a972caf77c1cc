"""What one outcome becomes for Kafka: its events and its cursor as records. Pure."""

from collections.abc import Iterable, Sequence

from workers.errors import CursorTooLarge
from workers.events.cloudevent import KafkaEvent
from workers.model import Record
from workers.poll_counts import NO_NEWS, News, news_of
from workers.reconcile.cursor import Cursor
from workers.reconcile.outcome import Outcome
from workers.settings.kafka import TopicNames
from workers.stream.partition import partition_of
from workers.stream.record import KafkaRecord


class Encoded(Record, frozen=True, kw_only=True):
    """An outcome as Kafka records, with its size in bytes and what the metrics will want to know.

    Nothing of the page is in it: what waits for its commit is no larger than what it commits, and the memory of one
    page, which the next one is read into, stays in the processor's cache.
    """

    cursor: Cursor
    records: tuple[KafkaRecord, ...] = ()
    size: int = 0
    times: tuple[int, ...] = ()
    news: News = NO_NEWS


def encoded(
    outcome: Outcome,
    events: Sequence[KafkaEvent],
    changed: Iterable[tuple[bytes, bytes | None]],
    shard: int,
    *,
    topics: TopicNames,
    shards: int,
    cursor_bytes: int,
) -> Encoded:
    """The records of an outcome that became these events, and these keys and values of its cursor, in this shard.

    Raises CursorTooLarge beyond `cursor_bytes`, what the cursors topic takes.
    """
    names = {"messages": topics.messages, "dead_letters": topics.dead_letters}
    records = [
        KafkaRecord(
            topic=names[event.topic],
            partition=partition_of(event.key, shards),
            key=event.key,
            value=event.value,
            headers=event.headers,
        )
        for event in events
    ]
    cursors = [KafkaRecord(topic=topics.cursors, partition=shard, key=key, value=value) for key, value in changed]
    _fit(cursors, cursor_bytes)
    return Encoded(
        cursor=outcome.cursor,
        records=(*records, *cursors),
        size=sum(event.size for event in events) + sum(record.size for record in cursors),
        times=outcome.times,
        news=news_of(outcome, [event.kind for event in events]),
    )


def _fit(cursors: Iterable[KafkaRecord], most: int) -> None:
    """Raise CursorTooLarge where a record has more bytes: in a transaction, it would take the whole shard down."""
    for record in cursors:
        if record.size > most:
            raise CursorTooLarge(
                f"a record of its cursor has {record.size} bytes, and {record.topic} takes {most} (max.message.bytes): "
                "raise that, or lower the account's settle_seconds"
            )
