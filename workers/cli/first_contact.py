"""A first contact with one feed that publishes nothing: a few real pages, and the events that they would become."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from random import Random

import msgspec

from workers.events.cloudevent import KafkaEvent
from workers.events.encoding import EventEncoder
from workers.events.payload import NOT_ANSWERED, Http
from workers.events.source import source_of
from workers.model import Feed, HttpResponse, PageRef, Record
from workers.poll_means import rules_of
from workers.polling.budget import Budget
from workers.polling.fetch import Fetcher
from workers.providers.base import Adapter
from workers.reconcile.batches import Batches
from workers.reconcile.cursor import Cursor
from workers.reconcile.outcome import Outcome
from workers.reconcile.plan import LivePlan
from workers.reconcile.rules import Rules
from workers.reconcile.sent_text import joined
from workers.reconcile.walk import LiveWalk
from workers.redaction import Redactor


class Sight(Record, frozen=True, kw_only=True):
    """What pages would become: the events, each one structured CloudEvent, and what is left out, by reason."""

    events: tuple[KafkaEvent, ...]
    pages: int
    rows: int
    left_out: Mapping[str, int]
    skipped: Mapping[str, int]


class _Batch(Record, frozen=True, kw_only=True):
    events: tuple[KafkaEvent, ...]
    size: int


class FirstContact:
    """Give it pages with `take`, or let it ask for them with `read`; then look at `sight`.

    `now` is the moment of observation (epoch ms), by default that at which it is made.
    """

    def __init__(self, adapter: Adapter, feed: Feed, now: int | None = None) -> None:
        self._adapter, self._feed = adapter, feed
        self._rules = _rules(adapter)
        self._now = time.time_ns() // 1_000_000 if now is None else now
        self._walk = LiveWalk(None, self._rules, adapter.first(), self._now)
        #: The answers that were taken; of the last one it may be that nobody can read it.
        self.answers: list[HttpResponse] = []

    @property
    def now(self) -> int:
        """The moment of observation (epoch ms)."""
        return self._now

    @property
    def want(self) -> PageRef | None:
        """The page that is looked at next; None when nothing is left to read."""
        return self._walk.want

    async def read(self, fetcher: Fetcher, pages: int) -> None:
        """Ask for up to that many pages, the first at once, the others at the account's pace. Raises PollFailed."""
        clock = asyncio.get_running_loop().time
        budget = Budget(self._adapter.account.requests_per_minute, clock=clock, random=Random())  # noqa: S311 - it spreads waits
        budget.own(1.0)
        while (ref := self._walk.want) is not None and self._walk.pages < pages:
            if self._walk.pages:
                await budget.take()
            request = self._adapter.request(self._feed, ref)
            self.take(await fetcher.fetch(request, account=self._feed.account))

    def take(self, response: HttpResponse) -> None:
        """The answer to the next page. Raises PollFailed."""
        self.answers.append(response)
        ref = self._walk.want or self._adapter.first()
        self._walk.take(self._adapter.page(self._feed, ref, response))

    def sight(self, redactor: Redactor, max_bytes: int) -> Sight:
        """What a worker would publish of these pages; `max_bytes` is the largest event."""
        answered = Http.of(self.answers[-1]) if self.answers else NOT_ANSWERED
        sent = joined([answer.body for answer in self.answers])
        encoder = EventEncoder(source_of(self._adapter, self._feed, "structured", max_bytes), redactor, answered)

        def encode(_: Cursor, outcome: Outcome) -> _Batch:
            events = encoder.events(sent.told(outcome), self._now)
            return _Batch(events=events, size=sum(event.size for event in events))

        plan = LivePlan(self._walk, None, self._rules, self._now, b"")
        batches = Batches(plan, partial(self._adapter.normalise, self._feed), self._rules, self._now)
        events: list[KafkaEvent] = []
        left_out = Counter[str]()
        cursor: Cursor | None = None
        while batch := batches.next(cursor, encode):
            outcome, encoded = batch
            cursor = outcome.cursor
            events += encoded.events
            left_out.update(outcome.left_out)
        return Sight(
            events=tuple(events),
            pages=self._walk.pages,
            rows=len(self._walk.rows()),
            left_out=left_out,
            skipped=self._walk.skipped,
        )


def _rules(adapter: Adapter) -> Rules:
    """The account's rules, but pages are read newest first whatever the provider could, and nothing is silent."""
    rules = rules_of(adapter)
    return msgspec.structs.replace(rules, numbered=False, start="beginning" if rules.start == "now" else rules.start)
