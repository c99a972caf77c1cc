"""Which shards are ours: the one group consumer of a process, on the feeds topic.

The group decides who owns a shard; Kafka's fencing makes it safe when two believe it. So nothing here has to be
exact, only quick and never stuck: whatever happens to the group, `run` joins it again, and when that fails for
long it raises, and the process ends for its supervisor to start it anew.
"""

import asyncio
import time
from typing import Literal, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka import errors as kafka_errors

from workers import logs
from workers.errors import BrokerUnreachable
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream import membership
from workers.stream.assignor import RendezvousAssignor
from workers.stream.client import JOIN_MARGIN_MS, discard, ended, member, within
from workers.stream.definitions import Definitions, Told
from workers.stream.failure import described, fatal

#: Seconds that a rebalance waits for running commits. All workers wait while one does, and a dead worker's shards
#: must move within 3 s after its session; a commit that is not done by then goes on, and is fenced if need be.
REVOKE_SECONDS = 1.0

#: Seconds between two looks at the membership.
_WATCH_SECONDS = 0.5

#: Seconds for a first connection, and for leaving a group before it is joined anew.
_CONNECT_SECONDS, _LEAVE_SECONDS = 15.0, 2.0

#: Seconds before the group is joined anew after a failure, doubling from the first to the last.
_REJOIN_SECONDS = (0.5, 10.0)

#: Seconds outside the group after which the process had better start anew: an outage of the brokers is sat out
#: until then, and a library that got stuck is not kept for longer.
GIVE_UP_SECONDS = 300.0


class Listener(Told, Protocol):
    """Who acts on what the group says. Called on the event loop; only `on_revoked` may wait."""

    async def on_revoked(self) -> None:
        """A rebalance begins: start no more polls. May wait for running commits, `REVOKE_SECONDS` at most."""
        ...

    def on_owned(self, owned: frozenset[int]) -> None:
        """The shards that are ours from now on. Those that were ours before were nobody else's in between."""
        ...


class _Stuck(Exception):
    """The library does not get into the group, or does not read, and does not say why."""


class Ownership:
    """`await run()`, and `await stop(seconds)` from elsewhere. The attributes are for health and metrics."""

    def __init__(self, kafka: KafkaSettings, topics: TopicNames, *, worker_id: str, listener: Listener) -> None:
        #: `joined` from an assignment until a rebalance begins or membership is not proved any more.
        self.state: Literal["joining", "joined", "stopped"] = "joining"
        self.owned: frozenset[int] = frozenset()
        self.generation = -1
        #: When (monotonic seconds) the feeds topic was read, and the coordinator confirmed our membership, last.
        self.last_pump = self.last_heartbeat = time.monotonic()
        #: Where this worker serves its health and metrics: told to the group from the next joining on.
        self.address = ""
        self._kafka, self._feeds, self._worker_id, self._listener = kafka, topics.feeds, worker_id, listener
        self._definitions = Definitions(topics.feeds, listener)
        self._client: AIOKafkaConsumer | None = None
        self._stopping = asyncio.Event()
        self._bug: Exception | None = None
        #: Since when (monotonic seconds) we are outside the group; and since when the present consumer tries.
        self._outside_since = self._trying_since = time.monotonic()
        self._log = logs.logger("group").bind(worker=worker_id)

    @property
    def joined(self) -> bool:
        """Whether we are a member of the group with an assignment (of no shard, perhaps)."""
        return self.state == "joined"

    async def run(self) -> None:
        """Take part in the group until `stop`. Raises StopWorker when that is no use any more."""
        life = asyncio.create_task(self._live())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([life, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancelled(life, stopping)
        if not life.cancelled():
            life.result()

    async def stop(self, seconds: float) -> bool:
        """Leave the group, within `seconds`. Whether Kafka took part in it."""
        client, self._client = self._client, None
        self._stopping.set()
        self.state = "stopped"
        return client is not None and await ended(client, seconds) and membership.knows_coordinator(client)

    # --- joining, again and again -------------------------------------------------------------------------

    async def _live(self) -> None:
        failures = 0
        self._outside_since = time.monotonic()
        while True:
            try:
                await self._take_part()
            except (kafka_errors.KafkaError, TimeoutError, _Stuck) as failure:
                failures = 0 if self.joined else failures + 1
                self._lose(described(failure))
                self._log.warning("group_is_joined_anew", why=described(failure))
                self._raise_for_good(failure)
            first, last = _REJOIN_SECONDS
            await asyncio.sleep(min(last, first * 2 ** min(failures, 10)))

    def _raise_for_good(self, failure: Exception) -> None:
        """Raise StopWorker where joining again cannot help, or has not helped for long."""
        if stop := fatal(failure, self._kafka, self._feeds):
            raise stop from failure
        seconds = time.monotonic() - self._outside_since
        if seconds > GIVE_UP_SECONDS:
            text = f"outside the group {self._kafka.group} for {seconds:.0f} s now: {described(failure)}"
            raise BrokerUnreachable(text) from failure

    async def _take_part(self) -> None:
        """The life of one consumer; ends by an exception only."""
        assignor = RendezvousAssignor(self._worker_id, self._kafka.shards, self.address)
        client = self._client = member(self._kafka, assignor)
        self._trying_since = time.monotonic()
        try:
            async with within(_CONNECT_SECONDS):
                await client.start()
            membership.on_heartbeat(client, self._confirmed)
            client.subscribe([self._feeds], listener=_Rebalances(self, client))
            await self._pump_and_watch(client)
        except Exception:
            if self._client is client:  # else `stop` has taken it over
                await ended(client, _LEAVE_SECONDS)  # nobody has to wait for our session to end
            raise
        finally:
            if self._client is client:
                self._client = None
                discard(client)

    async def _pump_and_watch(self, client: AIOKafkaConsumer) -> None:
        pump = asyncio.create_task(self._definitions.pump(client, self._pumped))
        try:
            while not pump.done():
                self._watch(client)
                await asyncio.wait([pump], timeout=_WATCH_SECONDS)
            if pump.cancelled():  # by nobody but the library itself
                raise _Stuck("the reading of the feeds topic was cancelled")
            pump.result()
        finally:
            await _cancelled(pump)

    # --- watching -----------------------------------------------------------------------------------------

    def _watch(self, client: AIOKafkaConsumer) -> None:
        """Find what the library does not tell: a session that ended while we were frozen or cut off, or a hang."""
        if self._bug is not None:
            raise self._bug
        now, session = time.monotonic(), self._kafka.session_timeout_seconds
        if self.joined and now - self.last_heartbeat > session:
            self._lose(f"no heartbeat was confirmed for {now - self.last_heartbeat:.1f} s")
            membership.rejoin(client)
        since = self.last_pump if self.joined else max(self._outside_since, self._trying_since)
        if now - since > 2 * (session + JOIN_MARGIN_MS / 1000):
            raise _Stuck(f"no {'read' if self.joined else 'assignment'} for {now - since:.0f} s")

    def _pumped(self) -> None:
        self.last_pump = time.monotonic()

    def _confirmed(self) -> None:
        self.last_heartbeat = time.monotonic()

    def _outside(self) -> None:
        if self.joined:
            self.state, self._outside_since = "joining", time.monotonic()

    def _lose(self, why: str) -> None:
        """Others may own our shards by now: give all up, and keep nothing of them."""
        self._outside()
        self._definitions.forget()
        if self.owned:
            self._log.warning("group_lost", why=why, shards=sorted(self.owned), generation=self.generation)
            self.owned = frozenset()
            self._listener.on_owned(self.owned)

    # --- rebalances (called by `_Rebalances`) -------------------------------------------------------------

    async def revoked(self, client: AIOKafkaConsumer) -> None:
        """The library is about to join: let running commits end, briefly."""
        if client is not self._client:
            return
        self._outside()
        if not self.owned:
            return
        try:
            async with asyncio.timeout(REVOKE_SECONDS):
                await self._listener.on_revoked()
        except TimeoutError:
            self._log.info("rebalance_does_not_wait", seconds=REVOKE_SECONDS)
        except Exception as bug:  # noqa: BLE001 - the library would swallow it
            self._bug = bug

    def assigned(self, client: AIOKafkaConsumer, shards: frozenset[int]) -> None:
        """The library has joined and was given these shards."""
        if client is not self._client:
            return
        try:
            self._take_over(client, shards)
        except Exception as bug:  # noqa: BLE001 - the library would swallow it
            self._bug = bug

    def _take_over(self, client: AIOKafkaConsumer, shards: frozenset[int]) -> None:
        generation = membership.generation(client)
        if generation - self.generation not in {0, 1}:
            # The group had another assignment in between, without us: what was ours may have been another's.
            self._lose(f"generation {generation} follows our {self.generation}")
        kept = self.owned & shards
        self._definitions.take(client, kept, shards - kept)
        self.owned, self.generation, self.state = shards, generation, "joined"
        self.last_heartbeat = self.last_pump = time.monotonic()
        self._log.info("group_joined", generation=generation, shards=sorted(shards), kept=len(kept))
        self._listener.on_owned(shards)


class _Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """What the library calls. It swallows exceptions, and no heartbeat runs while `on_partitions_assigned` does."""

    def __init__(self, ownership: Ownership, client: AIOKafkaConsumer) -> None:
        self._ownership, self._client = ownership, client

    async def on_partitions_revoked(self, _: set[TopicPartition]) -> None:
        """Before a rebalance: all partitions, even those that will stay."""
        await self._ownership.revoked(self._client)

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """After a rebalance: all partitions, even those that have stayed."""
        self._ownership.assigned(self._client, frozenset(place.partition for place in assigned))


async def _cancelled(*tasks: asyncio.Task[object]) -> None:
    """Cancel and wait; what a task failed of is then seen, or the caller looks at it itself."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()
