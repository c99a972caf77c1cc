"""Histories and discovery have their stated share of an account's requests, also while the account is slowed."""

import asyncio
from collections import Counter

import pytest

from tests.support.pollers import FakeShard, feed, poller_of
from tests.support.virtual_time import in_virtual_time
from workers.account.background import BACKGROUND_SHARE
from workers.account.poller import AccountPoller
from workers.errors import ProviderFailed, RateLimited, Refused

#: Requests a minute: those of a test are over in a second.
RATE = 60_000


@pytest.fixture
async def poller() -> AccountPoller:
    return poller_of(None, requests_per_minute=RATE)


async def spent(poller: AccountPoller, seconds: float) -> Counter[str]:
    """Who had how many requests while a live poll, a history and a discovery always wanted the next."""
    taken: Counter[str] = Counter()

    async def want(name: str, take) -> None:
        while True:
            await take()
            taken[name] += 1

    wishes = {"live": poller._budget.take, "history": poller.background.take, "discovery": poller.take_discovery}
    tasks = [asyncio.create_task(want(*wish)) for wish in wishes.items()]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    return taken


@pytest.mark.parametrize("slowed", [False, True])
async def test_the_background_never_takes_more_than_its_share(poller, slowed):
    # Given an account at its full rate, or one that was told "too many" several times
    while slowed and poller._budget._pause.pace > 1 / 16:
        poller._budget.rate_limited(0.001)
        await asyncio.sleep(0.003)
    # When
    taken = await spent(poller, 1.0 if slowed else 0.5)
    # Then
    background = taken["history"] + taken["discovery"]
    assert background <= BACKGROUND_SHARE * taken.total() + 2
    assert taken["history"] > 0
    assert taken["discovery"] > 0
    assert poller.report._requests._value.get() == taken["discovery"]


def test_the_background_has_its_share_and_no_more_while_no_feed_is_polled():
    async def story():
        # Given an account of a request a second, and nothing that is due
        poller, taken = poller_of(None, requests_per_minute=60), 0

        async def want(take) -> None:
            nonlocal taken
            while True:
                await take()
                taken += 1

        # When a history and a discovery have ten minutes for themselves
        wishes = [asyncio.create_task(want(take)) for take in (poller.background.take, poller.take_discovery)]
        await asyncio.sleep(600)
        for wish in wishes:
            wish.cancel()
        # Then they had half of the requests: a poll may come at any moment, and the rest is for it
        assert 600 * BACKGROUND_SHARE - 10 < taken <= 600 * BACKGROUND_SHARE

    in_virtual_time(story())


async def test_a_list_that_says_too_many_pauses_all_of_the_account_and_one_that_is_refused_does_not(poller):
    # Given an account that has a feed: its key may be allowed to read conversations and not to list them
    poller.attach(feed(1), FakeShard())
    poller.discovery_failed(Refused("HTTP 403"))
    assert (poller._budget.reason, poller._budget.paused_for) == (None, 0)
    # When
    poller.discovery_failed(RateLimited("HTTP 429", "7"))
    # Then
    assert poller._budget.reason == "rate_limited"
    assert 6 < poller._budget.paused_for <= 10


@pytest.mark.parametrize(
    ("error", "state"), [(Refused("HTTP 401"), "refused"), (ProviderFailed("HTTP 500"), "failing")]
)
async def test_of_an_account_without_feeds_its_list_is_all_that_is_known(poller, error, state):
    # Given an account that only discovers
    assert poller.watch.details()["state"] == "idle"
    # When its list cannot be read
    poller.discovery_failed(error)
    # Then it says so, and is idle again once it can
    assert poller.watch.details()["state"] == state
    poller.discovery_succeeded()
    assert poller.watch.details()["state"] == "idle"
    assert poller._budget.paused_for == 0


async def test_a_list_that_is_read_again_ends_a_rate_limit(poller):
    poller.discovery_failed(RateLimited("HTTP 429", "0.01"))
    await asyncio.sleep(0.05)
    assert poller.watch.details()["state"] == "rate_limited"
    poller.discovery_succeeded()
    assert poller.watch.details()["state"] == "idle"


async def test_a_list_that_can_be_read_proves_nothing_of_feeds_that_cannot(poller):
    # Given an account whose feeds are refused
    poller.attach(feed(1), FakeShard())
    poller._failures.pause(Refused("HTTP 401"))
    # When its list is read
    poller.discovery_succeeded()
    # Then only a poll shows that its key is good again
    assert poller._budget.reason == "refused"
