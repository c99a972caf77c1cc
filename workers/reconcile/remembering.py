"""What a cursor remembers of rows: put there as they are published, and forgotten again. Each returns a new cursor.

Remembered rows lie in the order of their arrival: a `tail` that grows, and `sealed` segments of SEGMENT_ROWS rows
behind it, each a Kafka record of its own, so that a new message never rewrites a large cursor whole.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from workers.reconcile import memory
from workers.reconcile.cursor import Cursor, History
from workers.reconcile.known import time_of

#: Rows of a sealed segment: about 2 kB, what one changed old row costs to write again. A new row writes the tail
#: again, which is one to two segments long.
SEGMENT_ROWS = 64
#: Rows that may stand above `remember` before the oldest are forgotten: to find them costs 0.2 ms, so it is done for
#: this many at a time. They are 4 kB of a feed that is busy.
SLACK_ROWS = 128
#: Rows of a history that stay known while it is read: as many as a live walk of 20 pages may meet, twice.
HISTORY_WINDOW_ROWS = 2000

_NO_ROWS: Mapping[bytes, bytes] = MappingProxyType({})


def remember(cursor: Cursor, rows: Mapping[bytes, bytes], fresh: Mapping[bytes, bytes] = _NO_ROWS) -> Cursor:
    """The cursor with these encoded rows put in place of their predecessors, or behind the newest.

    Of `fresh` ones it is known that there is no predecessor: none is looked for.
    """
    if not rows and not fresh:
        return cursor
    rest, sealed, history = dict(rows), cursor.sealed, cursor.history
    if rest:
        sealed = tuple(_replaced(segment, rest) for segment in sealed)
        if history is not None and (window := _replaced(history.rows, rest)) is not history.rows:
            history = msgspec.structs.replace(history, rows=window)
    tail = memory.joined(cursor.tail, {**rest, **fresh})
    return _sealing(msgspec.structs.replace(cursor, sealed=sealed, tail=tail, history=history))


def remember_history(history: History, rows: Mapping[bytes, bytes], keep_since: int) -> History:
    """The history with these encoded rows behind its window, the oldest pushed out: not those since `keep_since` (ms).

    All rows of one time stay or go together.
    """
    window, floor = memory.joined(history.rows, rows), history.floor
    times = sorted((time_of(row) for row in memory.index(window).values()), reverse=True)
    if len(times) > HISTORY_WINDOW_ROWS and (edge := min(times[HISTORY_WINDOW_ROWS - 1], keep_since)) > times[-1]:
        floor = edge if floor is None else max(edge, floor)
        window = _since(window, edge, None)
    published = history.published + len(rows)
    return msgspec.structs.replace(history, rows=window, floor=floor, published=published)


def forget(cursor: Cursor, keep_rows: int, keep_since: int) -> Cursor:
    """The cursor without its oldest rows, when it remembers more than `keep_rows` and some slack.

    Rows of the time `keep_since` (ms) or newer stay whatever their number, and so do those among a first contact's
    history that is still being read: it has yet to pass them. All rows of one time go or stay together, so that the
    floor parts the known from the forgotten without a doubt.
    """
    if cursor.count() <= keep_rows + SLACK_ROWS:
        return cursor
    unread = cursor.history.backfill if cursor.history else None
    every = [*map(memory.sealed_times, cursor.sealed), memory.times(cursor.tail)]
    times = sorted((time for some in every for time in some if unread is None or time > unread), reverse=True)
    if len(times) <= keep_rows + SLACK_ROWS:
        return cursor
    floor = min(times[keep_rows - 1], keep_since)
    if floor <= times[-1]:
        return cursor
    segments = zip((*cursor.sealed, cursor.tail), every, strict=True)
    *sealed, tail = (_since(rows, floor, unread) if some and min(some) < floor else rows for rows, some in segments)
    kept = [(number, segment) for number, segment in zip(cursor.segments, sealed, strict=True) if segment]
    return msgspec.structs.replace(
        cursor,
        tail=tail,
        segments=tuple(number for number, _ in kept),
        sealed=tuple(segment for _, segment in kept),
        floor=floor if cursor.floor is None else max(floor, cursor.floor),
    )


def finish_history(cursor: Cursor) -> Cursor:
    """The cursor after its history is out: the window joins the remembered rows, in front of the live ones.

    A window that lost its oldest rows leaves its floor behind.
    """
    history = cursor.history
    if history is None:
        return cursor
    floors = [floor for floor in (cursor.floor, history.floor) if floor is not None]
    cuts = _cuts(list(memory.index(history.rows).values()))
    # A number is only a name: the history's segments stand first because their rows are the older ones.
    return msgspec.structs.replace(
        cursor,
        history=None,
        floor=max(floors, default=None),
        segments=(*range(cursor.next_segment, cursor.next_segment + len(cuts)), *cursor.segments),
        sealed=(*cuts, *cursor.sealed),
        next_segment=cursor.next_segment + len(cuts),
    )


def _replaced(segment: bytes, rows: dict[bytes, bytes]) -> bytes:
    """The segment with its own rows replaced; those are taken out of `rows`."""
    mine = {row_id: rows.pop(row_id) for row_id in list(rows) if memory.find(segment, row_id) is not None}
    return memory.joined(segment, mine) if mine else segment


def _since(segment: bytes, floor: int, unread: int | None) -> bytes:
    """The segment without its rows below the floor, but with those up to the time `unread`."""
    if unread is None and max(memory.times(segment), default=floor) < floor:
        return b""
    times = [(row, time_of(row)) for row in memory.index(segment).values()]
    return b"".join(row for row, time in times if time >= floor or (unread is not None and time <= unread))


def _sealing(cursor: Cursor) -> Cursor:
    """The cursor with a tail of fewer than twice SEGMENT_ROWS rows, and no fewer than once where it was cut.

    So the rows of a page of 50 that were new lately lie in the tail, where they are found at once.
    """
    rows = memory.index(cursor.tail)
    if len(rows) < 2 * SEGMENT_ROWS:
        return cursor
    every, sealed = list(rows.values()), (len(rows) // SEGMENT_ROWS - 1) * SEGMENT_ROWS
    cuts = _cuts(every[:sealed])
    return msgspec.structs.replace(
        cursor,
        tail=b"".join(every[sealed:]),
        segments=(*cursor.segments, *range(cursor.next_segment, cursor.next_segment + len(cuts))),
        sealed=(*cursor.sealed, *cuts),
        next_segment=cursor.next_segment + len(cuts),
    )


def _cuts(rows: list[bytes]) -> list[bytes]:
    """Segments of SEGMENT_ROWS of these rows each, the last one shorter."""
    return [b"".join(rows[at : at + SEGMENT_ROWS]) for at in range(0, len(rows), SEGMENT_ROWS)]
