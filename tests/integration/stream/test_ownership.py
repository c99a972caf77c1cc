"""The workers' group on a real broker: who owns what, what they are told, and how they come back."""

import asyncio
import contextlib
import json
import signal
import sys
import time

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.integration.stream.conftest import SESSION_SECONDS, SHARDS, settings_for
from tests.support.kafka import producing
from workers.broker import Broker
from workers.errors import StopWorker
from workers.stream import ownership as room
from workers.stream import topics
from workers.stream.ownership import Ownership

pytestmark = pytest.mark.kafka

ALL = frozenset(range(SHARDS))


class Member:
    """One worker's side of the group: remembers what it was told."""

    def __init__(self, kafka, names, worker_id: str):
        self.told: list[tuple[int, bytes, bytes | None]] = []
        self.caught_up: list[int] = []
        self.history: list[frozenset[int]] = []
        self.revocations = 0
        self.ownership = Ownership(kafka, names, worker_id=worker_id, listener=self)
        self.running = asyncio.create_task(self.ownership.run())

    async def on_revoked(self):
        self.revocations += 1

    def on_owned(self, owned):
        self.history.append(owned)

    def on_definition(self, shard, key, value, offset, written):
        assert shard in self.ownership.owned
        self.told.append((shard, key, value))

    def on_caught_up(self, shard):
        self.caught_up.append(shard)

    @property
    def owned(self) -> frozenset[int]:
        return self.ownership.owned

    async def until(self, condition, seconds: float = 20) -> float:
        """Wait for it; how long it took."""
        began = time.monotonic()
        while not condition(self):
            assert not self.running.done() or self.running.result()
            assert time.monotonic() - began < seconds, (self.owned, self.history, self.told)
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def die(self) -> None:
        """End without a word to anybody, as by SIGKILL."""
        self.running.cancel()
        await asyncio.wait([self.running])


@pytest.fixture
async def join(kafka, names):
    """Start members; all are gone afterwards."""
    members = []

    def start(worker_id: str, settings=kafka) -> Member:
        members.append(Member(settings, names, worker_id))
        return members[-1]

    yield start
    for member in members:
        await member.ownership.stop(3)
        await member.die()


async def define(kafka, names, **feeds: int) -> None:
    """Write definitions: key=shard."""
    async with producing(",".join(kafka.bootstrap_servers), linger_ms=0) as producer:
        for key, shard in feeds.items():
            await producer.send_and_wait(names.feeds, b"{}", key.encode(), partition=shard)


def settled(*members: Member) -> bool:
    return (
        frozenset().union(*(member.owned for member in members)) == ALL
        and sum(len(member.owned) for member in members) == SHARDS
        and all(member.ownership.joined for member in members)
    )


# --- what a member is told -------------------------------------------------------------------------------


async def test_a_lone_worker_owns_all_and_is_told_every_definition_then_the_new_ones(kafka, names, join):
    # Given
    await define(kafka, names, one=0, two=1, three=1)
    # When
    member = join("a")
    await member.until(lambda m: len(m.caught_up) == SHARDS)
    # Then
    assert member.history == [ALL]
    assert sorted(member.told) == [(0, b"one", b"{}"), (1, b"three", b"{}"), (1, b"two", b"{}")]
    assert sorted(member.caught_up) == [0, 1, 2]
    assert member.revocations == 0
    # When
    await define(kafka, names, four=2)
    took = await member.until(lambda m: len(m.told) == 4)
    # Then
    assert member.told[3] == (2, b"four", b"{}")
    assert took < 1


async def test_offsets_that_someone_committed_for_the_group_hide_no_definition(kafka, names, join):
    # Given
    await define(kafka, names, one=0, two=0)
    stranger = AIOKafkaConsumer(bootstrap_servers=list(kafka.bootstrap_servers), group_id=kafka.group)
    stranger.assign([TopicPartition(names.feeds, 0)])
    await stranger.start()
    await stranger.commit({TopicPartition(names.feeds, 0): 2})
    await stranger.stop()
    # When
    member = join("a")
    await member.until(lambda m: len(m.caught_up) == SHARDS)
    # Then
    assert [key for _, key, _ in member.told] == [b"one", b"two"]


async def test_shards_that_stay_are_not_told_again_and_those_that_move_are_told_whole(kafka, names, join):
    # Given
    await define(kafka, names, **{f"feed-{number}": number % SHARDS for number in range(12)})
    first = join("a")
    await first.until(lambda m: len(m.caught_up) == SHARDS)
    assert len(first.told) == 12
    # When
    second = join("b")
    await second.until(lambda m: settled(first, m) and set(m.caught_up) == m.owned)
    # Then
    assert first.revocations == 1
    assert first.history[-1] < first.history[0]
    assert len(first.told) == 12
    assert sorted(key for _, key, _ in second.told) == sorted(
        key for shard, key, _ in first.told if shard in second.owned
    )
    # When new ones come, each is told once, by the owner
    await define(kafka, names, late_0=0, late_1=1, late_2=2)
    await first.until(lambda _: len(first.told) + len(second.told) == 12 + len(second.owned) * 4 + 3)
    assert {shard for shard, key, _ in first.told if key.startswith(b"late")} == first.owned
    assert {shard for shard, key, _ in second.told if key.startswith(b"late")} == second.owned


async def test_a_shard_that_comes_back_is_told_from_its_beginning(kafka, names, join):
    # Given
    await define(kafka, names, one=0, two=1, three=2)
    first = join("a")
    await first.until(lambda m: len(m.caught_up) == SHARDS)
    second = join("b")
    await first.until(lambda m: settled(m, second))
    lent = second.owned
    # When
    assert await second.ownership.stop(5)
    await first.until(lambda m: len(m.caught_up) == SHARDS + len(lent))
    # Then
    told = [shard for shard, _, _ in first.told]
    assert {shard: told.count(shard) for shard in ALL} == {shard: 1 + (shard in lent) for shard in ALL}


# --- who owns what ---------------------------------------------------------------------------------------


async def test_a_worker_that_leaves_hands_over_at_once(join):
    # Given
    first, second = join("a"), join("b")
    await first.until(lambda m: settled(m, second))
    # When
    began = time.monotonic()
    assert await second.ownership.stop(5)
    await asyncio.wait_for(second.running, 1)
    await first.until(lambda m: m.owned == ALL)
    # Then: a heartbeat tells the other one
    assert time.monotonic() - began < 3


async def test_a_dead_worker_s_shards_move_within_the_session_and_three_seconds(kafka, join):
    # Given
    first, second = join("a"), join("b")
    await first.until(lambda m: settled(m, second))
    # When
    await second.die()
    took = await first.until(lambda m: m.owned == ALL)
    # Then
    assert took < kafka.session_timeout_seconds + 3
    assert second.owned < ALL  # the dead one believes what it believed: Kafka's fencing is what counts


async def test_a_worker_gets_its_shards_back_after_a_restart(join):
    # Given
    first, second = join("a"), join("b")
    await first.until(lambda m: settled(m, second))
    before = second.owned
    # When
    await second.ownership.stop(5)
    await first.until(lambda m: m.owned == ALL)
    again = join("b")
    await first.until(lambda m: settled(m, again))
    # Then
    assert again.owned == before


async def test_more_workers_than_shards_leave_some_without_and_ready(join):
    # When
    members = [join(name) for name in "abcde"]
    await members[0].until(lambda _: settled(*members))
    # Then
    assert sorted(len(member.owned) for member in members) == [0, 0, 1, 1, 1]


# --- what goes wrong -------------------------------------------------------------------------------------


async def test_a_worker_cut_off_for_a_session_gives_all_up_by_itself_and_comes_back(
    *, direct, proxied, proxy, names, join
):
    # Given
    await define(direct, names, one=0, two=1, three=2)
    cut_off, other = join("a", proxied), join("b", direct)
    await other.until(lambda m: settled(m, cut_off) and set(cut_off.caught_up) == cut_off.owned)
    lost = cut_off.owned
    # When its link is a black hole
    proxy.black_hole(True)
    began = time.monotonic()
    await cut_off.until(lambda m: not m.owned)
    # Then it stops in about a session, as the group gives its shards to the other
    assert time.monotonic() - began < SESSION_SECONDS + 2
    assert not cut_off.ownership.joined
    await other.until(lambda m: m.owned == ALL)
    # When the link is back
    told = len(cut_off.told)
    proxy.black_hole(False)
    await other.until(lambda m: settled(m, cut_off), seconds=40)
    await cut_off.until(lambda m: len(m.told) >= told + len(lost))
    # Then it has its shards again, and was told anew what stands in them
    assert cut_off.owned == lost
    assert {shard for shard, _, _ in cut_off.told[told:]} == lost


async def test_a_worker_that_was_frozen_for_a_session_gives_all_up_before_it_owns_anything_again(kafka, names, join):
    # Given
    other = join("a")
    command = [sys.executable, "-m", "tests.integration.stream.group_member"]
    frozen = await asyncio.create_subprocess_exec(
        *command, kafka.bootstrap_servers[0], kafka.group, names.feeds, "b", stdout=asyncio.subprocess.PIPE
    )
    try:
        await other.until(lambda m: m.ownership.joined and 0 < len(m.owned) < SHARDS)
        its_own = await owned_line(frozen, lambda owned: 0 < len(owned) < SHARDS)
        # When
        frozen.send_signal(signal.SIGSTOP)
        took = await other.until(lambda m: m.owned == ALL)
        assert took < SESSION_SECONDS + 3
        frozen.send_signal(signal.SIGCONT)
        # Then
        assert await owned_line(frozen, lambda _: True) == frozenset()
        assert await owned_line(frozen, lambda _: True) == its_own
        await other.until(lambda m: m.owned == ALL - its_own)
    finally:
        frozen.kill()
        await frozen.wait()


async def owned_line(process, condition) -> frozenset[int]:
    """The next set of shards, as the process prints them, that meets a condition."""
    while True:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        if line.startswith(b"owned") and condition(owned := frozenset(json.loads(line.removeprefix(b"owned")))):
            return owned


@pytest.mark.parametrize("seconds", [0, SESSION_SECONDS + 2])
async def test_a_broker_that_comes_back_finds_its_group_again(seconds, topic_prefix, names):
    # Given a broker of our own to kill
    with await asyncio.to_thread(Broker.start) as broker:
        kafka = settings_for(broker.bootstrap, topic_prefix)
        await topics.create(kafka, names)
        await define(kafka, names, one=0, two=1, three=2)
        members = [Member(kafka, names, "a"), Member(kafka, names, "b")]
        await members[0].until(lambda _: settled(*members))
        before = [member.owned for member in members]
        # When
        broker.kill()
        await asyncio.sleep(seconds)
        if seconds:
            assert not any(member.owned for member in members)
        await asyncio.to_thread(broker.restart)
        # Then
        await members[0].until(lambda _: settled(*members), seconds=40)
        assert [member.owned for member in members] == before
        # And the feeds topic is read on
        await define(kafka, names, four=0)
        await members[0].until(lambda _: any(key == b"four" for m in members for _, key, _ in m.told))
        for member in members:
            assert await member.ownership.stop(5)
            await member.running


async def test_connections_that_break_cost_nobody_a_shard(*, direct, proxied, proxy, names, join):
    # Given
    await define(direct, names, one=0, two=1, three=2)
    member = join("a", proxied)
    await member.until(lambda m: len(m.caught_up) == SHARDS)
    # When
    for _ in range(5):
        proxy.cut()
        await asyncio.sleep(0.3)
    await define(direct, names, four=0)
    await member.until(lambda m: len(m.told) == 4)
    # Then
    assert [key for _, key, _ in member.told].count(b"one") == 1
    assert member.owned == ALL


async def test_a_listener_that_takes_its_time_does_not_hold_the_group_up(join, monkeypatch):
    # Given a worker whose commits hang
    first = join("a")
    await first.until(lambda m: m.owned == ALL)
    monkeypatch.setattr(first, "on_revoked", lambda: asyncio.sleep(60))
    # When
    second = join("b")
    took = await second.until(lambda m: settled(first, m))
    # Then
    assert took < room.REVOKE_SECONDS + 3


@pytest.mark.parametrize("method", ["on_owned", "on_definition", "on_caught_up"])
async def test_a_mistake_in_the_listener_is_not_swallowed_by_the_library(*, method, kafka, names, join, monkeypatch):
    # Given
    await define(kafka, names, one=0)

    def mistake(*_):
        raise ZeroDivisionError(method)

    monkeypatch.setattr(Member, method, mistake)
    # When / Then
    with pytest.raises(ZeroDivisionError, match=method):
        await asyncio.wait_for(join("a").running, 15)


async def test_a_group_of_strangers_ends_the_worker_with_a_reason(kafka, names, join):
    # Given
    stranger = AIOKafkaConsumer(
        names.feeds, bootstrap_servers=list(kafka.bootstrap_servers), group_id=kafka.group, enable_auto_commit=False
    )
    await stranger.start()
    # When / Then
    with pytest.raises(StopWorker, match=r"members that are no workers of ours: choose another kafka\.group"):
        await asyncio.wait_for(join("a").running, 15)
    await stranger.stop()


async def test_a_session_that_the_brokers_do_not_allow_ends_the_worker_with_a_reason(kafka, join):
    # Given more than group.max.session.timeout.ms (30 minutes)
    settings = kafka.model_copy(update={"session_timeout_seconds": 3600})
    # When / Then
    with pytest.raises(StopWorker, match=r"kafka\.session_timeout_seconds = 3600 lies outside"):
        await asyncio.wait_for(join("a", settings).running, 15)


async def test_a_worker_that_stays_outside_for_too_long_ends(direct, proxied, proxy, join, monkeypatch):
    # Given
    monkeypatch.setattr(room, "GIVE_UP_SECONDS", 1.0)
    await proxy.refuse()
    # When / Then
    with pytest.raises(StopWorker, match="outside the group"):
        await asyncio.wait_for(join("a", proxied).running, 15)


async def test_leaving_is_bounded_and_says_whether_kafka_answered(proxied, proxy, join):
    # Given
    member = join("a", proxied)
    await member.until(lambda m: m.owned == ALL)
    proxy.black_hole(True)
    began = time.monotonic()
    # When
    left = await member.ownership.stop(1)
    # Then
    assert not left
    assert time.monotonic() - began < 1.5
    await asyncio.wait_for(member.running, 1)
    # When nobody answers at all
    await proxy.refuse()
    other = join("b", proxied)
    await asyncio.sleep(0.5)
    assert not await other.ownership.stop(1)
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(other.running, 1)
