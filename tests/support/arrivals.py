"""Requests as a provider counts them: when each arrived, and the most that any window of a length holds."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence


def most_in(arrived: Sequence[float], seconds: float) -> int:
    """The most arrivals (ascending) in any `seconds`, wherever that window begins; its end is not in it."""
    return max((bisect_left(arrived, at + seconds) - place for place, at in enumerate(arrived)), default=0)


def beyond(arrived: Sequence[float], per_second: float, workers: int, lengths: Iterable[float]) -> dict[float, float]:
    """Windows that hold more than their rate and one for each worker: length in seconds → requests too many."""
    over = {length: most_in(arrived, length) - (per_second * length + workers) for length in lengths}
    return {length: excess for length, excess in over.items() if excess > 0}
