"""Told to stop: a worker commits what it has and goes; where it cannot, it goes all the same, in time, and says so."""

import asyncio
import socket
import time

import pytest

from tests.support.stage import SESSION_SECONDS, Stage
from tests.support.watched import SCALE
from workers.simulator import SimulationSettings

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

#: Seconds that workers get here, and what the contract adds.
SHUTDOWN_SECONDS, GRACE_SECONDS = 5, 1
#: Seconds to shut down within which a session of 6 s, cut off a second before, ends: while shards are being closed.
LONG_SHUTDOWN_SECONDS = 12
#: Seconds until a worker that was told to stop has its answers: less than polls may take then (6 of 20 s).
ANSWER_SECONDS = 0.5
#: Exit code of a worker that could not drain: 128 + SIGTERM.
NOT_DRAINED = 143


def world(seed: int) -> SimulationSettings:
    """A history to read, and traffic that goes on until it is hushed."""
    return SimulationSettings(
        seed=seed,
        conversations=int(24 * SCALE),
        history=80,
        rate=90.0,
        late_seconds=4.0,
        status_seconds=4.0,
        switches=("ogmma.requests_per_minute=0",),
    )


@pytest.fixture
def unreachable(embedded_broker, proxy, topic_prefix) -> Stage:
    """A stage whose workers reach the broker through the proxy only, and get 5 s to stop."""
    return Stage(
        embedded_broker.bootstrap,
        topic_prefix,
        world(31),
        workers_bootstrap=embedded_broker.proxied_bootstrap,
        service={"shutdown_seconds": SHUTDOWN_SECONDS},
    )


async def stopped(stage: Stage, name: str) -> tuple[int, float]:
    """Tell a worker to stop; its exit code, and the seconds that it took."""
    at = time.monotonic()
    stage.terminate(name)
    code = await stage.exit_code(name, 30)
    return code, time.monotonic() - at - stage.onlooker.late(at, time.monotonic())


async def test_a_worker_told_to_stop_commits_all_that_it_was_shown_and_leaves(broker, topic_prefix):
    async with Stage(broker.bootstrap, topic_prefix, world(30)) as stage:
        # Given a worker under load that has read the histories (whose newest rows are shown first and published last)
        stage.start("one")

        async def histories_are_read() -> bool:
            accounts = (await stage.cast.readiness("one")).get("accounts", {})
            return {told["state"] for told in accounts.values()} == {"polling"}

        await stage.until(histories_are_read, 60, "the histories are read")
        # When it is told to stop while it waits for answers
        stage.onlooker.hold()
        await asyncio.sleep(1)  # the least interval of a feed: whoever is active is asked for by then
        assert stage.onlooker.waiting
        asyncio.get_running_loop().call_later(ANSWER_SECONDS, stage.onlooker.release)
        code, seconds = await stopped(stage, "one")
        # Then it ends well, long before its deadline of 20 s
        assert code == 0
        assert seconds < SESSION_SECONDS
        assert stage.lines("one", "drained")
        # Then nothing that it was shown waits for another worker
        verdict = await stage.verdict()
        assert verdict.clean, verdict
        assert verdict.published > 0


@pytest.mark.parametrize("how", ["swallowed", "refused"])
async def test_a_worker_that_cannot_reach_kafka_goes_in_time_and_says_what_was_not_committed(how, unreachable, proxy):
    async with unreachable as stage:
        # Given a worker under load, and no more Kafka
        stage.start("one")
        await stage.ready("one")
        await asyncio.sleep(1)
        if how == "swallowed":
            proxy.black_hole(True)
        else:
            await proxy.refuse()
            proxy.cut()
        await asyncio.sleep(1)
        # When it is told to stop
        code, seconds = await stopped(stage, "one")
        # Then it is gone in time, with a code that says it could not drain, and one line that says what stayed behind
        assert code == NOT_DRAINED
        assert seconds <= SHUTDOWN_SECONDS + GRACE_SECONDS
        (line,) = stage.lines("one", "not_drained")
        assert "not committed: shard" in line["error"], line
        # Then the next worker publishes it
        proxy.black_hole(False)
        await proxy.accept()
        stage.hush()
        stage.start("two")
        verdict = await stage.settled()
        assert verdict.clean, verdict


async def test_a_worker_that_was_cut_off_for_long_says_that_it_could_not_take_its_leave(unreachable, proxy):
    async with unreachable as stage:
        # Given a worker that lost its shards because nothing gets through to Kafka
        stage.start("one")
        await stage.ready("one")
        proxy.black_hole(True)

        async def owns_nothing() -> bool:
            return not await stage.owned("one")

        await stage.until(owns_nothing, 15, "its shards are given up")
        # When it is told to stop
        code, seconds = await stopped(stage, "one")
        # Then it is gone in time all the same
        assert code == NOT_DRAINED
        assert seconds <= SHUTDOWN_SECONDS + GRACE_SECONDS
        (line,) = stage.lines("one", "not_drained")
        assert "Kafka did not answer" in line["error"], line


async def test_a_worker_whose_shards_are_lost_while_it_drains_says_what_was_not_committed(
    embedded_broker, proxy, topic_prefix
):
    stage = Stage(
        embedded_broker.bootstrap,
        topic_prefix,
        world(33),
        workers_bootstrap=embedded_broker.proxied_bootstrap,
        service={"shutdown_seconds": LONG_SHUTDOWN_SECONDS},
    )
    async with stage:
        # Given a worker under load, and no more Kafka
        stage.start("one")
        await stage.ready("one")
        await asyncio.sleep(1)
        proxy.black_hole(True)
        await asyncio.sleep(1)
        # When it is told to stop, and its session ends while it tries to commit
        code, seconds = await stopped(stage, "one")
        assert stage.lines("one", "group_lost")
        # Then it ends as if it still had its shards
        assert code == NOT_DRAINED
        assert seconds <= LONG_SHUTDOWN_SECONDS + GRACE_SECONDS
        (line,) = stage.lines("one", "not_drained")
        assert "not committed: shard" in line["error"], line


async def test_a_worker_told_to_stop_while_it_looks_for_kafka_goes_at_once(unreachable, proxy):
    async with unreachable as stage:
        # Given a worker that is starting, and no Kafka at all
        proxy.black_hole(True)
        before = proxy.accepted
        stage.start("one")

        async def asks() -> bool:
            return proxy.accepted > before

        await stage.until(asks, 30, "it looks for Kafka")
        # When it is told to stop, then it goes, with nothing begun and nothing left behind
        code, seconds = await stopped(stage, "one")
        assert code == 0
        assert seconds <= SHUTDOWN_SECONDS + GRACE_SECONDS
        assert not stage.lines("one", "not_drained")


async def test_a_worker_whose_address_is_in_use_ends_and_names_it(broker, topic_prefix):
    async with Stage(broker.bootstrap, topic_prefix, world(32)) as stage:
        # Given somebody who listens where the worker shall
        with socket.create_server(("127.0.0.1", stage.port("one"))):
            # When it starts, then it ends at once and says which setting to change
            stage.start("one")
            assert await stage.exit_code("one", 30) == 1
        assert f"service.listen: cannot listen on 127.0.0.1:{stage.port('one')}" in stage.log("one")
