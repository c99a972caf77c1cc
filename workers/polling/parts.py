"""What of a message can change, and how a change is told: one short digest for each part that is present."""

from collections.abc import Iterator, Mapping

import msgspec
from xxhash import xxh3_64_digest

from workers.model import STATUS_ORDER, Message, Status

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

#: Those that are attributes of a message, and are compared as they stand there.
_AS_THEY_STAND = PARTS[PARTS.index("location") : PARTS.index("author")]

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
    return {name: xxh3_64_digest(_encode(content))[:PART_BYTES] for name, content in _present(message)}


def differing(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, ...]:
    """Names of the parts that came, went or changed, in the order of PARTS."""
    return tuple(name for name in PARTS if before.get(name) != after.get(name))


def with_part(parts: Mapping[str, bytes], name: str, digest: bytes | None) -> dict[str, bytes]:
    """The parts with one of them as given; without it for None."""
    rest = {part: value for part, value in parts.items() if part != name}
    return rest if digest is None else rest | {name: digest}


def _present(message: Message) -> Iterator[tuple[str, object]]:
    yield (
        "envelope",
        (message.direction, message.from_, message.to, message.sent_at, message.type, message.provider_type),
    )
    status = message.status
    if status.state or status.provider or status.error:
        # The time of a status is not part of it: a provider that touches a row without news says nothing new.
        yield "status", (status.state, status.provider, status.error)
    if message.text is not None:
        yield "text", message.text
    if message.media is not None:
        media = message.media
        # A signed address is signed anew at every read: only what stands before its query identifies the file.
        url = media.url.split("?", 1)[0] if media.url else None
        yield (
            "media",
            (url, media.id, media.mime_type, media.file_name, media.sha256, media.size_bytes, media.available),
        )
    for name in _AS_THEY_STAND:
        content = getattr(message, name)
        if content is not None and content != ():
            yield name, content
    author = message.author
    if author.id or author.name or author.kind not in {"contact", "unknown"}:
        yield "author", author
