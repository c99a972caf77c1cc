"""What to ask for after a page, whatever `offset` counts.

Siblings document it as a page number from 1; importers add `limit` to it from 0 on, as if it skipped rows; WizeBot's
own examples send 0 and 1. So page one is asked for without it, and page n, at first, with n. If it numbers pages,
that is page n. If it skips rows, that is page one without its newest rows: no row is passed over, and hardly any is
new. A live walk tells the two apart by the rows that two pages share, and then asks for the row it stands at, a few
rows early; that the pages join is checked each time. A history is read by page numbers alone, which is slow where
`offset` skips rows (a request for each row), and sound in both cases.
"""

from workers.errors import ProviderFailed
from workers.model import PageRef

#: Rows that two pages share where `offset` skips rows: so many may be deleted between two requests.
OVERLAP = 10


class Following(PageRef, frozen=True, kw_only=True):
    """The page after another in one walk. `before` are the ids on that one.

    `skips` says that pages were seen to be counted in rows: then `offset` is the number of rows to pass over.
    """

    offset: int
    before: frozenset[str]
    skips: bool = False


def offset_of(ref: PageRef) -> int | None:
    """What to send as `offset`; None: nothing."""
    if isinstance(ref, Following):
        return ref.offset
    return None if ref.number == 1 else ref.number


def following(ref: PageRef, ids: frozenset[str], shown: int) -> PageRef | None:
    """The page after this one, which showed so many rows and among them these ids; None where it cannot be had.

    Raises ProviderFailed where rows may lie between this page and the one before it: the poll is tried again.
    """
    if not isinstance(ref, Following):
        return _after(ref, ids, ref.number + 1, skips=False)
    shared = ids & ref.before
    if ref.skips and not shared:
        raise ProviderFailed("two pages do not join")
    if ids == ref.before:
        return None  # the same page again: this is all that can be asked for
    skips = ref.skips or 2 * len(shared) > len(ref.before)
    return _after(ref, ids, ref.offset + max(1, shown - OVERLAP) if skips else ref.offset + 1, skips=skips)


def _after(ref: PageRef, ids: frozenset[str], offset: int, *, skips: bool) -> Following:
    return Following(number=ref.number + 1, limit=ref.limit, offset=offset, before=ids, skips=skips)
