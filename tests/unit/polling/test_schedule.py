"""The schedule: the greatest waiting first, bounded, and the same for the same calls."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from workers.polling.hints import HINT_EVERY
from workers.polling.imprint import unpack
from workers.polling.ranking import INDEX_EVERY, LEAST_ROUNDS
from workers.polling.schedule import Schedule
from workers.polling.urgent import FRESH_EVERY, RETRY_EVERY

MINUTE, DAY = 60.0, 86_400.0


def polled(schedule, now, ages=()):
    key = schedule.next(now)
    if key is not None:
        schedule.done(key, now, ages)
    return key


def known(keys, *, ages=(), **options):
    """A schedule that has polled each of these once, at second 0."""
    schedule = Schedule(**options)
    for key in keys:
        schedule.add(key, 0)
    for _ in keys:
        polled(schedule, 0, ages)
    return schedule


# --- whose turn it is ---------------------------------------------------------------------------------------


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


# --- hints, new feeds, failures -------------------------------------------------------------------------------


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


# --- coming and going ---------------------------------------------------------------------------------------


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


# --- another owner --------------------------------------------------------------------------------------------


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


def test_feeds_that_others_polled_last_are_due_in_their_turn_however_late_they_are():
    # Given snapshots of a week ago, when these feeds had their last message
    old = known("abc", ages=[5.0])
    snapshots = {key: old.snapshot(key, 0, 1e9) for key in "abc"}
    # When they are restored, beside a feed that is overdue
    new = known("w", max_interval=600)
    for key in "abc":
        new.add(key, 0)
        assert new.restore(key, snapshots[key], 900, 1e9 + 7 * DAY)
    # Then the overdue feed comes first
    assert polled(new, 900) == "w"
    # And what is told of the others is how long nobody has looked at them
    assert new.overdue(900) == 3
    assert new.longest_wait(900) == 7 * DAY
    assert new.explain("a", 900).polled_ago == 7 * DAY
    # Until they are polled
    assert {polled(new, 900 + second) for second in range(1, 4)} == set("abc")
    assert (new.overdue(904), new.explain("a", 904).polled_ago < 5) == (0, True)


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


# --- any sequence ---------------------------------------------------------------------------------------------


class AnySequence(RuleBasedStateMachine):
    """Whatever is called in whatever order: no feed is polled twice at once, none is forgotten, all is repeatable."""

    KEYS = st.sampled_from("abcdefgh")

    def __init__(self):
        super().__init__()
        self.schedule, self.twin = (Schedule(min_interval=1, max_interval=50) for _ in range(2))
        self.there, self.flying, self.gone, self.now = set(), set(), set(), 0.0
        #: Since when each waits for news.
        self.since = {}

    def both(self, method, *given, **named):
        first, second = (getattr(one, method)(*given, **named) for one in (self.schedule, self.twin))
        assert first == second
        return first

    @initialize(keys=st.sets(KEYS))
    def begin(self, keys):
        for key in sorted(keys):
            self.add(key, None)

    @rule(key=KEYS, least=st.sampled_from([None, None, None, 5.0]))
    def add(self, key, least):
        self.both("add", key, self.now, least)
        self.there.add(key)
        self.since.setdefault(key, self.now)

    @rule(key=KEYS)
    def remove(self, key):
        self.both("remove", key)
        for place in (self.there, self.flying, self.gone):
            place.discard(key)
        self.since.pop(key, None)

    @rule(key=KEYS)
    def hint(self, key):
        self.both("poll_now", key)

    @rule(per_second=st.sampled_from([0.0, 0.01, 1.0, 1e6, float("nan"), float("inf"), -1.0]))
    def budget(self, per_second):
        self.both("budget", per_second)

    @rule(seconds=st.one_of(st.floats(0, 20), st.sampled_from([0.0, 3600.0, 1e6])))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def recall(self):
        self.both("recall")

    @rule()
    def poll(self):
        key = self.both("next", self.now)
        if key is not None:
            assert key in self.there - self.flying
            self.flying.add(key)

    @precondition(lambda self: self.flying)
    @rule(
        data=st.data(),
        aside=st.one_of(st.none(), st.floats(0, 30)),
        fails=st.sampled_from(["", "fails", "gone"]),
        ages=st.lists(st.one_of(st.floats(-100, 1e7), st.sampled_from([-1e12, 1e12])), max_size=5),
    )
    def come_back(self, data, aside, fails, ages):
        key = data.draw(st.sampled_from(sorted(self.flying)))
        self.flying.discard(key)
        if fails:
            again_at = None if aside is None else self.now + aside
            self.both("failed", key, self.now, again_at, gone=fails == "gone")
            self.gone |= {key} if fails == "gone" else set()
        else:
            self.both("done", key, self.now, ages)
            self.since[key] = self.now
            self.gone.discard(key)

    @rule(key=KEYS)
    def hand_over(self, key):
        snapshot = self.both("snapshot", key, self.now, 1e9 + self.now)
        if snapshot is not None and key not in self.flying:
            seen = unpack(snapshot, self.now, 1e9 + self.now).seen
            self.remove(key)
            self.add(key, None)
            assert self.both("restore", key, snapshot, self.now, 1e9 + self.now)
            self.since[key] = seen

    @invariant()
    def nothing_is_forgotten(self):
        assert len(self.schedule) == len(self.there)
        assert self.schedule.new() == sum(1 for _ in self.schedule._urgent.fresh)
        due = self.both("due_at", self.now)
        assert (due is None) == (self.there == self.flying)
        assert due is None or due >= self.now

    @invariant()
    def every_feed_is_in_one_place(self):
        schedule = self.schedule
        classes = [one for lane in schedule._ranking.lanes for one in (*lane.classes, *lane.arrivals)]
        queues = [*schedule._urgent._all, *classes]
        standing = [schedule._roster.key(feed) for queue in queues for feed in queue]
        standing += [*schedule._aside, *self.flying]
        assert sorted(standing) == sorted(self.there)
        assert all(schedule._queues.of(feed) is queue for queue in queues for feed in queue)

    @invariant()
    def classes_are_in_the_order_of_their_ages(self):
        for lane in self.schedule._ranking.lanes:
            for one in (*lane.classes, *lane.arrivals):
                ages = [self.schedule._roster.times[feed >> 1] for feed in one]
                assert ages == sorted(ages)
                assert one.since == (ages[0] if ages else float("inf"))
                assert one.ready == one.since + lane.least
                assert one.looked_at or not ages
                assert self.schedule._ranking._classes.count(one) == one.looked_at

    @invariant()
    def whoever_waits_for_news_is_counted_wherever_it_stands(self):
        since = [at // 1 for key, at in self.since.items() if key not in self.gone]
        assert self.schedule.overdue(self.now) == sum(at < (self.now - 50) // 1 for at in since)
        assert self.schedule.longest_wait(self.now) == (max(0, self.now - min(since)) if since else 0)

    @invariant()
    def everything_can_be_explained(self):
        for key in self.there:
            assert self.both("explain", key, self.now).sentence

    def teardown(self):
        """Everything that is there can still be polled, each once."""
        for key in sorted(self.flying):
            self.both("failed", key, self.now)
        self.both("recall")
        taken = [self.both("next", self.now + 100) for _ in self.there]
        assert sorted(taken) == sorted(self.there)
        assert self.both("next", self.now + 100) is None


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_feed_waits_beyond_its_bound_whatever_else_is_asked_for(data):
    # Given thirty feeds, two requests a second, and a flood of hints, new feeds and failures
    schedule, last, worst = known([f"{number}" for number in range(30)], max_interval=40), {}, 0.0
    schedule.budget(2.0)
    urgent = data.draw(st.lists(st.sampled_from(["hint", "new", "fail", "news", "nothing"]), min_size=5, max_size=12))
    # When they go on for ten minutes
    for turn in range(1200):
        now, what = turn / 2, urgent[turn % len(urgent)]
        if what == "hint":
            schedule.poll_now(f"{turn % 3}")
        if what == "new" and len(schedule) < 60:
            schedule.add(f"new {turn}", 0)
            schedule.budget(2.0)
        key = schedule.next(now)
        if key is None:
            continue
        if what == "fail" and key.startswith("new"):
            schedule.failed(key, now, again_at=now + 1)
            continue
        schedule.done(key, now, [0.1] if what == "news" else ())
        if not key.startswith("new"):
            worst, last[key] = max(worst, now - last.get(key, 0.0)), now
    # Then none waits longer than the bound and, where all are overdue at once, a round at the part that is left to them
    left = (1 - 1 / HINT_EVERY) * (1 - 1 / FRESH_EVERY) * (1 - 1 / RETRY_EVERY) * (1 - 1 / INDEX_EVERY)
    oldest = max(600 - last.get(f"{number}", 0.0) for number in range(30))
    assert max(worst, oldest) <= LEAST_ROUNDS * 60 / 2 + 60 / (2 * left)
