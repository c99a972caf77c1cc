"""The search for the old end of numbered pages. Pure, like the walk that it serves (history.py).

Page numbers are doubled until one has no rows, then halved between it and the last that had some.
"""

from collections.abc import Mapping

from workers.model import Page
from workers.reconcile.cursor import History
from workers.reconcile.standing import identity_of


class OldEnd:
    """One search. `number` is the page to look at next and, once the search is `over`, the one that holds the end.

    `limit` is the most rows (None: all) that the history may have, `page_rows` how many a page is expected to hold.
    """

    def __init__(self, history: History, limit: int | None, page_rows: int) -> None:
        self._after = history.after
        self._limit = limit
        #: Rows of a full page, as seen last.
        self.page_rows = page_rows
        self.over = False
        #: True when rows older than the limit allows exist.
        self.limited = False
        self._low = 1
        self._low_rows: frozenset[bytes] = frozenset()
        self._high: int | None = None
        self.number = self._capped(2)

    def take(self, page: Page) -> None:
        """The page `number`."""
        number, rows = self.number, frozenset(identity_of(row) for row in page.rows)
        if is_past(page, self._after) or (rows and rows == self._low_rows):
            # A provider may answer every number past the end with its last page again.
            self._high = number
            self._halve()
            return
        self._low, self._low_rows = number, rows
        last_page = page.exhausted or page.next is None
        self.page_rows = self.page_rows if last_page else max(1, len(page.rows) + len(page.broken))
        last = self._last_allowed()
        if last is not None and number > last:
            self.limited = True
            self._end_at(last)
        elif last_page or _straddles(page, self._after):
            self._end_at(number)
        elif self._high is not None:
            self._halve()
        else:
            self.number = self._capped(number * 2)

    def _halve(self) -> None:
        high = self._high or 1
        if high - self._low <= 1:
            self._end_at(self._low)
        else:
            self.number = (self._low + high) // 2

    def _end_at(self, number: int) -> None:
        self.number, self.over = number, True

    def _last_allowed(self) -> int | None:
        return None if self._limit is None else max(1, -(-self._limit // self.page_rows))

    def _capped(self, number: int) -> int:
        """Not further than one page past the limit, which says whether anything lies there."""
        last = self._last_allowed()
        return number if last is None else min(number, last + 1)


def is_past(page: Page, after: int | None) -> bool:
    """No rows, or only rows older than the history goes back (`after`, ms)."""
    times = [row.time for row in page.rows]
    return (not page.rows and not page.broken) or (after is not None and bool(times) and max(times) < after)


def newer_rows(page: Page) -> Mapping[bytes, int]:
    """How many rows of the page are newer than each: its place, whatever the order among equal times."""
    times = sorted((row.time for row in page.rows), reverse=True)
    first = {time: place for place, time in reversed(list(enumerate(times)))}
    return {identity_of(row): first[row.time] for row in page.rows}


def moved_up(before: Mapping[bytes, int], now: Mapping[bytes, int]) -> bool:
    """Whether rows of a page moved towards newer ones between two looks at it (`newer_rows`): something is gone."""
    common = before.keys() & now.keys()
    return any(now[row_id] < before[row_id] for row_id in common) if common else bool(before)


def _straddles(page: Page, after: int | None) -> bool:
    return after is not None and any(row.time < after for row in page.rows)
