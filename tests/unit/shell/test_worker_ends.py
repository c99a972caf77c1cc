"""A worker whose parts end: by themselves, by a fault, or because it is told to stop."""

import asyncio
from types import SimpleNamespace

import pytest

from workers.errors import BrokerUnreachable, StopWorker
from workers.metrics import Metrics
from workers.settings.settings import Settings
from workers.worker import Worker


class Part:
    """A loop of a worker: an account's, a list's, a shard's or the group's. It ends when the test says so."""

    number, state, serving, uncommitted, busy = 3, "serving", True, 0, False

    def __init__(self):
        self.end = asyncio.get_running_loop().create_future()
        self.adapter = SimpleNamespace(standing_feeds=tuple)
        self.report = SimpleNamespace(blocked=lambda blocked: None)
        self.joined, self.last_pump = True, 0.0

    async def run(self):
        await asyncio.shield(self.end)

    def set_share(self, share):
        """Nothing is polled here."""

    hold = release = detach_shard = lambda *_: None

    async def stop(self, seconds):
        return True


@pytest.fixture
async def parts():
    return SimpleNamespace(poller=Part(), finder=SimpleNamespace(run=Part().run, own=lambda owned: None), group=Part())


@pytest.fixture
async def worker(parts):
    made = Worker(
        Settings(),
        pollers={"loja": parts.poller},
        finders=[parts.finder],
        make_shard=lambda number, listener: Part(),
        metrics=Metrics(),
        worker_id="w",
    )
    made.ownership = parts.group
    return made


async def begun(worker):
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0)
    return running


@pytest.mark.parametrize("part", ["poller", "group"])
async def test_a_loop_that_ends_by_itself_ends_the_worker_for_its_supervisor_to_start_it_anew(worker, parts, part):
    running = await begun(worker)
    # When
    getattr(parts, part).end.set_result(None)
    # Then
    with pytest.raises(StopWorker, match=r"Part\.run.* ended by itself"):
        async with asyncio.timeout(5):
            await running


@pytest.mark.parametrize("part", ["poller", "group"])
async def test_a_loop_that_fails_ends_the_worker_with_what_it_failed_of(worker, parts, part):
    running = await begun(worker)
    getattr(parts, part).end.set_exception(BrokerUnreachable("no broker answers"))
    with pytest.raises(BrokerUnreachable):
        async with asyncio.timeout(5):
            await running


async def test_a_shard_that_is_given_up_or_ends_its_work_does_not_end_the_worker(worker):
    # Given a worker of two shards
    faults = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: faults.append(told))
    running = await begun(worker)
    worker.holdings.on_owned(frozenset({3, 4}))
    await asyncio.sleep(0)
    # When one goes to another worker, and one has committed all and ends
    worker.holdings.on_owned(frozenset({3}))
    worker.holdings.shards[3].end.set_result(None)
    for _ in range(10):
        await asyncio.sleep(0)
    # Then
    assert not running.done()
    assert faults == []
    running.cancel()
    await asyncio.wait([running])
