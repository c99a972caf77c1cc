"""Who is polled, shard by shard: as the feeds topic says, and where it says nothing as the configuration does. Pure.

A wish for a poll at once waits here until the feed's shard serves. The topic keeps the last record of each feed, so a
wish that stood there long before this worker came was fulfilled by somebody; a recent one may have been written while
the shard was nobody's.
"""

from collections.abc import Iterable

from workers.feeds import FeedDefinition
from workers.model import Feed
from workers.stream.partition import partition_of

#: Seconds beyond the session timeout in which a shard that changed hands is restored and its definitions are read:
#: wishes this old count as new. Longer would put thousands of old ones before a new one after each restart.
RECENT_MARGIN_SECONDS = 15.0


class FeedTable:
    """The feeds of the shards that are owned. `recent`: seconds within which a wish of the past is still one."""

    def __init__(self, standing: Iterable[Feed], shards: int, recent: float) -> None:
        self._standing: dict[int, dict[str, Feed]] = {}
        for feed in standing:
            self._standing.setdefault(partition_of(feed.key.encode(), shards), {})[feed.key] = feed
        self._recent = recent
        #: What the topic says; None: paused.
        self._defined: dict[int, dict[str, Feed | None]] = {}
        self._wished: dict[int, set[str]] = {}
        #: Shards whose definitions have been read to their end once: what comes from then on is new.
        self._followed: set[int] = set()

    def define(self, shard: int, definition: FeedDefinition, age: float) -> None:
        """A definition of the topic, written `age` seconds ago."""
        key, active = definition.feed.key, definition.state == "active"
        self._defined.setdefault(shard, {})[key] = definition.feed if active else None
        if active and definition.poll_now and (shard in self._followed or age < self._recent):
            self._wished.setdefault(shard, set()).add(key)

    def undefine(self, shard: int, key: str) -> bool:
        """The topic says nothing of this feed any more; whether it did, in this shard."""
        self._wished.get(shard, set()).discard(key)
        known = self._defined.get(shard, {})
        if key not in known:
            return False
        del known[key]
        return True

    def caught_up(self, shard: int) -> int:
        """All definitions of a shard have been read once; how many there are."""
        self._followed.add(shard)
        return len(self._defined.get(shard, ()))

    def forget(self, shard: int) -> None:
        """The shard is somebody else's from now on."""
        self._defined.pop(shard, None)
        self._wished.pop(shard, None)
        self._followed.discard(shard)

    def keys(self, shard: int) -> list[str]:
        """Every feed of a shard that anything is said of."""
        return [*dict.fromkeys([*self._standing.get(shard, ()), *self._defined.get(shard, ())])]

    def feed(self, shard: int, key: str) -> Feed | None:
        """The feed with this key, if it shall be polled."""
        defined = self._defined.get(shard, {})
        return defined[key] if key in defined else self._standing.get(shard, {}).get(key)

    def rests(self, shard: int, key: str) -> bool:
        """Whether the topic says that this feed is not to be polled."""
        defined = self._defined.get(shard, {})
        return key in defined and defined[key] is None

    def take_wish(self, shard: int, key: str) -> bool:
        """Whether a poll of it was asked for since this was asked last."""
        wished = self._wished.get(shard)
        if wished is None or key not in wished:
            return False
        wished.discard(key)
        return True
