"""Queues of feeds, linked through their records: a feed is in one queue or in none, and leaves it at once. Pure.

Within a class of one rate the index is the same growing function of age, so its head is its best; the best of all feeds
is among the heads of the classes, whatever their number.
"""

import math
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final

from workers.schedule.calibration import CLASSES, rate_of
from workers.schedule.roster import AFTER, BEFORE, NOBODY, QUEUE, Roster

#: Entries of feeds that left before their turn, beyond the number of those that wait: then all are swept out.
_STALE: Final = 64
#: The part of an entry that is the feed, and the mark of a feed whose entry counts (no feed goes by it).
_FEED_BITS: Final = 32
_FEED: Final = (1 << _FEED_BITS) - 1
_WAITS: Final = 1


class Queues:
    """All queues of a schedule, by the number that stands in the records of their feeds."""

    __slots__ = ("_all", "roster")

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self._all: list[Queue | None] = [None]

    def enlist(self, queue: "Queue") -> int:
        """The number of a new queue."""
        self._all.append(queue)
        return len(self._all) - 1

    def of(self, feed: int) -> "Queue | None":
        """The queue of a feed; in flight, the one it was taken from."""
        return self._all[self.roster.links[feed + QUEUE]]


class Queue:
    """First in, first out."""

    __slots__ = ("_roster", "head", "number", "tail")

    def __init__(self, queues: Queues) -> None:
        self._roster, self.number = queues.roster, queues.enlist(self)
        self.head = self.tail = NOBODY

    def __iter__(self) -> Iterator[int]:
        return self._roster.chain(self.head)

    def append(self, feed: int) -> None:
        """Last in the queue."""
        links, last = self._roster.links, self.tail
        links[feed + BEFORE] = last
        links[feed + AFTER] = NOBODY
        links[feed + QUEUE] = self.number
        if last:
            links[last + AFTER] = feed
        else:
            self.head = feed
        self.tail = feed

    def put_back(self, feed: int) -> None:
        """First in the queue: it was so before it was taken."""
        links, after = self._roster.links, self.head
        links[feed + BEFORE], links[feed + AFTER], links[feed + QUEUE] = NOBODY, after, self.number
        if after:
            links[after + BEFORE] = feed
        else:
            self.tail = feed
        self.head = feed

    def take(self) -> int:
        """The first of the queue leaves it (or NOBODY does); its record goes on telling where it was."""
        feed = self.head
        if feed:
            links = self._roster.links
            self.head = after = links[feed + AFTER]
            if after:
                links[after + BEFORE] = NOBODY
            else:
                self.tail = NOBODY
        return feed

    def leave(self, feed: int) -> None:
        """A feed leaves, wherever it stands."""
        links = self._roster.links
        before, after = links[feed + BEFORE], links[feed + AFTER]
        if before:
            links[before + AFTER] = after
        else:
            self.head = after
        if after:
            links[after + BEFORE] = before
        else:
            self.tail = before
        links[feed + QUEUE] = 0


class RateClass(Queue):
    """Feeds of about one rate, the one polled longest ago first.

    `slope` x age of the head is the square root of its index; an empty class has a head from the end of time.
    `looked_at`: it is among the classes that the schedule compares.
    """

    __slots__ = ("least", "looked_at", "ready", "since", "slope")

    def __init__(self, queues: Queues, number: int, least: float) -> None:
        super().__init__(queues)
        self.slope = math.sqrt(rate_of(number) / 2)
        self.least = least
        self.since = self.ready = math.inf
        self.looked_at = False

    def append(self, feed: int) -> None:
        """Last: it was polled last. As in any queue, in one piece: half of a decision's calls are these two."""
        roster, last = self._roster, self.tail
        links, seen = roster.links, roster.times[feed >> 1]
        links[feed + BEFORE] = last
        links[feed + AFTER] = NOBODY
        links[feed + QUEUE] = self.number
        if last:
            links[last + AFTER] = feed
        else:
            self.head, self.since, self.ready = feed, seen, seen + self.least
        self.tail = feed

    def put_back(self, feed: int) -> None:
        """First: no other here was polled longer ago."""
        super().put_back(feed)
        self._head_changed()

    def take(self) -> int:
        """The one polled longest ago leaves."""
        roster, feed = self._roster, self.head
        self.head = after = roster.links[feed + AFTER]
        if after:
            roster.links[after + BEFORE] = NOBODY
            self.since = since = roster.times[after >> 1]
            self.ready = since + self.least
        else:
            self.tail = NOBODY
            self.since = self.ready = math.inf
        return feed

    def leave(self, feed: int) -> None:
        """A feed leaves, wherever it stands."""
        super().leave(feed)
        self._head_changed()

    def _head_changed(self) -> None:
        self.since = self._roster.times[self.head >> 1] if self.head else math.inf
        self.ready = self.since + self.least


class ArrivalClass(RateClass):
    """Feeds of about one rate with last polls of any age: a heap, not a chain.

    They came from other owners, or back out of turn, when a poll that somebody asked for brought nothing. Each arrives
    at the price of itself, however many are there. An entry of the heap is one number, the millisecond of the last poll
    above the feed; it counts while the feed's record says so, by a mark in place of a neighbour.
    """

    __slots__ = ("_order", "_waiting")

    def __init__(self, queues: Queues, number: int, least: float) -> None:
        super().__init__(queues, number, least)
        self._order: list[int] = []
        self._waiting = 0

    def __iter__(self) -> Iterator[int]:
        return iter(dict.fromkeys(entry & _FEED for entry in sorted(self._order) if self._counts(entry)))

    def append(self, feed: int) -> None:
        """Where its age belongs."""
        links, seen = self._roster.links, self._roster.times[feed >> 1]
        links[feed + BEFORE], links[feed + QUEUE] = _WAITS, self.number
        heappush(self._order, int(seen * 1000) << _FEED_BITS | feed)
        self._waiting += 1
        self._head_changed()

    def put_back(self, feed: int) -> None:
        """Where its age belongs."""
        self.append(feed)

    def take(self) -> int:
        """The one polled longest ago leaves."""
        feed = self.head
        self._gone(feed)
        return feed

    def leave(self, feed: int) -> None:
        """A feed leaves, wherever it stands."""
        self._gone(feed)
        self._roster.links[feed + QUEUE] = 0

    def _gone(self, feed: int) -> None:
        self._roster.links[feed + BEFORE] = NOBODY
        self._waiting -= 1
        if len(self._order) > 2 * self._waiting + _STALE:
            self._order = sorted({entry for entry in self._order if self._counts(entry)})
        self._head_changed()

    def _head_changed(self) -> None:
        order = self._order
        while order and not self._counts(order[0]):
            heappop(order)
        self.head = order[0] & _FEED if order else NOBODY
        super()._head_changed()

    def _counts(self, entry: int) -> bool:
        feed, roster = entry & _FEED, self._roster
        waits = roster.links[feed + QUEUE] == self.number and roster.links[feed + BEFORE] == _WAITS
        return waits and int(roster.times[feed >> 1] * 1000) == entry >> _FEED_BITS


class Lane:
    """The classes of the feeds that share a least interval in seconds."""

    __slots__ = ("arrivals", "classes", "least")

    def __init__(self, queues: Queues, least: float) -> None:
        self.least = least
        self.classes = tuple(RateClass(queues, number, least) for number in range(CLASSES))
        self.arrivals = tuple(ArrivalClass(queues, number, least) for number in range(CLASSES))

    def back(self, one: RateClass, seen: float) -> RateClass:
        """Where a feed that was taken out of this class goes back to; `seen` is its last poll.

        That is the class or, where others of it were polled longer ago, those of its rate that may be of any age.
        """
        if isinstance(one, ArrivalClass) or seen <= one.since:
            return one
        return self.arrivals[self.classes.index(one)]
