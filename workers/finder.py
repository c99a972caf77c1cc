"""Finding feeds while a worker runs: for accounts with `discover = true`, one worker at a time looks and writes.

That worker is the owner of the account's home shard, the one that the account's name hashes to. What is found goes to
the feeds topic like anyone's definition, so every feed reaches its own shard's owner by the same way.
"""

import asyncio
from typing import Protocol

from workers import logs
from workers.discovery import DiscoveringAdapter, Discovery
from workers.errors import FeedsNotWritten, PollFailed, ReopenShard, StopWorker
from workers.model import Feed
from workers.polling.backoff import FAILED_FEED
from workers.polling.fetch import Fetcher
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream.feeds_topic import DefinitionWriter, stored_definitions
from workers.stream.partition import partition_of

#: Seconds between two looks at a provider's list: how long a new conversation may wait to be noticed.
LOOK_SECONDS = 300.0
#: Seconds until the first look, so that polling begins first.
FIRST_LOOK_SECONDS = 2.0


class Account(Protocol):
    """Whose feeds are looked for."""

    async def take_discovery(self) -> None:
        """Wait until a request for the list may be sent."""
        ...

    def discovery_failed(self, error: PollFailed) -> None:
        """The list could not be read."""
        ...

    def discovery_succeeded(self) -> None:
        """The list was read."""
        ...


class FeedFinder:
    """Looks for one account's feeds."""

    def __init__(
        self,
        adapter: DiscoveringAdapter,
        fetcher: Fetcher,
        account: Account,
        kafka: KafkaSettings,
        topics: TopicNames,
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._discovery, self._account = Discovery(adapter, fetcher, account.take_discovery), account
        self._kafka, self._topics, self._look_seconds = kafka, topics, look_seconds
        #: Feeds of the configuration are polled anyway; those of the topic are read before the first is written.
        self._known: set[str] = {feed.key for feed in adapter.standing_feeds()}
        self._ours = asyncio.Event()
        self._home = partition_of(adapter.account.name.encode(), kafka.shards)
        self._log = logs.logger("finder").bind(account=adapter.account.name, provider=adapter.provider)

    def own(self, shards: frozenset[int]) -> None:
        """The shards of this worker from now on."""
        if self._home in shards:
            self._ours.set()
        else:
            self._ours.clear()

    async def run(self) -> None:
        """Look, write what is new, wait; until cancelled."""
        await asyncio.sleep(FIRST_LOOK_SECONDS)
        failed = 0
        while True:
            await self._ours.wait()
            failed = 0 if await self._looked() else failed + 1
            await asyncio.sleep(min(FAILED_FEED.delay(failed), self._look_seconds) if failed else self._look_seconds)

    async def _looked(self) -> bool:
        """Look once, and tell what became of it; whether all went well."""
        try:
            await self._look()
        except PollFailed as error:
            self._account.discovery_failed(error)
            self._log.warning("discovery_failed", reason=error.reason, error=str(error))
        except (FeedsNotWritten, ReopenShard) as error:
            self._log.warning("discovered_feeds_not_written", error=str(error))
        except StopWorker:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not take every account's polls with it
            self._log.error("discovery_fault", exc_info=error)
        else:
            self._account.discovery_succeeded()
            return True
        return False

    async def _look(self) -> None:
        """Write what each page brings as it comes: a list that fails at its last page has given all the others."""
        read = False
        async for feeds in self._discovery.pages():
            if not self._ours.is_set():
                return  # another worker looks from here on
            if self._new(feeds) and not read:
                # Whatever stands in the topic was decided by someone, a paused feed above all: it is left as it is.
                stored = await stored_definitions(self._kafka, self._topics)
                self._known |= {definition.key.decode("utf-8", "replace") for definition in stored}
                read = True
            await self._write(self._new(feeds))

    def _new(self, feeds: list[Feed]) -> list[Feed]:
        return [feed for feed in feeds if feed.key not in self._known]

    async def _write(self, feeds: list[Feed]) -> None:
        if not feeds or not self._ours.is_set():
            return
        async with DefinitionWriter(self._kafka, self._topics) as writer:
            await writer.write(feeds)
        self._known |= {feed.key for feed in feeds}
        self._log.info("feeds_discovered", feeds=len(feeds))
