"""A stage that is watched from outside: metrics pages, memory, raw records; with accounts behind proxies."""

import contextlib
import os
import re
from pathlib import Path

import aiohttp
import psutil
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from prometheus_client.parser import text_string_to_metric_families

from tests.support.kafka import everything
from tests.support.stage import Stage
from workers.model import Feed

#: Events of the whole chaos suite in its usual length; CHAOS_EVENTS asks for more, and every load test takes its part.
USUAL_EVENTS = 20_000
SCALE = max(1.0, int(os.environ.get("CHAOS_EVENTS", USUAL_EVENTS)) / USUAL_EVENTS)
#: Seeds of each load test of Kafka faults.
SEEDS = range(1, 1 + max(1, int(os.environ.get("CHAOS_SEEDS", "5")) // 5))


class Watched(Stage):
    """`ports` maps accounts to the port at which their provider is asked (a proxy); the others ask the simulation."""

    def __init__(self, *args, ports: dict[str, int] | None = None, **options) -> None:
        super().__init__(*args, **options)
        self.ports = ports or {}

    def _text(self, port: int):
        written = super()._text(port)
        text = written.text
        for account, other in self.ports.items():
            address = rf'(\[accounts\.{re.escape(account)}\]\n(?:.*\n)*?base_url = "http://127\.0\.0\.1:)\d+'
            text, count = re.subn(address, rf"\g<1>{other}", text, count=1)
            assert count == 1, f"no account {account}"
        return written._replace(text=text)

    def feeds(self, account: str) -> list[Feed]:
        """The feeds of an Ogmma account, one for each of its conversations."""
        return [
            Feed(
                key=f"{account}/{one.channel.id}/{one.id}",
                account=account,
                values={"channel_id": one.channel.id, "conversation_id": one.id},
            )
            for one in self.simulation.world.accounts[account].conversations
        ]

    # --- the judge ----------------------------------------------------------------------------------------

    async def judged(self, seconds: float = 90, still: tuple[str, ...] = ()):
        """The verdict once all is published, or once it had its time: clean, and these workers never ended."""
        with contextlib.suppress(AssertionError):  # the verdict says more than that it was waited for in vain
            await self.settled(seconds)
        verdict = await self.verdict()
        assert verdict.clean, verdict
        unseen = {name: counts["never_shown"] for name, counts in self.simulation.stats()["accounts"].items()}
        assert not any(unseen.values()), f"never asked for: {unseen}"
        assert [name for name in still if self.cast.ended(name) is not None] == []
        return verdict

    # --- metrics ------------------------------------------------------------------------------------------

    async def page(self, name: str) -> str:
        """A worker's metrics page."""
        timeout = aiohttp.ClientTimeout(total=5)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{self.cast.addresses[name]}/metrics") as answer,
        ):
            return await answer.text()

    async def total(self, metric: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels, over all workers that run."""
        running = [name for name in self.cast.addresses if self.cast.ended(name) is None]
        return sum([_sum(await self.page(name), metric, labels) for name in running])

    async def state(self, name: str, account: str) -> str:
        """The state in which a worker says that an account is."""
        families = text_string_to_metric_families(await self.page(name))
        samples = [sample for family in families for sample in family.samples]
        (state,) = [
            sample.labels["state"]
            for sample in samples
            if sample.name == "afluente_account_state" and sample.labels["account"] == account and sample.value == 1
        ]
        return state

    async def in_state(self, account: str, *states: str, seconds: float = 30) -> float:
        """Wait until every worker that has feeds of the account says one of these states; the seconds that took."""

        async def reached() -> bool:
            said = {await self.state(name, account) for name in self.cast.addresses} - {"idle"}
            return bool(said) and said <= set(states)

        return await self.until(reached, seconds, f"{account} is {' or '.join(states)}", every=0.2)

    # --- processes ----------------------------------------------------------------------------------------

    def process(self, name: str) -> psutil.Process:
        """A worker's process."""
        mine = (child for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE)
        return next(child for child in mine if str(self.cast.directory / f"{name}.toml") in child.cmdline())

    def peak_bytes(self, name: str) -> int:
        """The most memory that a worker ever had resident (where the system does not tell: what it has now)."""
        process = self.process(name)
        status = Path(f"/proc/{process.pid}/status")
        if not status.exists():
            return process.memory_info().rss
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text()).group(1))

    def logged(self, name: str, event: str) -> int:
        """How many lines of a worker's log tell of this event."""
        return self.log(name).count(f'"event":"{event}"')

    # --- topics -------------------------------------------------------------------------------------------

    async def records(self, topic: str, *partitions: int, isolation: str = "read_uncommitted") -> list:
        """Every record of a topic (of these partitions), those of aborted transactions included unless told."""
        places = [TopicPartition(topic, number) for number in partitions or range(self.kafka.shards)]
        return await everything(self._bootstrap, places, isolation)

    async def set_topic(self, topic: str, **config: str) -> None:
        """Change a topic's configuration; names have `_` for `.`."""
        client = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await client.start()
        try:
            changed = {name.replace("_", "."): value for name, value in config.items()}
            await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, changed)])
        finally:
            await client.close()


def _sum(page: str, metric: str, labels: dict[str, str]) -> float:
    samples = (sample for family in text_string_to_metric_families(page) for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name == metric and labels.items() <= sample.labels.items())
