"""A feed's memory as bytes that stand beside its cursor. Pure.

A snapshot is small because it is written with every cursor: what it costs is its 17 bytes. Anything that is not one
reads as None, and the feed is then new to the schedule: polled once out of turn, and no worse.
"""

import math
import struct
from typing import Final

from workers.schedule.forecast import NEVER, Memory

#: First byte: the meaning of the rest, spans of the memories included. Another one is not read.
VERSION: Final = 1
#: Version, epoch seconds of the last poll and of the newest message (0: none), four memories as half floats.
_FEED = struct.Struct(">BIIeeee")
#: The greatest number that a half float holds, and the greatest epoch second of 32 bits (the year 2106).
_MOST_MEMORY = 65_504.0
_LAST_SECOND = 2**32 - 1


def pack(memory: Memory, now: float, epoch_now: float) -> bytes:
    """A memory by the wall clock: `now` is `epoch_now`. 17 bytes."""
    sums = (min(one, _MOST_MEMORY) for one in (memory.s1, memory.s2, memory.s3, memory.s4))
    seen = _epoch_second(memory.seen, now, epoch_now)
    return _FEED.pack(VERSION, seen, _epoch_second(memory.newest, now, epoch_now), *sums)


def unpack(packed: bytes, now: float, epoch_now: float) -> Memory | None:
    """The memory by this process's clock; None: these bytes are none. A time in the future is now."""
    if len(packed) != _FEED.size or packed[0] != VERSION:
        return None
    _, seen, newest, *sums = _FEED.unpack(packed)
    if not seen or not all(0 <= one < math.inf for one in sums):
        return None
    memory = Memory()
    memory.seen = now - max(epoch_now - seen, 0.0)
    memory.newest = now - max(epoch_now - newest, 0.0) if newest else NEVER
    memory.s1, memory.s2, memory.s3, memory.s4 = sums
    return memory


def _epoch_second(at: float, now: float, epoch_now: float) -> int:
    if at == NEVER:
        return 0
    return min(max(int(epoch_now - (now - at)), 1), _LAST_SECOND)
