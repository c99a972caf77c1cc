import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.polling.pacer import LATENESS_SECONDS, SPREAD_SECONDS, WINDOW_SECONDS, Pacer


def most_in_a_window(times: list[float]) -> int:
    """The largest number of these ascending times that any span of 60 s holds, both ends included."""
    most = start = 0
    for end, time in enumerate(times):
        while time - times[start] > WINDOW_SECONDS:
            start += 1
        most = max(most, end - start + 1)
    return most


def run(pacer: Pacer, now: float, end: float, lateness: list[float]) -> list[float]:
    """Take every request until `end`, each as late as its turn in `lateness` says."""
    times = []
    while (due := pacer.next_at(now)) <= end:
        now = due + lateness[len(times) % len(lateness)]
        if now > end:
            break
        assert pacer.take(now)
        times.append(now)
    return times


# Late by nothing, by a timer, by a busy event loop, and by an idle account.
latenesses = st.lists(st.sampled_from([0.0, 0.001, 0.015, 0.02, 0.3, 2.0, 45.0]), min_size=1, max_size=8)


@given(st.integers(1, 300), latenesses)
@settings(max_examples=150)
def test_any_minute_holds_at_most_the_rate_and_one(per_minute, lateness):
    # Given a constant rate
    pacer = Pacer()
    pacer.change(0.0, per_minute)
    # When everything is taken that is allowed, on time or late
    times = run(pacer, 0.0, 200.0, lateness)
    # Then no minute holds more, and the first request has waited for its turn
    assert most_in_a_window(times) <= per_minute + 1
    assert not times or times[0] >= WINDOW_SECONDS / per_minute


@given(st.integers(1, 100_000), latenesses)
@settings(max_examples=150)
def test_any_span_holds_one_request_more_than_its_rate_adds_up_to(per_minute, lateness):
    # Given a rate that may be high
    pacer = Pacer()
    pacer.change(0.0, per_minute)
    times = run(pacer, 0.0, min(200.0, 200 * 60 / per_minute), lateness)
    # When / Then every span obeys it, not only a minute: nothing is saved up
    for first, start in enumerate(times):
        for last in range(first, len(times)):
            rate = per_minute / SPREAD_SECONDS
            assert last - first <= rate * (times[last] - start + LATENESS_SECONDS) + 1e-6


@given(st.floats(1, 100_000), st.floats(0.0, 1e6))
@settings(max_examples=100)
def test_there_is_no_burst_after_a_pause(per_minute, idle):
    # Given a pacer that nobody asked for a long time
    pacer = Pacer()
    pacer.change(0.0, per_minute)
    now = idle + 61.0
    # When requests are taken at one moment
    taken = 0
    while pacer.take(now):
        taken += 1
    # Then it is one, and what a timer's lateness is worth at high rates
    assert 1 <= taken <= 1 + per_minute / 60 * LATENESS_SECONDS


moves = st.lists(
    st.tuples(
        st.sampled_from(["move", "restart", "slow", "stop"]), st.integers(0, 2), st.integers(0, 2), st.floats(0, 30)
    ),
    max_size=20,
)


@given(st.integers(1, 150), moves, latenesses)
@settings(max_examples=150)
def test_workers_that_share_an_account_keep_its_rate_whatever_moves_between_them(per_minute, moves, lateness):
    # Given three workers that own 12 shards between them
    pacers, owned, pace = [Pacer(), Pacer(), Pacer()], [12, 0, 0], [1.0, 1.0, 1.0]
    times: list[float] = []
    now = 0.0

    def change(worker: int) -> None:
        pacers[worker].change(now, per_minute * owned[worker] / 12 * pace[worker])

    change(0)
    for what, one, other, seconds in [*moves, ("stop", 0, 0, 120.0)]:
        # When each takes all it may, and then shards move, a worker starts anew, is slowed down, or gives all up
        for pacer in pacers:
            times += run(pacer, now, now + seconds, lateness)
        now += seconds
        if what == "move":
            half = (owned[one] + 1) // 2
            owned[one] -= half
            change(one)
            owned[other] += half
            change(other)
        elif what == "restart":
            pacers[one] = Pacer()
            change(one)
        elif what == "slow":
            pace[one] = 0.5 if pace[one] == 1 else 1.0
            change(one)
        else:
            owned[other], owned[one] = owned[other] + owned[one] * (one != other), owned[one] * (one == other)
            change(one)
            change(other)
    # Then any minute of all of them together holds at most the rate and one per worker
    assert most_in_a_window(sorted(times)) <= per_minute + 3


def test_a_change_of_rate_keeps_what_has_been_waited_for():
    # Given half of the wait for the next request done
    pacer = Pacer()
    pacer.change(0.0, SPREAD_SECONDS)  # one a second
    # When the rate doubles
    pacer.change(0.5, 2 * SPREAD_SECONDS)
    # Then the other half takes half as long
    assert pacer.next_at(0.5) == pytest.approx(0.75)
    # And when it stops and comes back, the quarter that is left is still left
    pacer.change(0.625, 0)
    assert pacer.next_at(0.7) == math.inf
    pacer.change(100.0, SPREAD_SECONDS)
    assert pacer.next_at(100.0) == pytest.approx(100.25)


def test_a_higher_rate_makes_no_requests_of_the_idle_time_before_it():
    # Given a slow pacer that nobody asked for a long time
    pacer = Pacer()
    pacer.change(0.0, 60)
    # When it becomes a thousand times as fast
    pacer.change(100.0, 60_000)
    # Then there is the one request that was due
    assert pacer.take(100.0)
    assert not pacer.take(100.0)


def test_a_share_of_nothing_blocks_from_the_start():
    pacer = Pacer()
    assert pacer.next_at(5.0) == math.inf
    assert not pacer.take(1e9)


def test_a_request_is_not_given_before_its_time():
    pacer = Pacer()
    pacer.change(0.0, 60)
    assert not pacer.take(0.999)
    assert pacer.take(pacer.next_at(0.999))
    assert not pacer.take(1.01)


def test_timers_that_wake_late_cost_none_of_a_high_rate():
    # Given 6 000 requests a minute and a timer that is 5 ms late every time
    pacer = Pacer()
    pacer.change(0.0, 6_000)
    # When everything is taken for ten minutes
    times = run(pacer, 0.0, 600.0, [0.005])
    # Then it is the rate, less what the promise itself costs
    assert 0.999 <= len(times) * SPREAD_SECONDS / 60 / 60_000 <= 1


def test_a_change_of_rate_takes_nothing_from_a_request_that_is_late():
    # Given a request that is due, and a loop that is a little late
    pacer = Pacer()
    pacer.change(0.0, 10 * SPREAD_SECONDS)
    assert pacer.next_at(0.0) == pytest.approx(0.1)
    late = 0.1 + LATENESS_SECONDS / 2
    # When the rate is set anew before it is taken, as after each success of an account that recovers
    pacer.change(late, 10 * SPREAD_SECONDS)
    # Then the next one is not late, too
    assert pacer.take(late)
    assert pacer.next_at(late) == pytest.approx(0.2)
