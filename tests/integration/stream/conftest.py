"""Settings and topics of one test; the same broker seen directly and through the faulty proxy."""

from collections.abc import AsyncIterator

import pytest

from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream import topics
from workers.stream.client import discarding

SHARDS = 3
#: Seconds; what the embedded broker and any other allow.
SESSION_SECONDS = 6


def settings_for(bootstrap: str, group: str) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=tuple(bootstrap.split(",")),
        group=group,
        shards=SHARDS,
        session_timeout_seconds=SESSION_SECONDS,
    )


@pytest.fixture
def names(topic_prefix) -> TopicNames:
    return TopicNames(
        messages=f"{topic_prefix}.messages",
        feeds=f"{topic_prefix}.feeds",
        cursors=f"{topic_prefix}.cursors",
        dead_letters=f"{topic_prefix}.dead-letters",
    )


@pytest.fixture
async def kafka(broker, topic_prefix, names) -> AsyncIterator[KafkaSettings]:
    """Settings of the shared broker, with the four topics made; no client may be left behind."""
    settings = settings_for(broker.bootstrap, topic_prefix)
    await topics.create(settings, names)
    yield settings
    assert discarding() < 3


@pytest.fixture
async def direct(embedded_broker, topic_prefix, names) -> KafkaSettings:
    """As `kafka`, but always of the embedded broker, which has a proxied side too."""
    settings = settings_for(embedded_broker.bootstrap, topic_prefix)
    await topics.create(settings, names)
    return settings


@pytest.fixture
async def proxied(direct, embedded_broker, proxy) -> KafkaSettings:
    """The settings of a worker whose every connection goes through `proxy`."""
    return direct.model_copy(update={"bootstrap_servers": (embedded_broker.proxied_bootstrap,)})
