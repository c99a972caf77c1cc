"""A feed's turn in one sentence."""

from workers.schedule.schedule import Schedule


def explained(schedule, key, now):
    explanation = schedule.explain(key, now)
    return explanation.standing, explanation.sentence


def test_a_feed_never_polled_says_so():
    schedule = Schedule()
    schedule.add("a", 0)
    standing, sentence = explained(schedule, "a", 5)
    assert standing == "first"
    assert sentence == (
        "never polled; nothing is known of it yet; waits for its first poll: every second token is for such feeds"
    )


def test_a_chat_tells_what_it_is_expected_to_bring_and_when_it_is_due():
    # Given a chat that was polled 3.2 s ago
    schedule = Schedule()
    schedule.add("a", 0)
    schedule.done(schedule.next(0), 0, [10.0 * number for number in range(8)])
    # When
    told = schedule.explain("a", 3.2)
    # Then
    assert told.standing == "waiting"
    assert told.sentence.startswith("polled 3.2 s ago; expects 1")
    assert "from the last 2 min" in told.sentence
    assert "bursts of the last 6 days" in told.sentence
    assert f"(class {told.rate_class}); due in" in told.sentence
    assert 0 < told.due_in < 60
    assert told.index < told.price
    assert sum(told.per_hour) > 100


def test_each_standing_has_its_own_words():
    # Given
    schedule = Schedule(max_interval=600)
    for key in ("waiting", "hinted"):
        schedule.add(key, 0)
        schedule.done(schedule.next(0), 0)
    for key in ("flying", "aside", "retry"):
        schedule.add(key, 0)
        assert schedule.next(0.5) == key
    schedule.failed("aside", 10, again_at=100)
    schedule.failed("retry", 10, again_at=11)
    schedule.recall("retry")
    schedule.poll_now("hinted")
    # Then
    assert "being polled now" in explained(schedule, "flying", 20)[1]
    assert "asked for, before all others" in explained(schedule, "hinted", 20)[1]
    assert "stands aside for 80 s" in explained(schedule, "aside", 20)[1]
    assert explained(schedule, "aside", 20)[1].startswith("no poll has brought a page yet; ")
    assert "tried again" in explained(schedule, "retry", 20)[1]
    assert explained(schedule, "waiting", 20)[0] == "waiting"
    assert explained(schedule, "waiting", 601)[0] == "forced"
    assert "greatest interval of 10 min" in explained(schedule, "waiting", 601)[1]


def test_a_feed_that_is_not_here_has_no_explanation():
    assert Schedule().explain("a", 0) is None
