"""A whole worker in a process of its own, run as `afluente run` runs it, that answers questions about itself."""

import asyncio
import gc
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from random import Random
from typing import Any

import psutil
import uvloop

from tests.benchmarks.ground import ACCOUNT, UNLIMITED
from tests.benchmarks.loop_blocks import LoopBlocks
from tests.benchmarks.poll_cost import by_the_account
from tests.benchmarks.rounds import Spent, Stopwatch
from workers.polling.budget import Budget
from workers.polling.fetch import Fetcher
from workers.polling.schedule import Schedule
from workers.polling.transport import PooledTransport
from workers.settings.settings import Settings
from workers.wiring import Wiring, known_metrics

#: Seconds for a question to be answered.
ANSWER_SECONDS = 300.0


class WorkerProcess:
    """The running process, from outside. Each call is a method of `_Worker`, which stands below."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def ask(self, name: str, *given: object) -> Any:  # noqa: ANN401 - as many forms as questions
        """The answer of one method."""
        self._pipe.send((name, given))
        assert self._pipe.poll(ANSWER_SECONDS), f"the worker did not answer {name}"
        return self._pipe.recv()


@contextmanager
def worker_process(settings: Settings, limits: dict[str, int], name: str) -> Iterator[WorkerProcess]:
    """A worker of this name that is told to stop with the block, and then drains."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(there, settings, limits, name))
    process.start()
    there.close()
    try:
        yield WorkerProcess(here)
        here.send(("stop", ()))
        process.join(30)
    finally:
        process.kill()
        process.join()


def _work(pipe: Connection, settings: Settings, limits: dict[str, int], name: str) -> None:
    import sys; sys.path.insert(0, "/tmp/w"); import scale_watch; scale_watch.start(name)
    os.environ["AFLUENTE_WORKER_ID"] = name
    uvloop.run(_Worker(settings, limits).run(pipe))


class _Worker:
    """The worker, and what is asked of it. Unlike in production its feeds may be polled again at once."""

    def __init__(self, settings: Settings, limits: dict[str, int]) -> None:
        self._settings, self._blocks = settings, LoopBlocks()
        self._rss = psutil.Process().memory_info().rss
        self._metrics, self._begun = known_metrics(settings), time.perf_counter()
        self._fetcher = Fetcher(PooledTransport(), accounts=1)
        self._worker: Any = Wiring(settings, limits, self._metrics, self._fetcher).worker()
        self._poller: Any = self._worker._pollers[ACCOUNT]
        longest = self._poller.adapter.account.max_interval_seconds
        self._poller._schedule = self._poller._failures._schedule = Schedule(min_interval=0, max_interval=longest)
        self._slow: Any = self._poller._budget
        self._fast: Any = Budget(UNLIMITED, clock=asyncio.get_running_loop().time, random=Random(7))
        self._fast.own(1.0)
        self._round = by_the_account(self._poller, self._metrics)

    async def run(self, pipe: Connection) -> None:
        """Work, and answer, until told to stop."""
        asked: asyncio.Queue[tuple[str, tuple[Any, ...]]] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(pipe.fileno(), lambda: asked.put_nowait(pipe.recv()))
        blocks = asyncio.create_task(self._blocks.watch())
        working = asyncio.create_task(self._worker.run())
        while (question := await asked.get())[0] != "stop":
            name, given = question
            pipe.send(await getattr(self, name)(*given))
        asyncio.get_running_loop().remove_reader(pipe.fileno())
        self._worker.stop()
        await working
        blocks.cancel()
        await self._fetcher.close()

    async def has(self, feeds: int) -> dict[str, float]:
        """Wait until so many feeds are polled here. Seconds since the process began, or since this was asked last."""
        while len(self._poller._feeds) != feeds or not self._serving():
            await asyncio.sleep(0.005)
        seconds, self._begun = time.perf_counter() - self._begun, time.perf_counter()
        return {"seconds": round(seconds, 2), **self._blocked()}

    async def serves_something(self) -> dict[str, float]:
        """As `has`, for whatever shards the group gives: until all definitions of theirs were read."""
        while not self._worker._shards or not self._serving() or self._worker.ownership._definitions._ends:
            await asyncio.sleep(0.005)
        feeds = sum(len(some) for some in self._worker._defined.values())
        return {"feeds": feeds, **await self.has(feeds)}

    async def again(self) -> None:
        """Time begins anew for `has`, and for the longest block."""
        self._blocks.told()
        self._begun = time.perf_counter()

    async def polls(self, count: int) -> Spent:
        """So many polls, as fast as they go."""
        self._poller._budget = self._fast
        try:
            spent: Spent = await self._round(count)
        finally:
            self._poller._budget = self._slow
        return spent

    async def stands(self, seconds: float) -> dict[str, float]:
        """What a second costs in which nothing is polled, and the longest block in it."""
        self._poller.hold()
        self._blocks.told()
        watch = Stopwatch()
        await asyncio.sleep(seconds)
        spent = watch.spent(1)
        return {"cpu_ms_per_second": round(1000 * spent.cpu / spent.wall, 2), **self._blocked()}

    async def memory(self) -> dict[str, int]:
        """Resident bytes now, and before anything was made."""
        gc.collect()
        self._blocks.told()  # that was no block of the worker's
        return {"bytes": psutil.Process().memory_info().rss, "imported": self._rss}

    async def counts(self) -> dict[str, float]:
        """Transactions begun, and polls ended, so far."""
        return {
            "transactions": self._metrics.transactions._value.get(),
            "polls": self._metrics.polls.labels("ogmma", ACCOUNT)._value.get(),
            "overdue": self._poller._tally().overdue,
        }

    async def decisions(self, count: int) -> float:
        """Decisions per second of CPU by the worker's schedule, as it stands."""
        schedule, now = self._poller._schedule, asyncio.get_running_loop().time()
        watch = Stopwatch()
        for _ in range(count):
            key = schedule.next(now)
            schedule.done(key, now)
            now += 0.001
        decided = watch.spent(count)
        self._blocks.told()  # as above
        return 1e6 / decided.cpu_us

    def _serving(self) -> bool:
        return self._worker.ownership.joined and all(shard.serving for shard in self._worker._shards.values())

    def _blocked(self) -> dict[str, float]:
        wall, cpu = self._blocks.told()
        return {"block_ms": wall, "block_cpu_ms": cpu}
