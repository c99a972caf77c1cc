"""Feeds that went with their shard: nothing is polled of them, and they are forgotten bit by bit."""

import asyncio
from collections.abc import Callable
from itertools import islice

from workers.model import Feed

#: Feeds that are forgotten in one go, about 1 ms: a shard that leaves takes thousands, and every account has its part.
FORGET_SLICE = 250


class GoneFeeds:
    """Feeds that others still know of, by key. `forget` is called with each in time, and must `discard` it here."""

    def __init__(self, forget: Callable[[str], None]) -> None:
        self._forget = forget
        #: As they went, shard by shard: to put tens of thousands together would hold up the loop.
        self._parts: list[dict[str, Feed]] = []
        self._some = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __contains__(self, key: str) -> bool:
        return any(key in part for part in self._parts)

    def add(self, feeds: dict[str, Feed]) -> None:
        """These are gone, and not yet forgotten. They are this room's from now on."""
        self._parts.append(feeds)
        self._some.set()

    def discard(self, key: str) -> None:
        """This one is forgotten, or was never here."""
        for part in self._parts:
            part.pop(key, None)

    async def run(self) -> None:
        """Have them forgotten, a few between any two turns of the loop, until cancelled."""
        while True:
            await self._some.wait()
            part = self._parts[-1]
            for key in list(islice(reversed(part), FORGET_SLICE)):
                self._forget(key)
            if not part:
                self._parts.pop()
            if not self._parts:
                self._some.clear()
            await asyncio.sleep(0)
