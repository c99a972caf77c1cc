"""Histories and discovery have their stated share of an account's requests, also while the account is slowed."""

import asyncio
from collections import Counter

import pytest

from workers.account.background import BACKGROUND_SHARE
from workers.account.poller import AccountPoller
from workers.errors import RateLimited, Refused
from workers.metrics import Metrics
from workers.providers import PROVIDERS, adapter

#: Requests a minute: those of a test are over in a second.
RATE = 60_000


@pytest.fixture
async def poller() -> AccountPoller:
    account = PROVIDERS["ogmma"](name="loja", provider="ogmma", api_key="a-key", requests_per_minute=RATE)
    poller = AccountPoller(adapter(account), None, Metrics(), None)
    poller.set_share(1.0)
    return poller


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


async def test_a_list_that_says_too_many_pauses_all_of_the_account_and_one_that_is_refused_does_not(poller):
    # A key may be allowed to read conversations and not to list them
    poller.discovery_failed(Refused("HTTP 403"))
    assert (poller._budget.reason, poller._budget.paused_for) == (None, 0)
    # When
    poller.discovery_failed(RateLimited("HTTP 429", "7"))
    # Then
    assert poller._budget.reason == "rate_limited"
    assert 6 < poller._budget.paused_for <= 10
