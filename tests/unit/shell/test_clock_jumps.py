"""A machine whose clock jumps: nothing that a provider shows is lost, doubled, or called a gap."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.in_process import InProcess
from workers.providers import PROVIDERS
from workers.schedule.schedule import Schedule

#: Seconds by which clocks are wrong: summer time, a day, and a clock that begins at 1970 after a power cut.
JUMPS = (3600, -3600, 86_400, -86_400, -1_700_000_000)


class WrongClock(InProcess):
    """The worker's clock is `wrong` seconds ahead of the provider's."""

    wrong = 0

    async def poll(self, *, failing=False):
        self.now += self.wrong * 1000
        try:
            await super().poll(failing=failing)
        finally:
            self.now -= self.wrong * 1000

    async def fetch(self, feed, ref, turn):
        self.now -= self.wrong * 1000
        try:
            return await super().fetch(feed, ref, turn)
        finally:
            self.now += self.wrong * 1000


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_is_shown_is_published_once_though_the_clock_jumps_between_polls(provider):
    # Given
    contacts = {"scope": "contacts"} if provider == "99digital" else None
    account = WrongClock(provider, rate=0.2, account=contacts)
    await account.poll()
    # When
    for wrong in (*JUMPS, 0):
        account.wrong = wrong
        account.pass_time(60)
        await account.poll()
        await account.poll()
    # Then
    verdict = account.verdict()
    assert verdict.clean, verdict
    assert verdict.shown > 60
    assert account.told("feed.gap") == []
    assert account.told("dead-letter") == []


@settings(max_examples=20, deadline=None)
@given(jump=st.integers(-2_000_000_000, 2_000_000_000), ages=st.lists(st.floats(-1e9, 1e9), max_size=5))
def test_a_schedule_that_is_told_nonsense_about_times_polls_all_feeds_all_the_same(jump, ages):
    # Given feeds whose memories were written by a clock that was wrong, and messages of any times
    schedule, wall = Schedule(), 1_767_614_400.0
    schedule.budget(1.0)
    for number in range(5):
        schedule.add(f"{number}", 0)
        snapshot = Schedule()
        snapshot.add("x", 0)
        snapshot.next(0.0)
        snapshot.done("x", 0.0, [])
        packed = snapshot.snapshot("x", 0.0, max(wall + jump, 1.0))
        assert packed is not None
        schedule.restore(f"{number}", packed, 100.0, wall)
    # When
    polled = set()
    for second in range(101, 140):
        key = schedule.next(float(second))
        if key is not None:
            polled.add(key)
            schedule.done(key, float(second), ages)
    # Then
    assert polled == {"0", "1", "2", "3", "4"}
