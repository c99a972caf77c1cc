"""One owned shard: open, restore, publish, abandon, and again, until it is given up.

The shard holds the cursors of its feeds and commits what polls bring. A cursor in memory is always the newest one
handed in; when a transaction's outcome is unknown, all of them are dropped and read anew from Kafka.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Literal, Protocol

from workers import logs
from workers.commit_queue import CommitQueue
from workers.errors import CursorUnreadable, ReopenShard, ShardFenced, TransactionFailed
from workers.metrics import Metrics
from workers.reconcile.cursor import Cursor
from workers.reconcile.cursor_records import Restored
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream.publisher import Publisher
from workers.stream.record import KafkaRecord
from workers.stream.restore import restore

#: Seconds to wait before a shard is opened again after a failure, doubling from the first to the last.
REOPEN_SECONDS = (0.2, 10.0)
#: Seconds for reading the cursors of one shard: 100 000 of them take one or two, but after an outage brokers are slow.
RESTORE_SECONDS = 120.0
#: Cursors put together in one go, about 4 ms: restoring must not hold up the heartbeat.
_SLICE = 250
#: Cursors freed in one go, about 0.5 ms.
_FREED = 1000


ShardState = Literal["restoring", "serving", "fenced", "failed"]


class Listener(Protocol):
    """Who wants to know that a shard serves, or no longer does."""

    async def serving(self, shard: "Shard") -> None:
        """The cursors are restored: polls may begin. Cancelled where the shard is given up meanwhile."""
        ...

    def down(self, shard: "Shard") -> None:
        """Nothing can be committed for now: polls must end."""
        ...


class Shard:
    """Shard `number`, from assignment to revocation. `run` ends only by `close` or cancellation."""

    def __init__(
        self,
        number: int,
        *,
        kafka: KafkaSettings,
        topics: TopicNames,
        limits: Mapping[str, int],
        metrics: Metrics,
        listener: Listener,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.number = number
        #: `restoring` from its opening until its cursors are read; `fenced` and `failed` while it waits to open again.
        self.state: ShardState = "restoring"
        self._kafka, self._topics, self._limits = kafka, topics, limits
        self._metrics, self._listener, self._clock = metrics, listener, clock
        self._cursors: dict[str, Cursor | CursorUnreadable] = {}
        self._queue = CommitQueue(number)
        self._closed_in_order = False
        self._failures = 0
        self._log = logs.logger("shard").bind(shard=number)

    @property
    def serving(self) -> bool:
        """Whether its cursors are restored and its producer is open."""
        return self.state == "serving"

    # --- for polls ----------------------------------------------------------------------------------------

    def cursor(self, key: str) -> Cursor | None:
        """The newest cursor of a feed. Raises CursorUnreadable, and TransactionFailed while the shard is down."""
        if not self.serving:
            raise TransactionFailed(f"shard {self.number} is not serving", "state")
        cursor = self._cursors.get(key)
        if isinstance(cursor, CursorUnreadable):
            raise cursor
        return cursor

    def take_up(self, key: str) -> bytes:
        """A feed is polled from now on. What the schedule of its last owner had learned of it; empty: nothing.

        Its cursor goes by this very string from now on: two equal ones would be 100 bytes more for each feed.
        """
        cursor = self._cursors.pop(key, None)
        if cursor is not None:
            self._cursors[key] = cursor
        return cursor.imprint if isinstance(cursor, Cursor) else b""

    def keep(self, key: str, cursor: Cursor) -> None:
        """A cursor that differs in nothing that Kafka must know."""
        if self.serving:
            self._cursors[key] = cursor

    async def commit(self, key: str, cursor: Cursor, records: Sequence[KafkaRecord], size: int) -> float:
        """Publish these records and the cursor they belong to; when they were committed. Raises ReopenShard."""
        if not self.serving or self._queue.closing:
            raise TransactionFailed(f"shard {self.number} is not serving", "state")
        self._cursors[key] = cursor
        return await self._queue.commit(key, records, size)

    @property
    def uncommitted(self) -> int:
        """Submissions whose outcome is not known yet."""
        return self._queue.unfinished

    # --- life ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until closed. Whatever Kafka does ends in a reopening; only StopWorker gets out."""
        while not self._queue.closing:
            try:
                await self._serve()
            except ShardFenced as error:
                await self._after(error, self._kafka.session_timeout_seconds)
            except ReopenShard as error:
                first, last = REOPEN_SECONDS
                await self._after(error, min(last, first * 2 ** min(self._failures, 10)))
            finally:
                self._down()

    def close(self) -> None:
        """Commit what is queued, then end `run`; take nothing new. One that does not serve has nothing to commit."""
        self._closed_in_order = not self.serving
        self._queue.close()

    def unsaid(self, *, taken: bool = False) -> str:
        """One line about what was not committed since `close`; empty where all was. `taken`: the group took it."""
        records, feeds = self._queue.lost()
        if records:
            return f"shard {self.number}: {records} records of {feeds} feeds"
        if self._closed_in_order or taken:
            return ""
        return f"shard {self.number}: no transaction under way, but Kafka did not answer"

    async def _serve(self) -> None:
        begun, self.state = time.monotonic(), "restoring"
        publisher = await Publisher.open(self._kafka, self.number, self._limits)
        try:
            self._cursors = await self._restored()
            seconds = time.monotonic() - begun
            self._metrics.restore_duration.observe(seconds)
            self.state = "serving"
            self._log.info("shard_serving", feeds=len(self._cursors), seconds=round(seconds, 3))
            await self._listener.serving(self)
            await self._publish_all(publisher)
        except BaseException:
            publisher.abandon()
            raise
        self._closed_in_order = await publisher.close()

    async def _restored(self) -> dict[str, Cursor | CursorUnreadable]:
        """The cursors as committed. Only ever called behind an open publisher: nobody else can add to them."""
        restored = Restored()
        await restore(
            self._kafka,
            self._topics.cursors,
            [self.number],
            lambda _, key, value: restored.apply(key, value),
            deadline=RESTORE_SECONDS,
        )
        cursors: dict[str, Cursor | CursorUnreadable] = {}
        left = restored.cursors()
        while True:
            some = dict(islice(left, _SLICE))
            if not some:
                return cursors
            cursors |= some
            for key, cursor in some.items():
                if isinstance(cursor, CursorUnreadable):
                    self._log.error("cursor_unreadable", feed=logs.brief(key), error=logs.brief(str(cursor)))
            await asyncio.sleep(0)

    async def _publish_all(self, publisher: Publisher) -> None:
        while (records := await self._queue.next()) is not None:
            await self._publish(publisher, records)
            self._failures = 0

    async def _publish(self, publisher: Publisher, records: Sequence[KafkaRecord]) -> None:
        begun = time.monotonic()
        self._metrics.transactions.inc()
        await publisher.publish(records)
        self._metrics.transaction_duration.observe(time.monotonic() - begun)
        now = self._clock()
        self._metrics.shard_last_commit.labels(str(self.number)).set(now)
        self._queue.committed(now)

    def _down(self) -> None:
        if self.serving:
            self.state = "failed"
            self._listener.down(self)
        _let_go(self._cursors)
        self._cursors = {}
        self._queue.drop()

    async def _after(self, error: ReopenShard, seconds: float) -> None:
        """Nothing of this shard is polled or published until the wait is over (a fenced one might fence back)."""
        self._down()
        self.state = "fenced" if isinstance(error, ShardFenced) else "failed"
        self._failures += 1
        self._metrics.transaction_failures.labels(error.reason).inc()
        self._log.warning("shard_reopens", error=str(error), reason=error.reason, in_seconds=seconds)
        if not self._queue.closing:
            await asyncio.sleep(seconds)


def _let_go(cursors: dict[str, Cursor | CursorUnreadable]) -> None:
    """Free them bit by bit: those of a few large shards in one go would take 50 ms."""
    for _ in range(min(_FREED, len(cursors))):
        cursors.popitem()
    if cursors:
        asyncio.get_running_loop().call_soon(_let_go, cursors)
