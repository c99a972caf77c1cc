"""The schedule: the greatest waiting first, bounded, and the same for the same calls."""

from collections import Counter
from itertools import pairwise

from tests.support.schedules import DAY, known, polled
from workers.schedule.ranking import LEAST_ROUNDS
from workers.schedule.schedule import Schedule


def test_feeds_of_which_equally_much_is_known_are_polled_in_turn():
    schedule = known("abc", min_interval=1)
    assert [polled(schedule, now) for now in range(1, 7)] == ["a", "b", "c", "a", "b", "c"]


def test_a_chat_is_polled_far_more_often_than_a_silent_feed():
    # Given twenty silent feeds, and one with a chat of a message every 20 s
    feeds = [f"silent {number}" for number in range(20)]
    schedule = known([*feeds, "chat"], min_interval=1, max_interval=3600)
    # When there is one request every three seconds
    turns = Counter()
    for now in range(3, 1800, 3):
        key = schedule.next(now)
        turns[key] += 1
        schedule.done(key, now, [1.0] if key == "chat" else ())
    # Then the chat has many times its share, and each silent feed is polled still
    assert turns["chat"] > 100
    assert all(2 <= turns[feed] < 40 for feed in feeds)


def test_a_chat_that_has_ended_loses_its_precedence():
    # Given a feed that brought ten messages within a minute
    schedule = known([*"abcdefgh", "chat"], min_interval=1)
    schedule.poll_now("chat")
    assert schedule.next(100) == "chat"
    schedule.done("chat", 100, [6.0 * number for number in range(10)])
    # When an hour and a half of silence has passed
    first = Counter(polled(schedule, now) for now in range(101, 131))
    for now in range(131, 6000):
        polled(schedule, now)
    later = Counter(polled(schedule, now) for now in range(6000, 6900))
    # Then its share has sunk towards that of the others
    assert first["chat"] > 10
    assert later["chat"] < 2 * later["a"]


def test_a_history_decides_from_the_first_poll_on():
    # Given two feeds, of which one has a message a day on its first page, the other one in ten minutes
    schedule = Schedule(min_interval=1)
    schedule.add("busy", 0)
    schedule.add("quiet", 0)
    pages = {"busy": [600.0 * number for number in range(1, 50)], "quiet": [DAY * number for number in range(1, 5)]}
    for now in (0, 1):
        key = schedule.next(now)
        schedule.done(key, now, pages[key])
    # When they are polled for an hour, and bring nothing
    turns = Counter(polled(schedule, now) for now in range(2, 3600, 20))
    # Then what was seen at first decides
    assert turns["busy"] > 2 * turns["quiet"]


def test_a_feed_is_not_polled_again_within_the_least_interval():
    schedule = known("a", min_interval=2)
    assert schedule.next(1.9) is None
    assert schedule.due_at(1.9) == 2
    assert polled(schedule, 2) == "a"


def test_a_feed_may_have_a_longer_least_interval_of_its_own():
    # Given a feed that may be asked every ten seconds only
    schedule = Schedule(min_interval=1)
    schedule.add("slow", 0, min_interval=10)
    schedule.add("other", 0)
    polled(schedule, 0)
    polled(schedule, 0)
    # When there is a request every second
    turns = [polled(schedule, now) for now in range(1, 32)]
    # Then it has three of them, and the other feed all the rest
    assert turns.count("slow") == 3
    assert turns.count(None) == 0


def test_a_feed_with_a_long_least_interval_loosens_the_bound_of_no_other():
    # Given a feed that may be asked once an hour only, beside others with a bound of a minute
    schedule = Schedule(max_interval=60)
    schedule.add("slow", 0, min_interval=3600)
    for key in "abc":
        schedule.add(key, 0)
    # When there is a request every ten seconds
    turns = [(now, polled(schedule, now)) for now in range(0, 3600, 10)]
    # Then
    assert schedule.max_interval == 60
    assert [key for _, key in turns].count("slow") == 1
    assert all(after[0] - before[0] <= 70 for before, after in pairwise(turn for turn in turns if turn[1] == "a"))


def test_no_feed_waits_longer_than_the_greatest_interval_while_the_budget_allows_it():
    # Given nine chats and a silent feed, a request a second, and a bound of 20 s
    schedule = known([f"chat {number}" for number in range(9)] + ["silent"], min_interval=1, max_interval=20)
    schedule.budget(1.0)
    # When they are polled for ten minutes
    silent = []
    for now in range(1, 600):
        key = schedule.next(now)
        schedule.done(key, now, [0.5] if key != "silent" else ())
        silent += [now] if key == "silent" and now > 60 else []
    # Then, once all chats are known, it is never left alone for much longer: of four tokens one is never forced
    assert max(after - before for before, after in pairwise(silent)) <= 20 + 4


def test_what_the_budget_cannot_keep_is_not_forced():
    # Given a hundred feeds, a request a second, and a bound of ten seconds
    schedule = known([f"{number}" for number in range(100)], max_interval=10)
    schedule.budget(1.0)
    assert schedule.max_interval == LEAST_ROUNDS * 100
    # When the budget grows
    schedule.budget(100.0)
    # Then five rounds are bound enough, and never more than the operator's
    assert schedule.max_interval == 5.0
    schedule.budget(0.0)
    assert schedule.max_interval == 10


def test_after_a_pause_a_busy_chat_is_polled_between_those_that_are_overdue():
    # Given a hundred silent feeds and a chat of two messages a second, and a pause of half an hour
    silent = [f"silent {number}" for number in range(100)]
    schedule = known([*silent, "chat"], min_interval=1, max_interval=600)
    schedule.budget(1.0)
    schedule.poll_now("chat")
    schedule.done(schedule.next(5), 5, [0.5 * number for number in range(50)])
    # When all are overdue
    turns = []
    for now in range(1800, 1900):
        key = schedule.next(now)
        turns.append(key)
        schedule.done(key, now, [0.5 * number for number in range(50)] if key == "chat" else ())
    # Then it is not polled once and forgotten until the others have had their turns
    assert turns.count("chat") >= 10
    assert len(set(turns)) >= 60


def test_nothing_is_learned_for_all_feeds_from_what_was_found_behind_a_pause():
    # Given ten feeds that are polled every ten seconds, with a bound of 20 s
    schedule = known("abcdefghij", min_interval=1, max_interval=20)
    schedule.budget(1.0)
    for now in range(1, 101):
        polled(schedule, now)
    before = schedule._calibration.weights, schedule._calibration._worth[0]
    # When nothing was polled for ten minutes, in which each of them had a message
    for now in range(700, 710):
        polled(schedule, now, [300.0])
    # Then no interval was chosen by what was foretold, and nothing is concluded from their lengths
    assert (schedule._calibration.weights, schedule._calibration._worth[0]) == before
    # And from the next polls on it is
    polled(schedule, 715, [1.0])
    assert schedule._calibration.weights != before[0]
