"""The rows that one batch of a history (history.py) was shown, and which of them are its own. Pure.

Rows up to the history's boundary are, and so are newer ones that the provider lists behind them: a time says nothing
of what was published. Newer rows in front of all others came after the history was opened, and are left to live polls.
"""

from collections.abc import Iterable

from workers.model import BrokenRow, Page, RawRow
from workers.reconcile.cursor import Cursor
from workers.reconcile.old_end import is_older_news
from workers.reconcile.standing import identity_of
from workers.reconcile.walk import NO_TIME, PLACES, Row


class BatchRows:
    """Rows by identity, each as it was seen last, with its place in the list."""

    def __init__(self, cursor: Cursor) -> None:
        if cursor.history is None:
            raise ValueError("the cursor has no history to read")
        self._cursor, self._history = cursor, cursor.history
        self._seen: dict[bytes, tuple[int, int, Row]] = {}
        #: Pages seen before the batch was read: by the search for the old end, and to know whether rows slip through.
        self._looked: list[tuple[int, Page]] = []
        #: Rows on the way back in front of all that were seen on the way there: newer ones, unless one follows.
        self._held: list[RawRow] = []
        #: Newer rows than the boundary that stand behind rows of the history; and those first on a page behind others,
        #: which may have moved there. What is listed behind them tells: if that was seen on a page before, they did.
        self._behind: set[bytes] = set()
        self._doubtful: set[bytes] = set()
        self._passed: set[bytes] = set()

    def look(self, number: int, page: Page) -> None:
        """A page before the batch is read, which may show rows of it that are gone when it is."""
        self._looked.append((number, page))
        self._note_behind(page)

    def read(self, number: int, page: Page) -> None:
        """A page of the batch on the way to older rows."""
        self._keep(number, (*page.rows, *page.broken))
        passed = bool(self._passed)
        for row in sorted(page.rows, key=lambda row: row.position):
            row_id = identity_of(row)
            if row.time > self._history.boundary:
                self._doubtful |= {row_id} if passed else set()
                continue
            self._behind |= self._doubtful if row_id not in self._passed else set()
            self._passed.add(row_id)
            self._doubtful = set()
        self._note_behind(page)

    def read_back(self, number: int, page: Page) -> None:
        """A page on the way back to the first: what moved towards it meanwhile is met here.

        What is newer than the batch is left to the next one, since rows before it may have been put in meanwhile.
        """
        listed = sorted(page.rows, key=lambda row: row.position)
        self._note_behind(page)
        known = next((place for place, row in enumerate(listed) if identity_of(row) in self._seen), None)
        if known is not None:
            self._put_behind([*listed[known:], *self._held])
            self._held = []
        self._held = [*listed[:known], *self._held]
        self._keep(number, page.broken)

    def finish(self, numbers: range) -> None:
        """Take in what was seen of these pages before they were read, and is gone; newer rows are left to the next."""
        self._behind |= self._doubtful
        newest = max((time for time, _, _ in self._seen.values()), default=NO_TIME)
        for number, page in self._looked:
            if number in numbers:
                older = (row for row in page.rows if row.time <= newest)
                rows: tuple[Row, ...] = (*older, *page.broken)
                self._keep(number, [row for row in rows if identity_of(row) not in self._seen])

    def give_up(self, begin: int) -> None:
        """Forget the rows of the pages in front of `begin`, where the batch begins now."""
        self._seen = {row_id: seen for row_id, seen in self._seen.items() if seen[1] <= _place(begin, 0)}

    def times(self) -> list[int]:
        """The times (ms) of the batch's own rows, ascending."""
        return sorted(time for time, _, row in self._seen.values() if self._is_mine(row, NO_TIME) and time != NO_TIME)

    def own(self, oldest: int) -> list[Row]:
        """The batch's own rows, oldest first; none is older than `oldest` (ms)."""
        mine = (seen for seen in self._seen.values() if self._is_mine(seen[2], oldest))
        return [row for _, _, row in sorted(mine, key=lambda seen: seen[:2])]

    def _put_behind(self, listed: Iterable[RawRow]) -> None:
        """Rows of which the first was seen before: the others get their places behind it."""
        place = 0
        for row in listed:
            row_id = identity_of(row)
            place = self._seen[row_id][1] if row_id in self._seen else place - 1
            self._seen[row_id] = (row.time, place, row)

    def _keep(self, number: int, rows: Iterable[Row]) -> None:
        for row in rows:
            time, position = (NO_TIME, 0) if isinstance(row, BrokenRow) else (row.time, row.position)
            self._seen[identity_of(row)] = (time, _place(number, position), row)

    def _is_mine(self, row: Row, oldest: int) -> bool:
        if isinstance(row, BrokenRow):
            return True
        if row.time < oldest or self._history.covers(row.time):
            return row.time >= oldest
        if row.time > self._history.boundary:
            return identity_of(row) in self._behind
        return is_older_news(row, self._cursor)

    def _note_behind(self, page: Page) -> None:
        boundary = self._history.boundary
        first = min((row.position for row in page.rows if row.time <= boundary), default=None)
        if first is not None:
            newer = (row for row in page.rows if row.time > boundary and row.position > first)
            self._behind |= {identity_of(row) for row in newer}


def _place(number: int, position: int) -> int:
    """Where a row stands among rows of its time, the newest highest; there is room for others between any two."""
    return -(number * PLACES + position) * PLACES
