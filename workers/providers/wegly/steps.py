"""Steps from page to page of a timeline: what is asked for, what it led to, and what was learned on the way."""

from typing import Literal, NamedTuple

from msgspec.structs import replace

from workers.model import PageRef, Record
from workers.providers.wegly.chat import Chat
from workers.providers.wegly.ways import WAYS, Way

#: What the first page holds.
Holds = Literal["newest", "oldest", "anything"]
#: What a page is asked for: to learn how pages are asked for, to find the newest ones, to go on from page to page.
Turn = Literal["trial", "up", "down", "on"]

#: What `total` was seen to count: more than a page, or no more than one where no way of paging is understood.
Counts = Literal["unknown", "all", "unpaged"]


class ChatRef(PageRef, frozen=True, kw_only=True):
    """The chat object. `closes`: asked for once more, for the last message that no page of the timeline shows."""

    closes: bool = False


class First(Record, frozen=True, kw_only=True):
    """What the first page of a timeline told: its records, how many there are in all, which they are."""

    ids: frozenset[str]
    total: int | None
    holds: Holds
    newest: int | None

    @property
    def size(self) -> int:
        """Records of a page."""
        return len(self.ids)


class TimelineRef(PageRef, frozen=True, kw_only=True):
    """A page of the timeline: the first one, without a parameter, where `first` is None.

    `ways` begins with the one in which the page is asked for; `seen` are the records of the pages before.
    """

    chat: Chat
    first: First | None = None
    ways: tuple[Way, ...] = WAYS
    index: int = 0
    turn: Turn = "trial"
    seen: frozenset[str] = frozenset()

    @property
    def query(self) -> str:
        """What stands behind the path."""
        if self.first is None:
            return ""
        way = self.ways[0]
        return f"?{way.parameter}={way.value(self.index, self.first.size)}"


class Step(NamedTuple):
    """What a page leads to. `newest`: it is the one with the newest records, or everything was read.

    `learned` is a way that was just understood, `counts` what `total` was just seen to count. `short` and `proof` are
    those of a page that `total` alone says to be everything.
    """

    next: PageRef | None
    leads_on: bool = False
    exhausted: bool = False
    newest: bool = False
    learned: Way | None = None
    counts: Counts | None = None
    short: bool = False
    proof: PageRef | None = None


class Lessons(NamedTuple):
    """What was learned from other pages: a way that was understood, and what `total` counts."""

    way: Way | None = None
    counts: Counts = "unknown"

    def after(self, step: Step) -> "Lessons":
        """These, and what a page taught."""
        return Lessons(step.learned or self.way, step.counts or self.counts)


def to(ref: TimelineRef, index: int, *, turn: Turn, **changes: object) -> TimelineRef:
    """The next request of this poll."""
    return replace(ref, number=ref.number + 1, index=index, turn=turn, **changes)
