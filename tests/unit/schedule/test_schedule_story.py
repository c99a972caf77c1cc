"""A schedule keeps its promises whatever is told to it, in any order."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.schedules import known
from workers.schedule.hints import HINT_EVERY
from workers.schedule.ranking import INDEX_EVERY, LEAST_ROUNDS
from workers.schedule.schedule import Schedule
from workers.schedule.urgent import FRESH_EVERY, RETRY_EVERY


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
            self.remove(key)
            self.add(key, None)
            assert self.both("restore", key, snapshot, self.now, 1e9 + self.now)

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
