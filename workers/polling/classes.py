"""Queues of feeds, linked through the feeds themselves: a feed is in one queue or in none, and leaves it at once. Pure.

Within a class of one rate the index is the same growing function of age, so its head is its best; the best of all feeds
is among the heads of the classes, whatever their number.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Final

from workers.polling.calibration import CLASSES, rate_of
from workers.polling.forecast import Memory

#: A feed that is not being polled, one that is, and one that was asked for again meanwhile.
RESTS: Final = 0
FLIES: Final = 1
FLIES_AND_IS_WANTED: Final = 2


class ScheduledFeed(Memory):
    """A feed, its memories and its place. In flight, `queue` is where it was taken from."""

    __slots__ = ("after", "before", "flight", "key", "lane", "queue")

    def __init__(self, key: str, lane: "Lane") -> None:
        super().__init__()
        self.key, self.lane = key, lane
        self.flight = RESTS
        self.queue: Queue | None = None
        self.before: ScheduledFeed | None = None
        self.after: ScheduledFeed | None = None


class Queue:
    """First in, first out."""

    __slots__ = ("head", "tail")

    def __init__(self) -> None:
        self.head: ScheduledFeed | None = None
        self.tail: ScheduledFeed | None = None

    def __iter__(self) -> Iterator[ScheduledFeed]:
        feed = self.head
        while feed is not None:
            yield feed
            feed = feed.after

    def append(self, feed: ScheduledFeed) -> None:
        """Last in the queue."""
        last = self.tail
        feed.queue = self
        feed.before = last
        if last is None:
            self.head = feed
        else:
            last.after = feed
        self.tail = feed

    def put_back(self, feed: ScheduledFeed) -> None:
        """First in the queue: it was so before it was taken."""
        self._put_before(feed, self.head)

    def take(self) -> ScheduledFeed | None:
        """The first of the queue leaves it; `queue` of the feed goes on telling where it was."""
        feed = self.head
        if feed is not None:
            after = feed.after
            feed.after = None
            self.head = after
            if after is None:
                self.tail = None
            else:
                after.before = None
        return feed

    def leave(self, feed: ScheduledFeed) -> None:
        """A feed leaves, wherever it stands."""
        before, after = feed.before, feed.after
        if before is None:
            self.head = after
        else:
            before.after = after
        if after is None:
            self.tail = before
        else:
            after.before = before
        feed.before = feed.after = feed.queue = None

    def _put_before(self, feed: ScheduledFeed, after: ScheduledFeed | None) -> None:
        before = self.tail if after is None else after.before
        feed.queue, feed.before, feed.after = self, before, after
        if before is None:
            self.head = feed
        else:
            before.after = feed
        if after is None:
            self.tail = feed
        else:
            after.before = feed


class RateClass(Queue):
    """Feeds of about one rate, the one polled longest ago first.

    `slope` x age of the head is the square root of its index; an empty class has a head from the end of time.
    `looked_at`: it is among the classes that the schedule compares.
    """

    __slots__ = ("least", "looked_at", "ready", "since", "slope")

    def __init__(self, number: int, least: float) -> None:
        super().__init__()
        self.slope = math.sqrt(rate_of(number) / 2)
        self.least = least
        self.since = self.ready = math.inf
        self.looked_at = False

    def append(self, feed: ScheduledFeed) -> None:
        """Last: it was polled last."""
        super().append(feed)
        if feed is self.head:
            self._head_changed()

    def put_back(self, feed: ScheduledFeed) -> None:
        """Where its age belongs. It was the head when it was taken, so only others in flight can be before it."""
        place = self.head
        while place is not None and place.seen < feed.seen:
            place = place.after
        self._put_before(feed, place)
        self._head_changed()

    def take(self) -> ScheduledFeed | None:
        """The one polled longest ago leaves."""
        feed = super().take()
        head = self.head
        if head is None:
            self.since = self.ready = math.inf
        else:
            self.since = head.seen
            self.ready = head.seen + self.least
        return feed

    def leave(self, feed: ScheduledFeed) -> None:
        """A feed leaves, wherever it stands."""
        super().leave(feed)
        self._head_changed()

    def merge(self, feeds: Iterable[ScheduledFeed]) -> None:
        """Take in many at once, each where its age belongs."""
        ordered = sorted([*self, *feeds], key=lambda feed: feed.seen)
        self.head = self.tail = None
        for feed in ordered:
            feed.after = None
            super().append(feed)
        self._head_changed()

    def _head_changed(self) -> None:
        self.since = math.inf if self.head is None else self.head.seen
        self.ready = self.since + self.least


class Lane:
    """The classes of the feeds that share a least interval in seconds."""

    __slots__ = ("classes", "least")

    def __init__(self, least: float) -> None:
        self.least = least
        self.classes = tuple(RateClass(number, least) for number in range(CLASSES))
