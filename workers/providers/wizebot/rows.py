"""From the list of a page to identified rows with true times.

A row's time is Meta's where a webhook brought it, else `conversation_time` in the account's zone. An hour that a
clock change makes doubtful is settled by the neighbouring rows, so times are found for a page as a whole.
"""

from collections.abc import Sequence
from datetime import tzinfo
from itertools import pairwise
from typing import NamedTuple

from workers.errors import RowUnreadable
from workers.model import BrokenRow, RawRow
from workers.providers.decoding import Json, row_digest
from workers.providers.fields import identity
from workers.providers.reasons import no_page, unreadable
from workers.providers.rows import MOST_ROWS, broken_row
from workers.providers.wizebot.content import webhook_content
from workers.providers.wizebot.local_time import Moments, moments, resolved

#: The field that names a row: it is always there, while the id that Meta gives may come later.
ID = "id"


class Rows(NamedTuple):
    """The rows of a page: those that are messages, what cannot be told from others, those that tell of deliveries.

    `statuses` are the identities of the latter, `ids` those of all rows that have one.
    """

    rows: tuple[RawRow, ...]
    broken: tuple[BrokenRow, ...]
    statuses: tuple[str, ...]
    ids: frozenset[str]


class _Row(NamedTuple):
    id: str
    meant: Moments
    raw: dict[str, Json]


def read_rows(listed: Sequence[Json], zone: tzinfo) -> Rows:
    """The rows as listed. Raises PageUnreadable where there are more than any page has."""
    if len(listed) > MOST_ROWS:
        raise no_page("not_a_page", f"{len(listed)} rows on one page")
    sound: list[_Row] = []
    broken: dict[bytes, BrokenRow] = {}
    statuses, ids = list[str](), set[str]()
    for raw in listed:
        try:
            row = _identified(raw, zone)
        except RowUnreadable as error:
            letter = broken_row(raw, ID, error)
            broken[letter.digest] = letter
            ids.update([letter.row_id] if letter.row_id else [])
            continue
        ids.add(row.id)
        if row.meant:
            sound.append(row)
        else:
            statuses.append(row.id)
    return Rows(_timed(sound), tuple(broken.values()), tuple(statuses), frozenset(ids))


def _identified(raw: Json, zone: tzinfo) -> _Row:
    """The row with the moments that it may have been sent at; none for one that tells of a delivery."""
    if type(raw) is not dict:
        raise unreadable("not_an_object", "the row is not an object")
    row_id = identity(raw.get(ID), ID)
    content = webhook_content(raw)
    if content is not None and content.is_status:
        return _Row(row_id, (), raw)
    told = content.sent_at if content is not None else None
    meant = moments(raw.get("conversation_time"), "conversation_time", zone) if told is None else (told,)
    return _Row(row_id, meant, raw)


def _timed(rows: list[_Row]) -> tuple[RawRow, ...]:
    """The rows in the order in which they were listed; places count from the newest end."""
    oldest_first = _ascends(rows)
    times = resolved([row.meant for row in (rows if oldest_first else reversed(rows))])
    times = times if oldest_first else times[::-1]
    last = len(rows) - 1
    return tuple(
        RawRow(
            id=row.id,
            time=time,
            position=last - place if oldest_first else place,
            digest=row_digest(row.raw),
            raw=row.raw,
        )
        for place, (row, time) in enumerate(zip(rows, times, strict=True))
    )


def _ascends(rows: list[_Row]) -> bool:
    """Whether the oldest row is listed first, by the times that are beyond doubt, or else by the numbers of rows."""
    times = [row.meant[0] for row in rows if len(row.meant) == 1]
    numbers = [int(row.id) for row in rows if row.id.isdecimal()]
    return (_rise(times) or _rise(numbers)) > 0


def _rise(values: list[int]) -> int:
    """How many more steps of this sequence go up than down."""
    return sum((later > earlier) - (later < earlier) for earlier, later in pairwise(values))
