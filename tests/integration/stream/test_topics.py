"""Creating and checking topics on a real broker: right ones pass, every wrong one is named with its remedy."""

import asyncio
import time

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.integration.stream.conftest import SHARDS, settings_for
from tests.support.kafka import create
from workers.errors import BrokerUnreachable, TopicError
from workers.stream import topics
from workers.topic_watch import TopicWatch

pytestmark = pytest.mark.kafka

COMPACT = {"cleanup.policy": "compact"}
DELETE = {"cleanup.policy": "delete"}


@pytest.fixture
def settings(broker, topic_prefix):
    """Settings of a broker where nothing was created yet."""
    return settings_for(broker.bootstrap, topic_prefix)


async def make(settings, names, **configs: tuple[int, dict[str, str]]) -> None:
    """All four topics, some of them as the test wants them: role=(partitions, configuration)."""
    right = {"feeds": (SHARDS, COMPACT), "cursors": (SHARDS, COMPACT)} | dict.fromkeys(
        ("messages", "dead_letters"), (SHARDS, DELETE)
    )
    new = [
        NewTopic(getattr(names, role), partitions, 1, None, config)
        for role, (partitions, config) in (right | configs).items()
        if partitions
    ]
    await create(",".join(settings.bootstrap_servers), *new)
    # A broker answers before it has heard of what the controller made.
    while not {topic.name for topic in new} <= set(await listed(settings)):  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.1)


async def listed(settings) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=list(settings.bootstrap_servers))
    await admin.start()
    names = await admin.list_topics()
    await admin.close()
    return names


async def problems(settings, names) -> list[str]:
    return list((await topics.check(settings, names)).problems)


async def test_topics_are_created_once_and_pass_the_check_at_once(settings, names):
    # When
    made = await topics.create(settings, names)
    report = await topics.check(settings, names)
    # Then
    assert set(made) == {names.feeds, names.cursors, names.messages, names.dead_letters}
    assert report.problems == ()
    assert report.limits == dict.fromkeys((names.messages, names.dead_letters, names.cursors), 1_048_588)
    assert await topics.create(settings, names) == ()


async def test_only_what_is_missing_is_created_and_nothing_is_changed(settings, names):
    # Given
    await make(settings, names, messages=(SHARDS, DELETE | {"max.message.bytes": "300000"}), feeds=(0, {}))
    # When
    made = await topics.create(settings, names)
    report = await topics.check(settings, names)
    # Then
    assert made == (names.feeds,)
    assert report.problems == ()
    assert report.limits[names.messages] == 300_000


async def test_missing_topics_are_told_and_asking_makes_none(settings, names):
    # When
    found = await problems(settings, names)
    # Then
    assert len(found) == 4
    assert all("does not exist" in problem and "afluente topics create" in problem for problem in found)
    assert names.feeds not in await listed(settings)


@pytest.mark.parametrize(
    ("role", "made", "said"),
    [
        ("messages", (2, DELETE), "has 2 partitions, but kafka.shards = 3"),
        ("feeds", (5, COMPACT), "has 5 partitions, but kafka.shards = 3"),
        ("cursors", (SHARDS, DELETE), "has cleanup.policy=delete"),
        ("cursors", (SHARDS, {"cleanup.policy": "compact,delete"}), "set cleanup.policy=compact"),
        ("feeds", (SHARDS, {"cleanup.policy": "delete,compact"}), "has cleanup.policy=delete,compact"),
        ("messages", (SHARDS, COMPACT), "set cleanup.policy=delete"),
        ("dead_letters", (SHARDS, {"cleanup.policy": "compact,delete"}), "compaction would keep one"),
        ("messages", (SHARDS, DELETE | {"min.insync.replicas": "2"}), "nothing can be written"),
        ("cursors", (SHARDS, COMPACT | {"max.message.bytes": "100000"}), "has max.message.bytes=100000"),
        ("dead_letters", (0, {}), "does not exist"),
    ],
)
async def test_a_wrong_topic_is_named_with_what_is_wrong_and_what_to_do(*, role, made, said, settings, names):
    # Given
    await make(settings, names, **{role: made})
    # When
    found = await problems(settings, names)
    # Then
    assert len(found) == 1
    assert found[0].startswith(f"{getattr(names, role)}: ")
    assert said in found[0]


async def test_every_wrong_topic_is_told_at_once(settings, names):
    # Given
    await make(settings, names, messages=(2, COMPACT), cursors=(1, DELETE))
    # When / Then
    assert len(await problems(settings, names)) == 4


async def test_fewer_copies_than_were_asked_for_are_a_problem_and_more_are_not(settings, names):
    # Given
    await topics.create(settings, names)
    # When
    found = await problems(settings.model_copy(update={"replication_factor": 3}), names)
    # Then
    assert len(found) == 4
    assert all("has replication factor 1, but kafka.replication_factor = 3" in problem for problem in found)


async def test_a_refused_creation_says_why(settings, names):
    # When / Then
    with pytest.raises(TopicError, match=r"cursors: Unable to replicate the partition 3 time"):
        await topics.create(settings.model_copy(update={"replication_factor": 3}), names)


async def test_a_topic_that_is_deleted_under_a_running_worker_is_missed(settings, names):
    # Given a worker that watches topics which are right
    await make(settings, names)
    watch = asyncio.create_task(TopicWatch(settings, names, look_seconds=0.2).run())
    await asyncio.sleep(1)
    assert not watch.done()
    # When somebody deletes one of them
    admin = AIOKafkaAdminClient(bootstrap_servers=list(settings.bootstrap_servers))
    await admin.start()
    await admin.delete_topics([names.feeds])
    await admin.close()
    # Then it is named, with what to do
    with pytest.raises(TopicError, match=rf"{names.feeds}: does not exist .*afluente topics create"):
        async with asyncio.timeout(20):
            await watch


async def test_no_broker_is_told_within_the_deadline(settings, names):
    # Given an address where nobody listens
    nobody = settings.model_copy(update={"bootstrap_servers": ("127.0.0.1:1",)})
    for ask in (topics.create, topics.check):
        began = time.monotonic()
        # When / Then
        with pytest.raises(BrokerUnreachable, match=r"no broker of 127\.0\.0\.1:1 answered within 1 s") as failure:
            await ask(nobody, names, seconds=1)
        assert "check kafka.bootstrap_servers" in str(failure.value)
        assert time.monotonic() - began < 1.5


async def test_a_broker_that_answers_late_is_waited_for(proxied, proxy, names):
    # Given: the topics are there, the way to them is not
    await proxy.refuse()
    asking = asyncio.create_task(problems(proxied, names))
    # When
    await asyncio.sleep(1.5)
    await proxy.accept()
    # Then
    assert await asking == []


async def test_a_black_hole_ends_at_the_deadline(proxied, proxy, names):
    # Given
    proxy.black_hole(True)
    began = time.monotonic()
    # When / Then
    with pytest.raises(BrokerUnreachable):
        await topics.check(proxied, names, seconds=1)
    assert time.monotonic() - began < 1.5
