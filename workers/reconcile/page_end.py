"""How far back a page reaches, by what stands at its old end: one odd time among newer rows says nothing. Pure."""

from collections.abc import Sequence

from workers.model import Page, RawRow

#: A page reaches back before a time when one in so many of its rows, the oldest as they are listed, is older. Where
#: fewer are, one more request tells; a row that came with an old date may stand last on a page.
ONE_IN = 10


def ends_before(rows: Sequence[RawRow], time: int) -> bool:
    """Whether these rows of a page reach back before this time (ms)."""
    oldest_first = sorted(rows, key=lambda row: -row.position)
    older = next((count for count, row in enumerate(oldest_first) if row.time >= time), len(rows))
    return older > 0 and older * ONE_IN >= len(rows)


def is_blank(page: Page) -> bool:
    """Whether a page lists entries of which none is a message: neither news nor known ground, and no end."""
    return bool(page.others) and not page.rows and not page.broken
