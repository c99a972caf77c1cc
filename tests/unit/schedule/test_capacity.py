"""What a budget keeps, told beforehand."""

from hypothesis import given
from hypothesis import strategies as st

from workers.schedule.capacity import feeds_kept, round_seconds, shortfall
from workers.schedule.schedule import Schedule


def test_more_feeds_than_the_budget_can_visit_are_told_in_numbers():
    assert shortfall(9400, 60, 600) == (
        "9 400 feeds at 60/min are visited every 157 min, quiet ones every 4 h; at most 400 feeds keep 10 min"
    )


def test_a_poll_of_two_requests_keeps_half_as_many_feeds():
    assert shortfall(201, 60, 600, 2) == (
        "201 feeds at 60/min, 2 a poll, are visited every 7 min, quiet ones every 10 min; at most 200 feeds keep 10 min"
    )
    assert shortfall(200, 60, 600, 2) is None
    assert round_seconds(200, 60, 2) == 400


def test_what_is_kept_is_not_told():
    assert shortfall(400, 60, 600) is None
    assert shortfall(0, 60, 600) is None
    assert shortfall(401, 60, 600) is not None


def test_without_a_budget_nothing_is_visited():
    assert round_seconds(5, 0) == float("inf")
    assert round_seconds(0, 0) == 0


@given(feeds=st.integers(1, 200), per_minute=st.floats(0.1, 100_000), bound=st.floats(1, 86_400))
def test_the_schedule_promises_what_is_told(feeds, per_minute, bound):
    # Given
    schedule = Schedule(min_interval=0.001, max_interval=bound)
    for number in range(feeds):
        schedule.add(f"{number}", 0)
    schedule.budget(per_minute / 60)
    # Then
    assert (schedule.max_interval <= bound * (1 + 1e-9)) == (feeds <= feeds_kept(per_minute * (1 + 1e-12), bound))
