"""Measuring two things fairly on a machine that others use too.

Rounds are short and alternate, each in another order, and a ratio is the median of the rounds' own ratios: what else
runs on the machine meets all of them alike.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spent:
    """What some work took: seconds by the clock, CPU seconds of this process, and how many pieces of work it was."""

    wall: float
    cpu: float
    pieces: int

    @property
    def rate(self) -> float:
        """Pieces per second."""
        return self.pieces / self.wall

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of one piece."""
        return self.cpu / self.pieces * 1e6


class Stopwatch:
    """Begins when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def spent(self, pieces: int) -> Spent:
        """What has been taken so far, by this many pieces of work."""
        return Spent(time.perf_counter() - self._wall, time.process_time() - self._cpu, pieces)


def rotated(names: Sequence[str], turn: int) -> list[str]:
    """The names in the order of this round."""
    start = turn % len(names)
    return [*names[start:], *names[:start]]


def ratio(values: Sequence[float], base: Sequence[float]) -> float:
    """The median of the rounds' own ratios."""
    return statistics.median(value / other for value, other in zip(values, base, strict=True))
