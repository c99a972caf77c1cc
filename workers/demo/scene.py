"""The demo from curtain to count: broker, simulated providers, two workers, one of which is killed half-way."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from workers.demo.cast import Cast, free_ports
from workers.demo.judge import Verdict, judge
from workers.demo.lines import line_of
from workers.demo.reading import Reader, Seen
from workers.errors import StopWorker
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.simulator import Configuration, RunningSimulation, SimulationSettings, configuration, serve
from workers.stream import topics

#: Seconds without heartbeat after which a worker counts as dead here: the least that brokers allow, for a quick show.
SESSION_SECONDS = 6
#: Seconds after which a worker is killed when the demo has no end of its own.
KILL_AFTER_SECONDS = 30.0
#: Seconds for the workers to be ready, and to drain.
READY_SECONDS, DRAIN_SECONDS = 60.0, 20.0
#: Requests a minute of each simulated account: enough for a lively picture.
REQUESTS_PER_MINUTE = 600
#: A crowd that a person can follow.
CROWD = SimulationSettings(
    seed=7, conversations=16, history=12, rate=2.0, switches=(f"ogmma.requests_per_minute={REQUESTS_PER_MINUTE + 60}",)
)
WORKERS = ("worker-1", "worker-2")

Say = Callable[[str], None]


class Scene:
    """One demo on the broker at `bootstrap`. `say` takes lines in rich's markup."""

    def __init__(self, bootstrap: str, seconds: float | None, say: Say) -> None:
        self._bootstrap, self._seconds, self._say = bootstrap, seconds, say
        run = f"{time.time_ns() // 1_000_000:x}"
        self._topics = TopicNames(
            **{name: f"afluente-demo-{run}.{name.replace('_', '-')}" for name in TopicNames.model_fields}
        )
        self._group = f"afluente-demo-{run}"
        self._seen: list[Seen] = []
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Come to the count."""
        self._ending.set()

    async def play(self) -> Verdict:
        """The whole demo. Raises StopWorker where a worker does not get ready."""
        kafka = KafkaSettings(bootstrap_servers=tuple(self._bootstrap.split(",")), group=self._group)
        await topics.create(kafka, self._topics)
        simulation = await serve(CROWD)
        try:
            return await self._with_providers(simulation)
        finally:
            await simulation.stop()

    async def _with_providers(self, simulation: RunningSimulation) -> Verdict:
        ports = free_ports(len(WORKERS))
        texts = [self._configuration(simulation, port) for port in ports]
        with Cast(texts[0].environment) as cast:
            self._introduce(simulation)
            for name, text, port in zip(WORKERS, texts, ports, strict=True):
                address = cast.start(name, text.text, port)
                self._say(f"[bold]{name}[/bold]        polls, normalises, publishes; metrics on {address}/metrics")
            reader = Reader(self._bootstrap, (self._topics.messages, self._topics.dead_letters))
            async with reader.opened():
                await self._until_ready(cast)
                await self._watch(cast, reader)
                await self._drain(cast)
                self._seen += await reader.rest()
        shown = [entry.content() for entry in simulation.ledger.entries()]
        return judge(shown, self._seen)

    async def _watch(self, cast: Cast, reader: Reader) -> None:
        """Print what arrives; kill a worker half-way."""
        printing = asyncio.create_task(self._print(reader))
        killing = asyncio.create_task(self._kill_half_way(cast))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._ending.wait()
        finally:
            for task in (printing, killing):
                task.cancel()
            await asyncio.wait([printing, killing])
        for task in (printing, killing):
            if not task.cancelled():
                task.result()

    async def _print(self, reader: Reader) -> None:
        while True:
            for seen in await reader.look():
                self._seen.append(seen)
                self._say(line_of(seen))

    async def _kill_half_way(self, cast: Cast) -> None:
        await asyncio.sleep(KILL_AFTER_SECONDS if self._seconds is None else self._seconds / 2)
        victim, heir = WORKERS
        mine = (await cast.readiness(victim)).get("shards", {}).get("owned", [])
        cast.signal(victim, signal.SIGKILL)
        killed = time.monotonic()
        self._say(f"[bold red]✂ {victim} is killed (SIGKILL)[/bold red], it owned {len(mine)} shards: {mine}")
        while True:
            serving = set((await cast.readiness(heir)).get("shards", {}).get("serving", []))
            if serving.issuperset(mine):
                break
            await asyncio.sleep(0.1)
        seconds = time.monotonic() - killed
        self._say(
            f"[bold green]✔ {heir} polls them now[/bold green]: they were without a poll for {seconds:.1f} s "
            f"(session timeout {SESSION_SECONDS} s + at most 3)"
        )

    async def _until_ready(self, cast: Cast) -> None:
        end = time.monotonic() + READY_SECONDS
        for name in WORKERS:
            while not (await cast.readiness(name)).get("ready"):
                if cast.ended(name) is not None or time.monotonic() > end:
                    tail = cast.log(name).read_text(encoding="utf-8", errors="replace")[-2000:]
                    raise StopWorker(f"{name} did not get ready; the end of its log:\n{tail}")
                await asyncio.sleep(0.1)
        self._say("[dim]both workers are ready; events as they are committed:[/dim]")

    async def _drain(self, cast: Cast) -> None:
        self._say("[dim]the workers drain, then everything is counted[/dim]")
        await asyncio.gather(*(cast.stop(name, DRAIN_SECONDS) for name in WORKERS))

    def _introduce(self, simulation: RunningSimulation) -> None:
        self._say(f"[bold]Kafka[/bold]           {self._bootstrap}, topics {self._topics.messages} and its neighbours")
        count = sum(len(account.conversations) for account in simulation.world.accounts.values())
        self._say(f"[bold]providers[/bold]       all simulated, {count} conversations: {simulation.url}")

    def _configuration(self, simulation: RunningSimulation, port: int) -> Configuration:
        return configuration(
            simulation.url,
            CROWD,
            kafka_bootstrap=self._bootstrap.split(","),
            kafka={"group": self._group, "session_timeout_seconds": SESSION_SECONDS, "create_topics": False},
            topics=self._topics.model_dump(),
            service={"listen": f"127.0.0.1:{port}"},
            account={"requests_per_minute": REQUESTS_PER_MINUTE},
        )
