"""What an account's loop does with requests, slots and tasks when feeds, polls and probes end otherwise than usual."""

import asyncio

import httpx
import pytest

from tests.support.pollers import FakeShard, ended, feed, poller_of, running
from tests.support.virtual_time import in_virtual_time
from workers.account.slots import POLLS_IN_FLIGHT
from workers.errors import ParkFeed, ProviderFailed, Refused
from workers.poll import Polled
from workers.polling.pacer import SPREAD_SECONDS

#: A request a second, or a little less: seconds between two of them.
SLOW, SPACING = {"requests_per_minute": 60}, SPREAD_SECONDS / 60


class Poll:
    """Answers at once, and says to its shard that it was made."""

    def __init__(self, feed, shard, account):
        self.feed, self.shard, self.account = feed, shard, account

    async def live(self, only_commits):
        self.shard.polled.append(self.feed.key)
        return Polled()


class EndlessPoll(Poll):
    """Ends when it is cancelled."""

    async def live(self, only_commits):
        self.shard.polled.append(self.feed.key)
        try:
            await asyncio.Event().wait()
        finally:
            self.shard.polled.remove(self.feed.key)


def test_requests_for_feeds_that_went_before_their_turn_cost_the_account_no_slot():
    async def story():
        poller, shard = poller_of(Poll, **SLOW), FakeShard()
        task = asyncio.create_task(poller.run())
        # Given more feeds than polls may read, each of which goes while a request for it is waited for
        for number in range(POLLS_IN_FLIGHT + 4):
            poller.attach(feed(number), shard)
            await asyncio.sleep(SPACING / 2)
            poller.detach(feed(number).key)
            await asyncio.sleep(SPACING / 2 + 0.001)
        assert shard.polled == []
        # When another one comes
        poller.attach(feed(99), shard)
        await asyncio.sleep(5)
        await ended(task)
        # Then
        assert shard.polled[0] == feed(99).key

    in_virtual_time(story())


def test_a_request_that_comes_while_the_account_is_held_begins_no_poll():
    async def story():
        poller, shard = poller_of(Poll, **SLOW), FakeShard()
        task = asyncio.create_task(poller.run())
        # Given a request that is waited for
        poller.attach(feed(1), shard)
        await asyncio.sleep(SPACING / 2)
        # When the account is held meanwhile, as at the beginning of a rebalance
        poller.hold()
        await asyncio.sleep(10)
        # Then nothing is polled until it may go on
        assert shard.polled == []
        poller.release()
        await asyncio.sleep(3)
        await ended(task)
        assert shard.polled

    in_virtual_time(story())


def test_a_feed_that_is_taken_back_is_not_polled_to_the_end():
    async def story():
        # Given a poll under way
        poller, shard = poller_of(EndlessPoll), FakeShard()
        poller.attach(feed(1), shard)
        task = await running(poller)
        assert poller.busy
        # When its feed is taken back
        poller.detach(feed(1).key)
        await asyncio.sleep(0.01)
        # Then
        assert shard.polled == []
        await ended(task)

    in_virtual_time(story())


def test_polls_end_with_their_accounts_loop():
    async def story():
        # Given a poll under way
        poller, shard = poller_of(EndlessPoll), FakeShard()
        poller.attach(feed(1), shard)
        task = await running(poller)
        assert poller.busy
        # When the account's loop is cancelled, as at the end of a worker
        await ended(task)
        await asyncio.sleep(0.01)
        # Then
        assert shard.polled == []

    in_virtual_time(story())


def test_a_feed_that_is_asked_for_is_the_probe_of_an_account_that_would_wait_for_minutes():
    async def story():
        # Given a key that was refused again and again
        poller, shard = poller_of(Poll), FakeShard()
        poller._failures.pause(Refused("HTTP 401"))
        for _ in range(4):
            poller._budget._pause.asked(asyncio.get_running_loop().time())
        assert poller._budget.paused_for > 200
        poller.attach(feed(1), shard)
        task = asyncio.create_task(poller.run())
        await asyncio.sleep(100)
        assert shard.polled == []
        # When somebody who has mended it asks for a feed
        poller.poll_now(feed(1).key)
        await asyncio.sleep(1)
        await ended(task)
        # Then it is polled at once, and the account is well
        assert shard.polled
        assert poller._budget.reason is None

    in_virtual_time(story())


def test_a_history_that_rested_because_the_account_failed_is_read_as_soon_as_the_account_is_well():
    class WithHistory(Poll):
        async def history(self):
            read.append(asyncio.get_running_loop().time())
            return Polled()

    async def story():
        # Given a history that failed often, and an account whose key is refused at last
        poller, shard = poller_of(WithHistory), FakeShard()
        poller.attach(feed(1), shard)
        poller._histories.waits(feed(1).key, None)
        rest = [poller._histories.failed(feed(1).key) for _ in range(8)][-1]
        poller._failures.pause(Refused("HTTP 401"))
        # When its first probe succeeds, long before the history has rested
        assert poller._budget.paused_for < 30 < rest
        task = asyncio.create_task(poller.run())
        await asyncio.sleep(30)
        await ended(task)
        # Then
        assert shard.polled
        assert read

    read = []
    in_virtual_time(story())


class TwoPages(Poll):
    """Asks for a page, and for another one when the test lets it."""

    def __init__(self, feed, shard, account):
        super().__init__(feed, shard, account)
        self.first = account.adapter.first()

    async def live(self, only_commits):
        await self.account.fetch(self.feed, self.first, "first")
        self.shard.polled.append(self.feed.key)
        await self.shard.goes_on.wait()
        self.shard.goes_on.clear()
        await self.account.fetch(self.feed, self.first, "more")
        return Polled()


def test_only_the_probe_itself_passes_a_pause_and_only_while_it_is_the_probe():
    async def story():
        # Given a feed whose poll was the probe of a refused account, and showed that the key is good again
        def page(request):
            asked.append(asyncio.get_running_loop().time())
            return httpx.Response(200, json={})

        poller, shard, asked = poller_of(TwoPages, answer=page, **SLOW), FakeShard(), []
        one = poller.adapter.feed({"channel_id": "9", "conversation_id": "1"})
        shard.goes_on = asyncio.Event()
        poller._failures.pause(Refused("HTTP 401"))
        poller.attach(one, shard)
        task = asyncio.create_task(poller.run())
        await asyncio.sleep(18)
        shard.goes_on.set()
        await asyncio.sleep(2)
        assert asked[:2] == [15, 18]
        assert poller._budget.reason is None
        # When the key is refused again between the two pages of its next poll
        assert len(asked) == 3
        poller._failures.pause(Refused("HTTP 401"))
        shard.goes_on.set()
        await asyncio.sleep(10)
        # Then the second page waits as every other request does
        assert len(asked) == 3
        await asyncio.sleep(10)
        await ended(task)
        assert len(asked) >= 4

    in_virtual_time(story())


class FailingPoll(Poll):
    """Says of what it fails in `error`."""

    error: Exception

    async def live(self, only_commits):
        await super().live(only_commits)
        raise self.error


@pytest.mark.parametrize("error", [ProviderFailed("HTTP 500"), None])
def test_a_probe_that_failed_or_was_taken_back_is_the_probe_no_more(error, monkeypatch):
    async def story():
        # Given the poll of a feed that is the probe
        monkeypatch.setattr(FailingPoll, "error", error, raising=False)
        poller, shard = poller_of(FailingPoll if error else EndlessPoll), FakeShard()
        poller.attach(feed(1), shard)
        poller._failures.pause(Refused("HTTP 401"))
        task = asyncio.create_task(poller.run())
        await asyncio.sleep(16)
        assert shard.polled
        # When
        if not error:
            assert poller._probe == feed(1).key
            poller.detach(feed(1).key)
        # Then
        assert poller._probe is None
        await ended(task)

    in_virtual_time(story())


def test_a_feed_that_is_asked_for_while_it_stands_aside_is_polled_at_once(monkeypatch):
    async def story():
        # Given a feed that was not found, the only one
        monkeypatch.setattr(FailingPoll, "error", ParkFeed("HTTP 404"), raising=False)
        poller, shard = poller_of(FailingPoll), FakeShard()
        poller.attach(feed(1), shard)
        task = asyncio.create_task(poller.run())
        await asyncio.sleep(5)
        assert len(shard.polled) == 1
        # When
        poller.poll_now(feed(1).key)
        await asyncio.sleep(1)
        # Then
        assert len(shard.polled) == 2
        await ended(task)

    in_virtual_time(story())
