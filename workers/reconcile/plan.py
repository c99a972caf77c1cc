"""From a finished walk to what is to be published of it: a plan, which `batches` carries out. Pure.

A plan says how the cursor is opened before the first batch and closed after the last, and what is said on the way.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

from workers.model import BrokenRow, ConversationState, RawRow
from workers.reconcile import memory
from workers.reconcile.cursor import Cursor, History, Newest, contacted
from workers.reconcile.first_contact import FirstContact
from workers.reconcile.history import HistoryWalk
from workers.reconcile.known import has_digest
from workers.reconcile.outcome import Gap
from workers.reconcile.reconciler import Standings
from workers.reconcile.remembering import finish_history
from workers.reconcile.rules import Rules
from workers.reconcile.standing import identity_of
from workers.reconcile.walk import LiveWalk, Row


class Plan(Protocol):
    """How the rows of one walk are published, and the conversation's state behind the last of them.

    `base` is the cursor that the rows were chosen against, and `standings` is where they stood, by identity, as far as
    `open` leaves them where they were.
    """

    rows: Sequence[Row]
    history: bool
    gaps: tuple[Gap, ...]
    conversation: ConversationState | None
    base: Cursor | None
    standings: Standings

    def open(self, cursor: Cursor | None) -> Cursor:
        """The cursor that the first batch is judged against."""
        ...

    def close(self, cursor: Cursor) -> Cursor:
        """The cursor after the last batch."""
        ...


class LivePlan:
    """What a live walk came to. `cursor` is the one at its end; `page` is the digest of page one's body."""

    history = False

    def __init__(self, walk: LiveWalk, cursor: Cursor | None, rules: Rules, now: int, page: bytes) -> None:
        known = contacted(cursor)
        if known is None and walk.cursor is not None:
            raise ValueError("the cursor that the rows were chosen against is gone")
        self.base = walk.cursor
        self._page = page
        self._again = walk.again()
        self._beneath = walk.beneath
        self.conversation = walk.conversation
        self._first = FirstContact(walk, rules, now) if known is None else None
        self._left_behind = _left_behind(walk, rules, now)
        # Rows that are left to a history stand there as pending: it publishes them, and what changed is told now.
        self.rows: Sequence[Row] = walk.rows()
        as_they_were = known is not None and self._left_behind is None
        self.standings: Standings = walk.standings if as_they_were else {}
        self.gaps = self._first.gaps if self._first else _gap_behind(walk, now)

    def open(self, cursor: Cursor | None) -> Cursor:
        """The cursor of a first contact, or with a history opened where one is needed."""
        known = contacted(cursor)
        if known is None:
            if self._first is None:
                raise ValueError("the cursor that the rows were chosen against is gone")
            known = self._first.cursor(cursor)
        history = known.history if self._left_behind is None else _joined(known.history, self._left_behind)
        # What is owed is owed from the first batch on: a stop before the last must not forget it.
        return msgspec.structs.replace(known, history=history, again=known.again or self._again)

    def close(self, cursor: Cursor) -> Cursor:
        """The cursor that knows this page, owes the walk that is owed, and has forgotten its page letters."""
        beneath = cursor.newest.among(self._beneath) if cursor.newest else None
        return msgspec.structs.replace(
            cursor, page=self._page, again=self._again, letters=(), opening=None, beneath=beneath
        )


class HistoryPlan:
    """What one batch of a history came to. `history` is the cursor's at the end of the walk."""

    history = True
    conversation: ConversationState | None = None
    #: Live polls may have looked at these rows later than this walk did: the newest page is always looked at anew.
    base: Cursor | None = None
    standings: Standings = MappingProxyType({})

    def __init__(self, walk: HistoryWalk, history: History) -> None:
        window = memory.index(history.rows)
        # Rows that the batch before published, and that are as they were, only proved where it ended.
        self.rows: Sequence[Row] = [row for row in walk.rows() if not _is_known(row, window)]
        self._walk = walk
        self.gaps = self._gaps(history) if history.done is None else ()

    def open(self, cursor: Cursor | None) -> Cursor:
        """The cursor, which starts where a limited history does; it is only ever read behind a first contact."""
        if cursor is None:
            raise ValueError("a history without a cursor")
        times = _times(self.rows)
        if not self._walk.beyond_limit or cursor.history is None or not times:
            return cursor
        start = times[0] if cursor.start is None else max(cursor.start, times[0])
        return msgspec.structs.replace(
            cursor, start=start, history=msgspec.structs.replace(cursor.history, after=start)
        )

    def close(self, cursor: Cursor) -> Cursor:
        """The cursor whose history begins one batch further on, or is out."""
        history = cursor.history
        if history is None:
            return cursor
        if self._walk.finished and history.boundary == self._walk.boundary:
            return finish_history(cursor)
        window = memory.index(history.rows)
        seen = (identity_of(row) for row in self._walk.rows() if isinstance(row, RawRow))
        met = b"".join([*(row_id for row_id in seen if row_id not in window), *sorted(self._walk.joint)])
        done = history.done
        if done is not None and self._walk.reached is not None:
            done = min(done, self._walk.reached)  # a row far behind may have a newer time than those yet to be read
        history = msgspec.structs.replace(history, page=self._walk.begin, pages=self._walk.end, met=met, done=done)
        return msgspec.structs.replace(cursor, history=history)

    def _gaps(self, history: History) -> tuple[Gap, ...]:
        if (before := _oldest_of(self.rows)) is None:
            return ()
        if beyond := self._walk.beyond_limit:
            return (Gap(reason="history_limit", before=before, at_least=beyond),)
        after = None if history.after is None else Newest(id="", time=history.after)
        return (Gap(reason="page_limit", after=after, before=before),) if self._walk.reach_ended else ()


def _joined(old: History | None, new: History) -> History:
    """A history that is still being read takes in what a cut walk left behind."""
    if old is None:
        return new
    return msgspec.structs.replace(old, boundary=max(old.boundary, new.boundary))


def _left_behind(walk: LiveWalk, rules: Rules, now: int) -> History | None:
    """The history that a cut walk leaves behind: back to a little behind the newest known message."""
    if not walk.cut or walk.cursor is None:
        return None
    newest, depth = walk.cursor.newest, walk.depth()
    after = walk.cursor.start if newest is None else newest.time - rules.settle
    if after is not None and walk.reach.oldest is not None:
        # The newest message may have a time that has yet to come: what the walk did not reach is older than its end.
        after = min(after, walk.reach.oldest.time - rules.settle)
    if after is not None and depth is not None:
        after = min(after, depth)
    return History(boundary=max(walk.times(), default=now), after=after)


def _gap_behind(walk: LiveWalk, now: int) -> tuple[Gap, ...]:
    """Where the provider's reach ended before known ground was met, rows in between may be hidden for ever."""
    before = walk.horizon
    if walk.cursor is None or before is None or not walk.ran_out:
        return ()
    newest = walk.cursor.newest
    if newest is not None and newest.time > max(now, before.time):
        newest = None  # a time that has yet to come is no bound, and says nothing of what is shown
    if walk.reach.reason == "last_message_only" and newest is not None and before.time < newest.time:
        return ()  # the newest message is gone, and what is shown in its place lies in a gap that was told before
    return (Gap(reason=walk.reach.reason, after=newest, before=before),)


def _is_known(row: Row, window: Mapping[bytes, bytes]) -> bool:
    known = window.get(identity_of(row))
    return known is not None and (isinstance(row, BrokenRow) or has_digest(known, row.digest))


def _times(rows: Sequence[Row]) -> list[int]:
    return [row.time for row in rows if isinstance(row, RawRow)]


def _oldest_of(rows: Sequence[Row]) -> Newest | None:
    """The oldest of these rows, which ascend."""
    oldest = next((row for row in rows if isinstance(row, RawRow)), None)
    return None if oldest is None else Newest(id=oldest.id, time=oldest.time)
