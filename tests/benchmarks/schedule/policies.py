"""Policies to compare with: the product's own schedule, and doubling back-offs."""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from tests.benchmarks.schedule.workload import BROADCAST_SECONDS, REACHED, Workload
from workers.schedule.forecast import Memory
from workers.schedule.schedule import Schedule
from workers.schedule.surge import Surge


class Product:
    """The schedule as the worker uses it; the operator allows a greatest interval of so many rounds.

    `keys`: of the feeds, where these are known to others.
    """

    def __init__(self, feeds: int, per_second: float, rounds: float = 10.0, keys: Sequence[str] | None = None) -> None:
        self.schedule = schedule = Schedule(min_interval=1.0, max_interval=rounds * feeds / per_second)
        self._keys = keys or [f"conta/{number:07d}" for number in range(feeds)]
        self._numbers = {key: number for number, key in enumerate(self._keys)}
        for key in self._keys:
            schedule.add(key, 0)
        schedule.budget(per_second)

    def next(self, now: float) -> int:
        key = self.schedule.next(now)
        assert key is not None, "more tokens than the least interval allows"
        return self._numbers[key]

    def done(self, feed: int, now: float, ages: list[float]) -> None:
        self.schedule.done(self._keys[feed], now, ages)


#: Seconds between two restarts, and the wall clock's time at second 0.
RESTARTS, EPOCH = 3600.0, 1e9


class Restarted(Product):
    """The schedule of a worker that ends and is followed by another each hour, which knows what lay beside the cursors.

    `forgets`: it knows nothing.
    """

    def __init__(self, feeds: int, per_second: float, *, forgets: bool = False) -> None:
        super().__init__(feeds, per_second)
        self._per_second, self._forgets, self._ends = per_second, forgets, 0.0

    def next(self, now: float) -> int:
        if now >= self._ends:
            self._follow(now)
        return super().next(now)

    def _follow(self, now: float) -> None:
        before, self._ends = self.schedule, now + RESTARTS
        self.schedule = Product(len(self._keys), self._per_second, keys=self._keys).schedule
        for key in () if self._forgets else self._keys:
            if imprint := before.snapshot(key, now, EPOCH + now):
                self.schedule.restore(key, imprint, now, EPOCH + now)


class Told(Product):
    """The schedule where somebody asks for a conversation (`poll_now`) whenever a broadcast went to it."""

    def __init__(self, load: Workload, per_second: float) -> None:
        super().__init__(len(load.times), per_second)
        self._sent = deque(load.sent)

    def next(self, now: float) -> int:
        while self._sent and self._sent[0][0] <= now:
            self.schedule.poll_now(self._keys[self._sent.popleft()[1]])
        return super().next(now)


class Known(Surge):
    """Surges that are known beforehand: at these moments so many wakings for each feed begin to come, within a span."""

    def __init__(self, begins: Sequence[float], wakings: float, span: float) -> None:
        super().__init__()
        self._begins_at, self._each, self._span = begins, wakings, span
        self._going: list[float] = []

    def observe(self, memory: Memory, now: float, ages: Sequence[float], longest: float) -> None:
        self._going = [at for at in self._begins_at if at < now < at + longest]
        self._now, self.active = now, bool(self._going)

    def gain(self, seen: float) -> float:
        total = 0.0
        for at in self._going:
            first, last = max(at, seen), min(at + self._span, self._now)
            if last > first:
                total += self._each * (last - first) / self._span * ((first + last) / 2 - seen)
        return total


class KnowingWhen(Product):
    """The schedule where it is known when broadcasts go out, and to how many, though not to whom."""

    def __init__(self, load: Workload, per_second: float) -> None:
        feeds = len(load.times)
        super().__init__(feeds, per_second)
        sent = [at for at, _ in load.sent]
        begins = [at for before, at in pairwise([-BROADCAST_SECONDS, *sent]) if at - before > BROADCAST_SECONDS / 2]
        self.schedule._ranking.surge = Known(begins, REACHED, BROADCAST_SECONDS)


class Levels:
    """Conversations in levels, each a FIFO with a weight: the greatest age x weight is next. First all in order."""

    def __init__(self, feeds: int, weights: Sequence[float]) -> None:
        self._weights = weights
        self._queues: list[deque[int]] = [deque() for _ in weights]
        self._since = [float("inf")] * len(weights)
        self._last = [0.0] * feeds
        self._fresh = deque(range(feeds))
        #: Age x weight of the latest choice.
        self.best = 0.0

    def next(self, now: float) -> int:
        if self._fresh:
            return self._fresh.popleft()
        best, where = -1.0, 0
        for level, since in enumerate(self._since):
            urgency = (now - since) * self._weights[level]
            if urgency > best:
                best, where = urgency, level
        self.best = best
        queue = self._queues[where]
        feed = queue.popleft()
        self._since[where] = self._last[queue[0]] if queue else float("inf")
        return feed

    def put(self, feed: int, level: int, now: float) -> None:
        """A conversation that was polled now."""
        self._last[feed] = now
        queue = self._queues[level]
        if not queue:
            self._since[level] = now
        queue.append(feed)


class Backoff(Levels):
    """After news the shortest interval, else the next longer one, all scaled to the budget at every moment.

    The conversation whose age is the greatest multiple of its interval is polled, so the scale is what the budget makes
    it, and exactly one poll falls into each slot. A back-off that keeps its seconds instead polls hot conversations
    early when slots are free, races them to the longest interval, and loses to round robin.
    """

    def __init__(self, feeds: int, *, growth: float, longest: float) -> None:
        """`longest`: the longest interval as a multiple of the shortest."""
        intervals, level = [], 1.0
        while level < longest:
            intervals.append(level)
            level *= growth
        super().__init__(feeds, [1 / one for one in (*intervals, longest)])
        self._levels = [-1] * feeds

    def done(self, feed: int, now: float, ages: list[float]) -> None:
        self._levels[feed] = 0 if ages else min(self._levels[feed] + 1, len(self._weights) - 1)
        self.put(feed, self._levels[feed], now)


def usual_backoff(feeds: int) -> Backoff:
    """c1: doubling, ten seconds to an hour."""
    return Backoff(feeds, growth=2.0, longest=360.0)


def tuned_backoff(feeds: int) -> Backoff:
    """c3: the best growth and span for these very workloads, found in hindsight."""
    return Backoff(feeds, growth=1.05, longest=32.0)
