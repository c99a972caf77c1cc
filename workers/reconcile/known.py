"""A remembered row in its compact form: what a cursor knows of one message that a feed has shown.

It is one byte string (layout in `encode`): 33 bytes for a text message, and no object.
"""

from collections.abc import Mapping
from functools import lru_cache

from xxhash import xxh3_64_digest

from workers.model import Record
from workers.reconcile.parts import PART_BYTES

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
#: What is added to a time (ms), so that those before 1970 stay positive.
TIME_BIAS = 1 << 47
#: Where the parts of an encoded row begin, in bytes behind its length; the id comes first.
RAW_AT = 1 + ID_BYTES
TIME_AT = RAW_AT + RAW_BYTES
FLAGS_AT = TIME_AT + _TIME_BYTES
BITS_AT = FLAGS_AT + 1
_RANK_MASK = 0b0000_0111
_UNREADABLE = 0b0000_1000
_SILENT = 0b0001_0000
_REVISED = 0b0010_0000
_RARE_PARTS = 0b0100_0000
_STOOD = 0b1000_0000
_FREQUENT = 0b1111_1111  # the bits of the first byte


class Known(Record, frozen=True, kw_only=True):
    """One remembered row.

    `time` is its provider time in ms; `rank` the furthest delivery state that was published (0: none);
    `revision` the number of published updates; `parts` the digests of what was published. `unreadable` rows went
    to the dead letters, those that `stood` there at the first contact; `silent` ones stood there before `start` and
    stay unpublished whatever becomes of them.
    """

    id: bytes
    raw: bytes
    time: int
    rank: int = 0
    revision: int = 0
    unreadable: bool = False
    silent: bool = False
    stood: bool = False
    parts: Mapping[str, bytes] = {}


def identity(message_id: str, conversation: str = "") -> bytes:
    """The remembered form of a message's id, in one of many conversations where that is told."""
    name = f"{conversation}\0{message_id}" if conversation else message_id
    return xxh3_64_digest(name.encode("utf-8", "surrogatepass"))


def encode(known: Known) -> bytes:
    """One row: length, id, raw digest, time, flags, bits of the parts (1 or 2 bytes), their digests, revision (LEB128).

    The flags say whether the second byte of bits and the revision are there.
    """
    parts = known.parts
    bits, flags, order = _layout(tuple(parts))
    time = min(max(known.time + TIME_BIAS, 0), (1 << 48) - 1)
    flags |= known.rank
    if known.unreadable:
        flags |= _UNREADABLE
    if known.silent:
        flags |= _SILENT
    if known.stood:
        flags |= _STOOD
    revision = b""
    if known.revision:
        flags |= _REVISED
        revision = _leb128(known.revision)
    digests = b"".join([parts[name] for name in order])
    length = BITS_AT + len(bits) + len(digests) + len(revision)
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
    flags = row[FLAGS_AT]
    at = BITS_AT + (2 if flags & _RARE_PARTS else 1)
    bits = int.from_bytes(row[BITS_AT:at], "little")
    parts: dict[str, bytes] = {}
    for name in (name for bit, name in enumerate(BITS) if bits >> bit & 1):
        parts[name] = row[at : at + PART_BYTES]
        at += PART_BYTES
    return Known(
        id=row[1:RAW_AT],
        raw=row[RAW_AT:TIME_AT],
        time=time_of(row),
        rank=flags & _RANK_MASK,
        revision=_read_leb128(row, at) if flags & _REVISED else 0,
        unreadable=bool(flags & _UNREADABLE),
        silent=bool(flags & _SILENT),
        stood=bool(flags & _STOOD),
        parts=parts,
    )


def time_of(row: bytes) -> int:
    """Provider time of an encoded row, ms."""
    return int.from_bytes(row[TIME_AT:FLAGS_AT], "big") - TIME_BIAS


def has_digest(row: bytes, digest: bytes) -> bool:
    """Whether an encoded row was remembered with this digest of an adapter's."""
    return row[RAW_AT:TIME_AT] == digest[:RAW_BYTES] or row[RAW_AT:TIME_AT] == raw_digest(digest)


def raw_digest(digest: bytes) -> bytes:
    """The remembered form of an adapter's digest of a row, whatever its length."""
    return digest[:RAW_BYTES].ljust(RAW_BYTES, b"\0")


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
