import asyncio
import time

import pytest
import uvloop
from aiokafka.errors import KafkaConnectionError, KafkaError

from workers.settings.kafka import KafkaSettings
from workers.stream import client as room
from workers.stream.client import connection_errors, discarding, ended, member, producer, within

KAFKA = KafkaSettings(session_timeout_seconds=15)


class Library:
    """A part of a client whose tasks `discard` ends: the names are those of aiokafka."""

    def __init__(self):
        self._conns = {}

    async def linger(self, times):
        """A task that has to be cancelled more than once."""
        for _ in range(times):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue


class Client:
    def __init__(self, stop):
        self._client = Library()
        self.stop = stop


async def cancelled_by_the_library():
    raise asyncio.CancelledError


async def test_a_cancellation_that_nobody_asked_for_is_an_error_of_the_library():
    with pytest.raises(KafkaError, match="cancelled a part of itself"):
        async with within(1):
            await cancelled_by_the_library()


async def test_a_cancellation_of_the_task_passes():
    async def work():
        async with within(10):
            await asyncio.sleep(10)

    # Given
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    # When
    task.cancel()
    # Then
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_deadline_that_passes_is_a_timeout():
    with pytest.raises(TimeoutError):
        async with within(0.01):
            await asyncio.sleep(10)


async def written_to_a_closed_connection():
    """What the library does where a connection is cut between two of its steps: once it is gone, uvloop raises."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.transport.abort()
    await asyncio.sleep(0.05)
    try:
        writer.write(b"a request")
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.05)


def test_a_connection_that_is_cut_at_the_moment_of_a_write_is_kafkas_failure_and_not_the_programs():
    async def story():
        async with within(1):
            await written_to_a_closed_connection()

    # Given the loop that workers run on
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    # When / Then
    with runner, pytest.raises(KafkaConnectionError, match="closed while it was written to"):
        runner.run(story())


def test_any_other_fault_stays_what_it_is():
    with pytest.raises(RuntimeError, match="no such thing"), connection_errors():
        raise RuntimeError("no such thing")


async def test_a_client_that_cancels_itself_while_it_stops_is_discarded_and_nobody_is_harmed():
    # When
    in_order = await ended(Client(cancelled_by_the_library), 1)
    # Then
    assert not in_order
    await asyncio.sleep(0.05)
    assert discarding() == 0


async def test_a_client_that_never_stops_is_discarded_with_all_its_tasks():
    # Given
    client = Client(lambda: asyncio.sleep(60))
    stubborn = [asyncio.create_task(client._client.linger(times)) for times in (1, 2, 3)]
    began = time.monotonic()
    # When
    in_order = await ended(client, 0.05)
    # Then
    assert not in_order
    assert discarding() == 1
    await asyncio.wait(stubborn, timeout=1)
    assert all(task.done() for task in stubborn)
    assert time.monotonic() - began < 1
    # And only those
    assert not asyncio.current_task().cancelling()


async def test_a_task_that_cannot_be_ended_is_given_up_in_the_end(monkeypatch):
    # Given
    monkeypatch.setattr(room, "_DISCARD_SECONDS", 0.05)
    client = Client(cancelled_by_the_library)
    immortal = asyncio.create_task(client._client.linger(50))
    await asyncio.sleep(0)
    # When
    await ended(client, 1)
    await asyncio.sleep(0.2)
    # Then
    assert discarding() == 0
    assert not immortal.done()
    while not immortal.done():
        immortal.cancel()
        await asyncio.sleep(0)


async def test_a_live_worker_adds_less_than_three_seconds_to_a_dead_one_s_session():
    # Given
    client = member(KAFKA, object())
    # Then: a heartbeat tells of the rebalance, and that is all there is to wait for besides our own second
    assert client._heartbeat_interval_ms <= 1_000
    assert client._session_timeout_ms == 15_000
    assert client._rebalance_timeout_ms > client._session_timeout_ms
    assert client._request_timeout_ms > client._session_timeout_ms
    await client.stop()


async def test_a_transaction_ends_by_our_deadline_before_the_brokers_end_it():
    # Given
    client = producer(KAFKA, "afluente-0")
    # Then
    assert client._txn_manager.transaction_timeout_ms == room.TRANSACTION_TIMEOUT_MS
    assert client._request_timeout_ms < room.TRANSACTION_TIMEOUT_MS
    await client.stop()
