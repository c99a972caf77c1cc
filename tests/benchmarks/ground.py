"""The ground of one benchmark: settings with names of their own, topics, and a worker with every room in place."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from tests.benchmarks.pages import CHANNEL, conversation
from workers.account.poller import AccountPoller
from workers.metrics import Metrics
from workers.model import Feed
from workers.polling.fetch import Fetcher
from workers.providers.ogmma import OgmmaSettings
from workers.schedule.schedule import Schedule
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.settings.settings import Settings
from workers.shard import Shard
from workers.stream import topics
from workers.wiring import Wiring, known_metrics
from workers.worker import Worker

ACCOUNT = "loja"
#: A key of the provider's form: every event is searched for it.
KEY = "oapi_sk_live_4f9d07c1b2e8a6635d0f2a7c9be14836d50"
#: Requests per minute that no machine reaches: the budget is in the way of nothing.
UNLIMITED = 1e9
#: Seconds for shards to be restored.
SERVING_SECONDS = 120.0


def settings_on(bootstrap: str, shards: int, base_url: str = "http://127.0.0.1:1") -> Settings:
    """Settings of one account that may ask as often as it likes, under names that nobody else has."""
    prefix = f"bench-{uuid.uuid4().hex[:8]}"
    account = OgmmaSettings(name=ACCOUNT, provider="ogmma", api_key=SecretStr(KEY), base_url=base_url)
    return Settings(
        kafka=KafkaSettings(bootstrap_servers=tuple(bootstrap.split(",")), group=prefix, shards=shards),
        topics=TopicNames(**{name: f"{prefix}.{name}" for name in TopicNames.model_fields}),
        accounts={ACCOUNT: account.model_copy(update={"requests_per_minute": UNLIMITED})},
    )


class Ground:
    """A worker that is not running: its shards serve, nothing is polled until a benchmark does."""

    def __init__(self, settings: Settings, limits: dict[str, int], fetcher: Fetcher) -> None:
        self.settings, self.limits, self.fetcher = settings, limits, fetcher
        self.metrics: Metrics = known_metrics(settings)
        self.worker: Worker = Wiring(settings, limits, self.metrics, fetcher).worker()
        self.poller: AccountPoller = self.worker._pollers[ACCOUNT]

    @property
    def shards(self) -> dict[int, Shard]:
        """The shards that are owned."""
        return self.worker.holdings.shards

    def feeds(self, numbers: Iterable[int]) -> list[Feed]:
        """Feeds of these conversations."""
        adapter = self.poller.adapter
        return [adapter.feed({"channel_id": CHANNEL, "conversation_id": conversation(n)}) for n in numbers]

    def schedule_by(self, schedule: Schedule) -> None:
        """Let the account be polled by this schedule, before it has any feed."""
        poller: Any = self.poller
        for part in (poller, poller._failures, poller.watch):
            part._schedule = schedule

    async def own_all(self) -> None:
        """Take every shard, as if the group had given them; returns when all serve."""
        self.worker.holdings.on_owned(frozenset(range(self.settings.kafka.shards)))
        async with asyncio.timeout(SERVING_SECONDS):
            while not all(shard.serving for shard in self.shards.values()):  # noqa: ASYNC110 - they are many, and soon
                await asyncio.sleep(0.005)

    async def leave(self) -> None:
        """Give everything up, in order."""
        await self.worker.holdings.close(10.0)
        for task in self.worker.holdings.tasks.values():
            task.cancel()
        await self.fetcher.close()


@asynccontextmanager
async def ground(settings: Settings) -> AsyncIterator[Ground]:
    """Topics made, a worker that owns nothing yet."""
    await topics.create(settings.kafka, settings.topics)
    report = await topics.check(settings.kafka, settings.topics)
    made = Ground(settings, report.limits, Fetcher.pooled())
    try:
        yield made
    finally:
        await made.leave()
