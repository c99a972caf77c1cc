"""Many feeds that gain at once, and what it does to feeds that nobody has looked at since."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.schedule.forecast import BURST_GAP, Memory
from workers.schedule.schedule import Schedule
from workers.schedule.surge import BINS, LEAST_MORE, MOST_EACH, Surge

#: The greatest interval, seconds: a bin is one second, ten feeds are polled in one.
LONGEST = float(BINS)
FEEDS = 640
DAY = 86_400.0


class Polls:
    """Feeds that are polled in turn, ten a second; `woken` of each hundred have a message at `at`."""

    def __init__(self, woken: int = 0, at: float = 0.0) -> None:
        self.surge, self.woken, self.at = Surge(), woken, at
        self.now, self._turn = DAY, 0
        self._memories = [memory(DAY - LONGEST + number / 10) for number in range(FEEDS)]

    def go_on(self, seconds: float) -> None:
        for _ in range(int(seconds * 10)):
            one = self._memories[self._turn % FEEDS]
            wakes = self._turn % 100 < self.woken and one.seen < self.at <= self.now
            self.surge.observe(one, self.now, [self.now - self.at] if wakes else [], LONGEST)
            one.seen = self.now
            self._turn += 1
            self.now += 0.1


def memory(seen: float) -> Memory:
    """A feed that was polled at this time, and has been silent for long."""
    made = Memory()
    made.seen, made.newest = seen, seen - 2 * BURST_GAP
    return made


def test_silence_is_no_surge():
    polls = Polls()
    polls.go_on(200)
    assert not polls.surge.active


def test_a_surge_is_seen_while_it_is_found_and_gone_when_all_have_been_looked_at():
    # Given feeds that have been silent, and a tenth of them that have a message at one moment
    polls = Polls(woken=10, at=DAY + 100)
    polls.go_on(100)
    assert not polls.surge.active
    # When a sixth of them has been looked at since
    polls.go_on(LONGEST / 6)
    # Then whoever has not is expected to have gained a tenth of a message at that moment
    seen = DAY + 90
    assert polls.surge.active
    assert polls.surge.gain(seen) == pytest.approx(0.1 * (polls.at - seen), rel=0.3)
    # And who was polled since then has gained nothing
    assert polls.surge.gain(polls.now - 2) == 0
    # And when every feed has been looked at, nobody has
    polls.go_on(LONGEST + 2)
    assert polls.surge.gain(polls.now - LONGEST) == pytest.approx(0, abs=1)
    polls.go_on(5)
    assert not polls.surge.active


def test_what_is_usual_is_no_surge():
    # Given polls of which two in five find a waking, at any moment of the minute before
    surge, now = Surge(), DAY
    for turn in range(40_000):
        now += 0.1
        one = memory(now - LONGEST)
        surge.observe(one, now, [float(turn % 61)] if turn % 50 < 20 else [], LONGEST)
    # Then that many wakings are what is expected
    assert not surge.active


def test_a_few_wakings_are_chance():
    surge, now = Surge(), DAY
    for turn in range(400):
        now += 0.1
        surge.observe(memory(now - LONGEST), now, [30.0] if turn in {10, 13} else [], LONGEST)
    assert not surge.active


def test_messages_of_a_chat_that_goes_on_wake_nobody():
    # Given feeds with a message a minute ago, of which each has another one now
    surge, now = Surge(), DAY
    for _ in range(400):
        now += 0.1
        one = memory(now - LONGEST)
        one.newest = now - 60
        surge.observe(one, now, [1.0], LONGEST)
    assert not surge.active


def test_a_gain_is_bounded_however_few_polls_told_of_it():
    # When every one of twenty feeds that are looked at has woken at one moment
    surge, now = Surge(), DAY
    for _ in range(int(LEAST_MORE) + 20):
        surge.observe(memory(now - LONGEST), now, [], LONGEST)
        now += 1
    at = now - 3
    for _ in range(20):
        surge.observe(memory(now - LONGEST), now, [now - at], LONGEST)
        now += 0.1
    surge.observe(memory(now - LONGEST), now + 1, [], LONGEST)
    # Then nobody is expected to have more than this
    assert surge.active
    assert 0 < surge.gain(at - 10) <= MOST_EACH * 11


def test_a_surge_outlives_a_rate_limit_that_doubles_the_greatest_interval():
    # Given a surge that is seen
    polls = Polls(woken=10, at=DAY + 100)
    polls.go_on(100 + LONGEST / 6)
    gain = polls.surge.gain(DAY + 90)
    assert polls.surge.active
    # When the pace is halved
    polls.surge.observe(memory(polls.now - 1), polls.now, [], 2 * LONGEST)
    # Then
    assert polls.surge.active
    assert polls.surge.gain(DAY + 90) > gain / 2


def test_wakings_between_two_looks_at_the_bins_count():
    # Given bins that were looked at when one of them was almost over
    surge = Surge()
    for now in (DAY, DAY + LONGEST - 0.1):
        surge.observe(memory(DAY - LONGEST), now, [], LONGEST)
    # When many feeds wake early in the next one, before the next look
    for _ in range(50):
        surge.observe(memory(DAY), DAY + LONGEST + 0.2, [0.1], LONGEST)
    # Then the next look finds them
    for _ in range(20):
        surge.observe(memory(DAY + LONGEST - 2), DAY + LONGEST + 2, [], LONGEST)
    assert sum(surge._wakings) == 50


@given(
    st.integers(-(10**6), 10**6),
    st.sampled_from([1e-3, 1.0, LONGEST, 1e5]),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 80), st.booleans()), min_size=30, max_size=120),
    st.sampled_from([1.0, 0.3, 3.9, 5.0]),
)
def test_a_gain_is_a_number_that_falls_with_the_last_poll_to_nothing(begun, longest, polls, change):
    # Given polls of which many find a message of one moment, from any time on, and a greatest interval that changes
    surge, now, at = Surge(), float(begun), float(begun)
    for number, (gap, silence, finds) in enumerate(polls):
        now += gap * longest / BINS
        seen = now - silence * longest / BINS - longest / BINS
        surge.observe(memory(seen), now, [now - at] if finds else [], longest * (change if number > 20 else 1))
    # Then
    gains = [surge.gain(now - ago * longest) for ago in (1e5, 100.0, 10.0, 1.0, 0.5, 0.1, 0.0)]
    assert all(-1e-6 * abs(now) <= gain < math.inf for gain in gains)
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] == 0


def test_those_polls_do_see_surges():
    # The same with two of three that find it: else the test before this one would hold of any gain
    surge, now = Surge(), DAY
    for number in range(60):
        now += 1
        surge.observe(memory(now - 50), now, [now - DAY] if number % 3 and now - DAY < 50 else [], LONGEST)
    assert surge.active
    assert surge.gain(DAY - 10) > 1


def broadcast(asked=()):
    """A schedule of a thousand silent feeds, ten polls a second; a fifth have a message at one moment, 20 s ago.

    `asked`: whose polls somebody asks for, because he knows of it.
    """
    schedule = Schedule(max_interval=500)
    feeds = [f"{number:04d}" for number in range(1000)]
    for key in feeds:
        schedule.add(key, 0)
    schedule.budget(10)
    now, at = 0.0, 1000.0
    for _ in range(10_200):
        now += 0.1
        if now >= at and asked:
            schedule.poll_now(asked.pop())
        key = schedule.next(now)
        seen = schedule.explain(key, now).polled_ago
        hit = seen is not None and now - seen < at <= now and int(key) % 5 == 0
        schedule.done(key, now, [now - at] if hit else [])
    return schedule, now


def test_while_many_feeds_wake_those_that_nobody_has_looked_at_since_are_worth_more_and_say_why():
    # When
    schedule, now = broadcast()
    told = [schedule.explain(f"{number:04d}", now) for number in range(1000)]
    # Then
    assert all(one.surge > 0 for one in told if one.polled_ago > 30)
    assert all(one.surge == 0 for one in told if one.polled_ago < 15)
    oldest = max(told, key=lambda one: one.polled_ago)
    assert "of it because many feeds woke at once" in oldest.sentence
    assert oldest.index > oldest.surge


def hint(schedule, key, now):
    schedule.poll_now(key)


def replace(schedule, key, now):
    schedule.remove(key)
    schedule.add(key, now)


def nothing(schedule, key, now):
    """Nobody takes part."""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("happens", [hint, replace, nothing])
def test_feeds_that_leave_their_class_out_of_turn_in_a_surge_stop_nothing(happens, seed):
    # Given sixty feeds of very different rates, all of which wake at one moment
    random, schedule, at = Random(seed), Schedule(max_interval=600), 3600.0
    rates = {f"{number:02d}": min(0.05, 1e-5 * random.paretovariate(0.5)) for number in range(60)}
    for key in rates:
        schedule.add(key, 0)
    schedule.budget(2)
    polled, surges = dict.fromkeys(rates, 0.0), 0
    # When feeds are asked for, or taken away and added again, all the while
    for turn in range(14_400):
        now = turn / 2
        if now > at and random.random() < 0.4:
            happens(schedule, random.choice(list(rates)), now)
        key = schedule.next(now)
        if key is None:
            continue
        since, polled[key] = polled[key], now
        count = int((now - since) * rates[key] + random.random())
        woken = [now - at] if since < at <= now else []
        schedule.done(key, now, [*woken, *(random.random() * (now - since) for _ in range(count))])
        surges += schedule._ranking.surge.active
    # Then it saw the surge, and every feed was polled to the end
    assert surges > 0
    assert all(now - last < 600 + 60 for last in polled.values())


def test_polls_that_somebody_asks_for_do_not_speak_for_other_feeds():
    # When whoever sent the messages asks for a poll of each feed that he wrote to
    schedule, _ = broadcast(asked=[f"{number:04d}" for number in range(0, 1000, 5)])
    # Then nothing is concluded for the others from what these polls find
    assert not schedule._ranking.surge.active
