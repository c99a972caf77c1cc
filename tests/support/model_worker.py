"""A worker in miniature around the real reconcile.

It keeps the calling conventions of the shell: pages into a walk, batches out of a plan, each batch one transaction of
events and cursor records, a cursor in memory that a crash throws away. All it does is told to a judge.
"""

from dataclasses import dataclass, field

import msgspec
import orjson
from xxhash import xxh3_64_digest

from tests.support.judge import Judge
from tests.support.model_provider import ModelProvider, Sent, normalise
from workers.model import Page, PageRef, RawRow
from workers.reconcile.batches import Batches
from workers.reconcile.cursor import Cursor, contacted
from workers.reconcile.cursor_records import Restored, records
from workers.reconcile.history import HistoryWalk
from workers.reconcile.outcome import Outcome
from workers.reconcile.plan import HistoryPlan, LivePlan
from workers.reconcile.rules import Rules
from workers.reconcile.walk import LiveWalk

KEY = "account/feed"
#: Bytes that every event of the model is said to have, so that batches of more than four are cut.
EVENT_BYTES = 1024 * 1024
#: Requests after which a walk, and steps after which a history, is taken to be endless.
ENDLESS = 1000


@dataclass
class Encoded:
    """A batch on its way to Kafka."""

    size: int
    records: list[tuple[bytes, bytes | None]]


@dataclass
class Reading:
    """A walk under way, and what its pages showed: the rows, those that stood there all the time, how deep it went."""

    walk: LiveWalk | HistoryWalk
    now: int
    rows: dict[str, RawRow] = field(default_factory=dict)
    stayed: set[str] = field(default_factory=set)
    covered: set[str] = field(default_factory=set)
    newest: int | None = None
    digest: bytes = b""
    batches: Batches | None = None


class ModelWorker:
    """Reads one feed, one page or one batch at a step."""

    def __init__(self, provider: ModelProvider, rules: Rules) -> None:
        self.provider, self.rules = provider, rules
        self.judge = Judge(provider, rules)
        self.log: dict[bytes, bytes] = {}
        self.cursor: Cursor | None = None
        self.live: Reading | None = None
        self.past: Reading | None = None

    # --- steps --------------------------------------------------------------------------------------------

    def live_step(self) -> bool:
        """One page or one batch of a live poll; False when the poll is done."""
        if self.live is None:
            walk = LiveWalk(self.cursor, self.rules, self.provider.first(), self.provider.now)
            self.live = self._reading(walk)
        reading = self.live
        if reading.batches is None and reading.walk.want is not None:
            if self._is_unchanged(reading):
                self.live = None
                return False
            self._take(reading)
            return True
        if reading.batches is None:
            plan = LivePlan(reading.walk, self.cursor, self.rules, reading.now, reading.digest)
            reading.batches = Batches(plan, normalise, self.rules, reading.now)
            self.judge.polled(reading.walk, reading.now)
        if self._next_batch(reading):
            return True
        self.live = None
        self.judge.finished(reading.walk, reading.rows, reading.stayed & reading.covered)
        return False

    def history_step(self) -> bool:
        """One page or one batch of a history; False when there is none, or its batch is done."""
        if self.past is None:
            if self.cursor is None or self.cursor.history is None:
                return False
            self.past = self._reading(HistoryWalk(self.cursor, self.rules, self.provider.first()))
        reading = self.past
        if reading.batches is None and reading.walk.want is not None:
            self._take(reading)
            return True
        if reading.batches is None:
            if self.cursor is None or self.cursor.history is None:
                self.past = None
                return False
            plan = HistoryPlan(reading.walk, self.cursor.history)
            reading.batches = Batches(plan, normalise, self.rules, reading.now)
        if self._next_batch(reading):
            return True
        self.past = None
        self.judge.finished(reading.walk, {}, reading.stayed & reading.covered - set(reading.rows))
        return False

    def poll(self) -> None:
        """A whole live poll."""
        while self.live_step():
            pass

    def read_history(self) -> None:
        """Everything of the history that is left."""
        steps = 0
        while self.cursor is not None and self.cursor.history is not None:
            self.history_step()
            steps += 1
            assert steps < ENDLESS, "a history without an end"

    def drop_walks(self) -> None:
        """A failure between pages, or a stop between batches."""
        past = self.past
        if past is not None and past.batches is not None:  # what was published of it moved the history on
            self.judge.passed_over(past.walk, past.stayed & past.covered - set(past.rows))
        self.live = self.past = None

    def crash(self) -> None:
        """What is in memory is lost; what was committed is read again."""
        self.drop_walks()
        self.cursor = self.restored()

    def settle(self) -> None:
        """Quiet: every walk that is owed takes place, every history is read; then a poll is one page and no word."""
        self.drop_walks()
        for _ in range(4):
            self.poll()
            self.read_history()
            self.provider.now += self.rules.settle + 1
        assert self.cursor is not None
        assert self.cursor.again is None, "nothing is owed"
        self.judge.rest(self.cursor)
        if any(sent.health == "broken" for sent in self.provider.listed()[: self.provider.first().limit]):
            return  # it has no time: a cursor that remembers hardly more than a page may forget it, and tell it again
        told = self.judge.told
        self.cursor = msgspec.structs.replace(self.cursor, page=b"")
        self.live_step()
        assert self.live is not None
        assert self.live.walk.want is None, "a quiet poll reads one page"
        self.poll()
        assert self.judge.told == told, "a quiet poll says nothing"

    def restored(self) -> Cursor | None:
        """The cursor as the records say it."""
        restored = Restored()
        for key, value in self.log.items():
            restored.apply(key, value)
        cursor = dict(restored.cursors()).get(KEY)
        assert cursor is None or isinstance(cursor, Cursor), cursor
        return cursor

    # --- within a step ------------------------------------------------------------------------------------

    def _reading(self, walk: LiveWalk | HistoryWalk) -> Reading:
        return Reading(walk=walk, now=self.provider.now, stayed={sent.id for sent in self.provider.listed()})

    def _is_unchanged(self, reading: Reading) -> bool:
        """What the shell does before it parses page one."""
        if reading.walk.pages:
            return False
        reading.digest = _body_digest(self.provider.page(self.provider.first()))
        cursor = contacted(self.cursor)
        if cursor is None or cursor.page != reading.digest or cursor.letters:
            return False
        return cursor.again is None or cursor.again.due > reading.now

    def _take(self, reading: Reading) -> None:
        ref = reading.walk.want
        assert ref is not None
        page = self.provider.page(ref)
        reading.stayed &= {sent.id for sent in self.provider.listed()}
        reading.rows |= {row.id: row for row in page.rows}
        reading.covered |= {sent.id for sent in self._up_to(ref, reading)}
        reading.walk.take(page)
        assert reading.walk.pages < ENDLESS, "a walk without an end"

    def _up_to(self, ref: PageRef, reading: Reading) -> list[Sent]:
        """What is listed now from the newest page that this walk asked for to the one that it asks for."""
        listed, size = self.provider.listed(), self.provider.size
        if not self.provider.numbered:
            return listed[: ref.limit]
        reading.newest = min(reading.newest or ref.number, ref.number)
        return listed[(reading.newest - 1) * size : ref.number * size]

    def _next_batch(self, reading: Reading) -> bool:
        assert reading.batches is not None
        batch = reading.batches.next(self.cursor, self._encode)
        if batch is None:
            return False
        outcome, encoded = batch
        self.cursor = outcome.cursor
        if outcome.durable:
            self.log |= {key: value for key, value in encoded.records if value is not None}
            for key in [key for key, value in encoded.records if value is None]:
                self.log.pop(key, None)
            assert self.restored() == self.cursor
        self.judge.committed(outcome)
        if reading is self.live:
            self.judge.shown(reading.rows, self.cursor)
        return True

    def _encode(self, before: Cursor, outcome: Outcome) -> Encoded:
        changes = list(records(KEY, before, outcome.cursor))
        return Encoded(size=EVENT_BYTES * len(outcome.changes), records=changes)


def _body_digest(page: Page) -> bytes:
    rows = [(row.id, row.position, row.digest.hex()) for row in page.rows]
    return xxh3_64_digest(orjson.dumps([rows, [row.digest.hex() for row in page.broken]]))
