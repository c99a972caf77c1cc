"""Remembered rows in their compact form: what a cursor knows of each message that a feed has shown.

A row is one byte string (layout in `encode`); a segment is the concatenation of rows. Segments stay encoded
while a feed rests and are indexed, not decoded, when its page has changed: 33 bytes a text message, no objects.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from xxhash import xxh3_64_digest

from workers.model import Record
from workers.polling.parts import PART_BYTES

#: Bytes of a message's identity. 64 bits: among 5 000 remembered rows a new one is mistaken for a known one
#: once in 10^15 messages.
ID_BYTES = 8
#: Bytes of the digest of a row as the provider sent it: one change in four thousand million is not looked at, less
#: than the digests of the parts leave unnamed.
RAW_BYTES = 4
#: The parts of a message in the order of their bits, the frequent ones in the first byte. Append only.
BITS = (
    "envelope",
    "status",
    "text",
    "media",
    "author",
    "wamid",
    "template",
    "interactive",
    "location",
    "contacts",
    "order",
    "call",
    "reaction",
    "reactions",
    "reply_to",
    "forwarded",
)
_BIT = {name: 1 << place for place, name in enumerate(BITS)}
_TIME_BYTES = 6
_TIME_BIAS = 1 << 47  # times before 1970 stay positive
_RAW_AT = 1 + ID_BYTES
_TIME_AT = _RAW_AT + RAW_BYTES
_FLAGS_AT = _TIME_AT + _TIME_BYTES
_BITS_AT = _FLAGS_AT + 1
_RANK_MASK = 0b0000_0111
_UNREADABLE = 0b0000_1000
_SILENT = 0b0001_0000
_REVISED = 0b0010_0000
_RARE_PARTS = 0b0100_0000
_FREQUENT = 0b1111_1111  # the bits of the first byte
#: Segments whose rows are kept indexed, those of the feeds that are active now: 10 kB for a conversation, 25 kB at
#: most, 25 MB in all. A feed that was idle pays one indexing when it wakes (50 rows: 15 µs).
INDEXED_SEGMENTS = 1024
#: Segments whose number of rows, ids and times are kept, 3.5 kB each with the segment itself, 7 MB in all: those of the
#: feeds that have news and a long memory.
_COUNTED_SEGMENTS = 2048
#: Feeds whose ids are kept side by side, 4 kB each: as many as have news within a few transactions.
_BUSY_MEMORIES = 512


class Known(Record, frozen=True, kw_only=True):
    """One remembered row.

    `time` is its provider time in ms; `rank` the furthest delivery state that was published (0: none);
    `revision` the number of published updates; `parts` the digests of what was published. `unreadable` rows went
    to the dead letters; `silent` ones stood there before `start` and stay unpublished whatever becomes of them.
    """

    id: bytes
    raw: bytes
    time: int
    rank: int = 0
    revision: int = 0
    unreadable: bool = False
    silent: bool = False
    parts: Mapping[str, bytes] = {}


def identity(message_id: str) -> bytes:
    """The remembered form of a message's id."""
    return xxh3_64_digest(message_id.encode("utf-8", "surrogatepass"))


def encode(known: Known) -> bytes:
    """One row: length, id, raw digest, time, flags, bits of the parts (1 or 2 bytes), their digests, revision (LEB128).

    The flags say whether the second byte of bits and the revision are there.
    """
    parts = known.parts
    bits, flags, order = _layout(tuple(parts))
    time = min(max(known.time + _TIME_BIAS, 0), (1 << 48) - 1)
    flags |= known.rank
    if known.unreadable:
        flags |= _UNREADABLE
    if known.silent:
        flags |= _SILENT
    revision = b""
    if known.revision:
        flags |= _REVISED
        revision = _leb128(known.revision)
    digests = b"".join([parts[name] for name in order])
    length = _BITS_AT + len(bits) + len(digests) + len(revision)
    place = time << 8 | flags
    return b"%c%b%b%b%b%b%b" % (
        length,
        known.id,
        raw_digest(known.raw),
        place.to_bytes(7, "big"),
        bits,
        digests,
        revision,
    )


@lru_cache(maxsize=256)  # few kinds of messages make most of them
def _layout(names: tuple[str, ...]) -> tuple[bytes, int, tuple[str, ...]]:
    """The bits of these parts, the flag of how many bytes they are, and the order of their digests."""
    bits = 0
    for name in names:
        bits |= _BIT[name]
    rare = bits > _FREQUENT
    return bits.to_bytes(2 if rare else 1, "little"), rare * _RARE_PARTS, tuple(sorted(names, key=BITS.index))


def decode(row: bytes) -> Known:
    """The inverse of `encode`."""
    flags = row[_FLAGS_AT]
    at = _BITS_AT + (2 if flags & _RARE_PARTS else 1)
    bits = int.from_bytes(row[_BITS_AT:at], "little")
    parts: dict[str, bytes] = {}
    for name in (name for bit, name in enumerate(BITS) if bits >> bit & 1):
        parts[name] = row[at : at + PART_BYTES]
        at += PART_BYTES
    return Known(
        id=row[1:_RAW_AT],
        raw=row[_RAW_AT:_TIME_AT],
        time=time_of(row),
        rank=flags & _RANK_MASK,
        revision=_read_leb128(row, at) if flags & _REVISED else 0,
        unreadable=bool(flags & _UNREADABLE),
        silent=bool(flags & _SILENT),
        parts=parts,
    )


def time_of(row: bytes) -> int:
    """Provider time of an encoded row, ms."""
    return int.from_bytes(row[_TIME_AT:_FLAGS_AT], "big") - _TIME_BIAS


def has_digest(row: bytes, digest: bytes) -> bool:
    """Whether an encoded row was remembered with this digest of an adapter's."""
    return row[_RAW_AT:_TIME_AT] == digest[:RAW_BYTES] or row[_RAW_AT:_TIME_AT] == raw_digest(digest)


def raw_digest(digest: bytes) -> bytes:
    """The remembered form of an adapter's digest of a row, whatever its length."""
    return digest[:RAW_BYTES].ljust(RAW_BYTES, b"\0")


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
    return b"".join([segment[at + 1 : at + _RAW_AT] for at in _starts(segment)])


def times(segment: bytes) -> Sequence[int]:
    """Provider times of a segment's rows, ms; no row is made for it."""
    moments = (int.from_bytes(segment[at + _TIME_AT : at + _FLAGS_AT], "big") - _TIME_BIAS for at in _starts(segment))
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
        rows[row[1:_RAW_AT]] = row
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
        if segment[at] <= _BITS_AT:
            break
        at += segment[at]
    if at != end:
        raise ValueError("a segment of remembered rows is torn")


def _leb128(number: int) -> bytes:
    out = bytearray()
    while number >> 7:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_leb128(row: bytes, at: int) -> int:
    number = shift = 0
    while row[at] & 0x80:
        number |= (row[at] & 0x7F) << shift
        shift += 7
        at += 1
    return number | row[at] << shift
