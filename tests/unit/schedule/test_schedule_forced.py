"""Turns that are forced: from when on, and how many of them in a row."""

from tests.support.schedules import known
from workers.schedule.ranking import INDEX_EVERY
from workers.schedule.schedule import Schedule


def turn(schedule: Schedule, now: float) -> str | None:
    """Who is polled now. The chat has brought two messages a second, the others nothing."""
    key = schedule.next(now)
    if key is not None:
        schedule.done(key, now, [0.5 * number for number in range(50)] if key == "chat" else ())
    return key


def test_a_bound_that_shrinks_holds_at_once():
    # Given a silent feed that waits beside a chat, with an hour to wait
    schedule = known(["silent", "chat"], min_interval=1, max_interval=3600)
    turns = [turn(schedule, now) for now in range(1, 100)]
    assert turns[-50:] == ["chat"] * 50
    # When the budget allows a bound of ten seconds
    schedule.budget(1.0)
    assert schedule.max_interval == 10
    # Then its turn comes with the next token
    assert turn(schedule, 100) == "silent"


def test_a_bound_holds_also_after_a_moment_in_which_all_feeds_were_being_polled():
    # Given a silent feed and a chat, both overdue and in flight, so that a token found nobody
    schedule = known(["silent", "chat"], min_interval=1, max_interval=10)
    assert {schedule.next(20), schedule.next(20), schedule.next(20)} == {"silent", "chat", None}
    schedule.done("silent", 20)
    schedule.done("chat", 20, [0.5 * number for number in range(50)])
    # When they are back, and the chat would be worth every token
    turns = [turn(schedule, now) for now in range(21, 32)]
    # Then the silent one has its turn in time
    assert turns[:9] == ["chat"] * 9
    assert "silent" in turns


def test_a_feed_whose_poll_brought_nothing_is_forced_as_if_it_had_not_been_polled():
    # Given a silent feed whose turn was forced, while a chat is polled all the time
    schedule = known(["silent", "chat"], min_interval=1, max_interval=20)
    for now in range(1, 20):
        turn(schedule, now)
    while (forced := schedule.next(now)) == "chat":
        schedule.done("chat", now, [0.5])
        now += 1
    assert forced == "silent"
    assert [turn(schedule, now + second) for second in range(1, 6)] == ["chat"] * 5
    # When its poll ends without a page, because its shard went down
    schedule.failed("silent", now + 6)
    # Then its time counts from its last page, and not from its return
    assert turn(schedule, now + 6) == "silent"


def test_of_so_many_tokens_exactly_one_goes_by_the_index_while_feeds_are_overdue():
    # Given two hundred silent feeds and a chat, and a pause after which all are overdue
    schedule = known([*(f"silent {number}" for number in range(200)), "chat"], min_interval=1, max_interval=1000)
    schedule.budget(1.0)
    schedule.poll_now("chat")
    assert turn(schedule, 5) == "chat"
    # When
    turns = [turn(schedule, now) for now in range(2000, 2100)]
    # Then
    first = turns.index("chat")
    chats = [place for place, key in enumerate(turns) if key == "chat"]
    assert first < INDEX_EVERY
    assert chats == list(range(first, 100, INDEX_EVERY))
