"""Decisions per second by the number of feeds, in pure Python: a decision looks at classes, not at feeds."""

import gc
import time
import tracemalloc

from tests.benchmarks.schedule.simulation import window
from tests.benchmarks.schedule.workload import workload
from workers.schedule.schedule import Schedule

#: Seconds of a round: feeds ÷ requests per second.
ROUND = 300.0
#: Conversations that are generated. More feeds than these share their messages, each so many seconds after another.
DIFFERENT, LATER = 10_000, 61.0
#: Messages that a first poll shows here: the price of a history is not that of a decision.
FIRST_PAGE = 5


class Race:
    """A schedule that has polled each of its feeds once, and what W1 brings from there."""

    def __init__(self, feeds: int, later: float = LATER) -> None:
        """`later`: 0 lets all that share their messages have them at the same moments."""
        load = workload("W1", min(feeds, DIFFERENT), 11, 31)
        self._start, *_ = window(load)
        self._times = [[*one, float("inf")] for one in load.times]
        self._per_second = feeds / ROUND
        self._keys = [f"conta/{number:07d}" for number in range(feeds)]
        self._place = [0] * feeds
        self._slot, self._later = 0, later
        self.schedule: Schedule | None = None

    def begin(self) -> None:
        """Add all feeds and poll each once."""
        self.schedule = Schedule(max_interval=10 * ROUND)
        for key in self._keys:
            self.schedule.add(key, 0)
        self.schedule.budget(self._per_second)
        self._poll(len(self._keys), FIRST_PAGE)

    def rate(self, count: int) -> float:
        """So many decisions per second of CPU; the loop around them and what it looks up are in it (0.4 to 1.1 µs)."""
        begun = time.process_time()
        self._poll(count)
        return count / (time.process_time() - begun)

    def _poll(self, count: int, shown: int = 50) -> None:
        assert self.schedule is not None
        choose, done, times, place = self.schedule.next, self.schedule.done, self._times, self._place
        start, per_second, different, later = self._start, self._per_second, len(self._times), self._later
        for slot in range(self._slot, self._slot + count):
            now = start + slot / per_second
            key = choose(now)
            assert key is not None
            feed = int(key[6:])
            mine, here = times[feed % different], place[feed]
            there = now - feed // different * later
            if mine[here] > there:
                done(key, now)
                continue
            first = here
            while mine[here] <= there:
                here += 1
            place[feed] = here
            done(key, now, [there - at for at in mine[max(first, here - shown) : here]])
        self._slot += count


def decisions_per_second(feeds: int, count: int = 100_000, later: float = LATER) -> int:
    """Of at least so many decisions: the third round of as many races as that takes.

    So every number of feeds is measured in the same minutes of the same conversations. A count of decisions instead
    would be a day of few feeds and the first seconds of many, when all that is polled has news.
    """
    races, seconds = max(1, count // feeds), 0.0
    for _ in range(races):
        race = Race(feeds, later)
        race.begin()
        race.rate(feeds)
        seconds += feeds / race.rate(feeds)
    return round(races * feeds / seconds)


def bytes_per_feed(feeds: int) -> int:
    """Memory of a feed that was polled, beyond its key."""
    race = Race(feeds)
    gc.collect()
    tracemalloc.start()
    race.begin()
    gc.collect()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(used / feeds)
