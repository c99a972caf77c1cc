"""However workers come and go, a provider is asked as often as its account allows, and never more."""

import asyncio

import pytest

from tests.support.arrivals import beyond, most_in
from tests.support.watched import Watched
from workers.simulator import SimulationSettings

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

#: Requests per minute: at four a second a request that a busy machine brings 0.2 s late is not one too many.
RATE = 240
#: The most workers that are there at a time.
WORKERS = 3
#: Lengths of windows in seconds. The promise for 60 s is one for every length: each worker's pace is even.
LENGTHS = range(1, 41)
#: Part of the budget that is used at least while nothing moves: a worker that does not ask keeps every limit.
USED = 0.9


async def test_no_window_of_any_length_holds_more_than_the_budget_while_workers_come_and_go(broker, topic_prefix):
    world = SimulationSettings(
        seed=31,
        providers=("ogmma",),
        conversations=120,
        history=20,
        rate=3.0,
        late_share=0.0,
        switches=("ogmma.requests_per_minute=0",),
    )
    async with Watched(broker.bootstrap, topic_prefix, world, shards=12, requests_per_minute=RATE) as stage:
        # Given two workers that have more feeds than budget
        stage.start("one", "two")
        await stage.ready("one", "two")
        await asyncio.sleep(6)
        # When one joins, one is killed and comes back, one is told to stop
        stage.start("three")
        await stage.ready("three")
        stage.kill("two")
        await asyncio.sleep(9)  # its session ends, and the others have its shards
        stage.start("two")
        await asyncio.sleep(4)
        stage.terminate("three")
        await asyncio.sleep(4)
        # Then no window held more than its rate, and one for each worker
        arrived = stage.onlooker.arrived()
        assert beyond(arrived, RATE / 60, WORKERS, LENGTHS) == {}
        # Then what may be asked is asked
        assert most_in(arrived, 5.0) >= USED * RATE / 60 * 5
