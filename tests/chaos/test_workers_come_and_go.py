"""Workers are added and removed under load, and two are given one name: every event still once, and little moves."""

import asyncio
import time
from itertools import chain, pairwise

import pytest

from tests.support.stage import SESSION_SECONDS, TAKEOVER_SECONDS
from tests.support.watched import SCALE, Watched
from workers.simulator import SimulationSettings

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

SHARDS = 12
#: Seconds before which no session of a worker ends that says nothing: its last heartbeat is a second old at most.
HANDOVER_SECONDS = SESSION_SECONDS - 1
#: Seconds that every byte between the workers and the broker takes: a transaction of three round trips takes 0.2 s.
LINE_SECONDS = 0.03


def world(seed: int) -> SimulationSettings:
    """Traffic that goes on until it is hushed."""
    return SimulationSettings(
        seed=seed,
        conversations=int(36 * SCALE),
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


async def shared_out(stage: Watched, *names: str) -> dict[int, str]:
    """Who serves which shard, once each of these workers serves some, and every shard has one of them."""

    async def exactly() -> bool:
        served = [await stage.serving(name) for name in names]
        return all(served) and sorted(chain.from_iterable(served)) == list(range(stage.kafka.shards))

    await stage.until(exactly, 60, f"{', '.join(names)} share the shards")
    return {shard: name for name in names for shard in await stage.serving(name)}


async def removed(stage: Watched, name: str) -> None:
    """A worker is told to stop: it ends well, and its shards do not wait for its session to end."""
    mine, at = await stage.owned(name), time.monotonic()
    stage.terminate(name)
    assert await stage.polled_again(mine, at) < HANDOVER_SECONDS
    assert await stage.exit_code(name, 10) == 0


async def test_workers_are_added_and_removed_under_load_and_few_shards_move(embedded_broker, proxy, topic_prefix):
    near, far = embedded_broker.bootstrap, embedded_broker.proxied_bootstrap
    # Behind a long line transactions take so long that some are under way at any moment
    proxy.delay(LINE_SECONDS)
    async with Watched(near, topic_prefix, world(21), workers_bootstrap=far, shards=SHARDS) as stage:
        # Given one worker under load
        owners = []
        for names in (("one",), ("one", "two"), ("one", "two", "three")):
            # When workers are added
            stage.start(names[-1])
            owners.append(await shared_out(stage, *names))
            await asyncio.sleep(1)
        # When the last is removed
        await removed(stage, "three")
        owners.append(await shared_out(stage, "one", "two"))
        # Then everything lies where it lay before it came
        assert owners[3] == owners[1]
        await asyncio.sleep(1)
        await removed(stage, "two")
        owners.append(await shared_out(stage, "one"))
        # Then no move took more than the share of who came or went, and what makes the others' shares even again
        moves = [sum(before[shard] != after[shard] for shard in before) for before, after in pairwise(owners)]
        assert moves[0] == moves[3] == SHARDS / 2, moves
        assert SHARDS / 3 <= moves[1] == moves[2] <= SHARDS / 3 + 2, moves
        await judged(stage)
        # Then nobody was fenced, and no move broke a transaction off
        assert not any(stage.lines(name, "shard_reopens") for name in ("one", "two", "three"))
        begun = await stage.total("afluente_transactions_total")
        assert begun == await stage.total("afluente_transaction_duration_seconds_count")


async def test_two_workers_that_were_given_the_same_id_share_the_work_and_publish_once(broker, topic_prefix):
    async with Watched(broker.bootstrap, topic_prefix, world(22), shards=SHARDS) as stage:
        # Given two workers with one id, under load
        for name in ("one", "two"):
            stage.start(name, environment={"AFLUENTE_WORKER_ID": "the same"})
        owners = await shared_out(stage, "one", "two")
        # Then they share the shards as others do
        assert list(owners.values()).count("one") == SHARDS / 2
        await asyncio.sleep(2)
        # When one is killed and comes back
        mine, at = await stage.owned("one"), time.monotonic()
        stage.kill("one")
        assert await stage.polled_again(mine, at) <= TAKEOVER_SECONDS
        stage.start("one", environment={"AFLUENTE_WORKER_ID": "the same"})
        await shared_out(stage, "one", "two")
        await judged(stage)
