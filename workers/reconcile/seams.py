"""Whether rows slipped through between the pages of a batch of a history (history.py). Pure.

Pages are read towards older rows. What is put in meanwhile moves rows the same way, so they are seen twice; what is
deleted moves the rows behind it against the reader, and one of them may cross a seam that he has just passed. No page
shows that, and it does not matter how far in the deletion was. But all that happens between two pages adds up in the
place of a row behind them: it moves away by as many rows as were seen twice, less as many as were missed.
"""

from collections.abc import Mapping
from itertools import pairwise

from workers.model import Page
from workers.reconcile.standing import identity_of

#: Where the rows of a page stand in it, by identity.
Places = Mapping[bytes, int]


class Seams:
    """The seams of one batch: a page behind all others is looked at, then each is read.

    What comes between that look and the first page is not seen twice, and could stand for a row that was missed. Where
    a feed does not rest the first page is therefore looked at before it, too; where it did, anything that moves counts.
    """

    def __init__(self) -> None:
        self._first: Places | None = None
        self._behind: tuple[int, Page] | None = None
        self._seen: set[bytes] = set()
        self._last: Places = {}
        #: Entries of the first page; seams at which no row was seen twice, and rows that were at the others.
        self._entries = self._bare = self._twice = 0
        #: Rows that came before the first page was read; some of them perhaps before the look behind.
        self._came = 0
        #: By how many places rows of the page behind all others have moved, as the last page with rows shows it.
        self._moved: int | None = None
        self._torn = False

    @property
    def guarded(self) -> bool:
        """Whether the first page was looked at beforehand."""
        return self._first is not None

    def look_first(self, page: Page) -> None:
        """The first page, before the one behind all others is looked at."""
        self._first = places(page)

    def look_behind(self, number: int, page: Page) -> None:
        """The page behind all others, before they are read."""
        self._behind = (number, page)

    def read(self, number: int, page: Page) -> None:
        """One page of the batch, in their order."""
        if not page.rows:
            return  # nothing can have slipped from behind the end
        here = places(page)
        if here == self._last:
            return  # the provider shows its last page again and again, or whole pages come: no row is missed then
        self._last = here
        if not self._seen:
            self._begin(page, here)
        else:
            again = len(here.keys() & self._seen)
            self._twice, self._bare = self._twice + again, self._bare + (again == 0)
        # Larger pages begin further behind than the one before them ended.
        self._torn = self._torn or _entries(page) > self._entries
        self._seen |= here.keys()
        self._moved = self._moved_behind(number, here)

    def lose(self) -> None:
        """The batch begins elsewhere: what was looked at first says nothing about it."""
        self._torn = True

    def slipped(self) -> bool:
        """Whether rows may have slipped through, now that the last page of the batch was read."""
        if self._torn:
            return True
        if not self._bare:
            return False  # each page began within the one before it
        if self._moved is None:
            return True
        if not self.guarded:
            return bool(self._moved or self._twice)  # what came first of all is not known
        return self._moved < self._twice + self._came

    def _begin(self, page: Page, here: Places) -> None:
        self._entries = _entries(page)
        self._torn = self._torn or (self._behind is not None and _entries(self._behind[1]) > self._entries)
        if self._first is not None and self._first != here:
            moved = _moved(self._first, here)
            self._torn, self._came = self._torn or moved is None, max(0, moved or 0)

    def _moved_behind(self, number: int, here: Places) -> int | None:
        if self._behind is None:
            return None
        before, page = self._behind
        moved = _moved(places(page), here)
        return None if moved is None else moved + (number - before) * self._entries


def places(page: Page) -> Places:
    """Where the rows of a page stand: as they are listed, or by time where they are listed in no order."""
    listed = sorted(page.rows, key=lambda row: row.position)
    ordered = all(newer.time >= older.time for newer, older in pairwise(listed))
    if ordered:
        return {identity_of(row): row.position for row in listed}
    by_time = sorted(listed, key=lambda row: -row.time)
    return {identity_of(row): place for place, row in enumerate(by_time)}


def _moved(before: Places, now: Places) -> int | None:
    """By how many places most rows moved towards older ones; None where no row shows it.

    The middle one of all, since single rows go, or stand differently among others of their second.
    """
    moves = sorted(now[row_id] - place for row_id, place in before.items() if row_id in now)
    return moves[len(moves) // 2] if moves else None


def _entries(page: Page) -> int:
    """How many entries a page lists, whatever they are."""
    return len(page.rows) + len(page.broken) + sum(page.skipped.values())
