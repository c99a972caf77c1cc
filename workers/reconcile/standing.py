"""Where a shown row stands against the cursor: identity decides, never a time watermark."""

from enum import Enum

from workers.model import BrokenRow, Page, RawRow
from workers.reconcile.cursor import Cursor
from workers.reconcile.known import has_digest, identity, time_of


class Standing(Enum):
    """What a row is to a feed's cursor."""

    NEW = "new"
    CHANGED = "changed"
    KNOWN = "known"
    #: Left to the history that is being read.
    PENDING = "pending"
    BEFORE_FLOOR = "before_floor"
    BEFORE_START = "before_start"

    @property
    def is_news(self) -> bool:
        """Whether the row has to be published, or looked at for it."""
        return self is Standing.NEW or self is Standing.CHANGED


def identity_of(row: RawRow | BrokenRow) -> bytes:
    """The remembered identity of a row; a broken one is known by its digest (no id begins with that mark)."""
    if isinstance(row, BrokenRow):
        return identity(f"\0broken:{row.digest.hex()}")
    return identity(row.id, row.conversation)


def rows_of(page: Page) -> frozenset[bytes]:
    """Those of the rows that a page lists, the broken ones apart."""
    return frozenset(map(identity_of, page.rows))


def others_of(page: Page) -> frozenset[bytes]:
    """Those of the entries that are no messages."""
    return frozenset(identity(f"\0other:{name}") for name in page.others)


def identities_of(page: Page) -> frozenset[bytes]:
    """Those of all that a page shows."""
    return rows_of(page).union(others_of(page), map(identity_of, page.broken))


def face_of(page: Page) -> frozenset[bytes]:
    """By what a page is known when it is shown again: broken rows may look different each time, so they stand last."""
    return rows_of(page) | others_of(page) or identities_of(page)


def standing_of(row: RawRow | BrokenRow, cursor: Cursor | None, row_id: bytes) -> Standing:
    """Where the row with this identity stands. Without a cursor everything is new."""
    if cursor is None:
        return Standing.NEW
    known = remembered(row, cursor, row_id)
    if known is not None:
        same = has_digest(known, row.digest) or isinstance(row, BrokenRow)
        return Standing.KNOWN if same else Standing.CHANGED
    if isinstance(row, BrokenRow):
        return Standing.NEW
    return _standing_of_unknown(row.time, cursor)


def remembered(row: RawRow | BrokenRow, cursor: Cursor, row_id: bytes) -> bytes | None:
    """The row with this identity as the cursor remembers it, encoded; None where it is not known.

    Cursors that were begun before rows of many conversations were told apart know those by their id alone.
    """
    known = cursor.find(row_id)
    if known is not None or isinstance(row, BrokenRow) or not row.conversation:
        return known
    known = cursor.find(identity(row.id))
    return known if known is not None and time_of(known) == row.time else None


def _standing_of_unknown(time: int, cursor: Cursor) -> Standing:
    if cursor.start is not None and time < cursor.start:
        return Standing.BEFORE_START
    if cursor.forgot(time):
        return Standing.BEFORE_FLOOR
    history = cursor.history
    if history is not None and history.covers(time):
        return Standing.NEW if history.done is not None and time < history.done else Standing.PENDING
    return Standing.NEW
