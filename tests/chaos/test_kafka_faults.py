"""The broker dies, its links break, and its answers lie: nothing is lost, nothing comes twice, nobody has to help.

The judge is independent: the simulator's ledger against a `read_committed` consumer. Every test runs under load, and
says by the product's own metrics that its faults were felt.
"""

import asyncio
from random import Random

import pytest

from tests.support.produce_faults import (
    INVALID_TXN_STATE,
    MESSAGE_TOO_LARGE,
    NOT_ENOUGH_REPLICAS,
    OUT_OF_ORDER_SEQUENCE,
    TOPIC_AUTHORIZATION_FAILED,
    FaultyProxy,
)
from tests.support.stage import SESSION_SECONDS
from tests.support.watched import SCALE, SEEDS, Watched
from workers.broker import Broker
from workers.simulator import SimulationSettings
from workers.stream.publisher import PUBLISH_SECONDS

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

WORKERS = ("a", "b")
#: Seconds without Kafka after which every transaction that was under way has passed its deadline.
PAST_DEADLINE = PUBLISH_SECONDS + 1.5


def crowd(seed: int, messages: int, rate: float = 80) -> SimulationSettings:
    """Traffic that does not rest until `messages` new ones came, with statuses that move and rows that come late.

    So many conversations that none outgrows what its provider shows (500 rows) while the workers cannot publish: a
    state that was shown, never committed, and then shown no more is beyond everybody.
    """
    return SimulationSettings(
        seed=seed,
        conversations=60,
        history=15,
        rate=rate,
        limit=int(messages * SCALE),
        late_seconds=4.0,
        status_seconds=3.0,
        switches=("ogmma.requests_per_minute=0",),
    )


@pytest.fixture
def stage_behind(embedded_broker, proxy, topic_prefix):
    """Makes a stage whose workers reach the broker only through the proxy; the judge goes past it."""

    def made(simulation: SimulationSettings) -> Watched:
        return Watched(
            embedded_broker.bootstrap, topic_prefix, simulation, workers_bootstrap=embedded_broker.proxied_bootstrap
        )

    return made


async def unfinished(stage: Watched) -> float:
    """Transactions that were begun and not committed, so far."""
    begun = await stage.total("afluente_transactions_total")
    return begun - await stage.total("afluente_transaction_duration_seconds_count")


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_broker_that_is_killed_again_and_again_costs_nothing_but_time(seed, topic_prefix):
    chance, caught = Random(seed), 0.0
    broker = await asyncio.to_thread(Broker.start)
    try:
        async with Watched(broker.bootstrap, topic_prefix, crowd(seed, 3000)) as stage:
            # Given two workers under load
            stage.start(*WORKERS)
            await stage.ready(*WORKERS)
            # When the broker is killed in the middle of what it does, for a moment and for longer than a session
            for seconds in (0.0, chance.uniform(0, 2), SESSION_SECONDS + 2):
                await asyncio.sleep(chance.uniform(1, 3))
                await asyncio.to_thread(broker.kill)
                await asyncio.sleep(seconds)
                caught += await unfinished(stage)
                await asyncio.to_thread(broker.restart)
                await stage.ready(*WORKERS)
            # Then
            await stage.judged(still=WORKERS)
            # And it was in mid-transaction, and all shards were given up and taken again
            assert caught > 0
            assert all(stage.logged(name, "group_lost") for name in WORKERS)
    finally:
        await asyncio.to_thread(broker.stop)


@pytest.mark.parametrize("seed", SEEDS)
async def test_links_that_are_cut_slow_or_silent_cost_nothing_but_time(seed, stage_behind, proxy):
    async with stage_behind(crowd(seed, 3000)) as stage:
        # Given two workers under load
        stage.start(*WORKERS)
        await stage.ready(*WORKERS)
        # When their links break in every way, at last for longer than a session
        for _ in range(3):
            assert proxy.cut() > 0
            await asyncio.sleep(0.7)
        proxy.delay(0.3)
        await asyncio.sleep(3)
        proxy.delay(0)
        await proxy.refuse()
        proxy.cut()
        await asyncio.sleep(2)
        await proxy.accept()
        for seconds in (2, SESSION_SECONDS + 4):
            proxy.black_hole(True)
            await asyncio.sleep(seconds)
            proxy.black_hole(False)
            await stage.ready(*WORKERS)
        # Then
        await stage.judged(still=WORKERS)
        # And both had lost the group, and said so
        assert all(stage.logged(name, "group_lost") for name in WORKERS)


async def inject(stage: Watched, proxy: FaultyProxy, what: str, count: int) -> None:
    """Wait until that many faults of this kind have happened."""

    async def happened() -> bool:
        return proxy.injected[what] >= count

    await stage.until(happened, 30, f"{count} faults of {what}", every=0.02)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_refused_part_of_a_transaction_never_lets_the_cursor_pass(seed, stage_behind, proxy):
    refusals = (
        MESSAGE_TOO_LARGE,
        NOT_ENOUGH_REPLICAS,
        OUT_OF_ORDER_SEQUENCE,
        TOPIC_AUTHORIZATION_FAILED,
        INVALID_TXN_STATE,
    )
    async with stage_behind(crowd(seed, 2000)) as stage:
        # Given two workers under load
        stage.start(*WORKERS)
        await stage.ready(*WORKERS)
        # When the events of a transaction are refused, and its cursors are taken
        for done, error in enumerate(refusals * 2):
            proxy.fail_next(stage.names.messages, error)
            await inject(stage, proxy, stage.names.messages, done + 1)
            await asyncio.sleep(0.3)
        # Then
        await stage.judged(still=WORKERS)
        assert await stage.total("afluente_transaction_failures_total") > 0


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_lost_word_about_a_commit_is_neither_believed_nor_denied(seed, stage_behind, proxy):
    async with stage_behind(crowd(seed, 2500)) as stage:
        # Given two workers under load
        stage.start(*WORKERS)
        await stage.ready(*WORKERS)
        # When requests and answers of transactions are lost on the way, and may be repeated
        for api in ("AddPartitionsToTxn", "Produce", "EndTxn"):
            done = proxy.injected[api]
            proxy.lose_next(api, 3)
            proxy.drop_next(api, 3)
            await inject(stage, proxy, api, done + 6)
        # And when commits that were done, and commits that never arrived, cannot be asked about in time
        for lose, seconds in ((proxy.lose_next, 1), (proxy.drop_next, 1), (proxy.lose_next, PAST_DEADLINE)):
            done = proxy.injected["EndTxn"]
            lose("EndTxn", refuse=True)
            await inject(stage, proxy, "EndTxn", done + 1)
            await asyncio.sleep(seconds)
            await proxy.accept()
            await stage.ready(*WORKERS)
        # Then
        await stage.judged(still=WORKERS)
        assert await stage.total("afluente_transaction_failures_total", reason="timeout") > 0
