"""Which feed next: fair and simple. No clock, no I/O, no randomness: the same calls give the same sequence.

Every feed is polled in turn, the one that waited longest first; hints and feeds never polled go ahead. A failed feed
stands aside until its time. Times are seconds of one clock that never goes back (the event loop's).
"""

import heapq
from collections import OrderedDict
from collections.abc import Sequence

#: Seconds between two polls of one feed when the budget would allow more: a person does not answer faster.
MIN_INTERVAL = 1.0


class Schedule:
    """The feeds of one account on this worker, by key."""

    def __init__(self, *, min_interval: float = MIN_INTERVAL, max_interval: float = 3600.0) -> None:
        self._min_interval = min_interval
        self._max_interval = max_interval
        self._hinted: OrderedDict[str, None] = OrderedDict()
        self._fresh: OrderedDict[str, None] = OrderedDict()
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._last: dict[str, float] = {}
        self._aside: dict[str, float] = {}
        self._aside_order: list[tuple[float, str]] = []
        self._in_flight: set[str] = set()
        self._poll_again: set[str] = set()

    def __len__(self) -> int:
        return len(self._fresh) + len(self._waiting) + len(self._aside) + len(self._in_flight) + len(self._hinted)

    def __contains__(self, key: str) -> bool:
        return any(key in place for place in (self._hinted, self._fresh, self._waiting, self._aside, self._in_flight))

    def add(self, key: str) -> None:
        """A feed to poll from now on; one that is there already stays where it is."""
        if key not in self:
            self._fresh[key] = None

    def remove(self, key: str) -> None:
        """A feed not to poll any more, wherever it stands."""
        for place in (self._hinted, self._fresh, self._waiting, self._aside, self._last):
            place.pop(key, None)
        self._in_flight.discard(key)
        self._poll_again.discard(key)

    def poll_now(self, key: str) -> None:
        """Poll this feed next, whatever its turn; one in flight is polled again as soon as it is back."""
        if key in self._in_flight:
            self._poll_again.add(key)
        elif key in self:
            for place in (self._fresh, self._waiting, self._aside):
                place.pop(key, None)
            self._hinted[key] = None

    def next(self, now: float) -> str | None:
        """The feed to poll now, in flight from here on until `done`, `failed` or `remove`; None: nothing is due."""
        self._return_from_aside(now)
        key = self._first_due(now)
        if key is not None:
            self._in_flight.add(key)
        return key

    def due_at(self, now: float) -> float | None:
        """When `next` may have something: `now` or later; None while nothing waits at all."""
        if self._hinted or self._fresh:
            return now
        times = []
        if self._waiting:
            times.append(self._last[next(iter(self._waiting))] + self._min_interval)
        while self._aside_order and self._aside.get(self._aside_order[0][1]) != self._aside_order[0][0]:
            heapq.heappop(self._aside_order)
        if self._aside_order:
            times.append(self._aside_order[0][0])
        return max(now, min(times)) if times else None

    def done(self, key: str, now: float, times: Sequence[float] = ()) -> None:
        """The poll brought a page; `times` are the provider times of its new messages (for schedules that learn)."""
        del times
        if self._leave_flight(key):
            self._last[key] = now
            self._back(key)

    def failed(self, key: str, now: float, again_at: float | None = None) -> None:
        """The poll brought nothing. The feed keeps its place in front, or stands aside until `again_at`."""
        if not self._leave_flight(key):
            return
        if key in self._poll_again:  # asked for while it was failing: someone knows more than this poll did
            self._poll_again.discard(key)
            self._hinted[key] = None
        elif again_at is not None and again_at > now:
            self._aside[key] = again_at
            heapq.heappush(self._aside_order, (again_at, key))
        else:
            place = self._waiting if key in self._last else self._fresh
            place[key] = None
            place.move_to_end(key, last=False)

    def recall(self, key: str | None = None) -> None:
        """Feeds that stand aside (this one, or all) are due at once."""
        for aside in [key] if key is not None else list(self._aside):
            if aside in self._aside:
                self._aside[aside] = float("-inf")
                heapq.heappush(self._aside_order, (float("-inf"), aside))

    def standing_aside(self) -> int:
        """How many feeds wait for their time after a failure."""
        return len(self._aside)

    def overdue(self, now: float) -> int:
        """How many feeds have not been polled for longer than the greatest interval."""
        count = 0
        for key in self._waiting:  # in the order of their last poll: the first that is not overdue ends it
            if now - self._last[key] <= self._max_interval:
                break
            count += 1
        return count

    def longest_wait(self, now: float) -> float:
        """Seconds since the feed that was polled longest ago was; 0 where none waits."""
        oldest = next(iter(self._waiting), None)
        return 0.0 if oldest is None else max(0.0, now - self._last[oldest])

    def _first_due(self, now: float) -> str | None:
        for place in (self._hinted, self._fresh):
            if place:
                return place.popitem(last=False)[0]
        if self._waiting:
            key = next(iter(self._waiting))
            if now - self._last[key] >= self._min_interval:
                del self._waiting[key]
                return key
        return None

    def _return_from_aside(self, now: float) -> None:
        while self._aside_order and self._aside_order[0][0] <= now:
            at, key = heapq.heappop(self._aside_order)
            if self._aside.get(key) == at:
                del self._aside[key]
                self._hinted[key] = None

    def _leave_flight(self, key: str) -> bool:
        if key not in self._in_flight:
            return False
        self._in_flight.discard(key)
        return True

    def _back(self, key: str) -> None:
        if key in self._poll_again:
            self._poll_again.discard(key)
            self._hinted[key] = None
        else:
            self._waiting[key] = None
