"""A worker in miniature without Kafka and HTTP: one feed of a simulated account, polled into encoded events."""

from functools import partial
from typing import Any, NamedTuple

from tests.support.simulated import Simulated
from workers.events.cloudevent import ContentMode, KafkaEvent
from workers.events.encoding import EventEncoder
from workers.events.source import source_of
from workers.model import Feed
from workers.poll_means import rules_of
from workers.providers import adapter
from workers.reconcile.batches import Batches
from workers.reconcile.cursor import Cursor
from workers.reconcile.history import HistoryWalk
from workers.reconcile.outcome import Outcome
from workers.reconcile.plan import HistoryPlan, LivePlan, Plan
from workers.reconcile.walk import LiveWalk
from workers.redaction import Redactor


class _Batch(NamedTuple):
    events: tuple[KafkaEvent, ...]
    size: int


class Reader:
    """Polls one feed of a simulated account: everything but the way in and out is the product's own."""

    def __init__(self, simulated: Simulated, feed: int = 0, *, mode: ContentMode = "binary", **account: Any) -> None:
        self.simulated = simulated
        self.settings = simulated.account_settings(**account)
        self.adapter = adapter(self.settings)
        self.feed: Feed = simulated.feeds(self.adapter)[feed]
        self._mode = mode
        self._rules = rules_of(self.adapter)
        self._redactor = Redactor(self.settings.secrets())
        self._cursor: Cursor | None = None

    def poll(self) -> list[KafkaEvent]:
        """The events of one live poll, and of the history that it leaves to be read."""
        now = self.simulated.now_ms
        walk = LiveWalk(self._cursor, self._rules, self.adapter.first(), now)
        self._walk(walk)
        events = self._published(LivePlan(walk, self._cursor, self._rules, now, b""))
        while self._cursor is not None and self._cursor.history is not None:
            batch = HistoryWalk(self._cursor, self._rules, self.adapter.first())
            self._walk(batch)
            events += self._published(HistoryPlan(batch, self._cursor.history))
        return events

    def _walk(self, walk: LiveWalk | HistoryWalk) -> None:
        while (ref := walk.want) is not None:
            answer = self.simulated.answer(self.adapter.request(self.feed, ref))
            walk.take(self.adapter.page(self.feed, ref, answer))

    def _published(self, plan: Plan) -> list[KafkaEvent]:
        now = self.simulated.now_ms
        encoder = EventEncoder(source_of(self.adapter, self.feed, self._mode, 900_000), self._redactor)

        def encode(_: Cursor, outcome: Outcome) -> _Batch:
            events = encoder.events(outcome, now)
            return _Batch(events, sum(event.size for event in events))

        batches = Batches(plan, partial(self.adapter.normalise, self.feed), self._rules, now)
        events: list[KafkaEvent] = []
        while batch := batches.next(self._cursor, encode):
            outcome, encoded = batch
            self._cursor = outcome.cursor
            events += encoded.events
        return events
