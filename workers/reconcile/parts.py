"""What of a message can change, and how a change is told: one short digest for each part that is present."""

from collections.abc import Mapping
from operator import attrgetter

import msgspec
from xxhash import xxh3_64_digest

from workers.model import STATUS_ORDER, Media, Message, Status

#: The closed list of names in an event's `changed`, in the order in which they are told. Append only.
#: `envelope` covers direction, from, to, sent_at, type and provider_type: what identifies the kind of message.
PARTS = (
    "envelope",
    "status",
    "text",
    "media",
    "location",
    "contacts",
    "interactive",
    "template",
    "order",
    "call",
    "reaction",
    "reactions",
    "reply_to",
    "wamid",
    "forwarded",
    "author",
)

#: Bytes of one part's digest. The row's own digest decides whether anything is looked at, this what is told: of the
#: changes of a part one in sixteen million is missed.
PART_BYTES = 3

#: Those that are attributes of a message, and are compared as they stand there. Most messages have none of them.
_AS_THEY_STAND = PARTS[PARTS.index("location") : PARTS.index("author")]
_as_they_stand = attrgetter(*_AS_THEY_STAND)
_envelope = attrgetter("direction", "from_", "to", "sent_at", "type", "provider_type")

#: Authors that a message's direction tells already.
_PLAIN_AUTHORS = frozenset({"contact", "unknown"})

_encode = msgspec.json.Encoder().encode
_RANKS = {state: rank for rank, state in enumerate(STATUS_ORDER, start=1)}


def rank_of(state: str | None) -> int:
    """Place of a delivery state in the total order, from 1; 0 where the state is not known."""
    return _RANKS.get(state, 0) if state else 0


def state_of(rank: int) -> str | None:
    """The delivery state at that place; None for 0."""
    return STATUS_ORDER[rank - 1] if rank else None


def regresses(before: int, status: Status) -> bool:
    """Whether a status is a step backwards from a place: a lower known state, or one that is simply gone."""
    rank = rank_of(status.state)
    return 0 < rank < before or (before > 0 and rank == 0 and status.provider is None)


def digests(message: Message) -> dict[str, bytes]:
    """The digest of every part that is present, by name, in the order of PARTS."""
    present: list[tuple[str, object]] = [("envelope", _envelope(message))]
    status, text, media, author = message.status, message.text, message.media, message.author
    if status.state or status.provider or status.error:
        # The time of a status is not part of it: a provider that touches a row without news says nothing new.
        present.append(("status", (status.state, status.provider, status.error)))
    if text is not None:
        present.append(("text", text))
    if media is not None:
        present.append(("media", _file(media)))
    for name, content in zip(_AS_THEY_STAND, _as_they_stand(message), strict=True):
        if content is not None and content != ():
            present.append((name, content))
    if author.id or author.name or author.kind not in _PLAIN_AUTHORS:
        present.append(("author", author))
    return {name: xxh3_64_digest(_encode(content))[:PART_BYTES] for name, content in present}


def differing(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, ...]:
    """Names of the parts that came, went or changed, in the order of PARTS."""
    return tuple(name for name in PARTS if before.get(name) != after.get(name))


def with_part(parts: Mapping[str, bytes], name: str, digest: bytes | None) -> dict[str, bytes]:
    """The parts with one of them as given; without it for None."""
    rest = {part: value for part, value in parts.items() if part != name}
    return rest if digest is None else rest | {name: digest}


def _file(media: Media) -> tuple[object, ...]:
    """What identifies a file. A signed address is signed anew at every read: only what stands before its query does."""
    url = media.url.split("?", 1)[0] if media.url else None
    return url, media.id, media.mime_type, media.file_name, media.sha256, media.size_bytes, media.available
