"""How many polls of an account are under way: those that only wait for their commit let others read."""

import asyncio

import pytest

from tests.support.pollers import FakeShard, ended, feed, poller_of, running
from workers.account.slots import BACKGROUND_REQUESTS, LIGHT_BYTES, POLLS_COMMITTING, POLLS_IN_FLIGHT, PollSlots


class WaitingPoll:
    """Has read at once, and waits for a commit of so many bytes that never comes; without a size it reads for ever."""

    size = None

    def __init__(self, feed, shard, _):
        self.feed, self.shard = feed, shard

    async def live(self, only_commits):
        self.shard.polled.append(self.feed.key)
        if self.size is not None:
            only_commits(self.size)
        await asyncio.Event().wait()


@pytest.fixture
async def poller():
    return poller_of(WaitingPoll)


async def polled_of(poller, feeds=300):
    """How many of so many feeds are being polled, once nothing moves any more."""
    shard = FakeShard()
    for number in range(feeds):
        poller.attach(feed(number), shard)
    count = -1
    while len(shard.polled) != count:
        count = len(shard.polled)
        await asyncio.sleep(0.1)
    poller.detach_shard(shard)
    return count


@pytest.mark.parametrize(
    ("size", "most"),
    [
        (None, POLLS_IN_FLIGHT),
        (LIGHT_BYTES + 1, POLLS_IN_FLIGHT),
        (LIGHT_BYTES, POLLS_IN_FLIGHT + POLLS_COMMITTING),
        (0, POLLS_IN_FLIGHT + POLLS_COMMITTING),
    ],
)
async def test_so_many_polls_are_under_way_and_not_one_more_however_they_ended_before(poller, monkeypatch, size, most):
    monkeypatch.setattr(WaitingPoll, "size", size)
    task = await running(poller)
    # All slots come back when polls are cancelled, the second time as the first
    assert [await polled_of(poller), await polled_of(poller)] == [most, most]
    await ended(task)


@pytest.mark.parametrize(("accounts", "most"), [(1, 16), (8, 10), (52, 6)])
async def test_polls_never_wait_for_a_connection_also_beside_many_other_accounts(accounts, most):
    # Given an account among many, whose polls read for ever
    poller = poller_of(WaitingPoll, accounts=accounts)
    task = await running(poller)
    # Then two connections are left to a history and to the list of its feeds
    assert await polled_of(poller) == most
    assert poller._fetcher.share >= most + BACKGROUND_REQUESTS
    await ended(task)


async def test_a_slot_is_given_back_once_whatever_its_poll_says():
    # Given every slot but one
    slots = PollSlots(100)
    for _ in range(POLLS_IN_FLIGHT - 1):
        await slots.take()
    # When a poll says twice that it only waits, and ends
    slot = await slots.take()
    slot.only_commits(1)
    slot.only_commits(1)
    slot.end()
    # Then there is one again, not two
    await slots.take()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await slots.take()
