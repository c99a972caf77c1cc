"""Owners that are owners no more and do not know it (frozen, cut off, fenced) publish nothing, and come back."""

import asyncio
import time
from collections import Counter
from random import Random

import pytest
from aiokafka import AIOKafkaProducer

from tests.support.stage import SESSION_SECONDS, TAKEOVER_SECONDS
from tests.support.watched import SCALE, Watched
from workers.simulator import SimulationSettings
from workers.stream.client import discard

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

#: Seconds for a worker that lost its shards to serve again: a session for a fenced shard, a join, a start.
BACK_SECONDS = 40
#: Seconds that every byte between a worker and the broker takes: a transaction of three round trips takes 0.2 s, and
#: under load one of a worker's is under way at almost any moment.
LINE_SECONDS = 0.03


def world(seed: int) -> SimulationSettings:
    """Traffic that goes on until it is hushed."""
    return SimulationSettings(
        seed=seed,
        conversations=int(24 * SCALE),
        history=20,
        rate=90.0,
        late_seconds=4.0,
        status_seconds=4.0,
        edit_share=0.05,
        switches=("ogmma.requests_per_minute=0",),
    )


async def judged(stage: Watched) -> None:
    """Everything that was shown is there once, in order, in its last state."""
    stage.hush()
    verdict = await stage.settled()
    assert verdict.clean, verdict


async def frozen_in_the_middle_of_polls(stage: Watched, name: str) -> float:
    """Freeze a worker while it waits for answers; they arrive while it is frozen. When (monotonic seconds) that was."""
    stage.onlooker.hold()
    await asyncio.sleep(1.5)  # longer than the least interval of a feed: by then all are asked for
    at = time.monotonic()
    stage.freeze(name)
    assert stage.onlooker.waiting
    stage.onlooker.release()
    return at


async def back(stage: Watched, name: str, shards: set[int]) -> None:
    """A worker serves these shards again, by itself or after an exit that a supervisor takes for a failure."""

    async def serves() -> bool:
        if (code := stage.cast.ended(name)) is not None:
            assert code != 0, "it ended as if all were well"
            stage.start(name)
        return await stage.serving(name) == shards

    await stage.until(serves, BACK_SECONDS, f"{name} serves {sorted(shards)} again")


async def test_a_worker_frozen_past_its_session_publishes_nothing_stale_and_owns_shards_again(
    embedded_broker, proxy, topic_prefix
):
    chance = Random(11)
    near, far = embedded_broker.bootstrap, embedded_broker.proxied_bootstrap
    async with Watched(near, topic_prefix, world(11)) as stage:
        # Given two workers under load, one of them with transactions that take so long that some are always under way
        proxy.delay(LINE_SECONDS)
        stage.start("zombie", kafka=far)
        stage.start("heir")
        await stage.ready("zombie", "heir")
        for in_the_middle_of_polls in (True, False):
            await asyncio.sleep(chance.uniform(1, 2))
            mine = await stage.owned("zombie")
            # When one is frozen with work in its hands
            if in_the_middle_of_polls:
                frozen = await frozen_in_the_middle_of_polls(stage, "zombie")
            else:
                frozen = time.monotonic()
                stage.freeze("zombie")
            # Then the other takes over in time, as if it were dead
            assert await stage.polled_again(mine, frozen) <= TAKEOVER_SECONDS
            await stage.until(lambda: _owns_all(stage, "heir"), 10, "the heir owns all")
            await asyncio.sleep(1)  # the heir publishes what the zombie holds
            # When it is thawed, then it comes back to the shards that it had
            stage.thaw("zombie")
            await back(stage, "zombie", mine)
        # Then nothing that it held was published a second time
        await judged(stage)


async def test_a_worker_cut_off_past_its_session_gives_up_what_others_own_by_now(embedded_broker, proxy, topic_prefix):
    near, far = embedded_broker.bootstrap, embedded_broker.proxied_bootstrap
    async with Watched(near, topic_prefix, world(12)) as stage:
        # Given two workers under load, one of them behind a long line
        stage.start("near")
        stage.start("far", kafka=far)
        await stage.ready("near", "far")
        mine = await stage.owned("far")
        # When nothing gets through that line any more
        proxy.black_hole(True)
        cut = time.monotonic()
        # Then the other takes over in time, and the one cut off has seen by itself that it owns nothing
        assert await stage.polled_again(mine, cut) <= TAKEOVER_SECONDS
        await stage.until(lambda: _owns_nothing(stage, "far"), cut + TAKEOVER_SECONDS - time.monotonic(), "given up")
        # When the line is good again, then it comes back
        proxy.black_hole(False)
        await back(stage, "far", mine)
        await judged(stage)


async def test_a_shard_taken_by_a_stranger_who_dies_in_mid_transaction_is_back_after_a_session(broker, topic_prefix):
    async with Watched(broker.bootstrap, topic_prefix, world(13)) as stage:
        # Given a worker under load that owns everything
        stage.start("owner")
        await stage.ready("owner")
        await asyncio.sleep(1)
        # When somebody opens the transactional ids of the two busiest shards, writes there, and dies
        for shard in await busiest(stage, 2):
            await taken_by_a_stranger(stage, shard)
        taken = time.monotonic()
        # Then the owner is fenced, opens the shards again when a session is over, and polls them
        await stage.until(lambda: _fenced(stage, 2), 10, "the owner is fenced")
        await stage.until(lambda: _says(stage, "fenced"), 3, "it says so")
        await stage.until(lambda: _serves_all(stage, "owner"), TAKEOVER_SECONDS + 6, "the shards serve again")
        assert time.monotonic() - taken > SESSION_SECONDS, "a fenced shard must not fence back at once"
        await stage.until(lambda: _says(stage, "joined"), 3, "it says that, too")
        # Then what had been under way is neither lost nor doubled, and the stranger's words are not heard
        await judged(stage)


async def busiest(stage: Watched, count: int) -> list[int]:
    """The shards with the most messages by now: an owner learns that it is fenced when it has something to commit."""
    written = Counter(record.partition for record in await stage.records(stage.names.messages))
    return [shard for shard, _ in written.most_common(count)]


async def taken_by_a_stranger(stage: Watched, shard: int) -> None:
    """Open a shard's transactional id, leave a transaction open on its cursors and messages, and vanish."""
    producer = AIOKafkaProducer(
        bootstrap_servers=stage._bootstrap,
        transactional_id=f"{stage.kafka.group}-{shard}",
        transaction_timeout_ms=120_000,  # longer than the test: nobody but the next owner ends it
    )
    await producer.start()
    await producer.begin_transaction()
    for topic in (stage.names.cursors, stage.names.messages):
        await producer.send_and_wait(topic, b"{}", key=b"stranger", partition=shard)
    discard(producer)


async def _fenced(stage: Watched, times: int) -> bool:
    return await stage.total("afluente_transaction_failures_total", reason="fenced") >= times


async def _says(stage: Watched, state: str) -> bool:
    return await stage.total("afluente_worker_state", state=state) == 1


async def _owns_all(stage: Watched, name: str) -> bool:
    return await stage.owned(name) == set(range(stage.kafka.shards))


async def _owns_nothing(stage: Watched, name: str) -> bool:
    told = await stage.cast.readiness(name)
    return bool(told) and not told["ready"] and not told["shards"]["owned"]


async def _serves_all(stage: Watched, name: str) -> bool:
    return await stage.serving(name) == set(range(stage.kafka.shards))
