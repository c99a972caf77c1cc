"""What is counted of polls and messages when surges are looked for."""

import pytest

from workers.schedule.forecast import BURST_GAP, Memory
from workers.schedule.surge import BINS, HALF_LIFE, Surge

#: The greatest interval, seconds: a bin is one second.
LONGEST = float(BINS)
DAY = 86_400.0


def memory(seen: float) -> Memory:
    """A feed that was polled at this time, and has been silent for long."""
    made = Memory()
    made.seen, made.newest = seen, seen - 2 * BURST_GAP
    return made


def gain_of_a_surge(chats: int) -> float:
    """What polls of feeds in turn, ten a second, say that others gain of which a tenth woke at one moment.

    `chats`: polls of others between any two of them, each within the second of the one before.
    """
    surge, now, woken = Surge(), DAY, DAY + 100
    for number in range(1100):
        now += 0.1
        wakes = now - LONGEST < woken <= now and number % 10 == 0
        surge.observe(memory(now - LONGEST), now, [now - woken] if wakes else [], LONGEST)
        for _ in range(chats):
            surge.observe(memory(now - 0.01), now, [], LONGEST)
    assert surge.active
    return surge.gain(woken - 10)


def test_polls_that_follow_each_other_within_a_moment_do_not_hide_that_others_woke():
    assert gain_of_a_surge(chats=20) == pytest.approx(gain_of_a_surge(chats=0), rel=0.3)


@pytest.mark.parametrize(("silence", "age"), [(5, 30), (3 * LONGEST, 2 * LONGEST)])
def test_old_messages_that_come_in_late_wake_nobody(silence, age):
    # Given feeds that have been silent
    surge, now = Surge(), DAY
    for _ in range(1000):
        now += 0.1
        surge.observe(memory(now - LONGEST), now, [], LONGEST)
    # When each has a message of one moment, which was before its last poll, or before all that is looked at
    moment = now - age
    for _ in range(200):
        now += 0.1
        surge.observe(memory(now - silence), now, [now - moment], LONGEST)
    # Then nobody else is expected to have gained anything
    assert not surge.active


def test_what_was_usual_once_is_forgotten_within_days():
    # Given a day on which many feeds wake, and bins of an hour
    surge, longest, now = Surge(), BINS * 3600.0, 10 * DAY

    def usual_after(days: int, messages: list[float]) -> float:
        nonlocal now
        for _ in range(days * 240):
            now += 360
            surge.observe(memory(now - 3600), now, messages, longest)
        return surge._woken / surge._seconds

    busy = usual_after(int(HALF_LIFE / DAY), [60.0])
    # When three days are silent
    quiet = usual_after(3 * int(HALF_LIFE / DAY), [])
    # Then the busy one is a fifteenth of what is usual, and not a quarter
    assert quiet < busy / 10
