"""f0: the same decision with exact knowledge of the model and of every conversation's rate at every moment.

It sees its own polls only, so it does not know when a session starts: the gap to it is what learning costs. On W0 the
filter is exact. On W1 it is exact for one session at a time: a message starts a new session where that is likelier than
that it belongs to the one under way, which is forgotten then; overlapping sessions are common in the busiest
conversations only.
"""

import math
from statistics import NormalDist

import numpy as np

from tests.benchmarks.schedule.policies import Levels
from tests.benchmarks.schedule.workload import (
    ACTIVE_RATE,
    ACTIVE_SECONDS,
    DAY,
    SESSION_LENGTH,
    SESSION_RATE,
    SESSION_SIZE,
    Floats,
    Workload,
    daily_curve,
)

#: Classes of rates, the slowest rate (per second), and the step: as fine as the product's.
CLASSES, SLOWEST, STEP = 64, 1e-9, math.sqrt(2.0)
#: Grid of a session's rate and length: quantiles of their distributions.
RATES, LENGTHS = 16, 48
#: A session is forgotten when it foretells less than this part of the waiting that makes a poll worth its price.
FORGOTTEN = 0.01


class _Indexed(Levels):
    """Classes by the constant rate that would reach the price at the same age; the price follows what was paid."""

    def __init__(self, load: Workload) -> None:
        feeds = len(load.times)
        super().__init__(feeds, [math.sqrt(SLOWEST * STEP**number / 2) for number in range(CLASSES)])
        self._reach = [math.sqrt(2 / (SLOWEST * STEP ** (number - 0.5))) for number in range(CLASSES)]
        self._gain = 3 / max(feeds, 300)
        self._price = 1.0

    def next(self, now: float) -> int:
        feed = super().next(now)
        if self.best > 0:
            self._price += self._gain * (self.best**2 - self._price)
        return feed

    def waiting(self, feed: int, now: float, age: float) -> float:
        """The waiting that is foretold at this age."""
        raise NotImplementedError

    def sort_in(self, feed: int, now: float) -> None:
        """Put it into the class that its forecast belongs to."""
        lowest, highest, root = 0, CLASSES - 1, math.sqrt(self._price)
        while lowest < highest:
            middle = (lowest + highest + 1) // 2
            if self.waiting(feed, now, self._reach[middle] * root) >= self._price:
                lowest = middle
            else:
                highest = middle - 1
        self.put(feed, lowest, now)


class InformedW0(_Indexed):
    """Knows each conversation's two rates of change; its state is the probability that it is active."""

    def __init__(self, load: Workload) -> None:
        super().__init__(load)
        share = np.minimum(load.rates / (ACTIVE_RATE * DAY), 0.9)
        self._stop = 1 / ACTIVE_SECONDS
        self._start = (self._stop * share / (1 - share)).tolist()
        self._share = share.tolist()
        self._active = list(self._share)
        self._at = [0.0] * len(self._share)

    def done(self, feed: int, now: float, ages: list[float]) -> None:
        if ages:  # the newest message shows that it was active then
            self._active[feed], self._at[feed] = 1.0, now - ages[-1]
        self._active[feed] = self._silent(feed, now - self._at[feed])
        self._at[feed] = now
        self.sort_in(feed, now)

    def waiting(self, feed: int, now: float, age: float) -> float:
        length = 1 / (self._start[feed] + self._stop)
        x = age / length
        share = self._share[feed]
        extra = (self._active[feed] - share) * length * length * (1 - math.exp(-x) * (1 + x))
        return ACTIVE_RATE * (share * age * age / 2 + extra)

    def _silent(self, feed: int, seconds: float) -> float:
        """The probability after so many seconds without a message: the two-state chain, killed by messages."""
        start, stop, p = self._start[feed], self._stop, self._active[feed]
        a, d = -(stop + ACTIVE_RATE), -start
        middle, root = (a + d) / 2, math.sqrt(((a - d) / 2) ** 2 + start * stop)
        fast, slow = math.exp((middle - root) * seconds), math.exp((middle + root) * seconds)
        even, odd = (fast + slow) / 2, (slow - fast) / (2 * root)
        active = even * p + odd * ((a - middle) * p + start * (1 - p))
        idle = even * (1 - p) + odd * (stop * p + (d - middle) * (1 - p))
        return active / (active + idle)


class InformedW1(_Indexed):
    """Knows each conversation's rate of session starts at every moment, and how sessions are distributed."""

    def __init__(self, load: Workload) -> None:
        super().__init__(load)
        feeds = len(load.times)
        self._starts = (load.rates * load.factors / SESSION_SIZE / DAY).tolist()
        self._curve = daily_curve()[0].tolist()
        self._days = load.days
        self._rate = _quantiles(*SESSION_RATE, RATES)
        self._length = _quantiles(*SESSION_LENGTH, LENGTHS)
        self._rate_log = np.log(self._rate)[:, None]
        self._grown, self._grown_step = _unseen(self._rate, self._length)
        #: Of the session under way: when it began, messages after the first, the newest; how its rate may go on.
        self._begun: list[float | None] = [None] * feeds
        self._count, self._newest = [0] * feeds, [0.0] * feeds
        self._onward: dict[int, tuple[Floats, Floats]] = {}

    def done(self, feed: int, now: float, ages: list[float]) -> None:
        for age in ages:
            self._message(feed, now - age)
        self._onward.pop(feed, None)
        if self._begun[feed] is not None:
            self._onward[feed] = rates, left = self._posterior(feed, now)
            if float(rates @ np.minimum(left, 3600.0) ** 2) / 2 < FORGOTTEN * self._price:
                self._begun[feed] = None
                del self._onward[feed]
        self.sort_in(feed, now)

    def waiting(self, feed: int, now: float, age: float) -> float:
        total = self._start_rate(feed, now + age * 2 / 3) * self._unseen(age)
        if feed in self._onward:
            rates, left = self._onward[feed]
            total += float(rates @ np.minimum(left, age) ** 2) / 2
        return total

    def _message(self, feed: int, at: float) -> None:
        if self._begun[feed] is not None:
            rates, _ = self._posterior(feed, at)
            if rates.sum() > self._start_rate(feed, at):
                self._count[feed] += 1
                self._newest[feed] = at
                return
        self._begun[feed], self._count[feed], self._newest[feed] = at, 0, at

    def _posterior(self, feed: int, now: float) -> tuple[Floats, Floats]:
        """Messages per second by each possible length of the session, and the seconds that it would still last."""
        begun = self._begun[feed]
        assert begun is not None
        elapsed, shown = now - begun, self._newest[feed] - begun
        lasting = np.minimum(self._length, elapsed)
        weights = self._count[feed] * self._rate_log - self._rate[:, None] * lasting
        weights = np.exp(weights - weights.max()) * (self._length >= shown)
        left = np.maximum(self._length - elapsed, 0.0)
        total = weights.sum()
        if not total:  # longer than the longest of the grid
            return np.zeros(LENGTHS), left
        return (self._rate @ weights) * (left > 0) / total, left

    def _start_rate(self, feed: int, at: float) -> float:
        day = min(int(at / DAY), self._days - 1)
        return self._starts[day][feed] * self._curve[int(at % DAY / 60)]

    def _unseen(self, age: float) -> float:
        place = min(age / self._grown_step, len(self._grown) - 2.0)
        low = int(place)
        return self._grown[low] + (self._grown[low + 1] - self._grown[low]) * (place - low)


def _quantiles(median: float, sigma: float, count: int) -> Floats:
    normal = NormalDist()
    return median * np.exp(sigma * np.array([normal.inv_cdf((i + 0.5) / count) for i in range(count)]))


def _unseen(rate: Floats, length: Floats) -> tuple[list[float], float]:
    """Waiting by age from sessions that nobody saw start, for one start a second; and the step of the ages."""
    step = 5.0
    ages = np.arange(0, 40_000, step)
    followers = rate.mean() * np.minimum(ages[:, None], length).mean(axis=1)
    waiting = np.concatenate(([0.0], np.cumsum(ages * (1 + followers) * step)))
    return waiting.tolist(), step
