"""In which order a publisher calls its producer. What Kafka makes of the calls is tested on a broker."""

import asyncio

import pytest

from workers.errors import TransactionFailed
from workers.stream import publisher
from workers.stream.publisher import Publisher
from workers.stream.record import KafkaRecord

RECORDS = [KafkaRecord(topic=topic, partition=0, key=b"k", value=b"v") for topic in ("messages", "cursors")]


class Batch:
    """One that takes every record."""

    def append(self, **_):
        return True

    def size(self):
        return 1

    def close(self):
        """It is only counted."""


class Producer:
    """Notes what it is asked for. What becomes of a delivery, a test says."""

    def __init__(self):
        self.calls = []
        self.deliveries: dict[str, asyncio.Future] = {}

    def create_batch(self):
        return Batch()

    async def begin_transaction(self):
        self.calls.append("begin")

    async def send_batch(self, batch, topic, *, partition):
        self.calls.append(f"send {topic}")
        delivery = self.deliveries[topic] = asyncio.get_running_loop().create_future()
        return delivery

    async def commit_transaction(self):
        self.calls.append("commit")


@pytest.fixture
def discarded(monkeypatch):
    clients = []
    monkeypatch.setattr(publisher, "discard", clients.append)
    return clients


async def sent(producer):
    """A publisher of this producer, and its transaction, of which everything was sent and nothing was delivered yet."""
    one = Publisher(producer, {}, 60.0)
    publishing = asyncio.create_task(one.publish(RECORDS))
    await turns()
    assert producer.deliveries.keys() == {record.topic for record in RECORDS}
    return one, publishing


async def turns():
    """Whatever can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_commit_is_asked_for_when_the_last_batch_was_delivered_and_not_before(discarded):
    # Given a transaction of two batches
    producer = Producer()
    one, publishing = await sent(producer)
    # When the first of them is delivered / Then the commit waits for the other
    producer.deliveries["messages"].set_result(None)
    await turns()
    assert producer.calls == ["begin", "send messages", "send cursors"]
    producer.deliveries["cursors"].set_result(None)
    await publishing
    assert producer.calls[-1] == "commit"
    assert (one.alive, discarded) == (True, [])


@pytest.mark.parametrize("failing", ["messages", "cursors"])
async def test_of_a_transaction_with_a_batch_that_was_not_delivered_no_commit_is_asked_for(discarded, failing):
    # Given
    producer = Producer()
    one, publishing = await sent(producer)
    # When one batch is delivered, and the other fails
    for topic, delivery in producer.deliveries.items():
        if topic == failing:
            delivery.set_exception(ConnectionError("the broker is gone"))
        else:
            delivery.set_result(None)
    # Then the outcome is unknown: the producer is neither asked for anything more, nor ever used again
    with pytest.raises(TransactionFailed, match="the broker is gone"):
        await publishing
    assert "commit" not in producer.calls
    assert (one.alive, discarded) == (False, [producer])
    with pytest.raises(TransactionFailed, match="abandoned"):
        await one.publish(RECORDS)


async def test_a_transaction_that_is_cancelled_is_not_committed(discarded):
    # Given one that waits for its deliveries
    producer = Producer()
    one, publishing = await sent(producer)
    # When
    publishing.cancel()
    await asyncio.wait([publishing])
    # Then
    assert publishing.cancelled()
    assert "commit" not in producer.calls
    assert (one.alive, discarded) == (False, [producer])
