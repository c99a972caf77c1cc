"""From the list of a page to identified rows: what every adapter does alike before it knows what a row says."""

from collections.abc import Sequence

from msgspec.structs import replace

from workers.errors import RowUnreadable
from workers.model import BrokenRow, RawRow
from workers.providers.decoding import Json, as_received, row_digest
from workers.providers.fields import identity, moment
from workers.providers.reasons import no_page, unreadable

#: Rows on one page beyond which an answer is refused: no provider shows more than 500, and memory is bounded.
MOST_ROWS = 20_000


def read_rows(
    listed: Sequence[Json], *, id_field: str, time_field: str
) -> tuple[tuple[RawRow, ...], tuple[BrokenRow, ...]]:
    """The rows of a page, as listed, and what of it cannot be identified (each distinct thing once).

    Raises PageUnreadable where there are more than `MOST_ROWS`.
    """
    if len(listed) > MOST_ROWS:
        raise no_page("not_a_page", f"{len(listed)} rows on one page")
    rows: list[RawRow] = []
    broken: dict[bytes, BrokenRow] = {}
    for position, raw in enumerate(listed):
        try:
            rows.append(_identified(raw, position, id_field, time_field))
        except RowUnreadable as error:
            row = broken_row(raw, id_field, error)
            broken[row.digest] = row
    if _ascends(rows):
        rows = [_at(row, len(listed) - 1 - row.position) for row in rows]
    return tuple(rows), tuple(broken.values())


def _identified(raw: Json, position: int, id_field: str, time_field: str) -> RawRow:
    if type(raw) is not dict:
        raise unreadable("not_an_object", "the row is not an object")
    return RawRow(
        id=identity(raw.get(id_field), id_field),
        time=moment(raw.get(time_field), time_field),
        position=position,
        digest=row_digest(raw),
        raw=raw,
    )


def broken_row(raw: Json, id_field: str, error: RowUnreadable) -> BrokenRow:
    """What the dead letters tell of a row that cannot be identified."""
    return BrokenRow(
        reason=error.reason,
        detail=str(error),
        digest=row_digest(raw),
        payload=as_received(raw),
        row_id=_identity_or_none(raw, id_field),
    )


def _identity_or_none(raw: Json, id_field: str) -> str | None:
    try:
        return identity(raw.get(id_field), id_field) if type(raw) is dict else None
    except RowUnreadable:
        return None


def _ascends(rows: list[RawRow]) -> bool:
    """Whether the oldest row is listed first: then positions count from the other end."""
    times = [row.time for row in rows]
    return bool(times) and times[0] < times[-1] and times == sorted(times)


def _at(row: RawRow, position: int) -> RawRow:
    return replace(row, position=position)
