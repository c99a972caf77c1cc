"""One worker: joins the group, serves the shards that it is given, and drains when it is told to stop."""

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from workers import logs
from workers.account.poller import AccountPoller
from workers.errors import NotDrained, StopWorker
from workers.finder import FeedFinder
from workers.holdings import Holdings, MakeShard
from workers.metrics import Metrics
from workers.settings.settings import Settings
from workers.stream.client import discarding
from workers.stream.ownership import Ownership
from workers.topic_watch import TopicWatch
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

_PAUSED = "paused: its definition in the feeds topic says so, until it is added again"


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
        self._settings, self._pollers, self._finders, self._metrics = settings, pollers, finders, metrics
        self._stopping = asyncio.Event()
        self._fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._log = logs.logger("worker").bind(worker=worker_id)
        self._report = WorkerReport(worker_id, metrics)
        self.holdings = Holdings(
            settings,
            pollers=pollers,
            finders=finders,
            make_shard=make_shard,
            metrics=metrics,
            worker_id=worker_id,
            supervise=self._supervised,
            draining=self._stopping.is_set,
        )
        self._topics = TopicWatch(settings.kafka, settings.topics)
        self.ownership = Ownership(settings.kafka, settings.topics, worker_id=worker_id, listener=self.holdings)

    # --- life of the process ------------------------------------------------------------------------------

    def stop(self) -> None:
        """Begin to drain."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`, then drain. Raises StopWorker (NotDrained: past the deadline)."""
        loops: list[AccountPoller | FeedFinder | TopicWatch] = [*self._pollers.values(), *self._finders, self._topics]
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
            left = [stopping, group, watch, *tasks, *self.holdings.tasks.values()]
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
        if self.holdings.rests(key):
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
        elif not self._stopping.is_set() and task not in self.holdings.tasks.values():
            self._fault.set_exception(StopWorker(f"{task.get_coro()} ended by itself"))

    async def _watch(self) -> None:
        """Show what the group and the shards are at; an account whose events cannot be committed is told so."""
        while True:
            state = self._report.update(**self._standing_now())
            for poller in self._pollers.values():
                poller.report.blocked(state in {"joining", "fenced", "restoring"})
            self._metrics.clients_ending.set(discarding())
            self._metrics.last_pump.set(time.time() - (time.monotonic() - self.ownership.last_pump))
            await asyncio.sleep(WATCH_SECONDS)

    def _standing_now(self) -> dict[str, Any]:
        return {"joined": self.ownership.joined, "draining": self._stopping.is_set(), "shards": self.holdings.states()}

    def _accounts_now(self) -> dict[str, Any]:
        return {name: poller.watch.details() for name, poller in self._pollers.items()}

    async def _drain(self, polling: list[asyncio.Task[None]]) -> None:
        """Stop polling, commit what there is, leave the group; each with its part of the deadline."""
        seconds = self._settings.service.shutdown_seconds
        self._log.info("draining", seconds=seconds)
        await self.holdings.rest(seconds * POLL_END_SHARE)
        for task in polling:
            task.cancel()
        lost = await self.holdings.close(seconds * (1 - POLL_END_SHARE - LEAVE_SHARE - EXIT_SHARE))
        left = await self.ownership.stop(seconds * LEAVE_SHARE)
        if lost or not left:
            what = "; ".join(lost) or "nothing was waiting"
            raise NotDrained(
                f"not committed: {what}{'' if left else '; Kafka did not answer, the group was not left'}. "
                "Nothing is lost: the next owner reads it again"
            )
        self._log.info("drained")
