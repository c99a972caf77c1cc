"""Any story that a feed may go through, step by step, against the real reconcile: see tests/support/judge.py."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.support.model_provider import DAWN, ModelProvider
from tests.support.model_worker import ModelWorker
from workers.reconcile import batches, history, remembering
from workers.reconcile.rules import Rules

#: ms after its own time within which a message of the model may become visible.
SETTLE = 60_000
#: Everything small, so that every limit is met within a few steps.
LIMITS = (
    (remembering, "SEGMENT_ROWS", 4),
    (remembering, "SLACK_ROWS", 3),
    (remembering, "HISTORY_WINDOW_ROWS", 12),
    (history, "BATCH_PAGES", 4),
    (history, "OVERLAP_PAGES", 3),
    (batches, "BATCH_ROWS", 6),
)

places = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 7, 12, 19])
states = st.sampled_from([None, "pending", "sent", "failed", "delivered", "read", "odd"])
reads = st.sampled_from(["", "", "l", "ll", "h", "hhh", "lh", "hl", "p", "p", "p", "ph", "hhp"])
rules_of_feeds = st.builds(
    Rules,
    settle=st.just(SETTLE),
    remember=st.sampled_from([8, 30]),
    start=st.sampled_from(["beginning", "beginning", "now", DAWN + 20_000]),
    history_limit=st.sampled_from([None, None, 3, 12]),
    live_pages=st.sampled_from([2, 3, 6]),
)


class Feed(RuleBasedStateMachine):
    """One feed and one worker; every step is one thing that happens to either."""

    @initialize(rules=rules_of_feeds, numbered=st.booleans(), seconds=st.booleans(), stood=st.integers(0, 45))
    def begin(self, rules, numbered, seconds, stood):
        rules = Rules(**{**{name: getattr(rules, name) for name in rules.__struct_fields__}, "numbered": numbered})
        self.provider = ModelProvider(numbered=numbered, whole_seconds=seconds and numbered)
        for place in range(stood):
            self.provider.now += place * 137 % 3000
            self.provider.insert()
        self.worker = ModelWorker(self.provider, rules)

    # --- at the provider, and what the worker does then ---------------------------------------------------

    @rule(count=st.sampled_from([1, 1, 2, 5, 9, 25]), then=reads)
    def messages_come(self, count, then):
        for _ in range(count):
            self.provider.insert()
        self.read(then)

    @rule(late=st.integers(0, SETTLE), then=reads)
    def a_message_appears_late(self, late, then):
        self.provider.insert(late=late)
        self.read(then)

    @rule(late=st.integers(SETTLE, 5 * SETTLE), then=reads)
    def an_old_message_is_imported(self, late, then):
        self.provider.insert(late=late).steady = False
        self.read(then)

    @precondition(lambda self: self.provider.numbered)
    @rule(ahead=st.sampled_from([SETTLE // 2, SETTLE + SETTLE // 2]), then=reads)
    def a_message_has_a_time_that_has_yet_to_come(self, ahead, then):
        self.provider.insert(late=-ahead)
        self.read(then)

    def at(self, place):
        listed = self.provider.listed()
        return listed[place % len(listed)] if listed else self.provider.insert()

    @rule(place=places, versions=st.integers(1, 3), then=reads)
    def a_message_is_edited(self, place, versions, then):
        message = self.at(place)
        for _ in range(versions):
            message.text += 1
            self.read(then)

    @rule(place=places, states=st.lists(states, min_size=1, max_size=4), then=reads)
    def a_status_steps(self, place, states, then):
        message = self.at(place)
        for state in states:
            message.status = state
            self.read(then)

    @rule(place=places, healths=st.lists(st.sampled_from(["sound", "unreadable", "broken"]), max_size=3), then=reads)
    def a_row_breaks_or_heals(self, place, healths, then):
        message = self.at(place)
        for health in healths:
            message.health = health
            message.steady = message.steady and health != "broken"
            self.read(then)

    @rule(place=st.integers(0, 60), then=reads)
    def a_message_vanishes(self, place, then):
        message = self.at(place)
        message.visible = message.steady = False
        self.read(then)

    @rule(gone=st.lists(st.integers(0, 60), min_size=1, max_size=4), then=st.sampled_from(["h", "hh", "hhh", "hhhhh"]))
    def messages_vanish_while_a_history_is_read(self, gone, then):
        for place in gone:
            self.read(then)
            self.a_message_vanishes(place, "")

    @rule(place=places, then=reads)
    def a_message_returns(self, place, then):
        hidden = [message for message in self.provider.sent if not message.visible]
        if hidden:
            hidden[place % len(hidden)].visible = True
        self.read(then)

    @rule(size=st.sampled_from([3, 5, 8]))
    def pages_become_larger_or_smaller(self, size):
        self.provider.size = size

    @rule(wait=st.sampled_from([100, 5000, SETTLE // 2, SETTLE + 5]), then=reads)
    def time_passes(self, wait, then):
        self.provider.now += wait
        self.read(then)

    # --- at the worker ------------------------------------------------------------------------------------

    @rule(then=reads)
    def the_worker_reads(self, then):
        self.read(then)

    @rule()
    def a_poll_fails_or_is_stopped(self):
        self.worker.drop_walks()

    @rule()
    def the_worker_crashes(self):
        self.worker.crash()

    def read(self, then):
        """Some pages or batches of either walk: "p" a live poll to its end, "l" and "h" one step of either."""
        for step in then:
            if step == "h":
                self.worker.history_step()
            elif step == "p":
                self.worker.poll()
            else:
                self.worker.live_step()
            # How much may come while the very first pages are read with a start at `now` is left aside.
            while self.worker.live and self.worker.live.walk.cursor is None and self.worker.live.walk.want:
                self.worker.live_step()

    def teardown(self):
        if hasattr(self, "worker"):
            self.worker.settle()


@pytest.fixture
def small_limits(monkeypatch):
    for module, name, value in LIMITS:
        monkeypatch.setattr(module, name, value)


def test_every_message_is_published_once_and_in_order_whatever_happens(small_limits):
    # Given a feed and a worker / When anything happens in any order / Then the judge finds nothing
    run_state_machine_as_test(
        Feed,
        settings=settings(
            max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.parametrize("stood", [3, 30])
@pytest.mark.parametrize("numbered", [True, False])
def test_a_plain_day_of_a_feed_needs_no_excuse(numbered, stood):
    # Given a feed that only grows, read after every few messages
    provider = ModelProvider(numbered=numbered)
    for _ in range(stood):
        provider.insert()
    worker = ModelWorker(provider, Rules(settle=SETTLE, numbered=numbered))
    # When a day passes
    for n in range(200):
        worker.poll()
        worker.read_history()
        for _ in range(n % 4):
            provider.insert(late=n * 311 % SETTLE if numbered else 0)
        provider.now += n * 977 % 30_000
        if n % 50 == 49:
            worker.crash()
    worker.settle()
    # Then all that could be asked for is published
    missing = [sent.id for sent in provider.sent if sent.id not in worker.judge.published]
    assert missing == ([] if numbered or stood <= provider.most else [f"m{n}" for n in range(stood - provider.most)])
    assert [gap.reason for gap in worker.judge.gaps] == (["page_limit"] if missing else [])
