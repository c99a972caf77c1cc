"""What stands before the index of a schedule: hints, new feeds and feeds whose poll failed."""

from tests.support.schedules import known, polled
from workers.schedule.hints import HINT_EVERY
from workers.schedule.schedule import Schedule
from workers.schedule.urgent import FRESH_EVERY, RETRY_EVERY


def test_a_hint_goes_before_everyone_else_and_does_not_wait_for_the_least_interval():
    schedule = known("abc", min_interval=1)
    schedule.poll_now("c")
    assert schedule.next(0.1) == "c"


def test_hints_of_one_feed_count_once():
    schedule = known("ab", min_interval=1)
    for _ in range(5):
        schedule.poll_now("b")
    assert [polled(schedule, 0.1), polled(schedule, 0.1)] == ["b", None]


def test_a_hint_for_a_feed_in_flight_polls_it_once_more_as_soon_as_it_is_back():
    schedule = Schedule(min_interval=100)
    schedule.add("a", 0)
    key = schedule.next(0)
    schedule.poll_now(key)
    assert schedule.next(0) is None
    schedule.done(key, 1)
    assert schedule.next(1) == "a"


def test_a_hint_for_a_feed_whose_poll_then_fails_is_not_forgotten():
    # Given a feed that is asked for while its poll is failing
    schedule = known("a", min_interval=1)
    schedule.poll_now(schedule.next(2))
    # When the poll has failed, and the feed shall stand aside for long
    schedule.failed("a", 3, again_at=300)
    # Then it is polled once more at once, before all others
    assert schedule.explain("a", 3).standing == "hinted"
    assert schedule.next(3) == "a"


def test_a_hint_whose_poll_fails_because_of_the_account_stays_in_front():
    schedule = known("ab", min_interval=1)
    schedule.poll_now("b")
    schedule.failed(schedule.next(5), 5)
    assert "b" in {schedule.next(60), schedule.next(60)}


def test_a_hint_whose_poll_fails_because_of_the_account_goes_before_those_that_came_later():
    # Given two hints, and a poll for the first
    schedule = known("abc", min_interval=1)
    schedule.poll_now("b")
    schedule.poll_now("c")
    assert schedule.next(5) == "b"
    # When the account was told "too many"
    schedule.failed("b", 5)
    # Then
    assert (schedule.explain("b", 5).asked_before, schedule.explain("c", 5).asked_before) == (0, 1)


def test_a_hint_whose_poll_fails_by_a_fault_of_its_feed_was_fulfilled():
    # Given
    schedule = known("ab", min_interval=1)
    schedule.poll_now("b")
    assert schedule.next(5) == "b"
    # When
    schedule.failed("b", 5, again_at=300)
    # Then the feed waits as one that failed, whoever asked for it
    assert schedule.explain("b", 5).standing == "aside"
    assert schedule.explain("b", 5).asked_before is None


def test_a_hint_in_a_flood_of_hints_makes_its_feed_wait_no_longer_than_it_would_without():
    # Given a chat among a thousand quiet feeds, and its turn without any hint
    def chat_among_quiet() -> Schedule:
        schedule = known(["chat", *(f"{number}" for number in range(1000))], max_interval=1e6)
        schedule.poll_now("chat")
        schedule.next(100)
        schedule.done("chat", 100, [1.0, 5.0, 20.0])
        return schedule

    def turns_of(schedule: Schedule) -> int:
        return next(turn for turn in range(3000) if polled(schedule, 100 + turn / 10) == "chat")

    alone, flooded = chat_among_quiet(), chat_among_quiet()
    # When everybody is asked for, and the chat last
    for number in range(1000):
        flooded.poll_now(f"{number}")
    flooded.poll_now("chat")
    assert "behind 1000 others" in flooded.explain("chat", 100).sentence
    # Then its own turn comes first: as soon as before, at every second token
    assert turns_of(flooded) <= 2 * turns_of(alone) + 2
    # And the hint was fulfilled by it
    assert flooded.explain("chat", 200).asked_before is None


def test_a_feed_that_the_provider_does_not_know_is_waited_for_by_nobody():
    # Given a feed that was polled, and is gone
    schedule = known("ab", max_interval=10)
    schedule.poll_now("a")
    assert schedule.next(5) == "a"
    schedule.failed("a", 5, again_at=100, gone=True)
    # Then only the other one is late
    assert schedule.overdue(1000) == 1
    # Until it is there again
    assert {polled(schedule, 1000) for _ in "abc"} == {"a", "b", None}
    assert schedule.overdue(2000) == 2


def test_a_flood_of_hints_takes_half_of_the_tokens_and_no_more():
    # Given ten feeds of which two are asked for all the time
    schedule = known("abcdefghij", min_interval=1)
    turns = []
    # When there is a request every second
    for now in range(1, 101):
        schedule.poll_now("a")
        schedule.poll_now("b")
        turns.append(polled(schedule, now))
    # Then the others have their turns
    flood = turns.count("a") + turns.count("b")
    assert 100 / HINT_EVERY <= flood <= 100 / HINT_EVERY + 15
    assert all(turns.count(key) >= 4 for key in "cdefghij")


def test_a_feed_never_polled_has_every_second_token():
    schedule = known("ab", min_interval=0.1)
    for key in "vwxyz":
        schedule.add(key, 0)
    turns = [polled(schedule, now) for now in range(1, 11)]
    assert turns[::FRESH_EVERY] == list("vwxyz")
    assert {"a", "b"} <= set(turns[1::FRESH_EVERY])


def test_new_feeds_take_all_tokens_that_nobody_else_may_use():
    schedule = known("a", min_interval=100)
    for key in "xyz":
        schedule.add(key, 0)
    assert [polled(schedule, 1) for _ in range(4)] == ["x", "y", "z", None]


def test_a_failed_feed_keeps_its_place_unless_it_has_to_stand_aside():
    # Given two feeds of which the first one failed
    schedule = Schedule(min_interval=1)
    schedule.add("a", 0)
    schedule.add("b", 0)
    schedule.failed(schedule.next(0), 0)
    assert schedule.next(0) == "a"
    # When it fails again and shall wait
    schedule.failed("a", 0, again_at=30)
    # Then the others go on, and it returns at its time
    assert polled(schedule, 1) == "b"
    assert schedule.explain("a", 1).standing == "aside"
    assert polled(schedule, 30) == "a"
    assert schedule.explain("a", 30).standing == "waiting"


def test_feeds_that_fail_together_go_back_in_their_order():
    # Given four feeds that were polled one after another, and three polls under way
    schedule = Schedule(min_interval=1)
    for now, key in enumerate("abcd"):
        schedule.add(key, 0)
        polled(schedule, now / 10)
    flying = [schedule.next(5) for _ in range(3)]
    # When they end in any order because the account pauses
    for key in ("a", "c", "b"):
        schedule.failed(key, 6)
    # Then nobody has lost or won a place
    assert [polled(schedule, now) for now in (7, 8, 9, 10)] == [*flying, "d"]


def test_feeds_that_always_fail_do_not_slow_the_others():
    # Given thirty feeds that come back every two seconds and fail, beside ten sound ones
    broken = [f"broken {number}" for number in range(30)]
    schedule = known([*broken, *"abcdefghij"], min_interval=1)
    sound = 0
    # When there is a request every second
    for now in range(1, 2001):
        key = schedule.next(now)
        if key in broken:
            schedule.failed(key, now, again_at=now + 2)
        else:
            sound += 1
            schedule.done(key, now)
    # Then they take their stated part of the tokens
    assert sound >= 2000 * (1 - 1 / RETRY_EVERY) - len(broken)


def test_a_feed_that_stands_aside_can_be_called_back():
    schedule = Schedule()
    for key in "ab":
        schedule.add(key, 0)
        schedule.failed(schedule.next(0), 0, again_at=3600)
    schedule.recall("a")
    assert [schedule.next(1), schedule.next(1)] == ["a", None]
    schedule.recall()
    assert schedule.next(1) == "b"


def test_feeds_that_are_called_back_again_and_again_leave_nothing_behind():
    schedule = Schedule()
    schedule.add("a", 0)
    for now in range(1000):
        schedule.failed(schedule.next(now), now, again_at=now + 1e6)
        schedule.recall("a")
    assert len(schedule._aside._order) < 100
