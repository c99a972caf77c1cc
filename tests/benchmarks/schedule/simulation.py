"""One poll in each slot of an even pace, no latency: what a policy makes of a workload."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tests.benchmarks.schedule.workload import DAY, HISTORY_DAYS, Floats, Workload

#: Messages that the first poll of a conversation shows.
FIRST_PAGE = 50


class Policy(Protocol):
    """Which conversation next. Ages are seconds before now, ascending in time, of the messages that a poll brought."""

    def next(self, now: float) -> int: ...

    def done(self, feed: int, now: float, ages: list[float]) -> None: ...


@dataclass(frozen=True)
class Result:
    """Delays in seconds of the messages stamped in the measured window, and the longest interval between two polls."""

    delays: Floats
    worst_interval: float

    @property
    def mean(self) -> float:
        return float(self.delays.mean())

    def percentile(self, which: float) -> float:
        return float(np.percentile(self.delays, which))


def window(load: Workload) -> tuple[float, float, float]:
    """When the schedule starts, and the first and last second that are measured: its first day is not."""
    start = HISTORY_DAYS * DAY
    return start, start + DAY, load.days * DAY


def run(load: Workload, policy: Policy, per_second: float, span: tuple[float, float, float] | None = None) -> Result:
    """Poll until the end. What is not delivered then counts as if it were at that moment.

    `span`: when it starts, from when on it is measured, and its end, where these are not the load's `window`.
    """
    start, measured, end = window(load) if span is None else span
    times = [[*one, float("inf")] for one in load.times]
    place = [_first(one, start) for one in times]
    last = [start] * len(times)
    slots, delays, worst = int((end - start) * per_second), [], 0.0
    choose, done, nothing = policy.next, policy.done, []
    for slot in range(slots):
        now = start + slot / per_second
        feed = choose(now)
        mine, here = times[feed], place[feed]
        if mine[here] > now:
            done(feed, now, nothing)
        else:
            first = here
            while mine[here] <= now:
                here += 1
            place[feed] = here
            ages = [now - at for at in mine[first:here]]
            done(feed, now, ages)
            if now >= measured:
                delays += [now - at for at in mine[first:here] if at >= measured]
        if now - last[feed] > worst and last[feed] >= measured:
            worst = now - last[feed]
        last[feed] = now
    for mine, here in zip(times, place, strict=True):
        delays += [end - at for at in mine[here:-1] if at >= measured]
    return Result(np.array(delays), worst)


def round_robin(load: Workload, per_second: float) -> Result:
    """All in turn, by arithmetic: conversation i has the slots i, i + N, i + 2N, …"""
    start, measured, end = window(load)
    feeds = len(load.times)
    owners = np.repeat(np.arange(feeds), [len(one) for one in load.times])
    stamps = np.concatenate([np.array(one) for one in load.times])
    inside = stamps >= measured
    owners, stamps = owners[inside], stamps[inside]
    turns = np.ceil(((stamps - start) * per_second - owners) / feeds)
    polled = start + (owners + turns * feeds) / per_second
    return Result(np.minimum(polled, end) - stamps, feeds / per_second)


def _first(times: list[float], start: float) -> int:
    """Where the first page begins."""
    known = next(place for place, at in enumerate(times) if at > start)
    return max(0, known - FIRST_PAGE)
