"""`afluente topics copy` on the real broker: more shards, and all that was known lies where its new owner looks."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from workers.cli import afluente
from workers.settings.kafka import KafkaSettings
from workers.stream.partition import partition_of
from workers.stream.publisher import Publisher
from workers.stream.record import KafkaRecord
from workers.stream.restore import restore

pytestmark = pytest.mark.kafka

OLD, NEW = 2, 5
FEEDS = [f"loja/66aa09/{number}" for number in range(40)]
LIMIT = 1_048_588
PAUSED = b'{"account": "loja", "feed": {"channel_id": "66aa09", "conversation_id": "%b"}, "state": "paused"}'

CONFIGURATION = """
[kafka]
bootstrap_servers = {servers}
shards = {shards}
group = "{prefix}"
[topics]
messages = "{prefix}.messages"
feeds = "{prefix}.feeds"
cursors = "{prefix}.cursors"
dead_letters = "{prefix}.dead-letters"
[accounts.loja]
provider = "ogmma"
api_key = {{ env = "LOJA_KEY" }}
"""


@pytest.fixture
def places(tmp_path, broker, topic_prefix, monkeypatch):
    """The configurations of before and after, with their topics made."""
    monkeypatch.setenv("LOJA_KEY", "oapi_sk_live_0123456789abcdef")
    for name, shards in (("old", OLD), ("new", NEW)):
        servers = json.dumps(broker.bootstrap.split(","))
        text = CONFIGURATION.format(servers=servers, shards=shards, prefix=f"{topic_prefix}-{name}")
        (tmp_path / f"{name}.toml").write_text(text)
        assert ran("topics", "create", "-c", str(tmp_path / f"{name}.toml")).exit_code == 0
    return str(tmp_path / "old.toml"), str(tmp_path / "new.toml")


def ran(*words: str):
    return CliRunner().invoke(afluente, words, catch_exceptions=False)


def kafka_of(broker, topic_prefix, name: str, shards: int) -> KafkaSettings:
    servers = tuple(broker.bootstrap.split(","))
    return KafkaSettings(bootstrap_servers=servers, shards=shards, group=f"{topic_prefix}-{name}")


async def fill(kafka: KafkaSettings, topic: str) -> dict[bytes, bytes]:
    """Cursors of the feeds, each with a segment of its own, one of them taken back; what is alive."""
    alive = {key.encode(): b"cursor of " + key.encode() for key in FEEDS}
    alive |= {f"{key}#1".encode(): b"segment of " + key.encode() for key in FEEDS}
    gone = [b"loja/66aa09/gone"]
    for shard in range(kafka.shards):
        mine = [key for key in (*alive, *gone) if partition_of(key.partition(b"#")[0], kafka.shards) == shard]
        publisher = await Publisher.open(kafka, shard, {topic: LIMIT})
        for values in (dict.fromkeys(mine, b"older"), {key: alive.get(key) for key in mine}):
            await publisher.publish(
                [KafkaRecord(topic=topic, partition=shard, key=key, value=values[key]) for key in mine]
            )
        await publisher.close()
    return alive


async def astray(kafka: KafkaSettings, topic: str, key: bytes) -> None:
    wrong = (partition_of(key, kafka.shards) + 1) % kafka.shards
    publisher = await Publisher.open(kafka, wrong, {topic: LIMIT})
    value = PAUSED % key.rpartition(b"/")[2]
    await publisher.publish([KafkaRecord(topic=topic, partition=wrong, key=key, value=value)])
    await publisher.close()


async def read(kafka: KafkaSettings, topic: str) -> dict[int, dict[bytes, bytes]]:
    """What is in each partition."""
    found: dict[int, dict[bytes, bytes]] = {shard: {} for shard in range(kafka.shards)}
    await restore(kafka, topic, found, lambda shard, key, value: found[shard].update({key: value}))
    return found


def test_what_workers_know_is_copied_to_more_shards_and_only_once(places, broker, topic_prefix):
    # Given two shards with feeds and cursors
    old, new = (kafka_of(broker, topic_prefix, *one) for one in (("old", OLD), ("new", NEW)))
    for key in FEEDS:
        conversation = key.rpartition("/")[2]
        added = ran("feeds", "-c", places[0], "add", "loja", "channel_id=66aa09", f"conversation_id={conversation}")
        assert added.exit_code == 0, added.output
    cursors = asyncio.run(fill(old, f"{topic_prefix}-old.cursors"))
    # And a definition by a stranger, in a partition where no worker believes it: it pauses the first feed
    asyncio.run(astray(old, f"{topic_prefix}-old.feeds", FEEDS[0].encode()))
    # When they are copied to five
    copied = ran("topics", "copy", "-c", places[1], "--from", places[0])
    # Then it says how many
    assert copied.exit_code == 0, copied.output
    assert json.loads(copied.stdout.splitlines()[-1]) == {"feeds": len(FEEDS), "cursors": len(cursors), "left": 1}
    assert "left 1 records that stand in a wrong partition" in " ".join(copied.stderr.split())
    # And each record lies unchanged where the owner of its feed looks for it
    there = asyncio.run(read(new, f"{topic_prefix}-new.cursors"))
    assert {key: value for shard in there.values() for key, value in shard.items()} == cursors
    for topic in ("cursors", "feeds"):
        for shard, records in asyncio.run(read(new, f"{topic_prefix}-new.{topic}")).items():
            assert {partition_of(key.partition(b"#")[0], NEW) for key in records} <= {shard}
    listed = ran("feeds", "-c", places[1], "list")
    assert [json.loads(line)["state"] for line in listed.stdout.splitlines()] == ["active"] * len(FEEDS)
    # And a second copy is refused, as are topics that both configurations name
    again = ran("topics", "copy", "-c", places[1], "--from", places[0])
    assert again.exit_code == 1
    assert "is not empty: delete it" in again.stderr
    same = ran("topics", "copy", "-c", places[0], "--from", places[0])
    assert same.exit_code == 1
    assert "the same topics" in same.stderr
