"""The four topics: made as they must be, and checked before a worker relies on them.

A wrong topic loses data without a word: a cursors topic that deletes old records forgets what was published, a
messages topic that compacts keeps one event per conversation, another partition count sends a feed's cursor to a
shard that does not own it. So `run` refuses to start on one. Existing topics are never changed.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError

from workers.errors import TopicError
from workers.model import Record
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream.admin import ADMIN_SECONDS, asked

#: What a compacted topic is made with: the active segment is never compacted, so small and short-lived ones keep
#: what a restore has to read near what is alive (at most 64 MiB or ten minutes of cursors on top).
_COMPACTED = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.1",
    "segment.bytes": str(64 * 1024 * 1024),
    "segment.ms": "600000",
}

#: What a topic of events is made with. How long they are kept is left to the brokers' default.
_KEPT = {"cleanup.policy": "delete"}

#: Copies from which on a write must reach two of them: with fewer, losing one broker would stop everything.
_COPIES_FOR_TWO_IN_SYNC = 3

#: Least `max.message.bytes` of the cursors topic: the window of a history (2 000 rows of 44 bytes), with room to spare.
#: Only rows within a long `settle_seconds` can make it larger; then their feed says so.
_LEAST_CURSOR_BYTES = 256 * 1024

_WATCHED = ("cleanup.policy", "max.message.bytes", "min.insync.replicas")


#: Seconds between two looks for the leaders of topics that were just created.
_SETTLE_SECONDS = 0.1


class TopicReport(Record, frozen=True, kw_only=True):
    """What stands in the way, one line each; and `max.message.bytes` of the topics that are published to.

    `missing` topics are among the problems: where there is no other, `create` mends it.
    """

    problems: tuple[str, ...]
    limits: dict[str, int]
    missing: tuple[str, ...] = ()


async def create(kafka: KafkaSettings, names: TopicNames, seconds: float = ADMIN_SECONDS) -> tuple[str, ...]:
    """Make the topics that are missing; their names. Raises TopicError, and BrokerUnreachable after `seconds`."""

    async def ask(client: AIOKafkaAdminClient) -> tuple[str, ...]:
        # Asking for one topic by its name would make aiokafka's brokers create it, as they please.
        present = set(await client.list_topics())
        missing = {name: config for name, config in _wanted(names).items() if name not in present}
        if not missing:
            return ()
        copies = kafka.replication_factor
        durable = {"min.insync.replicas": "2"} if copies >= _COPIES_FOR_TWO_IN_SYNC else {}
        topics = [NewTopic(name, kafka.shards, copies, None, config | durable) for name, config in missing.items()]
        answer = await client.create_topics(topics)
        refusals = [f"{name}: {text}" for name, code, text in answer.topic_errors if code not in _MADE]
        if refusals:
            raise TopicError(f"Kafka did not create {'; '.join(refusals)}")
        while not await _have_leaders(client, set(missing)):  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(_SETTLE_SECONDS)
        return tuple(missing)

    return await asked(kafka, seconds, ask)


async def check(kafka: KafkaSettings, names: TopicNames, seconds: float = ADMIN_SECONDS) -> TopicReport:
    """What is wrong with the topics. Raises BrokerUnreachable when no broker answers within `seconds`."""
    wanted = _wanted(names)

    async def ask(client: AIOKafkaAdminClient) -> TopicReport:
        described = {topic["topic"]: topic for topic in await client.describe_topics() if topic["topic"] in wanted}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(_WATCHED)) for name in described]
        configs = _configs(await client.describe_configs(resources) if resources else [])
        problems = [
            f"{name}: {problem}"
            for name, config in wanted.items()
            for problem in _problems(kafka, config, described.get(name), configs.get(name, {}))
        ]
        problems += _cursor_problems(names.cursors, configs.get(names.cursors, {}))
        published = (names.messages, names.dead_letters, names.cursors)
        limits = {name: int(configs[name]["max.message.bytes"]) for name in published if configs.get(name)}
        missing = tuple(name for name in wanted if not described.get(name, {}).get("partitions"))
        return TopicReport(problems=tuple(problems), limits=limits, missing=missing)

    return await asked(kafka, seconds, ask)


_MADE = frozenset({0, TopicAlreadyExistsError.errno})  # another worker may have been quicker


async def _have_leaders(client: AIOKafkaAdminClient, topics: set[str]) -> bool:
    """Whether the brokers have heard of these topics: creation is answered before all know of it."""
    found = {
        topic["topic"]
        for topic in await client.describe_topics()
        if topic["partitions"] and all(partition["leader"] >= 0 for partition in topic["partitions"])
    }
    return topics <= found


def _wanted(names: TopicNames) -> dict[str, dict[str, str]]:
    return {names.feeds: _COMPACTED, names.cursors: _COMPACTED, names.messages: _KEPT, names.dead_letters: _KEPT}


def _configs(answers: list[Any]) -> dict[str, dict[str, str]]:
    """Topic → watched settings; an empty mapping where they may not be read."""
    return {
        name: {entry[0]: entry[1] for entry in entries} if not error else {}
        for answer in answers
        for error, _, _, name, entries in answer.resources
    }


def _problems(
    kafka: KafkaSettings, wanted: Mapping[str, str], topic: Mapping[str, Any] | None, config: Mapping[str, str]
) -> Iterator[str]:
    if topic is None or not topic["partitions"]:
        yield "does not exist (or may not be described): run `afluente topics create`"
        return
    partitions, copies = len(topic["partitions"]), min(len(each["replicas"]) for each in topic["partitions"])
    if partitions != kafka.shards:
        yield (
            f"has {partitions} partitions, but kafka.shards = {kafka.shards}: correct that setting, "
            "or name topics of another partition count"
        )
    if copies < kafka.replication_factor:
        yield (
            f"has replication factor {copies}, but kafka.replication_factor = {kafka.replication_factor}: "
            "add replicas (kafka-reassign-partitions), or lower that setting"
        )
    if not config:
        yield "its configuration may not be read: allow this user DescribeConfigs on it"
        return
    policy, right = config["cleanup.policy"], wanted["cleanup.policy"]
    if policy != right:
        yield f"has cleanup.policy={policy}, but {_HARM[right]}: set cleanup.policy={right} (kafka-configs --alter)"
    if int(config["min.insync.replicas"]) > copies:
        yield (
            f"has min.insync.replicas={config['min.insync.replicas']} with {copies} replicas, so nothing can be "
            "written: lower it, or add replicas"
        )


_HARM = {
    "compact": "what it holds is needed for as long as it is the newest of its key",
    "delete": "its records of one key are different events, of which compaction would keep one",
}


def _cursor_problems(name: str, config: Mapping[str, str]) -> Iterator[str]:
    limit = int(config.get("max.message.bytes", _LEAST_CURSOR_BYTES))
    if limit < _LEAST_CURSOR_BYTES:
        yield f"{name}: has max.message.bytes={limit}, but a cursor may need {_LEAST_CURSOR_BYTES}: raise it"
