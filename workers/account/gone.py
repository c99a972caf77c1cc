"""Feeds that went with their shard: nothing is polled of them, and they are forgotten bit by bit."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

#: Feeds that are forgotten in one go, about 1 ms: a shard that leaves takes thousands, and every account has its part.
FORGET_SLICE = 250


class GoneFeeds:
    """Keys of feeds that others still know of. `forget` is called with each in time, and must `discard` it here."""

    def __init__(self, forget: Callable[[str], None]) -> None:
        self._forget = forget
        self._keys: dict[str, None] = {}
        self._some = asyncio.Event()

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def add(self, keys: Iterable[str]) -> None:
        """These are gone, and not yet forgotten."""
        self._keys |= dict.fromkeys(keys)
        self._some.set()

    def discard(self, key: str) -> None:
        """This one is forgotten, or was never here."""
        self._keys.pop(key, None)

    async def run(self) -> None:
        """Have them forgotten, a few between any two turns of the loop, until cancelled."""
        while True:
            await self._some.wait()
            for key in list(islice(reversed(self._keys), FORGET_SLICE)):
                self._forget(key)
            if not self._keys:
                self._some.clear()
            await asyncio.sleep(0)
