"""The tools that break connections, and what a client sees of them."""

import asyncio
import contextlib
import os
import time

import pytest
from aiokafka.admin import NewTopic
from aiokafka.errors import InvalidTxnState, MessageSizeTooLargeError

from tests.support.kafka import committed, create, producing, send_in_transaction
from tests.support.produce_faults import INVALID_TXN_STATE, MESSAGE_TOO_LARGE
from tests.support.proxy import ChaosProxy

pytestmark = pytest.mark.kafka


# --- the proxy -------------------------------------------------------------------------------------------


@pytest.fixture
async def echo():
    """The port of a server that sends back what it receives."""

    async def answer(reader, writer):
        with contextlib.suppress(OSError):
            while chunk := await reader.read(1000):
                writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def ask(reader, writer, text: bytes) -> bytes:
    writer.write(text)
    return await asyncio.wait_for(reader.readexactly(len(text)), 0.5)


async def test_a_proxy_carries_bytes_and_the_end_of_the_stream(echo):
    async with ChaosProxy(echo) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        text = os.urandom(1_000_000)
        writer.write(text)
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(-1), 5) == text
        writer.close()


async def test_a_cut_resets_connections_and_refusing_stops_new_ones(echo):
    async with ChaosProxy(echo) as proxy:
        # Given
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await ask(reader, writer, b"one") == b"one"
        # When
        await proxy.refuse()
        assert proxy.cut() == 1
        # Then
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 1)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.close()
        # And on the same port again
        await proxy.accept()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await ask(reader, writer, b"two") == b"two"
        writer.close()


async def test_a_delay_holds_every_byte_back_and_keeps_the_order(echo):
    async with ChaosProxy(echo) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        proxy.delay(0.1)
        began = time.monotonic()
        writer.write(b"a")
        await asyncio.sleep(0.02)
        assert await ask(reader, writer, b"bc") == b"ab"
        assert 0.2 <= time.monotonic() - began < 0.45
        proxy.delay(0)
        assert await asyncio.wait_for(reader.readexactly(1), 1) == b"c"
        writer.close()


async def test_a_black_hole_keeps_connections_open_and_resets_what_it_damaged(echo):
    async with ChaosProxy(echo) as proxy:
        # Given one connection that will talk and one that will not
        talking, quiet = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(2)]
        assert await ask(*talking, b"one") + await ask(*quiet, b"two") == b"onetwo"
        # When
        proxy.black_hole(True)
        with pytest.raises(TimeoutError):
            await ask(*talking, b"gone")
        proxy.black_hole(False)
        # Then
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(talking[0].read(1), 1)
        assert await ask(*quiet, b"still here") == b"still here"
        for _, writer in (talking, quiet):
            writer.close()


async def test_a_cut_is_felt_by_proxied_clients_only(embedded_broker, proxy, topic_prefix):
    # Given one client on each side
    await create(embedded_broker.bootstrap, NewTopic(topic_prefix, 1, 1))
    async with producing(embedded_broker.proxied_bootstrap) as proxied, producing(embedded_broker.bootstrap) as direct:
        await proxied.send_and_wait(topic_prefix, b"before", partition=0)
        # When
        await proxy.refuse()
        proxy.cut()
        sending = asyncio.ensure_future(proxied.send_and_wait(topic_prefix, b"after", partition=0))
        # Then
        await asyncio.wait_for(direct.send_and_wait(topic_prefix, b"direct", partition=0), 5)
        assert not sending.done()
        await proxy.accept()
        await asyncio.wait_for(sending, 10)
    assert await committed(embedded_broker.bootstrap, topic_prefix) == [b"before", b"direct", b"after"]


# --- faults of the protocol ------------------------------------------------------------------------------


async def test_an_injected_produce_error_fails_one_topic_and_appends_the_other(embedded_broker, proxy, topic_prefix):
    # Given
    events, cursors = f"{topic_prefix}-events", f"{topic_prefix}-cursors"
    await create(embedded_broker.bootstrap, NewTopic(events, 1, 1), NewTopic(cursors, 1, 1))
    async with producing(embedded_broker.proxied_bootstrap, transactional_id=topic_prefix) as producer:
        proxy.fail_next(events, MESSAGE_TOO_LARGE)
        # When
        event, cursor = await send_in_transaction(producer, {events: b"event", cursors: b"cursor"})
        # Then the send says so
        assert isinstance(event, MessageSizeTooLargeError)
        assert cursor is None
        # And the client would commit all the same: the trap that the publish room must not fall into
        await asyncio.wait_for(producer.commit_transaction(), 10)
    assert proxy.injected[events] == 1
    assert await committed(embedded_broker.bootstrap, events) == []
    assert await committed(embedded_broker.bootstrap, cursors) == [b"cursor"]


async def test_an_injected_error_of_the_only_topic_is_answered_without_the_broker(embedded_broker, proxy, topic_prefix):
    await create(embedded_broker.bootstrap, NewTopic(topic_prefix, 1, 1))
    async with producing(embedded_broker.proxied_bootstrap, transactional_id=topic_prefix) as producer:
        proxy.fail_next(topic_prefix, INVALID_TXN_STATE)
        (error,) = await send_in_transaction(producer, {topic_prefix: b"event"})
        assert isinstance(error, InvalidTxnState)
    assert proxy.injected[topic_prefix] == 1
    assert await committed(embedded_broker.bootstrap, topic_prefix) == []


@pytest.mark.parametrize(("lost", "kept"), [("answer", [b"event"]), ("request", [])])
async def test_a_client_cannot_know_what_became_of_a_lost_commit(lost, kept, embedded_broker, proxy, topic_prefix):
    # Given
    await create(embedded_broker.bootstrap, NewTopic(topic_prefix, 1, 1))
    async with producing(embedded_broker.proxied_bootstrap, transactional_id=topic_prefix) as producer:
        assert await send_in_transaction(producer, {topic_prefix: b"event"}) == [None]
        # When
        (proxy.lose_next if lost == "answer" else proxy.drop_next)("EndTxn", refuse=True)
        # Then the client sees the same of both
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(producer.commit_transaction(), 2)
    assert proxy.injected["EndTxn"] == 1
    # And only a new owner's read tells
    async with producing(embedded_broker.bootstrap, transactional_id=topic_prefix):
        assert await committed(embedded_broker.bootstrap, topic_prefix) == kept


async def test_a_client_that_may_connect_again_repeats_a_lost_commit(embedded_broker, proxy, topic_prefix):
    await create(embedded_broker.bootstrap, NewTopic(topic_prefix, 1, 1))
    async with producing(embedded_broker.proxied_bootstrap, transactional_id=topic_prefix) as producer:
        assert await send_in_transaction(producer, {topic_prefix: b"event"}) == [None]
        proxy.lose_next("EndTxn")
        await asyncio.wait_for(producer.commit_transaction(), 10)
    assert proxy.injected["EndTxn"] == 1
    assert await committed(embedded_broker.bootstrap, topic_prefix) == [b"event"]
