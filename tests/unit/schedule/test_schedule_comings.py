"""Feeds come to a schedule, and go."""

import pytest

from tests.support.schedules import known, polled
from workers.schedule.schedule import Schedule


def test_a_removed_feed_never_comes_back():
    schedule = Schedule()
    for key in "ab":
        schedule.add(key, 0)
    flying = schedule.next(0)
    schedule.remove(flying)
    schedule.done(flying, 1)
    schedule.failed(flying, 1)
    schedule.poll_now(flying)
    assert [schedule.next(now) for now in (2, 3, 4)] == ["b", None, None]
    assert flying not in schedule


@pytest.mark.parametrize("place", ["fresh", "hinted", "waiting", "aside", "retry", "restored"])
def test_a_feed_can_be_removed_wherever_it_stands(place):
    # Given a feed that stands somewhere, and one that waits
    schedule = known("w", min_interval=10)
    schedule.add("a", 0)
    if place in {"waiting", "hinted"}:
        assert polled(schedule, 1) == "a"
    if place in {"aside", "retry"}:
        schedule.failed(schedule.next(1), 1, again_at=1e6)
    if place == "hinted":
        schedule.poll_now("a")
    if place == "retry":
        schedule.recall("a")
    if place == "restored":
        snapshot = known("a").snapshot("a", 0, 1e9)
        assert schedule.restore("a", snapshot, 1, 1e9)
    # When it is removed
    schedule.remove("a")
    # Then it is gone, and comes back as one never polled
    assert (len(schedule), schedule.next(50), schedule.next(50)) == (1, "w", None)
    schedule.add("a", 0)
    assert schedule.next(50) == "a"


def test_a_feed_that_is_asked_for_is_due_at_once_though_it_stands_aside():
    # Given a feed that waits after a failure
    schedule = Schedule()
    schedule.add("a", 0)
    schedule.failed(schedule.next(0), 0, again_at=300)
    assert schedule.explain("a", 10).due_in == 290
    # When somebody asks for it
    schedule.poll_now("a")
    # Then
    told = schedule.explain("a", 10)
    assert (told.standing, told.due_in) == ("hinted", None)
    assert schedule.next(10) == "a"


def test_overdue_feeds_are_counted():
    schedule = known("abc", max_interval=10)
    polled(schedule, 9)
    assert schedule.overdue(11) == 2
    assert schedule.longest_wait(11) == 11
