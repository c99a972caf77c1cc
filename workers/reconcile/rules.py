"""What an account's settings and its provider's paging say about reading one feed. Plain numbers, no settings room."""

from typing import Literal

from workers.model import Record

#: Pages that one live walk reads before the rest is left to a history walk: 1 000 rows at 50 a page, so that one
#: feed that was away for long neither fills the memory nor takes the account's budget in one piece.
LIVE_PAGES = 20


class Rules(Record, frozen=True, kw_only=True):
    """How one feed is reconciled. `settle` in ms; `remember` and `history_limit` in rows; a `start` time in ms."""

    settle: int = 300_000
    remember: int = 500
    start: Literal["beginning", "now"] | int = "beginning"
    history_limit: int | None = None
    numbered: bool = False
    live_pages: int = LIVE_PAGES

    def first_start(self, now: int) -> int | None:
        """The oldest provider time (ms) that is published, as fixed at the first contact.

        `now` looks back by the settle window: a message may carry a time before the contact and appear after it.
        """
        if self.start == "beginning":
            return None
        return now - self.settle if self.start == "now" else self.start
