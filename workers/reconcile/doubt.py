"""Whether more may lie behind a page that is only short: what a walk makes of a page's `short` and `proof`. Pure.

Few rows are a poor proof of an end: a provider may show smaller pages than its documentation says, or leave out rows
that count on a page. Known ground is a better one, and costs nothing. So the page behind a short one is asked for at
a first contact, where no known row was met, and where the cursor remembers rows that did not appear: never by a poll
that finds nothing new.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from workers.model import Page, PageRef
from workers.reconcile.cursor import Cursor
from workers.reconcile.standing import Standing, identities_of

#: Share of the rows asked for from which on a first contact asks for the wider page, too: a page that is nearly full
#: may be a full one with rows left out. To ask for each conversation would double what first contacts cost.
NEARLY_FULL = 0.8


class Doubt:
    """What one walk makes of its short pages. `cursor` is the one that it began with (None: first contact)."""

    def __init__(self, cursor: Cursor | None) -> None:
        self._cursor = cursor
        #: Remembered rows that were met, also on pages before this one.
        self._met = 0
        #: The rows of a short page whose proof was asked for.
        self._short: frozenset[bytes] | None = None
        #: True when the last page is the last by its shortness alone although nothing known was met.
        self.remains = False
        #: True when the next page is the first that is asked for as a proof.
        self.begins = False

    def settled(self, asked: PageRef, page: Page, standings: Sequence[Standing], *, widened: bool) -> Page:
        """The page as the walk goes by it: with its proof as `next` where rows may lie behind it.

        `widened`: it shows the rows of the page before once more, among others.
        """
        met = sum(standing is Standing.KNOWN or standing is Standing.CHANGED for standing in standings)
        self._met = met + (0 if widened else self._met)
        before, self._short = self._short, None
        self.begins = self.remains = False
        if not page.short or not self._is_doubtful(asked, page, len(standings)):
            return page
        ids = identities_of(page)
        if before is not None and ids <= before and not widened:
            return page  # the same rows once more: a provider has nothing else to show past its end
        if page.proof is None:
            self.remains = self._cursor is not None and self._cursor.newest is not None and not self._met
            return page
        self._short, self.begins = ids, before is None
        return replace(page, next=page.proof, exhausted=False)

    def _is_doubtful(self, asked: PageRef, page: Page, shown: int) -> bool:
        cursor = self._cursor
        if cursor is None or cursor.newest is None:
            return shown >= NEARLY_FULL * asked.limit or page.proof is None or not widens(asked, page.proof)
        return not self._met or cursor.history is not None or cursor.count() > self._met


def widens(asked: PageRef, following: PageRef) -> bool:
    """Whether the next page is the same one with more rows."""
    return following.number == asked.number and following.limit > asked.limit
