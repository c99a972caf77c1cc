"""How far back a walk saw, and whether it met known ground on its way. Pure, like the walk that it serves (walk.py)."""

from collections.abc import Sequence

from workers.model import GapReason, Page, RawRow
from workers.reconcile.standing import Standing


class Reach:
    """What the pages of one walk came to, up to the last that it read."""

    def __init__(self) -> None:
        #: True when the last page holds the oldest rows that exist.
        self.exhausted = False
        #: True when it is the last that can be asked for although older rows exist, and why, as a gap says it.
        self.ended = False
        self.reason: GapReason = "page_limit"
        #: The oldest row of the last page that had any.
        self.oldest: RawRow | None = None
        #: Whether a known row was met since where rows may lie that no page showed.
        self.grounded = False

    def end_at(self, page: Page) -> None:
        """The page is the last so far."""
        self.exhausted = page.exhausted
        self.ended = page.next is None and not page.exhausted
        self.reason = page.reach

    def ground(self, page: Page, standings: Sequence[Standing], *, widened: bool, alone: bool) -> None:
        """Where the page ends, and whether it shows anything known; `standings`: those of its rows, in their order.

        `widened`: it shows the rows of the page before once more, among others; `alone`: whatever led to it showed.
        """
        if not page.rows:
            self.grounded = self.grounded and not widened
            return
        oldest = min(row.time for row in page.rows)
        last = (row for row in page.rows if row.time == oldest)
        if not page.leads_on or self.oldest is None or oldest < self.oldest.time:
            self.oldest = max(last, key=lambda row: row.position)
        known = standings[: len(page.rows)].count(Standing.NEW) < len(page.rows)
        # A wider page stands for itself: between it and the narrow one before it more may have come than it shows.
        self.grounded = known or (self.grounded and not widened and not alone)
