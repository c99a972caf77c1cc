"""What one poll has to say: frozen, complete, and not yet said to anybody."""

from collections.abc import Mapping
from typing import Any, Literal

from workers.model import Conversation, ConversationState, GapReason, Normalised, Origin, Record
from workers.reconcile.cursor import Cursor, Newest


class Change(Record, frozen=True, kw_only=True):
    """One message event to publish. `time` in ms is its place among its neighbours; `digest` that of its new state."""

    kind: Literal["created", "updated"]
    normalised: Normalised
    time: int
    origin: Origin
    changed: tuple[str, ...] = ()
    digest: bytes = b""
    raw: Mapping[str, Any] | None = None


class Gap(Record, frozen=True, kw_only=True):
    """Messages that existed and can no longer be shown, or are left out, with what is known of the bounds."""

    reason: GapReason
    after: Newest | None = None
    before: Newest | None = None
    at_least: int | None = None
    conversation: Conversation | None = None


class ConversationChange(Record, frozen=True, kw_only=True):
    """One conversation event: the whole new state, and the names of what changed (none: it was never told before)."""

    state: ConversationState
    changed: tuple[str, ...]
    revision: int
    digest: bytes


class Letter(Record, frozen=True, kw_only=True):
    """What could not be normalised. `payload` is what was received, still with whatever secrets it holds.

    It is bytes where it is no text; where it is not `whole`, something came behind it.
    """

    scope: Literal["row", "page"]
    reason: str
    detail: str
    digest: bytes
    payload: str | bytes
    whole: bool = True
    row_id: str | None = None
    status: int | None = None
    content_type: str | None = None


class Outcome(Record, frozen=True, kw_only=True):
    """What to publish and the cursor that goes with it, all or nothing.

    `durable` is False where nothing is said and the cursor differs in nothing that a restart needs. `left_out` counts
    by reason the rows that were not published; `times` are the provider times (ms) of the new messages.
    """

    cursor: Cursor
    durable: bool = True
    changes: tuple[Change, ...] = ()
    conversation: ConversationChange | None = None
    gaps: tuple[Gap, ...] = ()
    letters: tuple[Letter, ...] = ()
    left_out: Mapping[str, int] = {}
    times: tuple[int, ...] = ()
