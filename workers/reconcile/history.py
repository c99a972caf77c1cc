"""A long history of numbered pages, read from its old end so that its events ascend, in batches that can be resumed.

Newest-first pages shift towards higher numbers while new messages arrive. Inside a batch pages are therefore read
upwards in number (newer to older): what shifts is seen twice, never missed. A batch ends where it meets the rows
that the batch before it has seen. Deletions shift the other way, past the reader: the page at which a batch began is
looked at once more at its end, and the batch is read again when rows moved up in it.

Like a live walk this is a machine without I/O: ask for `want`, give the page to `take`, until `want` is None. First
the old end is searched for (old_end.py).
"""

from bisect import bisect_left
from collections.abc import Mapping

from workers.model import BrokenRow, Page, PageRef, RawRow
from workers.reconcile import memory
from workers.reconcile.cursor import Cursor, History
from workers.reconcile.known import ID_BYTES, identity
from workers.reconcile.old_end import OldEnd, is_past, moved_up, newer_rows
from workers.reconcile.rules import Rules
from workers.reconcile.standing import identities_of, identity_of
from workers.reconcile.walk import NO_TIME, PLACES

#: Pages of one batch: 500 rows at 50 a page, one transaction of about half a megabyte.
BATCH_PAGES = 10
#: Pages that a batch may read beyond its own in search of the rows before it; then it gives up its newest pages, which
#: the next batch reads again, so that its memory stays bounded whatever arrived since.
OVERLAP_PAGES = 40
#: Times that a batch is read again because rows moved up meanwhile; a feed that loses rows faster than that is
#: published as it was seen.
REREADS = 3
#: Pages in a row that show what the page before them showed, before the provider is taken to have no further ones.
REPEATS = 3


class HistoryWalk:
    """One batch of a history (and the search for its old end, where that is not known yet)."""

    def __init__(self, cursor: Cursor, rules: Rules, first: PageRef) -> None:
        if cursor.history is None:
            raise ValueError("the cursor has no history to read")
        self._history: History = cursor.history
        self._limit = first.limit
        #: Only what stood there at the first contact is limited: what came later is read whatever its number.
        self._row_limit = None if self._history.backfill is None else rules.history_limit
        self._published = _identities(cursor.history)
        self._seen: dict[bytes, tuple[int, int, RawRow | BrokenRow]] = {}
        #: The rows of the page before, where it was short.
        self._short: frozenset[bytes] = frozenset()
        self._listed: dict[int, Mapping[bytes, int]] = {}
        self._begin = self._end = 1
        self._checking = self._begins_live = False
        self._rereads = self._repeats = 0
        self.skipped: dict[str, int] = {}
        self.pages = 0
        #: True when the last page asked for is the last that can be, although older rows exist.
        self.reach_ended = False
        self.want: PageRef | None = None
        self._search: OldEnd | None = None
        if self._history.page is None:
            self._search = OldEnd(self._history, self._row_limit, first.limit)
            self._ask(self._search.number)
        else:
            self._begin_batch(self._history.page - 1)

    @property
    def boundary(self) -> int:
        """The newest time (ms) that this batch takes for its own."""
        return self._history.boundary

    @property
    def beyond_limit(self) -> int:
        """How many rows of this batch are left out, since older than the limit on the history's length allows."""
        return bisect_left(times, self._oldest_allowed(times)) if (times := self._times()) else 0

    @property
    def finished(self) -> bool:
        """Whether this batch reached page one, or pages of live rows alone: the whole history has been read."""
        return self.want is None and (self._begin <= 1 or self._begins_live)

    @property
    def begin(self) -> int:
        """The page number at which this batch began: the next one ends below it."""
        return self._begin

    @property
    def end(self) -> int:
        """The page number of the old end, as far as the search knows."""
        return self._history.pages or self._end

    def rows(self) -> list[RawRow | BrokenRow]:
        """The rows of this batch that belong to the history, oldest first."""
        oldest = self._oldest_allowed(self._times())
        mine = (seen for seen in self._seen.values() if self._is_mine(seen[2], oldest))
        return [row for _, _, row in sorted(mine, key=lambda seen: seen[:2])]

    def take(self, page: Page) -> None:
        """One page, as answer to `want`."""
        if self.want is None:
            raise ValueError("no page was asked for")
        self.pages += 1
        for reason, count in page.skipped.items():
            self.skipped[reason] = self.skipped.get(reason, 0) + count
        if self._checking:
            self._check(page)
        elif self._search is not None and not self._search.over:
            self._search.take(page)
            self._go_on_searching(self._search)
        else:
            self._read(self.want.number, page)

    def _go_on_searching(self, search: OldEnd) -> None:
        if search.over:
            self._begin_batch(search.number)
        else:
            self._ask(search.number)

    def _ask(self, number: int) -> None:
        self.want = PageRef(number=number, limit=self._limit)

    # --- one batch ----------------------------------------------------------------------------------------

    def _begin_batch(self, end: int) -> None:
        self._end = max(end, 1)
        self._begin = max(1, self._end - BATCH_PAGES + 1)
        self._ask(self._begin)

    def _read(self, number: int, page: Page) -> None:
        before = self._listed.get(number - 1)
        listed = self._note(number, page)
        repeated = bool(listed) and before is not None and before.keys() == listed.keys()
        self._repeats = self._repeats + 1 if repeated else 0
        if not self._batch_is_whole(number, page):
            self._slide(number)
            self._ask(number + 1)
        elif number > self._begin and self._rereads < REREADS:
            self._checking = True
            self._ask(self._begin)
        else:
            self.want = None

    def _note(self, number: int, page: Page) -> Mapping[bytes, int]:
        self.reach_ended = page.next is None and not page.exhausted
        for row in page.rows:
            self._seen[identity_of(row)] = (row.time, _place(number, row.position), row)
        for broken in page.broken:
            self._seen[identity_of(broken)] = (NO_TIME, _place(number, 0), broken)
        if number == self._begin:
            self._begins_live = bool(page.rows) and all(row.time > self._history.boundary for row in page.rows)
        self._listed[number] = newer_rows(page)
        return self._listed[number]

    def _batch_is_whole(self, number: int, page: Page) -> bool:
        behind = self._goes_on_behind(page)
        last_page = ((page.exhausted or page.next is None) and not behind) or is_past(page, self._history.after)
        if last_page or self._repeats >= REPEATS:
            return True
        if number < self._end:
            return False
        if self._search is not None and self._search.limited and self._history.done is None:
            return bool(page.rows) and min(row.time for row in page.rows) < self._oldest_allowed(self._times())
        return self._meets_published(page)

    def _goes_on_behind(self, page: Page) -> bool:
        """Whether rows may lie behind a short page: the page behind it, or rows enough, rule that out."""
        before, self._short = self._short, frozenset()
        if not page.short or page.proof is None:
            return False
        self._short = identities_of(page)
        enough = self._oldest_allowed(self._times()) != NO_TIME
        return not enough and not self._short <= before

    def _meets_published(self, page: Page) -> bool:
        """Whether the page's oldest row was seen by the batch before (one odd row higher up proves nothing)."""
        if not page.rows:
            return False
        oldest = max(page.rows, key=lambda row: row.position)
        return not self._published.isdisjoint((identity_of(oldest), identity(oldest.id)))  # see standing.remembered

    def _slide(self, number: int) -> None:
        """Give up the newest pages where the rows before this batch lie much further back than expected."""
        if number < self._end + OVERLAP_PAGES:
            return
        self._end, self._begin = number, max(1, number - BATCH_PAGES + 1)
        self._begins_live = False
        self._seen = {row_id: seen for row_id, seen in self._seen.items() if seen[1] <= _place(self._begin, 0)}
        self._listed = {page: listed for page, listed in self._listed.items() if page >= self._begin}

    def _check(self, page: Page) -> None:
        """Look at the batch's first page once more: whether rows moved up in it, or pages became larger."""
        self._checking = False
        self._take_in(page)
        before, now = self._listed[self._begin], newer_rows(page)
        if not moved_up(before, now) and len(now) <= len(before):
            self.want = None
            return
        self._rereads += 1
        self._listed = {}
        self._ask(self._begin)

    def _take_in(self, page: Page) -> None:
        """Rows of one and the same time are no sign of moving, since some providers shuffle them.

        Those that come behind a row of this batch without having been on any page did move up, and are the batch's.
        """
        place = None
        for row in sorted(page.rows, key=lambda row: row.position):
            row_id = identity_of(row)
            if row_id in self._seen:
                place = self._seen[row_id][1]
            elif place is not None:
                place -= 1
                self._seen[row_id] = (row.time, place, row)

    # --- which rows are its own ---------------------------------------------------------------------------

    def _times(self) -> list[int]:
        return sorted(time for time, _, row in self._seen.values() if self._is_mine(row, NO_TIME) and time != NO_TIME)

    def _oldest_allowed(self, times: list[int]) -> int:
        """The time (ms) of the oldest row that the limit allows; all rows of one time go or stay together."""
        if self._search is None or self._row_limit is None or self._history.done is not None:
            return NO_TIME
        allowed = max(1, self._row_limit - (self._begin - 1) * self._search.page_rows)
        return times[-allowed] if len(times) > allowed else NO_TIME

    def _is_mine(self, row: RawRow | BrokenRow, oldest: int) -> bool:
        if isinstance(row, BrokenRow):
            return True
        return row.time >= oldest and self._history.covers(row.time)


def _place(number: int, position: int) -> int:
    """Where a row stands among rows of its time, the newest highest; there is room for others between any two."""
    return -(number * PLACES + position) * PLACES


def _identities(history: History) -> frozenset[bytes]:
    """Of the rows that the batches before this one have seen."""
    met = (history.met[at : at + ID_BYTES] for at in range(0, len(history.met), ID_BYTES))
    return frozenset(memory.index(history.rows)).union(met)
