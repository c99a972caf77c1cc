"""The feeds of a schedule in one block of memory, a record of 64 bytes each: a line of a processor's cache. Pure.

As objects they lie all over the memory, each with a dozen of numbers elsewhere: of a million feeds a decision waited
longer for memory than it computed, and the garbage collector looked at all of them. A record is four links (of 32 bits)
behind what the feed's memory holds (six doubles); a feed goes by the place of its record, counted in links.
"""

import struct
from collections.abc import Iterator
from typing import Final

from workers.schedule.forecast import Memory

#: No feed: the first record is nobody's.
NOBODY: Final = 0
#: Where a feed's links stand, from the feed on: its neighbours in a queue, its lane, and its queue (0: none).
BEFORE: Final = 12
AFTER: Final = 13
LANE: Final = 14
QUEUE: Final = 15

#: Links of a record, and bytes of a link.
_LINKS = 16
_LINK_BYTES = 4
_MEMORY = struct.Struct("6d")
_NOTHING = Memory()
#: Records of a new block, and how many times as many there are when it is full.
_FIRST_RECORDS = 64
_GROWTH = 1.5


class Roster:
    """`links[feed + …]` and `times[feed >> 1]` (its last poll) are views of the block, made anew when it grows."""

    __slots__ = ("_block", "_free", "_keys", "links", "times")

    def __init__(self) -> None:
        self._block = bytearray(_FIRST_RECORDS * _LINKS * _LINK_BYTES)
        self._keys: list[str] = [""]
        self._free: list[int] = []
        self._look()

    def add(self, key: str, lane: int) -> int:
        """A feed of which nothing is known, in no queue."""
        if self._free:
            feed = self._free.pop()
            self._keys[feed // _LINKS] = key
        else:
            feed = len(self._keys) * _LINKS
            self._keys.append(key)
            if len(self._keys) * _LINKS > len(self.links):
                self._grow()
        self.store(feed, _NOTHING)
        links = self.links
        links[feed + BEFORE] = links[feed + AFTER] = NOBODY
        links[feed + LANE], links[feed + QUEUE] = lane, 0
        return feed

    def remove(self, feed: int) -> None:
        """A feed that has left its queue: its place is another's from now on."""
        self._keys[feed // _LINKS] = ""
        self._free.append(feed)

    def key(self, feed: int) -> str:
        """The key of a feed."""
        return self._keys[feed // _LINKS]

    def load(self, feed: int, memory: Memory) -> Memory:
        """What a feed's memory holds, into this one."""
        memory.seen, memory.newest, memory.s1, memory.s2, memory.s3, memory.s4 = _MEMORY.unpack_from(
            self._block, feed * _LINK_BYTES
        )
        return memory

    def store(self, feed: int, memory: Memory) -> None:
        """From now on a feed's memory holds what this one does."""
        _MEMORY.pack_into(
            self._block, feed * _LINK_BYTES, memory.seen, memory.newest, memory.s1, memory.s2, memory.s3, memory.s4
        )

    def chain(self, head: int) -> Iterator[int]:
        """A feed and those behind it."""
        while head:
            yield head
            head = self.links[head + AFTER]

    def _grow(self) -> None:
        more = int(len(self._keys) * _GROWTH) * _LINKS * _LINK_BYTES - len(self._block)
        self._block = self._block + bytes(more)
        self._look()

    def _look(self) -> None:
        whole = memoryview(self._block)
        self.links, self.times = whole.cast("i"), whole.cast("d")
