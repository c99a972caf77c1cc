"""What the schedule is told of the account's pace: it is what polls have, and not what requests there are."""

import pytest

from tests.support.pollers import FakeShard, feed, poller_of
from workers.account.background import BACKGROUND_SHARE
from workers.providers.wegly import WeglySettings

FEEDS, RATE = 100, 60


def longest(**of) -> float:
    """Seconds after which an account of so many feeds and requests a minute forces a feed's turn."""
    poller = poller_of(None, requests_per_minute=RATE, max_interval_seconds=86_400, **of)
    for number in range(FEEDS):
        poller.attach(feed(number), FakeShard())
    poller.watch.tell_pace()
    without = poller._schedule.max_interval
    # And while a history waits: its share is no poll's
    poller._histories.waits(feed(0).key, None)
    poller.watch.tell_pace()
    assert poller._schedule.max_interval == pytest.approx(without / (1 - BACKGROUND_SHARE))
    return without


async def test_polls_that_need_two_requests_and_histories_leave_fewer_polls_to_the_schedule():
    # Given an account whose polls are one request, and one whose polls are two
    one, two = longest(), longest(of=WeglySettings(name="loja", provider="wegly", api_key="k" * 40))
    # Then the schedule expects half as many polls of the second one
    assert one == 5 * FEEDS * 60 / RATE
    assert two == 2 * one
