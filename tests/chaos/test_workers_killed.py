"""Workers are killed without a word, again and again: nothing is lost, nothing comes twice, nothing is out of order."""

import asyncio
import os
import time
from random import Random

import pytest

from tests.support.stage import TAKEOVER_SECONDS, Stage
from tests.support.watched import SCALE, USUAL_EVENTS
from workers.simulator import SimulationSettings

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

#: Each seed has a world, a scope and moments of its own.
SEEDS = range(1, 1 + int(os.environ.get("CHAOS_SEEDS", "5")))
#: Events that each seed brings at least: all together as many as the suite promises.
EVENTS = int(USUAL_EVENTS * SCALE) // len(SEEDS)
#: Kills of each seed at least; more where the events are not there yet.
KILLS = 2
WORKERS = ("one", "two")


def world(seed: int) -> SimulationSettings:
    """A history to read, traffic that goes on through all kills, statuses that move, rows that come late."""
    return SimulationSettings(
        seed=seed,
        conversations=int(24 * SCALE),
        history=80,
        rate=90.0,
        late_seconds=4.0,
        status_seconds=4.0,
        edit_share=0.05,
        switches=("ogmma.requests_per_minute=0",),
    )


async def killed(stage: Stage, victim: str, restarts_after: float) -> float:
    """Kill a worker, and start it again as a supervisor would; the seconds until its shards were polled again."""
    mine = await stage.owned(victim)
    assert mine, f"{victim} owns nothing"
    at = time.monotonic()
    stage.kill(victim)
    supervisor = asyncio.create_task(_restart(stage, victim, restarts_after))
    seconds = await stage.polled_again(mine, at)
    await supervisor
    return seconds


async def _restart(stage: Stage, victim: str, after: float) -> None:
    await asyncio.sleep(after)
    await stage.exit_code(victim, 1)
    stage.start(victim)


@pytest.mark.parametrize("seed", SEEDS)
async def test_workers_that_are_killed_again_and_again_lose_nothing_and_double_nothing(seed, broker, topic_prefix):
    chance = Random(seed)
    scope = ("number", "contacts")[seed % 2]
    async with Stage(broker.bootstrap, topic_prefix, world(seed), scope=scope) as stage:
        # Given two workers that read a history while new messages come
        stage.start(*WORKERS)
        await stage.ready(*WORKERS)
        kills = 0
        while kills < KILLS or (await stage.events()) < EVENTS:
            # When one is killed at any moment
            await asyncio.sleep(chance.uniform(0, 2))
            victim = chance.choice(WORKERS)
            seconds = await killed(stage, victim, chance.uniform(0, 8))
            # Then its shards are polled again in time
            assert seconds <= TAKEOVER_SECONDS
            kills += 1
            if chance.random() < 1 / 2:
                # When it is killed again, at whatever it is doing first
                await asyncio.sleep(chance.uniform(0, 2))
                stage.kill(victim)
                await _restart(stage, victim, chance.uniform(0, 1))
            await stage.ready(*WORKERS)
        stage.hush()
        # Then every message came once, in order, in its last state
        verdict = await stage.settled()
        assert verdict.clean, verdict
        assert verdict.published + verdict.updates >= EVENTS
