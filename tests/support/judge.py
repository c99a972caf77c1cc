"""The judge of what a model worker publishes: each message once, in a lawful order, and nothing left out unsaid."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.model_provider import ModelProvider, Sent
from workers.model import RawRow
from workers.reconcile.cursor import Cursor
from workers.reconcile.history import HistoryWalk
from workers.reconcile.outcome import Change, Gap, Outcome
from workers.reconcile.parts import rank_of
from workers.reconcile.rules import Rules
from workers.reconcile.walk import LiveWalk


@dataclass
class Published:
    """What consumers know of one message."""

    revision: int
    rank: int
    text: str


class Judge:
    """Collects what is committed and shown, and asserts."""

    def __init__(self, provider: ModelProvider, rules: Rules) -> None:
        self._provider, self._rules = provider, rules
        self.published: dict[str, Published] = {}
        self.gaps: list[Gap] = []
        #: How many events and letters were published.
        self.told = 0
        self._lettered: set[str | None] = set()
        #: The newest time that stood there at the first contact; ids that a start at `now` keeps silent.
        self._stood_until: int | None = None
        self._silent: set[str] = set()
        #: Ids that the live poll under way was shown and that were lawfully left out at one of its batches.
        self._excused: set[str] = set()

    # --- what is published --------------------------------------------------------------------------------

    def committed(self, outcome: Outcome) -> None:
        """One transaction."""
        if not outcome.durable:
            assert (outcome.changes, outcome.gaps, outcome.letters) == ((), (), ())
        times = [change.time for change in outcome.changes]
        assert times == sorted(times), "events of one transaction ascend"
        for change in outcome.changes:
            self._changed(change)
        self.gaps += outcome.gaps
        self._lettered |= {letter.row_id for letter in outcome.letters}
        self.told += len(outcome.changes) + len(outcome.letters)
        assert sum(gap.reason == "memory" for gap in self.gaps) <= 1

    def _changed(self, change: Change) -> None:
        message = change.normalised.message
        before = self.published.get(message.id)
        rank = rank_of(message.status.state)
        if change.kind == "created":
            assert before is None, f"{message.id} was created twice"
            assert message.revision == 0
            assert message.id not in self._silent, f"{message.id} stood there before the start"
        else:
            assert before is not None, f"{message.id} was updated before it was created"
            assert message.revision == before.revision + 1
            assert change.changed
            assert rank >= before.rank, f"{message.id} went back from {before.rank} to {rank}"
        self.published[message.id] = Published(message.revision, rank, message.text or "")

    # --- what is shown ------------------------------------------------------------------------------------

    def polled(self, walk: LiveWalk | HistoryWalk, now: int) -> None:
        """The pages of a live poll are read; its batches begin."""
        self._excused = set()
        if isinstance(walk, LiveWalk) and walk.cursor is None and self._stood_until is None:
            self._stood_until = now if walk.newest is None else walk.newest

    def shown(self, rows: Mapping[str, RawRow], cursor: Cursor) -> None:
        """A batch of a live poll that was shown these rows has gone through."""
        unpublished = (row for row in rows.values() if row.id not in self.published)
        self._excused |= {row.id for row in unpublished if self._is_left_out(row, cursor)}

    def finished(self, walk: LiveWalk | HistoryWalk, rows: Mapping[str, RawRow], covered: set[str]) -> None:
        """A walk is published to its end; `covered` stood there all the time, within the pages that were asked for."""
        lost = [row_id for row_id in rows if row_id not in self.published and row_id not in self._excused]
        assert not lost, f"{lost} were shown, and neither published nor left out for a reason"
        if self._rules.start == "now" and isinstance(walk, LiveWalk) and walk.cursor is None:
            self._silent |= {row.id for row in rows.values() if row.time <= self._stood_until}
        self.passed_over(walk, covered - set(rows))

    def passed_over(self, walk: LiveWalk | HistoryWalk, unseen: set[str]) -> None:
        """These stood there within what was covered, and were on no page: they moved across a seam.

        A live walk is owed once more then. A history has no such excuse: it reads the other way again.
        """
        if isinstance(walk, HistoryWalk):
            return
        for sent in self._provider.listed():
            if sent.id in unseen:
                sent.jumped += 1

    def _is_left_out(self, row: RawRow, cursor: Cursor) -> bool:
        if row.id in self._lettered:
            return True
        if self._rules.start == "now" and self._stood_until is not None and row.time <= self._stood_until:
            return True
        if cursor.start is not None and row.time < cursor.start:
            return True
        if cursor.history is not None and cursor.history.covers(row.time):
            return True
        return cursor.forgot(row.time) and any(gap.reason == "memory" for gap in self.gaps)

    # --- the end ------------------------------------------------------------------------------------------

    def rest(self, cursor: Cursor) -> None:
        """After all is quiet: what stayed visible is published, and page one is published as it stands."""
        for place, sent in enumerate(self._provider.listed()):
            known = self.published.get(sent.id)
            if known is None:
                assert self._is_excused(sent, cursor), f"{sent} at {place} was never published"
            elif place < self._provider.first().limit and sent.health == "sound" and not cursor.forgot(sent.time):
                assert known.text == f"version {sent.text}", f"{sent} is published as {known}"

    def _is_excused(self, sent: Sent, cursor: Cursor) -> bool:
        if sent.health == "broken" or not sent.steady or sent.jumped > 1:
            return True
        if not self._provider.numbered and sent.late:
            return True  # it appeared behind all that can be asked for: no finished poll was shown it
        if any(_covers(gap, sent.time) for gap in self.gaps):
            return True
        return self._is_left_out(RawRow(id=sent.id, time=sent.time, position=0, digest=b"", raw=sent.raw), cursor)


def _covers(gap: Gap, time: int) -> bool:
    if gap.reason == "memory" or gap.before is None:
        return False
    return time <= gap.before.time and (gap.after is None or gap.after.time <= time)
