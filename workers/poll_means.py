"""What polls are made with: the account that carries their requests, and what all polls of one account share."""

from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol

from workers.events.encoding import EventEncoder
from workers.events.payload import Http
from workers.model import Feed, HttpResponse, PageRef, Record
from workers.poll_counts import PollCounts
from workers.providers.base import Adapter
from workers.reconcile.rules import Rules
from workers.settings.kafka import TopicNames

#: Whose request it is: the first of a poll (paid for when the feed was picked), a further one, one of a history.
Turn = Literal["first", "more", "history"]
FIRST: Final[Turn] = "first"
MORE: Final[Turn] = "more"


class Account(Protocol):
    """Whose feeds are polled."""

    async def fetch(self, feed: Feed, ref: PageRef, turn: Turn) -> HttpResponse:
        """A response, within the account's budget. Raises PollFailed."""
        ...

    def imprint(self, key: str, times: Sequence[int]) -> bytes | None:
        """What the schedule will know of a feed after a poll that brought messages of these times (ms)."""
        ...


class PollMeans(Record, frozen=True, kw_only=True):
    """What all polls of one account need, made once. `shards`: how many there are.

    `cursor_bytes`: `max.message.bytes` of the cursors topic.
    """

    adapter: Adapter
    rules: Rules
    make_encoder: Callable[[Feed, Http], EventEncoder]
    counts: PollCounts
    topics: TopicNames
    shards: int
    cursor_bytes: int


def rules_of(adapter: Adapter) -> Rules:
    """What an account's settings and its provider's paging say about reading one of its feeds."""
    account = adapter.account
    start = account.start_ms
    return Rules(
        settle=account.settle_ms,
        remember=account.remembered,
        start=start if start is not None else ("now" if account.start == "now" else "beginning"),
        history_limit=account.history_limit,
        numbered=adapter.numbered,
    )
