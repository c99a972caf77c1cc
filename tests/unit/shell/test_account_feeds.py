"""Feeds come to an account and go, one by one and by the shard: no poll begins for one that has gone."""

import asyncio

import pytest

from tests.support.pollers import FakeShard, ended, feed, poller_of, running
from tests.support.virtual_time import in_virtual_time
from workers.account import gone
from workers.account.feeds import AccountFeeds
from workers.errors import CursorUnreadable
from workers.poll import Polled


class FakePoll:
    """Answers at once; polls of a shard that `hangs` do not end by themselves."""

    hangs = frozenset()

    def __init__(self, feed, shard, _):
        self.feed, self.shard = feed, shard

    async def live(self, only_commits):
        self.shard.polled.append(self.feed.key)
        if self.shard in self.hangs:
            await asyncio.Event().wait()
        return Polled()


@pytest.fixture
async def poller():
    return poller_of(FakePoll)


def test_feeds_go_with_their_shard_and_belong_to_one_only():
    # Given a feed that moved from one shard to another
    first, second, feeds = FakeShard(), FakeShard(), AccountFeeds()
    for number in range(4):
        feeds.add(feed(number), first)
    feeds.add(feed(3), second)
    # When its first shard goes
    gone = feeds.remove_shard(first)
    # Then the others go with it
    assert list(gone.values()) == [feed(number) for number in range(3)]
    assert feeds.keys() == [feed(3).key]
    assert feeds[feed(3).key] == (feed(3), second)
    assert feeds.remove_shard(first) == {}
    feeds.remove("unknown")
    assert (len(feeds), feed(3).key in feeds, feed(0).key in feeds) == (1, True, False)


async def test_nothing_of_a_shard_that_goes_down_is_polled_and_all_of_it_is_forgotten_bit_by_bit(poller, monkeypatch):
    # Given two shards with more feeds than are forgotten in one go
    monkeypatch.setattr(gone, "FORGET_SLICE", 7)
    stays, goes = FakeShard(), FakeShard()
    for number in range(200):
        poller.attach(feed(number), stays if number % 2 else goes)
    task = await running(poller)
    # When one goes down
    poller.detach_shard(goes)
    polled = len(goes.polled)
    assert len(poller._gone) == 100
    await asyncio.sleep(0.3)
    # Then
    assert len(goes.polled) == polled
    assert len(stays.polled) > 50
    assert not poller._gone
    assert len(poller._schedule) == len(poller._feeds) == 100
    await ended(task)


async def test_a_poll_under_way_ends_with_its_shard(poller, monkeypatch):
    # Given
    shard = FakeShard()
    monkeypatch.setattr(FakePoll, "hangs", frozenset([shard]))
    poller.attach(feed(1), shard)
    task = await running(poller)
    assert poller.busy
    # When
    poller.detach_shard(shard)
    await asyncio.sleep(0)
    # Then
    assert not poller.busy
    await ended(task)


async def test_a_feed_that_comes_back_before_it_was_forgotten_is_polled(poller):
    # Given a shard that goes down
    before, after = FakeShard(), FakeShard()
    for number in range(50):
        poller.attach(feed(number), before)
    poller.detach_shard(before)
    # When some of its feeds are attached again at once
    for number in range(10):
        poller.attach(feed(number), after)
    task = await running(poller)
    await asyncio.sleep(0.1)
    # Then they are polled, and the others are forgotten
    assert set(after.polled) == {feed(number).key for number in range(10)}
    assert before.polled == []
    assert len(poller._schedule) == 10
    await ended(task)


def test_a_cancelled_poll_that_ends_late_does_not_land_the_one_that_followed_it():
    async def story():
        # Given a poll that takes its time to end when it is cancelled, as closing a connection may
        begun = 0

        class SlowToEnd(FakePoll):
            async def live(self, only_commits):
                nonlocal begun
                begun += 1
                try:
                    await asyncio.sleep(10)
                finally:
                    await asyncio.sleep(0.1)

        poller, shard = poller_of(SlowToEnd), FakeShard()
        poller.attach(feed(1), shard)
        task = await running(poller)
        # When its feed is taken back and added again
        poller.detach(feed(1).key)
        poller.attach(feed(1), shard)
        await asyncio.sleep(0.3)
        # Then the second poll goes on, and there is no third beside it
        assert begun == 2
        await ended(task)

    in_virtual_time(story())


def test_a_feed_whose_cursor_cannot_be_read_is_left_alone_however_often_it_is_asked_for():
    async def story():
        # Given a feed with a damaged cursor
        shard = FakeShard()

        class Damaged(FakePoll):
            async def live(self, only_commits):
                await super().live(only_commits)
                raise CursorUnreadable("not a cursor of ours")

        poller = poller_of(Damaged)
        poller.attach(feed(1), shard)
        task = await running(poller)
        # When somebody adds it again and again
        for _ in range(20):
            poller.attach(feed(1), shard)
            poller.poll_now(feed(1).key)
            await asyncio.sleep(0.002)
        # Then it was tried once, is counted once, and says why
        assert shard.polled == [feed(1).key]
        assert poller.watch.details()["feeds"] == {
            **dict.fromkeys(("active", "new", "backfilling", "failing", "parked"), 0),
            "unreadable": 1,
        }
        assert "its cursor cannot be read" in poller.watch.explain(feed(1).key)["sentence"]
        # And its shard, restored anew, lets it be tried again
        poller.detach_shard(shard)
        poller.attach(feed(1), shard)
        await asyncio.sleep(0.05)
        assert len(shard.polled) == 2
        await ended(task)

    in_virtual_time(story())
