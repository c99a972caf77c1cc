"""A whole worker in a process of its own, run as `afluente run` runs it, that answers questions about itself."""

import asyncio
import gc
import logging
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import psutil
import structlog
import uvloop

from tests.benchmarks.loop_blocks import LoopBlocks
from tests.benchmarks.rounds import Stopwatch
from workers.cli.run import spare_the_collector
from workers.polling.fetch import Fetcher
from workers.settings.settings import Settings
from workers.wiring import Wiring, known_metrics

#: Seconds for a question to be answered.
ANSWER_SECONDS = 300.0
#: Seconds for the worker to drain.
END_SECONDS = 30.0


class WorkerProcess:
    """The running process, from outside. Each question is a method of `_Worker`, which stands below."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def begin(self, name: str, *given: object) -> None:
        """Ask, and do not wait: `answer` does."""
        self._pipe.send((name, given))

    def answer(self) -> Any:
        """What was asked last."""
        assert self._pipe.poll(ANSWER_SECONDS), "the worker did not answer"
        return self._pipe.recv()

    def ask(self, name: str, *given: object) -> Any:
        """The answer to one question."""
        self.begin(name, *given)
        return self.answer()


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
        process.join(END_SECONDS)
    finally:
        process.kill()
        process.join()


def _work(pipe: Connection, settings: Settings, limits: dict[str, int], name: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    os.environ["AFLUENTE_WORKER_ID"] = name

    async def work() -> None:
        await _Worker(settings, limits).run(pipe)

    uvloop.run(work())


class _Worker:
    """The worker, and what is asked of it. Times in seconds, blocks in ms."""

    def __init__(self, settings: Settings, limits: dict[str, int]) -> None:
        self._accounts, self._blocks = settings.accounts.values(), LoopBlocks()
        self._metrics, self._begun = known_metrics(settings), time.perf_counter()
        self._fetcher = Fetcher.pooled(len(settings.accounts))
        self._worker: Any = Wiring(settings, limits, self._metrics, self._fetcher).worker()

    async def run(self, pipe: Connection) -> None:
        """Work, and answer, until told to stop."""
        asked: asyncio.Queue[tuple[str, tuple[Any, ...]]] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(pipe.fileno(), lambda: asked.put_nowait(pipe.recv()))
        spare_the_collector()
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

    async def again(self) -> None:
        """Time begins anew for `has`, and for the longest block."""
        self._blocks.told()
        self._begun = time.perf_counter()

    async def has(self, feeds: int) -> dict[str, float]:
        """Wait until so many feeds are polled here. Seconds since the process began, or since `again`."""
        while self._feeds() != feeds or not self._serving() or not self._polls():  # noqa: ASYNC110 - spread over many
            await asyncio.sleep(0.01)
        return {"seconds": round(time.perf_counter() - self._begun, 2), **self._blocked()}

    async def serves_something(self) -> dict[str, float]:
        """As `has`, for whatever shards the group gives: until all definitions of theirs were read."""
        definitions = self._worker.ownership._definitions
        while not self._worker.holdings.shards or not self._serving() or definitions._ends:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        feeds = sum(len(self._worker.holdings.feeds.keys(number)) for number in self._worker.holdings.shards)
        return {"feeds": feeds, **await self.has(feeds)}

    async def pace(self, share: float) -> None:
        """From now on this part of what the accounts may ask."""
        for poller in self._worker._pollers.values():
            poller.set_share(share)

    async def works(self, seconds: float) -> dict[str, float]:
        """What so many seconds of polling cost, what they brought, and the longest block in them."""
        before, watch = self._counted(), Stopwatch()
        self._blocks.told()
        await asyncio.sleep(seconds)
        polls, events, transactions, failures = (now - then for now, then in zip(self._counted(), before, strict=True))
        spent = watch.spent(int(polls))
        assert not failures, f"{failures:g} polls failed"
        rates = {"polls_per_second": spent.rate, "events_per_second": events / spent.wall}
        return {"cpu_us": spent.cpu_us, **rates, "transactions": transactions / spent.wall, **self._blocked()}

    async def stands(self, seconds: float) -> dict[str, float]:
        """CPU in a second in which nothing is polled, in ms, and the longest block in it."""
        for poller in self._worker._pollers.values():
            poller.hold()
        await asyncio.sleep(1)  # for polls under way to end
        self._blocks.told()
        watch = Stopwatch()
        await asyncio.sleep(seconds)
        spent = watch.spent(1)
        for poller in self._worker._pollers.values():
            poller.release()
        return {"cpu_ms_per_second": 1000 * spent.cpu / spent.wall, **self._blocked()}

    async def memory(self) -> int:
        """Resident bytes."""
        return psutil.Process().memory_info().rss

    async def collected(self) -> float:
        """Milliseconds of one full garbage collection: what a thing that the collector must look at costs."""
        begun = time.perf_counter()
        gc.collect()
        seconds = time.perf_counter() - begun
        self._blocks.told()  # that was no block of the worker's
        return 1000 * seconds

    def _feeds(self) -> int:
        return sum(len(poller._feeds) for poller in self._worker._pollers.values())

    def _polls(self) -> float:
        return sum(self._metrics.polls.labels(one.provider, one.name)._value.get() for one in self._accounts)

    def _counted(self) -> tuple[float, ...]:
        """Polls, events, transactions and failed polls so far."""
        return (self._polls(), *(_total(one) for one in self._totals()))

    def _totals(self) -> tuple[Any, ...]:
        metrics = self._metrics
        return metrics.events_published, metrics.transactions, metrics.poll_failures

    def _serving(self) -> bool:
        return self._worker.ownership.joined and all(shard.serving for shard in self._worker.holdings.shards.values())

    def _blocked(self) -> dict[str, float]:
        wall, cpu = self._blocks.told()
        return {"block_ms": wall, "block_cpu_ms": cpu}


def _total(metric: Any) -> float:
    samples = (sample for family in metric.collect() for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))
