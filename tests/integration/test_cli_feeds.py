"""`afluente topics` and `afluente feeds` on the real broker: what they write, refuse, list and take away."""

import asyncio
import json
import time
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from click.testing import CliRunner, Result

from tests.support.produce_faults import MESSAGE_TOO_LARGE
from workers.cli import afluente
from workers.errors import FeedsNotWritten
from workers.model import Feed
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream import feeds_topic
from workers.stream.feeds_topic import DefinitionWriter, StoredDefinition, stored_definitions
from workers.stream.partition import partition_of

pytestmark = pytest.mark.kafka

SHARDS = 3
FEED = ("channel_id=66aa09", "conversation_id=66aa02")
KEY = "loja/66aa09/66aa02"

CONFIGURATION = """
[kafka]
bootstrap_servers = {servers}
shards = 3
[topics]
messages = "{prefix}.messages"
feeds = "{prefix}.feeds"
cursors = "{prefix}.cursors"
dead_letters = "{prefix}.dead-letters"
[accounts.loja]
provider = "ogmma"
api_key = {{ env = "LOJA_KEY" }}
feeds = [{{ channel_id = "66aa09", conversation_id = "66aa01" }}]
[accounts.lista]
provider = "ogmma"
api_key = {{ env = "LISTA_KEY" }}
discover = true
conversations = {{ path = "/conversations" }}
"""

Run = Callable[..., Result]


@pytest.fixture
def names(topic_prefix) -> TopicNames:
    words = ("messages", "feeds", "cursors", "dead-letters")
    return TopicNames(**{word.replace("-", "_"): f"{topic_prefix}.{word}" for word in words})


@pytest.fixture
def kafka(broker) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=tuple(broker.bootstrap.split(",")), shards=SHARDS)


@pytest.fixture
def run(tmp_path, broker, topic_prefix, monkeypatch) -> Run:
    """`run("topics", "create")` with a configuration of topics that are this test's own."""
    text = CONFIGURATION.format(servers=json.dumps(broker.bootstrap.split(",")), prefix=topic_prefix)
    (tmp_path / "afluente.toml").write_text(text)
    monkeypatch.setenv("LOJA_KEY", "oapi_sk_live_0123456789abcdef")
    monkeypatch.setenv("LISTA_KEY", "oapi_sk_live_fedcba9876543210")
    configuration = str(tmp_path / "afluente.toml")

    def run(*words: str) -> Result:
        return CliRunner().invoke(afluente, ["-c", configuration, *words], catch_exceptions=False)

    return run


@pytest.fixture
def topics(run) -> None:
    assert run("topics", "create").exit_code == 0


def lines(ended: Result) -> list[dict]:
    return [json.loads(line) for line in ended.stdout.splitlines()]


async def create(broker, *topics: NewTopic) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        await admin.create_topics(list(topics))
    finally:
        await admin.close()


async def put(broker, topic: str, partition: int, key: bytes, value: bytes) -> None:
    """What any other service may write."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key=key, partition=partition)
    finally:
        await producer.stop()


# --- topics ----------------------------------------------------------------------------------------------


def test_topics_are_missing_then_created_then_right(run):
    # Given
    missing = run("topics", "check")
    assert missing.exit_code == 1
    assert {line["state"] for line in lines(missing)} == {"wrong"}
    assert "run `afluente topics create`" in missing.stderr
    # When
    created = run("topics", "create")
    # Then
    assert created.exit_code == 0
    assert [line["state"] for line in lines(created)] == ["created"] * 4
    for words in (("topics", "check"), ("topics", "create")):
        again = run(*words)
        assert (again.exit_code, [line["state"] for line in lines(again)]) == (0, ["right"] * 4)


def test_a_topic_of_another_partition_count_is_named_and_left_as_it_is(run, broker, names):
    # Given
    asyncio.run(create(broker, NewTopic(names.messages, SHARDS + 1, 1)))
    # When
    ended = run("topics", "create")
    # Then
    assert ended.exit_code == 1
    (wrong,) = [line for line in lines(ended) if line["state"] == "wrong"]
    assert wrong["topic"] == names.messages
    assert any("has 4 partitions, but kafka.shards = 3" in problem for problem in wrong["problems"])


# --- feeds -----------------------------------------------------------------------------------------------


def test_an_added_feed_is_a_definition_that_is_polled_at_once(run, topics, kafka, names):
    # When
    ended = run("feeds", "add", "loja", *FEED)
    # Then
    assert ended.exit_code == 0
    assert lines(ended) == [
        {"key": KEY, "account": "loja", "feed": {"channel_id": "66aa09", "conversation_id": "66aa02"}}
    ]
    (stored,) = asyncio.run(stored_definitions(kafka, names))
    assert stored.key == KEY.encode()
    assert stored.partition == partition_of(KEY.encode(), SHARDS)
    assert json.loads(stored.value) == {
        "account": "loja",
        "feed": {"channel_id": "66aa09", "conversation_id": "66aa02"},
        "state": "active",
        "poll_now": True,
    }
    assert [(line["key"], line["source"]) for line in lines(run("feeds", "list"))] == [
        ("loja/66aa09/66aa01", "configuration"),
        (KEY, "topic"),
    ]


def test_a_feed_of_the_configuration_is_not_added_to_the_topic_too(run, topics):
    ended = run("feeds", "add", "loja", "channel_id=66aa09", "conversation_id=66aa01")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "the configuration has it polled already" in ended.stderr


def test_a_feed_that_is_added_again_is_asked_for_at_once(run, topics, kafka, names):
    # Given a feed that was added and then defined anew without a wish
    run("feeds", "add", "loja", *FEED)
    values = {"channel_id": "66aa09", "conversation_id": "66aa02"}

    async def defined() -> None:
        async with DefinitionWriter(kafka, names) as writer:
            await writer.write([Feed(key=KEY, account="loja", values=values)])

    asyncio.run(defined())
    # When
    ended = run("feeds", "add", "loja", *FEED)
    # Then
    assert (ended.exit_code, lines(ended)) == (0, [{"key": KEY, "account": "loja", "feed": values}])
    assert "asked for a poll at once" in ended.stderr
    (stored,) = asyncio.run(stored_definitions(kafka, names))
    assert json.loads(stored.value)["poll_now"]


def test_a_removed_feed_of_an_account_that_discovers_rests_and_is_not_found_again(run, topics, broker, kafka, names):
    # Given a feed that the provider's list would bring back, and a stranger's record of it where it does not belong
    run("feeds", "add", "lista", *FEED)
    key = b"lista/66aa09/66aa02"
    asyncio.run(put(broker, names.feeds, (partition_of(key, SHARDS) + 1) % SHARDS, key, b"{}"))
    # When
    ended = run("feeds", "remove", "lista", *FEED)
    # Then its definition stays, paused, and taking it away for good is a second step
    assert (ended.exit_code, lines(ended)) == (0, [{"key": "lista/66aa09/66aa02", "removed": True}])
    (stored,) = asyncio.run(stored_definitions(kafka, names))
    assert json.loads(stored.value)["state"] == "paused"
    assert run("feeds", "remove", "lista", *FEED).exit_code == 0
    assert asyncio.run(stored_definitions(kafka, names)) == []


def test_a_removed_feed_is_gone_and_may_come_back(run, topics, kafka, names):
    # Given
    run("feeds", "add", "loja", *FEED)
    # When
    ended = run("feeds", "remove", "loja", *FEED)
    # Then
    assert (ended.exit_code, lines(ended)) == (0, [{"key": KEY, "removed": True}])
    assert asyncio.run(stored_definitions(kafka, names)) == []
    assert run("feeds", "remove", "loja", *FEED).exit_code == 2
    assert run("feeds", "add", "loja", *FEED).exit_code == 0


def test_a_feed_of_the_configuration_that_was_paused_is_polled_again_when_it_is_added(
    run, topics, broker, names, kafka
):
    # Given a feed of the configuration that another service paused
    key = b"loja/66aa09/66aa01"
    value = b'{"account": "loja", "feed": {"channel_id": "66aa09", "conversation_id": "66aa01"}, "state": "paused"}'
    asyncio.run(put(broker, names.feeds, partition_of(key, SHARDS), key, value))
    assert [line["state"] for line in lines(run("feeds", "list", "loja"))] == ["paused"]
    # When
    ended = run("feeds", "add", "loja", "channel_id=66aa09", "conversation_id=66aa01")
    # Then
    assert (ended.exit_code, "added" in ended.stderr) == (0, True)
    assert [line["state"] for line in lines(run("feeds", "list", "loja"))] == ["active"]


def test_a_feed_of_the_configuration_is_removed_there(run, topics):
    ended = run("feeds", "remove", "loja", "channel_id=66aa09", "conversation_id=66aa01")
    assert ended.exit_code == 2
    assert "the configuration has it, take it out there" in ended.stderr


def test_what_strangers_wrote_wrongly_is_listed_and_can_be_removed(run, topics, broker, names, kafka):
    # Given a definition of an account that is gone, in a partition where it does not belong, and one that is no JSON
    wrong = (partition_of(b"velha/1", SHARDS) + 1) % SHARDS
    value = b'{"account": "velha", "feed": {"channel_id": "1"}}'
    asyncio.run(put(broker, names.feeds, wrong, b"velha/1", value))
    asyncio.run(put(broker, names.feeds, 0, b"loja/x", b"{"))
    # When
    rejected = [line for line in lines(run("feeds", "list")) if line["state"] == "rejected"]
    # Then
    assert {line["key"]: line["account"] for line in rejected} == {"velha/1": "velha", "loja/x": "loja"}
    assert any("'velha' is not configured" in line["problem"] for line in rejected)
    assert run("feeds", "remove", "--key", "velha/1").exit_code == 0
    assert [stored.key for stored in asyncio.run(stored_definitions(kafka, names))] == [b"loja/x"]


def test_without_a_feeds_topic_nothing_is_written_and_none_is_made(run):
    for words in (("list",), ("add", "loja", *FEED), ("remove", "loja", *FEED)):
        ended = run("feeds", *words)
        assert (ended.exit_code, ended.stdout) == (1, "")
        assert "run `afluente topics create`" in ended.stderr
    assert {line["state"] for line in lines(run("topics", "check"))} == {"wrong"}


# --- the writer ------------------------------------------------------------------------------------------


def feed(number: int) -> Feed:
    values = {"channel_id": "1", "conversation_id": str(number)}
    return Feed(key=f"loja/1/{number}", account="loja", values=values)


async def test_thousands_of_feeds_are_written_where_workers_look_for_them(kafka, names, broker):
    # Given
    await create(broker, NewTopic(names.feeds, SHARDS, 1, None, {"cleanup.policy": "compact"}))
    feeds = [feed(number) for number in range(2500)]
    # When
    async with DefinitionWriter(kafka, names) as writer:
        await writer.write(feeds)
    # Then
    stored = await stored_definitions(kafka, names)
    assert {one.key.decode() for one in stored} == {one.key for one in feeds}
    assert all(one.partition == partition_of(one.key, SHARDS) for one in stored)


async def test_a_writer_without_an_answer_gives_up_in_time_and_begins_anew(embedded_broker, proxy, names, monkeypatch):
    # Given a writer whose broker does not answer any more
    await create(embedded_broker, NewTopic(names.feeds, SHARDS, 1, None, {"cleanup.policy": "compact"}))
    monkeypatch.setattr(feeds_topic, "WRITE_SECONDS", 2.0)
    kafka = KafkaSettings(bootstrap_servers=(embedded_broker.proxied_bootstrap,), shards=SHARDS)
    async with DefinitionWriter(kafka, names) as writer:
        await writer.write([feed(1)])
        proxy.black_hole(True)
        # When
        begun = time.monotonic()
        with pytest.raises(FeedsNotWritten, match=f"{names.feeds} did not take the feeds"):
            await writer.write([feed(2)])
        assert time.monotonic() - begun < 5
        # Then it works again as soon as the broker does
        proxy.black_hole(False)
        await writer.write([feed(2), feed(3)])
        await writer.remove([StoredDefinition(partition=partition_of(b"loja/1/1", SHARDS), key=b"loja/1/1", value=b"")])
    keys = {one.key for one in await stored_definitions(kafka, names)}
    assert keys == {b"loja/1/2", b"loja/1/3"}


async def test_a_refused_write_is_told_and_the_next_one_is_made_by_a_new_producer(embedded_broker, proxy, names):
    # Given a refusal after which aiokafka's producer can write to that partition no more
    await create(embedded_broker, NewTopic(names.feeds, SHARDS, 1, None, {"cleanup.policy": "compact"}))
    kafka = KafkaSettings(bootstrap_servers=(embedded_broker.proxied_bootstrap,), shards=SHARDS)
    async with DefinitionWriter(kafka, names) as writer:
        await writer.write([feed(1)])
        proxy.fail_next(names.feeds, MESSAGE_TOO_LARGE)
        # When
        with pytest.raises(FeedsNotWritten, match="MessageSizeTooLarge"):
            await writer.write([feed(1)])
        # Then
        await writer.write([feed(1)], poll_now=True)
    (stored,) = await stored_definitions(kafka, names)
    assert json.loads(stored.value)["poll_now"]


async def test_a_topic_with_fewer_partitions_takes_nothing(kafka, names, broker):
    await create(broker, NewTopic(names.feeds, 1, 1, None, {"cleanup.policy": "compact"}))
    async with DefinitionWriter(kafka, names) as writer:
        with pytest.raises(FeedsNotWritten, match="did not take the feeds"):
            await writer.write([feed(number) for number in range(10)])
