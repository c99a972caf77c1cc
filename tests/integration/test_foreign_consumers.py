"""Consumers that are not ours read the topics: the CloudEvents SDK for Python, and Kafka's console consumer in Java."""

import asyncio
from itertools import groupby

import orjson
import pytest
from aiokafka import TopicPartition
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat

from tests.examples.files import SIMULATED, example, most_telling
from tests.examples.scenes import events
from tests.support.console_consumer import console_consumer
from tests.support.kafka import reading
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream import topics
from workers.stream.partition import partition_of
from workers.stream.publisher import Publisher
from workers.stream.record import KafkaRecord

pytestmark = pytest.mark.kafka

SHARDS = 3
#: Seconds until what was committed must have been read.
PATIENCE = 20


@pytest.fixture
def names(topic_prefix) -> TopicNames:
    suffixes = ("messages", "feeds", "cursors", "dead-letters")
    return TopicNames(**{name.replace("-", "_"): f"{topic_prefix}.{name}" for name in suffixes})


@pytest.fixture
async def kafka(broker, topic_prefix, names) -> KafkaSettings:
    settings = KafkaSettings(bootstrap_servers=tuple(broker.bootstrap.split(",")), group=topic_prefix, shards=SHARDS)
    await topics.create(settings, names)
    return settings


def everything(mode):
    """One event of each kind that any simulated provider shows, by its name, in this content mode."""
    told = {}
    for provider in SIMULATED:
        binary, other = events(provider), events(provider, mode)
        place = {id(event): number for number, event in enumerate(binary)}
        told |= {f"{provider}/{name}": (event, other[place[id(event)]]) for name, event in most_telling(binary).items()}
    return told


async def published(kafka, names, records):
    """Publish through the real publisher: each record in the partition of its key, each partition a transaction."""
    placed = [
        KafkaRecord(
            topic=getattr(names, event.topic),
            partition=partition_of(event.key, SHARDS),
            key=event.key,
            value=event.value,
            headers=event.headers,
        )
        for event in records
    ]
    for shard, own in groupby(sorted(placed, key=lambda record: record.partition), key=lambda record: record.partition):
        publisher = await Publisher.open(kafka, shard, dict.fromkeys((names.messages, names.dead_letters), 1_048_588))
        await publisher.publish(list(own))
        await publisher.close()


async def read_by_the_sdk(kafka, names, count):
    """So many records of both topics as the CloudEvents SDK understands them, whatever their content mode."""
    places = [TopicPartition(topic, n) for topic in (names.messages, names.dead_letters) for n in range(SHARDS)]
    async with reading(",".join(kafka.bootstrap_servers), places) as consumer, asyncio.timeout(PATIENCE):
        found = []
        while len(found) < count:
            for records in (await consumer.getmany(timeout_ms=50)).values():
                found += [KafkaMessage(headers=dict(r.headers), key=r.key, value=r.value) for r in records]
    return [from_kafka(message, JSONFormat()) for message in found]


@pytest.mark.parametrize("mode", ["binary", "structured"])
async def test_the_cloudevents_sdk_reads_every_kind_of_event(kafka, names, mode):
    # Given every kind of event in the topics
    told = everything(mode)
    await published(kafka, names, [sent for _, sent in told.values()])
    # When the SDK reads them
    read = await read_by_the_sdk(kafka, names, len(told))
    # Then it finds each with the attributes and the data that were meant
    meant = [example(binary) for binary, _ in told.values()]
    assert in_order(map(understood, read)) == in_order((one["headers"], one["data"]) for one in meant)


def understood(event):
    """An event as the headers of binary mode would have it, and its data."""
    attributes = dict(event.get_attributes())
    time = attributes.pop("time").isoformat(timespec="milliseconds").replace("+00:00", "Z")
    media_type = attributes.pop("datacontenttype")
    return {
        "content-type": media_type,
        "ce_time": time,
        **{f"ce_{n}": v for n, v in attributes.items()},
    }, event.get_data()


def in_order(events):
    return sorted(orjson.dumps(event, option=orjson.OPT_SORT_KEYS) for event in events)


async def test_the_console_consumer_of_java_reads_both_content_modes(kafka, names):
    # Given events of either mode in the topic
    told = [pair for pair in everything("structured").values() if pair[0].topic == "messages"]
    await published(kafka, names, [event for pair in told for event in pair])
    # When Kafka's own consumer prints them
    lines = await console_consumer(",".join(kafka.bootstrap_servers), names.messages, 2 * len(told))
    # Then keys, headers and values are those that were published, in UTF-8, one record a line
    printed = sorted((line.key, line.value, tuple(sorted(line.headers.items()))) for line in lines)
    sent = sorted(
        (
            event.key.decode(),
            event.value.decode(),
            tuple(sorted((name, value.decode()) for name, value in event.headers)),
        )
        for pair in told
        for event in pair
    )
    assert printed == sent
    assert all(orjson.loads(line.value) for line in lines)
