"""What is told of a conversation as a whole: once when it first appears, and whenever a part of it changes. Pure."""

from collections.abc import Iterator

import msgspec
from xxhash import xxh3_64_digest

from workers.model import ConversationState
from workers.reconcile.cursor import Cursor, Told
from workers.reconcile.outcome import ConversationChange

#: The closed list of names in a conversation event's `changed`, in the order in which they are told. Append only.
#: The time of the last change is no part of it: a provider that touches a conversation without news says nothing new.
CONVERSATION_PARTS = ("contact", "state", "assigned_to", "unread")

#: Bytes of one part's digest: of the changes of a part, one in four thousand million is missed.
_PART_BYTES = 4

_encode = msgspec.json.Encoder().encode


def tell(cursor: Cursor, state: ConversationState | None) -> tuple[Cursor, ConversationChange | None]:
    """The change that this state is against what was told before, and the cursor that knows it as told."""
    if state is None:
        return cursor, None
    parts, before = b"".join(_digests(state)), cursor.conversation
    if before is not None and before.parts == parts:
        return cursor, None
    changed = () if before is None else tuple(_differing(before.parts, parts))
    told = Told(parts=parts, revision=0 if before is None else before.revision + 1)
    change = ConversationChange(state=state, changed=changed, revision=told.revision, digest=parts)
    return msgspec.structs.replace(cursor, conversation=told), change


def _digests(state: ConversationState) -> Iterator[bytes]:
    for name in CONVERSATION_PARTS:
        yield xxh3_64_digest(_encode(getattr(state, name)))[:_PART_BYTES]


def _differing(before: bytes, after: bytes) -> Iterator[str]:
    for place, name in enumerate(CONVERSATION_PARTS):
        part = slice(place * _PART_BYTES, (place + 1) * _PART_BYTES)
        if before[part] != after[part]:
            yield name
