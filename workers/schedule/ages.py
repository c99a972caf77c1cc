"""How many feeds wait for news since when: counted as they are polled, so that nobody ever has to look at all. Pure."""

import math


class Ages:
    """Feeds by the second from which on they wait. `before` costs the seconds by which its limit has grown."""

    __slots__ = ("_before", "_counts", "_limit")

    def __init__(self) -> None:
        self._counts: dict[float, int] = {}
        self._limit, self._before = -math.inf, 0

    def add(self, seen: float) -> None:
        """A feed waits since then."""
        second = seen // 1.0
        counts = self._counts
        counts[second] = counts.get(second, 0) + 1
        if second < self._limit:
            self._before += 1

    def drop(self, seen: float) -> None:
        """One of these waits no more."""
        second = seen // 1.0
        left = self._counts[second] - 1
        if left:
            self._counts[second] = left
        else:
            del self._counts[second]
        if second < self._limit:
            self._before -= 1

    def before(self, limit: float) -> int:
        """How many wait since before this time, to the second."""
        second = limit // 1.0
        if 0 <= second - self._limit <= len(self._counts):
            passed = range(int(self._limit), int(second))
            self._before += sum(self._counts.get(one, 0) for one in passed)
        elif second != self._limit:
            self._before = sum(count for one, count in self._counts.items() if one < second)
        self._limit = second
        return self._before

    def oldest(self) -> float | None:
        """Since when the one waits that has waited longest, to the second; None: nobody waits. Costs all seconds."""
        return min(self._counts, default=None)
