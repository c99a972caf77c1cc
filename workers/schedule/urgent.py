"""Feeds that go before the index, each kind with a bounded part of the tokens: no flood starves the rest. Pure."""

from typing import Final

from workers.schedule.classes import Queue, Queues
from workers.schedule.roster import NOBODY

#: Of so many tokens that hints leave, one at most goes to feeds never polled: those known stay known.
FRESH_EVERY: Final = 2
#: Of so many tokens that both leave, one at most goes to feeds that failed: broken ones must not slow the others.
RETRY_EVERY: Final = 8


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
