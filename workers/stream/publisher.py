"""One shard's transactional producer: open, publish, abandon or close. The only module that touches a producer.

aiokafka commits a transaction although one of its batches was refused, and never repairs what that breaks: the
documented `async with producer.transaction(): await producer.send(…)` loses events. Hence three rules:

* every batch is built before the transaction begins, and every delivery is awaited before the commit;
* whatever goes wrong, the outcome is unknown: the producer is abandoned, never aborted and never used again;
* the next producer of the same transactional id makes Kafka finish or forget the transaction, and fences this one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka_errors

from workers.errors import ShardFenced, StopWorker, TransactionFailed
from workers.settings.kafka import KafkaSettings
from workers.stream.client import MAX_BATCH_BYTES, TRANSACTION_TIMEOUT_MS, discard, ended, producer, within
from workers.stream.failure import described, reason_of
from workers.stream.record import KafkaRecord

#: Seconds for a producer id. While a predecessor's transaction is being ended, Kafka lets us wait for it.
OPEN_SECONDS = 20.0

#: Seconds for one whole transaction: half of what the brokers would allow, so ours ends first.
PUBLISH_SECONDS = TRANSACTION_TIMEOUT_MS / 2000

#: Seconds for an idle producer to take its leave.
CLOSE_SECONDS = 2.0

Place = tuple[str, int]


class Publisher:
    """The right to publish one shard, until someone opens the same shard after us. One `publish` at a time."""

    def __init__(self, client: AIOKafkaProducer, limits: Mapping[str, int], seconds: float) -> None:
        self._producer: AIOKafkaProducer | None = client
        self._limits = limits
        self._seconds = seconds

    @classmethod
    async def open(
        cls,
        kafka: KafkaSettings,
        shard: int,
        limits: Mapping[str, int],
        *,
        open_seconds: float = OPEN_SECONDS,
        publish_seconds: float = PUBLISH_SECONDS,
    ) -> Self:
        """Take the shard: fences whoever had it, and ends what they left open.

        `limits` gives `max.message.bytes` of every topic that will be published to. Raises TransactionFailed
        (reason `open`), and StopWorker where the brokers' configuration forbids it for good.
        """
        transactional_id = f"{kafka.group}-{shard}"
        client = producer(kafka, transactional_id)
        try:
            async with within(open_seconds):
                await client.start()
                for topic in limits:
                    await client.partitions_for(topic)  # else the first transaction would wait for it
        except Exception as failure:
            discard(client)
            raise _not_opened(failure, transactional_id, open_seconds) from failure
        except BaseException:
            discard(client)
            raise
        return cls(client, limits, publish_seconds)

    @property
    def alive(self) -> bool:
        """Whether `publish` may be called."""
        return self._producer is not None

    async def publish(self, records: Sequence[KafkaRecord]) -> None:
        """Publish all records in one transaction, or raise and be dead.

        Raises ShardFenced or TransactionFailed, and passes CancelledError on; then the outcome is unknown. Of one
        partition, more than a batch full goes one batch after the other: the caller bounds the list.
        """
        if not records:
            return
        client = self._producer
        if client is None:
            raise TransactionFailed("the producer was abandoned", "state")
        batches = batched(client, records, self._limits)
        try:
            async with within(self._seconds):
                await _transact(client, batches)
        except Exception as failure:
            self.abandon()
            raise _failed(failure, len(records), self._seconds) from failure
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Never use the producer again; its remains are removed in the background."""
        client, self._producer = self._producer, None
        if client is not None:
            discard(client)

    async def close(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Take leave in order, between two transactions. Whether Kafka answered in time."""
        client, self._producer = self._producer, None
        return client is None or await ended(client, seconds)


def batched(
    client: AIOKafkaProducer, records: Sequence[KafkaRecord], limits: Mapping[str, int]
) -> dict[Place, list[Any]]:
    """Closed batches per partition, records in order, each within its topic's limit (a single record apart)."""
    batches: dict[Place, list[Any]] = {}
    lower = {topic: limit for topic, limit in limits.items() if limit < MAX_BATCH_BYTES}  # of others the client knows
    for record in records:
        row = batches.setdefault((record.topic, record.partition), [])
        limit = lower.get(record.topic)
        if row and (limit is None or row[-1].size() + record.size <= limit) and _appended(row[-1], record):
            continue
        row.append(client.create_batch())
        if not _appended(row[-1], record):  # an empty batch takes a record of any size
            raise AssertionError("an empty batch refused a record")
    for batch in chain.from_iterable(batches.values()):
        batch.close()
    return batches


def _appended(batch: Any, record: KafkaRecord) -> bool:  # noqa: ANN401 - aiokafka ships no types
    """Whether the batch took the record; one that is full says None, and that must not lose it."""
    taken = batch.append(
        key=record.key, value=record.value, timestamp=record.timestamp_ms, headers=list(record.headers)
    )
    return taken is not None


async def _transact(client: AIOKafkaProducer, batches: Mapping[Place, list[Any]]) -> None:
    deliveries: list[asyncio.Future[Any]] = []
    await client.begin_transaction()
    try:
        # Round by round: a partition takes its second batch only when the first is on its way.
        for round_ in zip_longest(*batches.values()):
            for (topic, partition), batch in zip(batches, round_, strict=True):
                if batch is not None:
                    deliveries.append(await client.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*deliveries)
    finally:
        for delivery in deliveries:
            # Nobody will look at what comes later; a failure that is there already counts as seen.
            if delivery.done() and not delivery.cancelled():
                delivery.exception()
            delivery.cancel()
    await client.commit_transaction()


def _failed(failure: Exception, records: int, seconds: float) -> TransactionFailed | ShardFenced:
    reason = reason_of(failure)
    if reason == "fenced":
        return ShardFenced("a newer owner took the shard, or the transaction outlived its time", reason)
    if reason == "timeout":
        return TransactionFailed(f"a transaction of {records} records took longer than {seconds:g} s", reason)
    return TransactionFailed(f"a transaction of {records} records failed: {described(failure)}", reason)


def _not_opened(failure: Exception, transactional_id: str, seconds: float) -> StopWorker | TransactionFailed:
    if isinstance(failure, kafka_errors.TransactionalIdAuthorizationFailed):
        return StopWorker(
            f"Kafka refuses the transactional id {transactional_id}: allow this user Write and Describe on the "
            "transactional ids that begin with the group's name"
        )
    if isinstance(failure, kafka_errors.InvalidTransactionTimeout):
        return StopWorker(
            f"Kafka refuses transactions of {TRANSACTION_TIMEOUT_MS} ms: raise the brokers' "
            "transaction.max.timeout.ms to at least that"
        )
    if isinstance(failure, TimeoutError):
        return TransactionFailed(
            f"no producer id for {transactional_id} within {seconds:g} s: no broker answers, or none can coordinate "
            "transactions (transaction.state.log.replication.factor above the number of brokers?)",
            "open",
        )
    return TransactionFailed(f"no producer id for {transactional_id}: {described(failure)}", "open")
