"""A schedule goes on where another owner of the feeds was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.schedules import DAY, known, polled
from workers.schedule.schedule import Schedule


def test_a_new_owner_knows_what_the_old_one_knew():
    # Given a worker that has seen a chat and a silent feed
    old = known(["chat", "silent"])
    old.poll_now("chat")
    old.next(50)
    old.done("chat", 50, [1.0, 10.0, 30.0])
    snapshots = {key: old.snapshot(key, 60, 1_000_060) for key in ("chat", "silent")}
    assert all(len(snapshot) == 17 for snapshot in snapshots.values())
    # When another one, with another clock, takes over twenty seconds later
    new = Schedule()
    for key in ("silent", "chat"):
        new.add(key, 0)
        assert new.restore(key, snapshots[key], 7000, 1_000_080)
    # Then nothing is new to it, and the chat comes first
    turns = [polled(new, now) for now in range(7001, 7011)]
    assert turns[0] == "chat"
    assert turns.count("chat") > turns.count("silent") > 0


def test_a_snapshot_can_be_taken_before_its_poll_is_done():
    # Given a poll under way that has found two messages
    schedule = known("a")
    schedule.next(100)
    early = schedule.snapshot("a", 100, 5100, [3.0, 40.0])
    # When it is done
    schedule.done("a", 100, [3.0, 40.0])
    # Then nothing else would be written
    assert early == schedule.snapshot("a", 100, 5100)


def test_feeds_that_others_polled_last_are_due_in_their_turn_and_nobody_says_that_they_were_late():
    # Given snapshots of a week ago, when these feeds had their last message
    old = known("abc", ages=[5.0])
    snapshots = {key: old.snapshot(key, 0, 1e9) for key in "abc"}
    # When they are restored, beside a feed that is overdue
    new = known("w", max_interval=600)
    for key in "abc":
        new.add(key, 890)
        assert new.restore(key, snapshots[key], 900, 1e9 + 7 * DAY)
    # Then the overdue feed comes first
    assert new.overdue(900) == 1
    assert polled(new, 900) == "w"
    # And the others, which may have been polled a moment ago without news, wait since they are here
    assert (new.overdue(900), new.longest_wait(900)) == (0, 10)
    told = new.explain("a", 900)
    assert told.polled_ago is None
    assert told.sentence.startswith("polled by another worker before, and not yet by this one; expects 0.0")
    # Until they are polled
    assert {polled(new, 900 + second) for second in range(1, 4)} == set("abc")
    assert new.explain("a", 904).polled_ago < 5


def test_feeds_are_restored_in_the_order_of_their_ages():
    # Given snapshots of feeds that were polled one after another
    old = Schedule()
    for key in "abcd":
        old.add(key, 0)
    for number, key in enumerate([old.next(0) for _ in "abcd"]):
        old.done(key, 10 * number)
    snapshots = {key: old.snapshot(key, 40, 1e9) for key in "abcd"}
    # When they are read in another order, beside a feed that was polled between
    new = known("w", min_interval=1)
    for key in "cadb":
        new.add(key, 0)
        assert new.restore(key, snapshots[key], 12, 1e9)
    # Then they are polled in the order of their ages
    assert [polled(new, now) for now in range(13, 18)] == ["a", "b", "c", "w", "d"]


@pytest.mark.parametrize("leaves", ["remove", "poll_now"])
def test_a_restored_feed_that_leaves_its_place_is_not_polled_from_there(leaves):
    # Given feeds of another owner, all of one age
    old = known("abcdefgh")
    snapshots = {key: old.snapshot(key, 10, 1e9) for key in "abcdefgh"}
    new = Schedule(min_interval=1)
    for key in "abcdefgh":
        new.add(key, 0)
        assert new.restore(key, snapshots[key], 10, 1e9)
    # When one leaves, and another comes and goes and comes again
    getattr(new, leaves)("a")
    new.remove("b")
    new.add("b", 0)
    assert new.restore("b", snapshots["b"], 10, 1e9)
    # Then each is polled once
    turns = [new.next(11) for _ in range(9)]
    there = set("abcdefgh") if leaves == "poll_now" else set("bcdefgh")
    assert sorted(turn for turn in turns if turn) == sorted(there)
    # And whoever is being polled waits all the same
    assert new.overdue(1e9) == len(there)


def test_restored_feeds_that_come_and_go_without_end_take_no_more_room():
    schedule = Schedule()
    snapshot = known("a").snapshot("a", 10, 1e9)
    for turn in range(2000):
        schedule.add("a", 0)
        assert schedule.restore("a", snapshot, 10 + turn, 1e9)
        schedule.remove("a")
    assert sum(len(one._order) for lane in schedule._ranking.lanes for one in lane.arrivals) < 200
    assert len(schedule._roster._keys) == 2


def test_nothing_is_restored_over_what_is_known_here():
    schedule = known("a")
    assert not schedule.restore("a", schedule.snapshot("a", 1, 1e9), 1, 1e9)
    assert not schedule.restore("b", schedule.snapshot("a", 1, 1e9), 1, 1e9)
    assert schedule.snapshot("b", 1, 1e9) is None


@given(garbage=st.binary(max_size=60))
def test_garbage_is_no_snapshot_or_a_harmless_one(garbage):
    schedule = Schedule()
    schedule.add("a", 0)
    schedule.restore("a", garbage, 10, 1e9)
    assert polled(schedule, 10 + DAY) == "a"
    assert schedule.explain("a", 20 + DAY).sentence
