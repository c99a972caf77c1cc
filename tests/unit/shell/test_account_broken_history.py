"""One history that cannot be read costs the other histories of its account nothing."""

import asyncio

from tests.support.pollers import FakeShard, ended, feed, poller_of, running
from tests.support.virtual_time import in_virtual_time
from workers.errors import ProviderFailed, Refused
from workers.poll import Polled


class TwoHistories:
    """Every feed has a history without an end; that of the first one is broken in a way of its own."""

    def __init__(self, failure: Exception) -> None:
        self.failure, self.failed, self.read = failure, 0, 0

    def __call__(self, feed, shard, account):
        return _Poll(self, feed)


class _Poll:
    def __init__(self, world: TwoHistories, feed) -> None:
        self.world, self.feed = world, feed

    async def live(self, only_commits) -> Polled:
        return Polled(history=True)

    async def history(self) -> Polled:
        await asyncio.sleep(0.001)
        if self.feed == feed(0):
            self.world.failed += 1
            raise self.world.failure
        self.world.read += 1
        return Polled(history=True)


def batches_beside(failure: Exception) -> TwoHistories:
    """What is read within 0.3 s, however long these last on this machine."""
    return in_virtual_time(_batches_beside(failure))


async def _batches_beside(failure: Exception) -> TwoHistories:
    world = TwoHistories(failure)
    poller = poller_of(world)
    for number in range(2):
        poller.attach(feed(number), FakeShard())
    task = await running(poller)
    await asyncio.sleep(0.3)
    await ended(task)
    return world


def test_a_history_that_the_provider_fails_to_give_does_not_hold_up_its_neighbour():
    world = batches_beside(ProviderFailed("HTTP 500"))
    assert world.failed == 1
    assert world.read > 20


def test_a_history_that_breaks_the_program_does_not_hold_up_its_neighbour():
    world = batches_beside(ZeroDivisionError("a fault of ours"))
    assert world.failed == 1
    assert world.read > 20


def test_a_history_that_is_refused_does_not_silence_an_account_whose_feeds_are_read():
    # Histories are read beside polls of the same key: these go on, and so does the other history
    world = batches_beside(Refused("HTTP 403"))
    assert world.failed == 1
    assert world.read > 20
