"""One worker: joins the group, serves the shards that it is given, and drains when it is told to stop.

Group → shards → feeds → account pollers: this is where they meet, and nowhere else.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import islice
from typing import Any

from workers import logs
from workers.account.poller import AccountPoller
from workers.errors import FeedRejected, NotDrained, StopWorker
from workers.feed_table import RECENT_MARGIN_SECONDS, FeedTable
from workers.feeds import FeedDefinition, read
from workers.finder import FeedFinder
from workers.metrics import Metrics
from workers.model import Feed
from workers.settings.settings import Settings
from workers.shard import Shard
from workers.stream.ownership import REVOKE_SECONDS, Ownership
from workers.stream.partition import partition_of
from workers.worker_report import WorkerReport

#: Part of `shutdown_seconds` in which polls may end by themselves before what they have is committed.
POLL_END_SHARE = 0.3
#: Part of `shutdown_seconds` that is kept for leaving the group.
LEAVE_SHARE = 0.1
#: Part of `shutdown_seconds` that is kept for the end of the process: cancelled tasks, connections, the interpreter.
EXIT_SHARE = 0.15

#: Seconds between two looks at the group and the shards.
WATCH_SECONDS = 1.0
#: Seconds for cancelled tasks to end.
END_SECONDS = 1.0
#: Feeds of a restored shard that are given to their accounts in one go, about 3 ms.
ATTACH_SLICE = 250

#: Characters of a stranger's key, and of what is wrong with its record, that are logged: a record may be megabytes.
LOGGED_CHARACTERS = 300

_PAUSED = "paused: its definition in the feeds topic says so, until it is added again"

MakeShard = Callable[[int, "Worker"], Shard]


class Worker:
    """The shell of one process. `await run()`; `stop()` from a signal handler makes it drain."""

    def __init__(
        self,
        settings: Settings,
        *,
        pollers: Mapping[str, AccountPoller],
        finders: Sequence[FeedFinder],
        make_shard: MakeShard,
        metrics: Metrics,
        worker_id: str,
    ) -> None:
        self._finders = finders
        self._settings, self._pollers, self._make_shard, self._metrics = settings, pollers, make_shard, metrics
        self._adapters = {name: poller.adapter for name, poller in pollers.items()}
        self._feeds = FeedTable(
            (feed for poller in pollers.values() for feed in poller.adapter.standing_feeds()),
            settings.kafka.shards,
            settings.kafka.session_timeout_seconds + RECENT_MARGIN_SECONDS,
        )
        #: Definitions of shards that are read for the first time, by key: where each stands, and why it is none.
        self._rejected: dict[int, dict[str, tuple[int, FeedRejected]]] = {}
        self._shards: dict[int, Shard] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._log = logs.logger("worker").bind(worker=worker_id)
        self._report = WorkerReport(worker_id, metrics)
        self.ownership = Ownership(settings.kafka, settings.topics, worker_id=worker_id, listener=self)

    # --- life of the process ------------------------------------------------------------------------------

    def stop(self) -> None:
        """Begin to drain."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`, then drain. Raises StopWorker (NotDrained: past the deadline)."""
        loops: list[AccountPoller | FeedFinder] = [*self._pollers.values(), *self._finders]
        tasks = [self._supervised(loop.run()) for loop in loops]
        watch = self._supervised(self._watch())
        group = self._supervised(self.ownership.run())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            ends: list[asyncio.Future[Any]] = [stopping, self._fault]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._fault.done():
                self._fault.result()
            await self._drain(tasks)
        finally:
            left = [stopping, group, watch, *tasks, *self._tasks.values()]
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=END_SECONDS)

    def serve_at(self, address: str) -> None:
        """Where this process serves its health and metrics: the group is told, for whoever asks it."""
        self.ownership.address = address

    def ready(self) -> dict[str, Any]:
        """What `/readyz` tells: of the worker, and of each account."""
        return {**self._report.details(**self._standing_now()), "accounts": self._accounts_now()}

    def explain(self, key: str) -> dict[str, Any]:
        """What `/explain` tells of a feed: its key alone where nothing is known of it here."""
        if self._feeds.rests(partition_of(key.encode(), self._settings.kafka.shards), key):
            return {"feed": key, "standing": "paused", "sentence": _PAUSED}
        poller = self._pollers.get(key.partition("/")[0])
        return {"feed": key, **((poller and poller.watch.explain(key)) or {})}

    def _supervised(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task whose end, whatever it is, ends the worker."""
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._task_ended)
        return task

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self._fault.done():
            return
        error = task.exception()
        if error is not None:
            self._fault.set_exception(error)
        elif not self._stopping.is_set() and task not in self._tasks.values():
            self._fault.set_exception(StopWorker(f"{task.get_coro()} ended by itself"))

    async def _watch(self) -> None:
        """Show what the group and the shards are at; an account whose events cannot be committed is told so."""
        while True:
            state = self._report.update(**self._standing_now())
            for poller in self._pollers.values():
                poller.report.blocked(state in {"joining", "fenced", "restoring"})
            self._metrics.last_pump.set(time.time() - (time.monotonic() - self.ownership.last_pump))
            await asyncio.sleep(WATCH_SECONDS)

    def _standing_now(self) -> dict[str, Any]:
        return {
            "joined": self.ownership.joined,
            "draining": self._stopping.is_set(),
            "shards": {number: shard.state for number, shard in sorted(self._shards.items())},
        }

    def _accounts_now(self) -> dict[str, Any]:
        return {name: poller.watch.details() for name, poller in self._pollers.items()}

    async def _drain(self, polling: list[asyncio.Task[None]]) -> None:
        """Stop polling, commit what there is, leave the group; each with its part of the deadline."""
        seconds = self._settings.service.shutdown_seconds
        self._log.info("draining", seconds=seconds)
        for poller in self._pollers.values():
            poller.hold()
        await self._until(lambda: not any(poller.busy for poller in self._pollers.values()), seconds * POLL_END_SHARE)
        for task in polling:
            task.cancel()
        lost = await self._close_shards(seconds * (1 - POLL_END_SHARE - LEAVE_SHARE - EXIT_SHARE))
        left = await self.ownership.stop(seconds * LEAVE_SHARE)
        if lost or not left:
            what = "; ".join(lost) or "nothing was waiting"
            raise NotDrained(
                f"not committed: {what}{'' if left else '; Kafka did not answer, the group was not left'}. "
                "Nothing is lost: the next owner reads it again"
            )
        self._log.info("drained")

    async def _close_shards(self, seconds: float) -> list[str]:
        """Commit what is queued; one line for each shard that could not."""
        # Held here: the group may take shards away meanwhile, by a rebalance or because Kafka is gone.
        shards, tasks = sorted(self._shards.items()), list(self._tasks.values())
        for _, shard in shards:
            shard.close()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        lines = [shard.unsaid(taken=self._shards.get(number) is not shard) for number, shard in shards]
        return [line for line in lines if line]

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        # ASYNC110 wants an Event; what is waited for is spread over many objects, for a moment, twice in a life.
        end = asyncio.get_running_loop().time() + seconds
        while not condition() and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.05)

    # --- the group says -----------------------------------------------------------------------------------

    async def on_revoked(self) -> None:
        """A rebalance begins: no new polls, and a moment for what is being committed."""
        for poller in self._pollers.values():
            poller.hold()
        await self._until(lambda: not any(shard.uncommitted for shard in self._shards.values()), REVOKE_SECONDS)

    def on_owned(self, owned: frozenset[int]) -> None:
        """The shards that are ours from now on. Those that stayed keep their producers and cursors."""
        for number in sorted(self._shards.keys() - owned):
            self._give_up(number)
        for number in sorted(owned - self._shards.keys()):
            self._metrics.known_shard(number)
            shard = self._shards[number] = self._make_shard(number, self)
            self._tasks[number] = self._supervised(shard.run())
        self._metrics.shards_owned.set(len(owned))
        self._log.info("shards_assigned", shards=sorted(owned))
        for finder in self._finders:
            finder.own(owned)
        for poller in self._pollers.values():
            poller.set_share(len(owned) / self._settings.kafka.shards)
            if not self._stopping.is_set():
                poller.release()

    def on_definition(self, shard: int, key: bytes, value: bytes | None, offset: int, written: float) -> None:
        """One record of the feeds topic, of a shard that is ours."""
        name = key.decode("utf-8", "replace")
        self._rejected.get(shard, {}).pop(name, None)
        if value is None:
            if self._feeds.undefine(shard, name):
                self._follow(shard, name)
            return
        try:
            definition = self._definition(shard, key, value)
        except FeedRejected as error:
            if self._feeds.follows(shard):
                self._reject(shard, name, offset, error)
            else:  # a later record may have taken it back
                self._rejected.setdefault(shard, {})[name] = offset, error
            return
        self._feeds.define(shard, definition, time.time() - written)
        self._follow(shard, name)

    def on_caught_up(self, shard: int) -> None:
        """All definitions of a shard have been read once."""
        for name, (offset, error) in self._rejected.pop(shard, {}).items():
            self._reject(shard, name, offset, error)
        self._log.info("feeds_read", shard=shard, feeds=self._feeds.caught_up(shard))

    def _reject(self, shard: int, name: str, offset: int, error: FeedRejected) -> None:
        self._metrics.definitions_rejected.labels(error.reason).inc()
        feed, text = name[:LOGGED_CHARACTERS], str(error)[:LOGGED_CHARACTERS]
        self._log.warning("feed_rejected", feed=feed, shard=shard, offset=offset, reason=error.reason, error=text)

    def _definition(self, shard: int, key: bytes, value: bytes) -> FeedDefinition:
        definition = read(key, value, self._adapters)
        right = partition_of(key, self._settings.kafka.shards)
        if right != shard:
            raise FeedRejected(
                "wrong_partition", f"its key belongs to partition {right}: partition by murmur2, as Java does"
            )
        return definition

    def _follow(self, shard: int, key: str) -> None:
        """Poll a feed, or no longer, as is said of it by now."""
        feed, owner = self._feeds.feed(shard, key), self._shards.get(shard)
        if feed is None:
            self._pollers[key.partition("/")[0]].detach(key)
        elif owner is not None and owner.serving:
            self._attach(feed, owner)

    def _attach(self, feed: Feed, shard: Shard) -> None:
        poller = self._pollers[feed.account]
        poller.attach(feed, shard)
        if self._feeds.take_wish(shard.number, feed.key):
            poller.poll_now(feed.key)

    # --- a shard says -------------------------------------------------------------------------------------

    async def serving(self, shard: Shard) -> None:
        """Its cursors are restored: poll its feeds, those of the configuration and those of the feeds topic."""
        keys = iter(self._feeds.keys(shard.number))
        while some := list(islice(keys, ATTACH_SLICE)):
            for key in some:
                feed = self._feeds.feed(shard.number, key)  # none: it is paused, or was taken back meanwhile
                if feed is not None:
                    self._attach(feed, shard)
            await asyncio.sleep(0)

    def down(self, shard: Shard) -> None:
        """It cannot commit for now: a poll of its feeds would be for nothing."""
        for poller in self._pollers.values():
            poller.detach_shard(shard)

    def _give_up(self, number: int) -> None:
        shard, task = self._shards.pop(number), self._tasks.pop(number)
        self._feeds.forget(number)
        self._rejected.pop(number, None)
        self._metrics.forget_shard(number)
        task.cancel()
        self.down(shard)
