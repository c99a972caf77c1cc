"""How long the event loop of this process is not free for anything else: the longest block, by clock and by CPU."""

import asyncio
import time
from dataclasses import dataclass

#: Seconds between two looks.
STEP = 0.002


@dataclass
class LoopBlocks:
    """The longest time between two looks, in ms. By CPU, other processes of a shared machine are left out of it."""

    wall_ms: float = 0.0
    cpu_ms: float = 0.0

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            begun, cpu = time.perf_counter(), time.thread_time()
            await asyncio.sleep(STEP)
            self.wall_ms = max(self.wall_ms, 1000 * (time.perf_counter() - begun - STEP))
            self.cpu_ms = max(self.cpu_ms, 1000 * (time.thread_time() - cpu))

    def told(self) -> tuple[float, float]:
        """The longest blocks since this was asked last: by clock, by CPU."""
        told = round(self.wall_ms, 1), round(self.cpu_ms, 1)
        self.wall_ms = self.cpu_ms = 0.0
        return told
