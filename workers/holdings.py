"""What a worker holds: the shards that the group gave it, and the feeds that are polled through them.

Group → shards → feeds → account pollers: this is where they meet, and nowhere else.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import islice
from typing import Any

from workers import logs
from workers.account.poller import AccountPoller
from workers.errors import FeedRejected
from workers.feed_table import RECENT_MARGIN_SECONDS, FeedTable
from workers.feeds import FeedDefinition, read
from workers.finder import FeedFinder
from workers.metrics import Metrics
from workers.model import Feed
from workers.settings.settings import Settings
from workers.shard import Shard
from workers.stream.ownership import REVOKE_SECONDS
from workers.stream.partition import partition_of

#: Feeds of a restored shard that are given to their accounts in one go, about 3 ms.
ATTACH_SLICE = 250
#: Seconds between two looks at what is spread over many objects.
_LOOK_SECONDS = 0.05

MakeShard = Callable[[int, "Holdings"], Shard]
Supervise = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Holdings:
    """Hears the group and the shards. `supervise` begins a shard's task; `draining`: nothing new is to be polled."""

    def __init__(
        self,
        settings: Settings,
        *,
        pollers: Mapping[str, AccountPoller],
        finders: Sequence[FeedFinder],
        make_shard: MakeShard,
        metrics: Metrics,
        worker_id: str,
        supervise: Supervise,
        draining: Callable[[], bool],
    ) -> None:
        self._pollers, self._finders, self._make_shard = pollers, finders, make_shard
        self._supervise, self._draining, self._metrics = supervise, draining, metrics
        self._count = settings.kafka.shards
        self._adapters = {name: poller.adapter for name, poller in pollers.items()}
        self.feeds = FeedTable(
            (feed for poller in pollers.values() for feed in poller.adapter.standing_feeds()),
            settings.kafka.shards,
            settings.kafka.session_timeout_seconds + RECENT_MARGIN_SECONDS,
        )
        self.shards: dict[int, Shard] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self._log = logs.logger("worker").bind(worker=worker_id)

    def rests(self, key: str) -> bool:
        """Whether a feed is paused by its definition."""
        return self.feeds.rests(partition_of(key.encode(), self._count), key)

    def states(self) -> dict[int, str]:
        """The state of each shard."""
        return {number: shard.state for number, shard in sorted(self.shards.items())}

    async def close(self, seconds: float) -> list[str]:
        """Commit what is queued; one line for each shard that could not."""
        # Held here: the group may take shards away meanwhile, by a rebalance or because Kafka is gone.
        shards, tasks = sorted(self.shards.items()), list(self.tasks.values())
        for number, shard in shards:
            shard.close()
            if not shard.serving:  # it restores, or waits to be opened again: nobody needs that any more
                self.tasks[number].cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        lines = [shard.unsaid(taken=self.shards.get(number) is not shard) for number, shard in shards]
        return [line for line in lines if line]

    async def rest(self, seconds: float) -> None:
        """Begin no poll, and wait for those under way to end by themselves, for so long at most."""
        self._hold()
        await _until(lambda: not any(poller.busy for poller in self._pollers.values()), seconds)

    def _hold(self) -> None:
        for poller in self._pollers.values():
            poller.hold()

    # --- the group says -----------------------------------------------------------------------------------

    async def on_revoked(self) -> None:
        """A rebalance begins: no new polls, and a moment for what is being committed."""
        self._hold()
        await _until(lambda: not any(shard.uncommitted for shard in self.shards.values()), REVOKE_SECONDS)

    def on_owned(self, owned: frozenset[int]) -> None:
        """The shards that are ours from now on. Those that stayed keep their producers and cursors."""
        for number in sorted(self.shards.keys() - owned):
            self._give_up(number)
        for number in sorted(owned - self.shards.keys()):
            self._metrics.known_shard(number)
            shard = self.shards[number] = self._make_shard(number, self)
            self.tasks[number] = self._supervise(shard.run())
        self._metrics.shards_owned.set(len(owned))
        self._log.info("shards_assigned", shards=sorted(owned))
        for finder in self._finders:
            finder.own(owned)
        for poller in self._pollers.values():
            poller.set_share(len(owned) / self._count)
            if not self._draining():
                poller.release()

    def on_definition(self, shard: int, key: bytes, value: bytes | None, offset: int, written: float) -> None:
        """One record of the feeds topic, of a shard that is ours."""
        name = key.decode("utf-8", "replace")
        if value is None:
            if self.feeds.undefine(shard, name):
                self._follow(shard, name)
            return
        try:
            definition = self._definition(shard, key, value)
        except FeedRejected as error:
            self._metrics.definitions_rejected.labels(error.reason).inc()
            feed, text = logs.brief(name), logs.brief(str(error))
            self._log.warning("feed_rejected", feed=feed, shard=shard, offset=offset, reason=error.reason, error=text)
            return
        self.feeds.define(shard, definition, time.time() - written)
        self._follow(shard, name)

    def on_caught_up(self, shard: int) -> None:
        """All definitions of a shard have been read once."""
        self._log.info("feeds_read", shard=shard, feeds=self.feeds.caught_up(shard))

    def _definition(self, shard: int, key: bytes, value: bytes) -> FeedDefinition:
        definition = read(key, value, self._adapters)
        right = partition_of(key, self._count)
        if right != shard:
            raise FeedRejected(
                "wrong_partition", f"its key belongs to partition {right}: partition by murmur2, as Java does"
            )
        return definition

    def _follow(self, shard: int, key: str) -> None:
        """Poll a feed, or no longer, as is said of it by now."""
        feed, owner = self.feeds.feed(shard, key), self.shards.get(shard)
        if feed is None:
            self._pollers[key.partition("/")[0]].detach(key)
        elif owner is not None and owner.serving:
            self._attach(feed, owner)

    def _attach(self, feed: Feed, shard: Shard) -> None:
        poller = self._pollers[feed.account]
        poller.attach(feed, shard)
        if self.feeds.take_wish(shard.number, feed.key):
            poller.poll_now(feed.key)

    # --- a shard says -------------------------------------------------------------------------------------

    async def serving(self, shard: Shard) -> None:
        """Its cursors are restored: poll its feeds, those of the configuration and those of the feeds topic."""
        keys = iter(self.feeds.keys(shard.number))
        while some := list(islice(keys, ATTACH_SLICE)):
            for key in some:
                feed = self.feeds.feed(shard.number, key)  # none: it is paused, or was taken back meanwhile
                if feed is not None:
                    self._attach(feed, shard)
            await asyncio.sleep(0)

    def down(self, shard: Shard) -> None:
        """It cannot commit for now: a poll of its feeds would be for nothing."""
        for poller in self._pollers.values():
            poller.detach_shard(shard)

    def _give_up(self, number: int) -> None:
        shard, task = self.shards.pop(number), self.tasks.pop(number)
        self.feeds.forget(number)
        self._metrics.forget_shard(number)
        task.cancel()
        self.down(shard)


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    # ASYNC110 wants an Event; what is waited for is spread over many objects, for a moment, twice in a life.
    end = asyncio.get_running_loop().time() + seconds
    while not condition() and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - see above
        await asyncio.sleep(_LOOK_SECONDS)
