"""A stage for whole-product tests: a simulation in this process, workers as processes, an independent judge."""

import asyncio
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack, suppress

import orjson

from tests.support.onlooker import Onlooker
from workers.broker import Reservation
from workers.demo.cast import Cast
from workers.demo.judge import judge
from workers.demo.reading import Reader
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.simulator import SimulationSettings, configuration, serve
from workers.simulator.traffic import NEVER
from workers.stream import topics

#: Seconds of the least session that brokers allow.
SESSION_SECONDS = 6
#: Seconds beyond its session within which a dead worker's shards are polled again: the contract.
TAKEOVER_SECONDS = SESSION_SECONDS + 3
#: Seconds after which a quiet world has been looked at again: more than the least interval of a feed and a poll.
QUIET_SECONDS = 2
#: Seconds in which what a dead process had sent may still arrive.
AFTERGLOW_SECONDS = 0.5


class Stage:
    """`async with Stage(bootstrap, prefix, simulation) as stage:` then start, hurt and judge workers.

    `workers_bootstrap` is what the workers connect to when it is not what everyone else does (a proxy).
    """

    def __init__(
        self,
        bootstrap: str,
        prefix: str,
        simulation: SimulationSettings,
        *,
        workers_bootstrap: str | None = None,
        shards: int = 6,
        requests_per_minute: int = 6000,
        service: dict | None = None,
        account: dict | None = None,
        output: str = "",
        create: bool = True,
        scope: str = "number",
    ) -> None:
        self.names = TopicNames(**{name: f"{prefix}.{name}" for name in TopicNames.model_fields})
        self.kafka = KafkaSettings(bootstrap_servers=tuple(bootstrap.split(",")), group=prefix, shards=shards)
        self._bootstrap, self._workers_bootstrap = bootstrap, workers_bootstrap or bootstrap
        self._settings, self._rate = simulation, requests_per_minute
        self._service, self._account, self._output = service or {}, account or {}, output
        self._create, self._scope = create, scope
        self._ports: dict[str, int] = {}
        self._kafka_of: dict[int, str] = {}
        self._stack = AsyncExitStack()
        self.seen = []

    async def __aenter__(self) -> "Stage":
        if self._create:
            await topics.create(self.kafka, self.names)
        self.simulation = await serve(self._settings)
        self._stack.push_async_callback(self.simulation.stop)
        self.onlooker = self._stack.enter_context(Onlooker(self.simulation, self.kafka.shards))
        self.cast = self._stack.enter_context(Cast(self._text(0).environment))
        self.reader = Reader(self._bootstrap, (self.names.messages, self.names.dead_letters))
        await self._stack.enter_async_context(self.reader.opened())
        return self

    async def __aexit__(self, *failure: object) -> None:
        if failure[0] is not None:
            for name in self.cast.addresses:
                print(f"--- {name}, end of its log:\n{self.log(name)[-3000:]}")
        await self._stack.aclose()

    # --- workers ------------------------------------------------------------------------------------------

    def start(self, *names: str, environment: Mapping[str, str] | None = None, kafka: str | None = None) -> None:
        """Start workers, or start them again as a supervisor would: with the same configuration and address.

        `kafka` is what these workers connect to from now on, when it is not what the others do.
        """
        for name in names:
            port = self.port(name)
            if kafka is not None:
                self._kafka_of[port] = kafka
            text = self._text(port).text + self._output
            if environment is None:
                self.cast.start(name, text, port)
            else:
                self._start_with(name, text, environment)

    def _start_with(self, name: str, text: str, environment: Mapping[str, str]) -> None:
        path = self.cast.directory / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        told = [f"{key}={value}" for key, value in environment.items()]
        command = ["/usr/bin/env", *told, sys.executable, "-m", "workers", "-c", str(path), "run"]
        self.cast._guard.start(name, command, self.cast.log(name))
        self.cast.addresses[name] = f"http://127.0.0.1:{self.port(name)}"

    def port(self, name: str) -> int:
        """Where a worker listens: the same after each restart, and nobody else's."""
        if name not in self._ports:
            (self._ports[name],) = self._stack.enter_context(Reservation(1)).ports
        return self._ports[name]

    async def ready(self, *names: str, seconds: float = 60) -> None:
        async def of(name: str) -> bool:
            assert self.cast.ended(name) is None, f"{name} has ended: {self.log(name)[-3000:]}"
            return bool((await self.cast.readiness(name)).get("ready"))

        for name in names:
            await self.until(lambda name=name: of(name), seconds, f"{name} is ready")

    def kill(self, name: str) -> None:
        self.cast.signal(name, signal.SIGKILL)

    def freeze(self, name: str) -> None:
        self.cast.signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.cast.signal(name, signal.SIGCONT)

    def terminate(self, name: str) -> None:
        self.cast.signal(name, signal.SIGTERM)

    async def exit_code(self, name: str, seconds: float) -> int:
        """The exit code of a worker that ends within `seconds` (negative: the signal that ended it)."""

        async def gone() -> bool:
            return self.cast.ended(name) is not None

        await self.until(gone, seconds, f"{name} ends", every=0.02)
        return self.cast.ended(name)

    def log(self, name: str) -> str:
        return self.cast.log(name).read_text(encoding="utf-8", errors="replace")

    def lines(self, name: str, event: str) -> list[dict]:
        """The lines of a worker's log that tell of this event."""
        found = []
        for line in self.log(name).splitlines():
            with suppress(orjson.JSONDecodeError):
                found.append(orjson.loads(line))
        return [line for line in found if line.get("event") == event]

    async def owned(self, name: str) -> set[int]:
        return set((await self.cast.readiness(name)).get("shards", {}).get("owned", []))

    async def serving(self, name: str) -> set[int]:
        return set((await self.cast.readiness(name)).get("shards", {}).get("serving", []))

    # --- the providers' side ------------------------------------------------------------------------------

    async def polled_again(self, shards: Iterable[int], since: float, seconds: float = 30) -> float:
        """Seconds from `since` (monotonic) until the last of these shards' feeds were asked for again.

        Shards of which no feed was ever asked for have none, and are left out. What the harness itself was late by
        is taken off: it runs in the loop that answers the requests.
        """
        asked = self.onlooker.shards() & set(shards)

        async def all_polled() -> bool:
            return all(self.onlooker.first(shard, since + AFTERGLOW_SECONDS) for shard in asked)

        await self.until(all_polled, seconds, f"shards {sorted(asked)} are polled again", every=0.05)
        last = max((self.onlooker.first(shard, since + AFTERGLOW_SECONDS) or 0.0 for shard in asked), default=since)
        return last - since - self.onlooker.late(since, last)

    def hush(self) -> None:
        """No new messages from now on; what is under way (late rows, statuses) still happens."""
        self.simulation.world._traffic.next_ms = NEVER

    # --- the judge ----------------------------------------------------------------------------------------

    async def settled(self, seconds: float = 120):
        """The verdict once the world is quiet, was looked at as it is now, and all that it showed is published.

        What is wrong for good (twice, invented, disordered) is not waited for: it stands in the verdict.
        """
        found = []

        async def done() -> bool:
            stats = self.simulation.stats()
            unseen = sum(provider["never_shown"] for provider in stats["providers"].values())
            if not stats["quiet"] or unseen:
                found.clear()
                return False
            found.append(await self.verdict())
            return len(found) > QUIET_SECONDS and not found[-1].lost and not found[-1].outdated

        try:
            await self.until(done, seconds, "everything shown is published", every=1.0)
        except AssertionError as waited:
            raise AssertionError(f"{waited}; {found[-1:] or self.simulation.stats()}") from None
        return found[-1]

    async def verdict(self):
        self.seen += await self.reader.rest()
        return judge([entry.content() for entry in self.simulation.ledger.entries()], self.seen)

    async def events(self) -> int:
        """How many events of messages a consumer has seen so far."""
        verdict = await self.verdict()
        return verdict.published + verdict.updates

    async def until(self, condition, seconds: float, what: str, every: float = 0.1) -> float:
        """Wait until the condition holds; the seconds that took. Fails, and says what was waited for."""
        begun = time.monotonic()
        while not await condition():
            assert time.monotonic() - begun < seconds, f"waited {seconds} s in vain: {what}"
            await asyncio.sleep(every)
        return time.monotonic() - begun

    def _text(self, port: int):
        return configuration(
            getattr(self, "simulation", None).url if hasattr(self, "simulation") else "http://127.0.0.1:1",
            self._settings,
            kafka_bootstrap=self._kafka_of.get(port, self._workers_bootstrap).split(","),
            kafka={
                "group": self.kafka.group,
                "shards": self.kafka.shards,
                "session_timeout_seconds": SESSION_SECONDS,
                "create_topics": False,
            },
            topics=self.names.model_dump(),
            service={"listen": f"127.0.0.1:{port}", **self._service},
            account={"requests_per_minute": self._rate, **self._account},
            scope=self._scope,
        )
