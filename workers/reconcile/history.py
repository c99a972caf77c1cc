"""A long history of numbered pages, read from its old end so that its events ascend, in batches that can be resumed.

Newest-first pages shift towards higher numbers while new messages arrive. Inside a batch pages are therefore read
upwards in number (newer to older): what shifts is seen twice, never missed. A batch ends where it meets the rows
that the batch before it has seen. Deletions shift the other way, past the reader: where rows may have slipped through
(seams.py), the pages are read again the other way, in which no deletion hides what it moves.

Like a live walk this is a machine without I/O: ask for `want`, give the page to `take`, until `want` is None. First
the old end is searched for (old_end.py).
"""

from bisect import bisect_left

from workers.model import Page, PageRef
from workers.reconcile import memory
from workers.reconcile.batch_rows import BatchRows
from workers.reconcile.cursor import Cursor, History
from workers.reconcile.known import ID_BYTES, identity
from workers.reconcile.old_end import OldEnd, is_past
from workers.reconcile.rules import Rules
from workers.reconcile.seams import Seams
from workers.reconcile.standing import face_of, identities_of, identity_of, rows_of
from workers.reconcile.walk import NO_TIME, Row

#: Pages of one batch: 500 rows at 50 a page, one transaction of about half a megabyte.
BATCH_PAGES = 10
#: Pages that a batch may read beyond its own in search of the rows before it; then it gives up its newest pages, which
#: the next batch reads again, so that its memory stays bounded whatever arrived since.
OVERLAP_PAGES = 40
#: Pages in a row that show what the page before them showed, before the provider is taken to have no further ones.
REPEATS = 3
#: Times that a batch is read from its first page again since rows came in by whole pages, and looked like that.
REREADS = 3


class HistoryWalk:
    """One batch of a history (and the search for its old end, where that is not known yet)."""

    def __init__(self, cursor: Cursor, rules: Rules, first: PageRef) -> None:
        if cursor.history is None:
            raise ValueError("the cursor has no history to read")
        self._cursor, self._history = cursor, cursor.history
        self._limit = first.limit
        #: Only what stood there at the first contact is limited: what came later is read whatever its number.
        self._row_limit = None if self._history.backfill is None else rules.history_limit
        self._published = _identities(cursor.history)
        self._rows = BatchRows(cursor)
        #: The rows of the page before, where it was short.
        self._short: frozenset[bytes] = frozenset()
        self._begin = self._end = 1
        self._begins_live = False
        self._listed: frozenset[bytes] = frozenset()
        self._first_listed: frozenset[bytes] = frozenset()
        self._rereads = 0
        #: By what the batch's first page is known again, where it has no rows that the next batch could meet.
        self.joint: frozenset[bytes] = frozenset()
        #: The newest time (ms) of the history's rows on the batch's first page, where that is known.
        self.reached: int | None = None
        #: Pages to look at before the batch is read.
        self._looks: list[int] = []
        self._searched: dict[int, frozenset[bytes]] = {}
        self.skipped: dict[str, int] = {}
        self.pages = 0
        #: True when the last page asked for is the last that can be, although older rows exist.
        self.reach_ended = False
        self.want: PageRef | None = None
        self._search: OldEnd | None = None
        if self._history.page is None:
            self._search = OldEnd(cursor, self._row_limit, first.limit)
            self._ask(self._search.number)
        else:
            self._begin_batch(self._history.page - 1, behind=self._history.page)

    @property
    def boundary(self) -> int:
        """The newest time (ms) that this batch takes for its own."""
        return self._history.boundary

    @property
    def beyond_limit(self) -> int:
        """How many rows of this batch are left out, since older than the limit on the history's length allows."""
        return bisect_left(times, self._oldest_allowed(times)) if (times := self._rows.times()) else 0

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

    def rows(self) -> list[Row]:
        """The rows of this batch that belong to the history, oldest first."""
        return self._rows.own(self._oldest_allowed(self._rows.times()))

    def take(self, page: Page) -> None:
        """One page, as answer to `want`."""
        if self.want is None:
            raise ValueError("no page was asked for")
        self.pages += 1
        for reason, count in page.skipped.items():
            self.skipped[reason] = self.skipped.get(reason, 0) + count
        number = self.want.number
        if self._search is not None and not self._search.over:
            self._go_on_searching(self._search, number, page)
        elif self._looks:
            self._look(number, page)
        elif self._returning:
            self._return(number, page)
        else:
            self._read(number, page)

    def _go_on_searching(self, search: OldEnd, number: int, page: Page) -> None:
        self._rows.look(number, page)
        self._searched[number] = rows_of(page)
        search.take(page)
        if search.over:
            self._begin_batch(search.number, behind=search.number)
        else:
            self._ask(search.number)

    def _ask(self, number: int) -> None:
        self.want = PageRef(number=number, limit=self._limit)

    # --- one batch ----------------------------------------------------------------------------------------

    def _begin_batch(self, end: int, behind: int) -> None:
        """The batch whose oldest page is `end`; `behind` it, or on it, lie rows that all of its seams lie before."""
        self._end = max(end, 1)
        self._begin = max(1, self._end - BATCH_PAGES + 1)
        self._seams = Seams()
        self._returning, self._repeats = False, 0
        self._looks = [behind] if behind > self._begin else []
        self._ask(self._looks[0] if self._looks else self._begin)

    def _look(self, number: int, page: Page) -> None:
        """A page that tells, once the batch is read, whether rows slipped through."""
        self._rows.look(number, page)
        del self._looks[0]
        if number == self._begin:
            self._seams.look_first(page)
        else:
            self._seams.look_behind(number, page)
            if not self._seams.guarded and not self._rests(number, page):
                self._looks = [self._begin, number]
        self._ask(self._looks[0] if self._looks else self._begin)

    def _rests(self, number: int, page: Page) -> bool:
        """Whether a page shows what it showed when the batch before began there, or the search looked at it last."""
        listed = rows_of(page)
        return bool(listed) and (listed <= self._published or listed == self._searched.get(number))

    def _read(self, number: int, page: Page) -> None:
        self._rows.read(number, page)
        listed = face_of(page)
        if number == self._begin:
            self._first_listed, self.joint = listed, frozenset() if page.rows else listed
            mine = [row.time for row in page.rows if row.time <= self._history.boundary]
            self._begins_live, self.reached = bool(page.rows) and not mine, max(mine, default=None)
        self._seams.read(number, page)
        self.reach_ended = page.next is None and not page.exhausted
        before, self._listed = self._listed, listed
        self._repeats = self._repeats + 1 if self._listed and before == self._listed else 0
        if not self._batch_is_whole(number, page):
            self._slide(number)
            self._ask(number + 1)
        elif number > self._begin and (self._repeats >= REPEATS or self._seams.slipped()):
            self._returning = True
            self._ask(number - 1)
        else:
            self._finish()

    def _return(self, number: int, page: Page) -> None:
        self._rows.read_back(number, page)
        if number > self._begin:
            self._ask(number - 1)
        elif self._repeats >= REPEATS and self._rereads < REREADS and self._first_listed != face_of(page):
            self._rereads, self._rows = self._rereads + 1, BatchRows(self._cursor)
            self._begin_batch(self._end, behind=self._end + 1)
        else:
            self._finish()

    def _finish(self) -> None:
        self._rows.finish(range(self._begin, self._end + 1))
        self.want = None

    def _batch_is_whole(self, number: int, page: Page) -> bool:
        behind = self._goes_on_behind(page)
        last_page = ((page.exhausted or page.next is None) and not behind) or is_past(page, self._cursor)
        if last_page or self._repeats >= REPEATS:
            return True
        if number < self._end:
            return False
        if self._search is not None and self._search.limited and self._history.done is None:
            return bool(page.rows) and min(row.time for row in page.rows) < self._oldest_allowed(self._rows.times())
        return self._meets_published(page)

    def _goes_on_behind(self, page: Page) -> bool:
        """Whether rows may lie behind a short page: fewer of the same rows behind it, or rows enough, rule that out."""
        before, self._short = self._short, frozenset()
        if not page.short or page.proof is None:
            return False
        self._short = identities_of(page)
        enough = self._oldest_allowed(self._rows.times()) != NO_TIME
        return not enough and not self._short < before

    def _meets_published(self, page: Page) -> bool:
        """Whether the page's oldest row was seen by the batch before (one odd row higher up proves nothing)."""
        if not page.rows:
            return not self._published.isdisjoint(face_of(page))
        oldest = max(page.rows, key=lambda row: row.position)
        return not self._published.isdisjoint((identity_of(oldest), identity(oldest.id)))  # see standing.remembered

    def _slide(self, number: int) -> None:
        """Give up the newest pages where the rows before this batch lie much further back than expected."""
        if number < self._end + OVERLAP_PAGES:
            return
        self._end, self._begin = number, max(1, number - BATCH_PAGES + 1)
        self._begins_live, self.reached, self._first_listed, self.joint = False, None, frozenset(), frozenset()
        self._rows.give_up(self._begin)
        self._seams.lose()

    def _oldest_allowed(self, times: list[int]) -> int:
        """The time (ms) of the oldest row that the limit allows; all rows of one time go or stay together."""
        if self._search is None or self._row_limit is None or self._history.done is not None:
            return NO_TIME
        allowed = max(1, self._row_limit - (self._begin - 1) * self._search.page_rows)
        return times[-allowed] if len(times) > allowed else NO_TIME


def _identities(history: History) -> frozenset[bytes]:
    """Of the rows that the batches before this one have seen."""
    met = (history.met[at : at + ID_BYTES] for at in range(0, len(history.met), ID_BYTES))
    return frozenset(memory.index(history.rows)).union(met)
