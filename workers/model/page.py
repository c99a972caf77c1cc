"""What one response shows of a feed: its rows, and where to ask on."""

from collections.abc import Mapping
from typing import Any, Literal

from workers.model.conversation import ConversationState
from workers.model.feed import PageRef
from workers.model.record import Record

GapReason = Literal["page_limit", "history_limit", "last_message_only", "retention", "memory"]


class RawRow(Record, frozen=True, kw_only=True):
    """One row of a page, identified but not yet normalised.

    `position` counts from the newest end of the walk's page (0 = what the provider lists as newest) and breaks
    ties of `time`. `digest` is taken over the row as the provider sent it. `conversation` is the provider's id of the
    conversation in a feed of many, where the same `id` may stand in several; empty where the feed is one.
    """

    id: str
    time: int
    position: int
    digest: bytes
    raw: Mapping[str, Any]
    conversation: str = ""


class BrokenRow(Record, frozen=True, kw_only=True):
    """A row that has no usable identity or time. It goes to the dead letters, once per `digest`."""

    reason: str
    detail: str
    digest: bytes
    payload: str
    row_id: str | None = None


class Page(Record, frozen=True, kw_only=True):
    """What one response shows of a feed.

    `next` asks for older rows (None: this is all that can be asked for). `exhausted` says that no older rows
    exist; with `next` None and `exhausted` False the provider's reach ended before the history did, and `reach`
    says why. `short` says that only the small number of its rows told `exhausted`; then `proof` asks for what would
    lie behind it (None: nothing can be asked for). `skipped` counts by reason the entries that are no messages, and
    `others` are the names of those that have one. `total` counts the entries that the feed has in all, where the
    provider tells it with the page of its newest rows.

    A page that `leads_on` proves nothing of the newest rows: a poll always goes on to its `next`, and only the first
    page that does not lead on is "page one" of what a poll looks at.
    """

    rows: tuple[RawRow, ...] = ()
    broken: tuple[BrokenRow, ...] = ()
    next: PageRef | None = None
    exhausted: bool = True
    short: bool = False
    proof: PageRef | None = None
    skipped: Mapping[str, int] = {}
    others: frozenset[str] = frozenset()
    reach: GapReason = "page_limit"
    total: int | None = None
    leads_on: bool = False
    conversation: ConversationState | None = None
