"""The search for the old end of numbered pages. Pure, like the walk that it serves (history.py).

Page numbers are doubled until one has no rows, then halved between it and the last that had some.
"""

from workers.model import Page, RawRow
from workers.reconcile.cursor import Cursor
from workers.reconcile.page_end import ends_before
from workers.reconcile.standing import Standing, face_of, identity_of, standing_of

#: Page number at which no search goes on: a million pages are fifty million rows, more than any conversation has, so a
#: provider that shows something else for each number has no end.
FURTHEST = 1 << 20


class OldEnd:
    """One search. `number` is the page to look at next and, once the search is `over`, the one that holds the end.

    `limit` is the most rows (None: all) that the history may have, `page_rows` how many a page is expected to hold.
    """

    def __init__(self, cursor: Cursor, limit: int | None, page_rows: int) -> None:
        self._cursor = cursor
        self._limit = limit
        #: Rows of a full page, as seen last.
        self.page_rows = page_rows
        self.over = False
        #: True when rows older than the limit allows exist.
        self.limited = False
        self._low = 1
        self._low_shown: frozenset[bytes] = frozenset()
        self._high: int | None = None
        self.number = self._capped(2)

    def take(self, page: Page) -> None:
        """The page `number`."""
        number, shown = self.number, face_of(page)
        if is_past(page, self._cursor) or shown == self._low_shown or number >= FURTHEST:
            # A provider may answer every number past the end with its last page again.
            self._high = number
            self._halve()
            return
        self._low, self._low_shown = number, shown
        last_page = page.exhausted or page.next is None
        self.page_rows = self.page_rows if last_page else len(page.rows) + len(page.broken) or self.page_rows
        last = self._last_allowed()
        if last is not None and number > last:
            self.limited = True
            self._end_at(last)
        elif last_page or _straddles(page, self._cursor):
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


def is_past(page: Page, cursor: Cursor) -> bool:
    """No rows, or only rows older than the cursor's history goes back, and none that was never published."""
    after = _after(cursor)
    if not page.rows or after is None:
        return not (page.rows or page.broken or page.others)
    return all(row.time < after for row in page.rows) and not _shows_older_news(page, after, cursor)


def _straddles(page: Page, cursor: Cursor) -> bool:
    after = _after(cursor)
    return after is not None and ends_before(page.rows, after) and not _shows_older_news(page, after, cursor)


def _after(cursor: Cursor) -> int | None:
    return cursor.history.after if cursor.history else None


def _shows_older_news(page: Page, after: int, cursor: Cursor) -> bool:
    return any(is_older_news(row, cursor) for row in page.rows if row.time < after)


def is_older_news(row: RawRow, cursor: Cursor) -> bool:
    """Whether a row from before the time to which a history goes back has yet to be published all the same.

    That time only says where to look, since the newest message that was known may have had a wrong one: identity
    decides. A cursor that knows of no message can tell nothing by that.
    """
    return cursor.newest is not None and standing_of(row, cursor, identity_of(row)) is Standing.NEW
