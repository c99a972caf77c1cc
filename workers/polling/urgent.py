"""Feeds that go before the index, each kind with a bounded part of the tokens: no flood starves the rest. Pure."""

from collections import OrderedDict
from typing import Final

from workers.polling.classes import Queue, Queues
from workers.polling.roster import NOBODY

#: Of so many tokens one at most is a hint's while others wait: a flood of hints halves their pace, and no more.
HINT_EVERY: Final = 2
#: Of so many tokens that hints leave, one at most goes to feeds never polled: those known stay known.
FRESH_EVERY: Final = 2
#: Of so many tokens that both leave, one at most goes to feeds that failed: broken ones must not slow the others.
RETRY_EVERY: Final = 8


class Hints:
    """Feeds that somebody asked for, in that order. Each keeps its place among the others: whatever comes first.

    So a flood of hints makes no feed wait that would have had its turn without one.
    """

    __slots__ = ("_order", "rest")

    def __init__(self) -> None:
        self._order = OrderedDict[int, None]()
        self.rest = 0

    def __bool__(self) -> bool:
        return bool(self._order)

    def __contains__(self, feed: int) -> bool:
        return feed in self._order

    def add(self, feed: int, *, first: bool = False) -> None:
        """Last in line, or `first`; one that stands there already keeps its place."""
        self._order.setdefault(feed)
        if first:
            self._order.move_to_end(feed, last=False)

    def discard(self, feed: int) -> bool:
        """It is not asked for any more; whether it was."""
        if feed not in self._order:
            return False
        del self._order[feed]
        return True

    def before(self, feed: int) -> int | None:
        """How many stand before it; None: it is not asked for. Costs as many."""
        if feed not in self._order:
            return None
        return next(place for place, other in enumerate(self._order) if other == feed)

    def take(self) -> int:
        """The first in line where this token is a hint's, else NOBODY."""
        if self.rest:
            self.rest -= 1
            return NOBODY
        if not self._order:
            return NOBODY
        self.rest = HINT_EVERY - 1
        return self._order.popitem(last=False)[0]

    def take_any(self) -> int:
        """The first in line, whose token it may be."""
        return self._order.popitem(last=False)[0] if self._order else NOBODY


class UrgentQueue(Queue):
    """One token of `every` is for this queue; `rest` counts the tokens until its next turn, `count` who waits."""

    __slots__ = ("count", "every", "rest")

    def __init__(self, queues: Queues, every: int) -> None:
        super().__init__(queues)
        self.every, self.rest, self.count = every, 0, 0

    def append(self, feed: int) -> None:
        """Last in the queue."""
        super().append(feed)
        self.count += 1

    def put_back(self, feed: int) -> None:
        """First in the queue."""
        super().put_back(feed)
        self.count += 1

    def take(self) -> int:
        """The first of the queue leaves it (or NOBODY does)."""
        self.count -= bool(self.head)
        return super().take()

    def leave(self, feed: int) -> None:
        """A feed leaves, wherever it stands."""
        super().leave(feed)
        self.count -= 1


class Urgent:
    """Feeds never polled, and feeds whose poll failed, in this order."""

    __slots__ = ("_all", "fresh", "retries")

    def __init__(self, queues: Queues) -> None:
        self.fresh, self.retries = UrgentQueue(queues, FRESH_EVERY), UrgentQueue(queues, RETRY_EVERY)
        self._all = (self.fresh, self.retries)

    def __bool__(self) -> bool:
        return any(queue.head for queue in self._all)

    def take(self) -> int:
        """The feed whose token this is; NOBODY: it is for all others."""
        for queue in self._all:
            if queue.rest:
                queue.rest -= 1
            elif queue.head:
                queue.rest = queue.every - 1
                return queue.take()
        return NOBODY

    def take_any(self) -> int:
        """The first in line, where nobody else can use the token."""
        for queue in self._all:
            if queue.head:
                return queue.take()
        return NOBODY
