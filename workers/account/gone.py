"""Feeds that went with their shard: nothing is polled of them, and they are forgotten bit by bit."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import islice

from workers.model import Feed

#: Feeds that are forgotten in one go, about 1 ms: a shard that leaves takes thousands, and every account has its part.
FORGET_SLICE = 250


class GoneFeeds:
    """Feeds that others still know of, by key. `forget` is called with each in time, and must `discard` it here."""

    def __init__(self, forget: Callable[[str], None]) -> None:
        self._forget = forget
        self._feeds: dict[str, Feed] = {}
        self._some = asyncio.Event()

    def __len__(self) -> int:
        return len(self._feeds)

    def __contains__(self, key: str) -> bool:
        return key in self._feeds

    def __iter__(self) -> Iterator[str]:
        return iter(self._feeds)

    def add(self, feeds: dict[str, Feed]) -> None:
        """These are gone, and not yet forgotten. Tens of thousands at a time: a plain union looks at each key once."""
        self._feeds |= feeds
        self._some.set()

    def discard(self, key: str) -> None:
        """This one is forgotten, or was never here."""
        self._feeds.pop(key, None)

    async def run(self) -> None:
        """Have them forgotten, a few between any two turns of the loop, until cancelled."""
        while True:
            await self._some.wait()
            for key in list(islice(reversed(self._feeds), FORGET_SLICE)):
                self._forget(key)
            if not self._feeds:
                self._some.clear()
            await asyncio.sleep(0)
