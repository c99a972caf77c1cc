"""Stands beside a simulation: sees which shard is asked for when, keeps answers back, and knows how late it is."""

import asyncio
import time
from bisect import bisect_left
from collections import defaultdict
from itertools import chain

from workers.simulator import RunningSimulation
from workers.stream.partition import partition_of

#: Seconds between two looks at how late the event loop is.
LOOK_SECONDS = 0.02


class Onlooker:
    """Use it as a context manager inside the simulation's event loop. Times are monotonic seconds."""

    def __init__(self, simulation: RunningSimulation, shards: int) -> None:
        self.waiting = 0
        self._simulation, self._shards = simulation, shards
        #: By the feed's key.
        self._asked: dict[str, list[float]] = defaultdict(list)
        self._late: list[tuple[float, float]] = []
        self._open = asyncio.Event()
        self._open.set()

    def __enter__(self) -> "Onlooker":
        exchange, delivery = self._simulation.exchange, self._simulation._delivery
        self._meet, self._deliver = exchange.meet, delivery.deliver
        exchange.meet, delivery.deliver = self._seen, self._held
        self._looking = asyncio.get_running_loop().create_task(self._look())
        return self

    def __exit__(self, *_: object) -> None:
        self._open.set()
        self._looking.cancel()

    # --- what was asked for -------------------------------------------------------------------------------

    def shards(self) -> set[int]:
        """Shards of which some feed was ever asked for."""
        return set(map(self._shard, self._asked))

    def arrived(self) -> list[float]:
        """When each request for a feed arrived, ascending."""
        return sorted(chain.from_iterable(self._asked.values()))

    def of(self, key: str) -> list[float]:
        """When this feed was asked for, ascending."""
        return self._asked[key]

    def first(self, shard: int, since: float) -> float | None:
        """When a feed of this shard was asked for first since then."""
        mine = (asked for key, asked in self._asked.items() if self._shard(key) == shard)
        return min((asked[place] for asked in mine if (place := bisect_left(asked, since)) < len(asked)), default=None)

    def late(self, since: float, until: float) -> float:
        """The longest time in between for which this process could see nothing."""
        return max((late for at, late in self._late if since <= at <= until + LOOK_SECONDS), default=0.0)

    # --- answers ------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Keep all answers back: requests are read, answered in mind, and wait."""
        self._open.clear()

    def release(self) -> None:
        """Send what was kept back."""
        self._open.set()

    def _seen(self, room, call, moment):
        outgoing = self._meet(room, call, moment)
        account = room.caller(call)
        if account is not None and outgoing.answer.feed:
            key = "/".join((account.name, *outgoing.answer.feed))
            self._asked[key].append(time.monotonic())
        return outgoing

    def _shard(self, key: str) -> int:
        return partition_of(key.encode(), self._shards)

    async def _held(self, request, answer, manner):
        self.waiting += 1
        try:
            await self._open.wait()
        finally:
            self.waiting -= 1
        return await self._deliver(request, answer, manner)

    async def _look(self) -> None:
        while True:
            due = time.monotonic() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            late = time.monotonic() - due
            if late > LOOK_SECONDS:
                self._late.append((time.monotonic(), late))
