"""Feeds that stand aside until a time of their own, after a failure. Pure; times are seconds of one clock."""

import heapq
from collections.abc import Iterator
from typing import Final

#: Entries of feeds that were called back early, beyond the number of those that stand aside: then all are swept out.
_STALE: Final = 64


class Aside:
    """Keys by the time at which they are due again."""

    __slots__ = ("_order", "_until")

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._order: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._until)

    def __contains__(self, key: str) -> bool:
        return key in self._until

    def __iter__(self) -> Iterator[str]:
        return iter(self._until)

    def until(self, key: str) -> float | None:
        """When this one is due again; None: it does not stand here."""
        return self._until.get(key)

    def add(self, key: str, until: float) -> None:
        """Stand aside until then."""
        self._until[key] = until
        heapq.heappush(self._order, (until, key))
        if len(self._order) > 2 * len(self._until) + _STALE:
            self._order = sorted((at, one) for one, at in self._until.items())

    def leave(self, key: str) -> bool:
        """Stand aside no more; whether it did."""
        return self._until.pop(key, None) is not None

    def due(self, now: float) -> Iterator[str]:
        """Those whose time has come, which leave."""
        while (first := self.next_at()) is not None and first <= now:
            _, key = heapq.heappop(self._order)
            del self._until[key]
            yield key

    def next_at(self) -> float | None:
        """When the next one is due; None while nobody stands aside."""
        while self._order:
            at, key = self._order[0]
            if self._until.get(key) == at:
                return at
            heapq.heappop(self._order)
        return None
