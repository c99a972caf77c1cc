"""A feed's memory: segments, each of them remembered rows (known.py) one behind the other.

They stay encoded while a feed rests, and are indexed, not decoded, when its page has changed.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from workers.reconcile.known import BITS_AT, FLAGS_AT, RAW_AT, TIME_AT, TIME_BIAS

#: Segments whose rows are kept indexed, those of the feeds that are active now: 10 kB for a conversation, 25 kB at
#: most, 25 MB in all. A feed that was idle pays one indexing when it wakes (50 rows: 15 µs).
INDEXED_SEGMENTS = 1024
#: Segments whose number of rows, ids and times are kept, 3.5 kB each with the segment itself, 7 MB in all: those of the
#: feeds that have news and a long memory.
_COUNTED_SEGMENTS = 2048
#: Feeds whose ids are kept side by side, 4 kB each: as many as have news within a few transactions.
_BUSY_MEMORIES = 512


def index(segment: bytes) -> Mapping[bytes, bytes]:
    """Encoded rows of a whole segment by id, in the order of their arrival."""
    rows = _indexed.get(segment)
    return _keep_indexed(segment, _index(segment)) if rows is None else rows


def find(segment: bytes, row_id: bytes) -> bytes | None:
    """The encoded row with this id in a segment that is seldom looked into; None where it is not there.

    To see that it is not there costs 1 µs where an index costs 80.
    """
    return index(segment).get(row_id) if row_id in segment else None


@lru_cache(maxsize=_BUSY_MEMORIES)
def identities(segments: tuple[bytes, ...]) -> bytes:
    """The ids of all rows of these segments, one behind the other.

    Almost every id that is looked for is not there, and here that is seen five times as fast as in the segments.
    """
    return b"".join(map(_identities, segments))


@lru_cache(maxsize=_COUNTED_SEGMENTS)
def _identities(segment: bytes) -> bytes:
    return b"".join([segment[at + 1 : at + RAW_AT] for at in _starts(segment)])


def times(segment: bytes) -> Sequence[int]:
    """Provider times of a segment's rows, ms; no row is made for it."""
    moments = (int.from_bytes(segment[at + TIME_AT : at + FLAGS_AT], "big") - TIME_BIAS for at in _starts(segment))
    return array("q", moments)


#: The same of segments that will be asked for again.
sealed_times = lru_cache(maxsize=_COUNTED_SEGMENTS)(times)


@lru_cache(maxsize=_COUNTED_SEGMENTS)
def count(segment: bytes) -> int:
    """How many rows a segment holds, by their lengths alone."""
    return sum(1 for _ in _starts(segment))


def _starts(segment: bytes) -> Iterator[int]:
    """Where the rows of a segment begin."""
    at, end = 0, len(segment)
    while at < end:
        yield at
        at += segment[at]


def joined(segment: bytes, rows: Mapping[bytes, bytes]) -> bytes:
    """The segment with these encoded rows in place of their predecessors, or behind its last."""
    if not rows:
        return segment
    after = {**index(segment), **rows}
    longer = b"".join(after.values())
    _indexed.pop(segment, None)  # what it became takes its place
    _keep_indexed(longer, after)
    return longer


def _index(segment: bytes) -> dict[bytes, bytes]:
    rows: dict[bytes, bytes] = {}
    at, end = 0, len(segment)
    while at < end:
        row = segment[at : at + segment[at]]
        rows[row[1:RAW_AT]] = row
        at += len(row)
    return rows


def _keep_indexed(segment: bytes, rows: dict[bytes, bytes]) -> dict[bytes, bytes]:
    while len(_indexed) >= INDEXED_SEGMENTS:
        del _indexed[next(iter(_indexed))]
    _indexed[segment] = rows
    return rows


_indexed: dict[bytes, dict[bytes, bytes]] = {}


def check(segment: bytes) -> None:
    """Raise ValueError unless the segment is whole rows from end to end (cheap: it makes no row)."""
    at, end = 0, len(segment)
    while at < end:
        if segment[at] <= BITS_AT:
            break
        at += segment[at]
    if at != end:
        raise ValueError("a segment of remembered rows is torn")
