"""The schedule: fair, bounded, and the same for the same calls."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from workers.polling.schedule import Schedule


def polled(schedule, now):
    key = schedule.next(now)
    if key is not None:
        schedule.done(key, now)
    return key


def test_feeds_are_polled_in_turn_the_longest_waiting_first():
    # Given three feeds
    schedule = Schedule(min_interval=1)
    for key in "abc":
        schedule.add(key)
    # When they are polled twice, a second apart
    turns = [polled(schedule, now) for now in range(6)]
    # Then each has its turn before any has its second
    assert turns == ["a", "b", "c", "a", "b", "c"]


def test_a_feed_is_not_polled_again_within_its_least_interval():
    schedule = Schedule(min_interval=2)
    schedule.add("a")
    assert polled(schedule, 0) == "a"
    assert schedule.next(1.9) is None
    assert schedule.due_at(1.9) == 2
    assert polled(schedule, 2) == "a"


def test_a_hint_goes_before_everyone_else():
    schedule = Schedule(min_interval=1)
    for key in "abc":
        schedule.add(key)
        polled(schedule, 0)
    schedule.poll_now("c")
    assert schedule.next(0.1) == "c"


def test_a_hint_for_a_feed_in_flight_polls_it_once_more_as_soon_as_it_is_back():
    schedule = Schedule(min_interval=100)
    schedule.add("a")
    key = schedule.next(0)
    schedule.poll_now(key)
    assert schedule.next(0) is None
    schedule.done(key, 1)
    assert schedule.next(1) == "a"


def test_a_hint_for_a_feed_whose_poll_then_fails_is_not_forgotten():
    # Given a feed that is asked for while its poll is failing
    schedule = Schedule(min_interval=1)
    schedule.add("a")
    schedule.poll_now(schedule.next(0))
    # When the poll has failed, and the feed shall stand aside for long
    schedule.failed("a", 1, again_at=300)
    # Then it is polled once more at once
    assert schedule.next(1) == "a"


def test_a_failed_feed_keeps_its_place_unless_it_has_to_stand_aside():
    # Given two feeds of which the first one failed
    schedule = Schedule(min_interval=1)
    schedule.add("a")
    schedule.add("b")
    schedule.failed(schedule.next(0), 0)
    assert schedule.next(0) == "a"
    # When it fails again and shall wait
    schedule.failed("a", 0, again_at=30)
    # Then the others go on, and it returns at its time
    assert polled(schedule, 1) == "b"
    assert schedule.standing_aside() == 1
    assert polled(schedule, 30) == "a"


def test_a_feed_that_stands_aside_can_be_called_back():
    schedule = Schedule()
    schedule.add("a")
    schedule.failed(schedule.next(0), 0, again_at=3600)
    schedule.recall("a")
    assert schedule.next(1) == "a"


def test_a_removed_feed_never_comes_back():
    schedule = Schedule()
    for key in "ab":
        schedule.add(key)
    flying = schedule.next(0)
    schedule.remove(flying)
    schedule.done(flying, 1)
    assert [schedule.next(now) for now in (2, 3, 4)] == ["b", None, None]


def test_overdue_feeds_are_counted():
    schedule = Schedule(max_interval=10)
    for key in "abc":
        schedule.add(key)
        polled(schedule, 0)
    polled(schedule, 9)
    assert schedule.overdue(11) == 2


class AnySequence(RuleBasedStateMachine):
    """Whatever is called in whatever order: no feed is polled twice at once, none is forgotten."""

    def __init__(self):
        super().__init__()
        self.schedule = Schedule(min_interval=1, max_interval=50)
        self.there, self.flying, self.now = set(), set(), 0.0

    @rule(key=st.sampled_from("abcde"))
    def add(self, key):
        self.schedule.add(key)
        self.there.add(key)

    @rule(key=st.sampled_from("abcde"))
    def remove(self, key):
        self.schedule.remove(key)
        self.there.discard(key)
        self.flying.discard(key)

    @rule(key=st.sampled_from("abcde"))
    def hint(self, key):
        self.schedule.poll_now(key)

    @rule(seconds=st.floats(0, 20))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def poll(self):
        key = self.schedule.next(self.now)
        if key is not None:
            assert key in self.there
            assert key not in self.flying
            self.flying.add(key)

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), aside=st.one_of(st.none(), st.floats(0, 30)), fails=st.booleans())
    def come_back(self, data, aside, fails):
        key = data.draw(st.sampled_from(sorted(self.flying)))
        self.flying.discard(key)
        if fails:
            self.schedule.failed(key, self.now, None if aside is None else self.now + aside)
        else:
            self.schedule.done(key, self.now)

    @invariant()
    def nothing_is_forgotten(self):
        assert len(self.schedule) == len(self.there)
        due = self.schedule.due_at(self.now)
        assert (due is None) == (self.there == self.flying)


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
