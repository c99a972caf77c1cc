"""What strangers write into our topics, and topics that are not as they must be: said, ignored or refused."""

import asyncio
import time

import orjson
import pytest
from aiokafka.admin import NewTopic

from tests.support.kafka import create, producing
from tests.support.watched import Watched
from workers.simulator import SimulationSettings
from workers.stream.feeds_topic import DefinitionWriter
from workers.stream.partition import partition_of

pytestmark = pytest.mark.kafka

ALONE = ("a",)


def quiet(**settings) -> SimulationSettings:
    """A world in which nothing happens but what the test puts in."""
    given = {"conversations": 8, "history": 3, "rate": 0.0, "status_seconds": 0.0, **settings}
    return SimulationSettings(seed=3, switches=("ogmma.requests_per_minute=0",), **given)


def key_of(values: dict[str, str]) -> bytes:
    return f"loja/{values['channel_id']}/{values['conversation_id']}".encode()


def definition(values: dict[str, str], **more) -> bytes:
    return orjson.dumps({"account": "loja", "feed": values, **more})


class Strangers:
    """Writes whatever it is given; the partition is the key's own unless it is named."""

    def __init__(self, producer, stage: Watched) -> None:
        self._producer, self._stage = producer, stage

    async def write(self, topic: str, key: bytes, value: bytes | None, partition: int | None = None) -> None:
        place = partition_of(key, self._stage.kafka.shards) if partition is None else partition
        await self._producer.send_and_wait(topic, value, key=key, partition=place)


@pytest.fixture
async def producer(broker):
    async with producing(broker.bootstrap) as producer:
        yield producer


async def published(stage: Watched, name: str, seconds: float = 10) -> float:
    """Wait until this message is published; the seconds that took."""

    async def there() -> bool:
        await stage.verdict()
        return any(name == seen.attributes["subject"] for seen in stage.seen)

    return await stage.until(there, seconds, f"{name} is published")


async def counted(stage: Watched, reason: str, count: int) -> bool:
    return await stage.total("afluente_feed_definitions_rejected_total", reason=reason) == count


# --- the feeds topic -------------------------------------------------------------------------------------


async def test_definitions_that_make_no_sense_are_counted_and_ignored(broker, producer, topic_prefix):
    async with Watched(broker.bootstrap, topic_prefix, quiet()) as stage:
        strangers = Strangers(producer, stage)
        values = {"channel_id": "66aa000000000000000000c1", "conversation_id": "66aa0000000000000000000d"}
        key = key_of(values)
        elsewhere = (partition_of(key, stage.kafka.shards) + 1) % stage.kafka.shards
        malformed = [
            (key, b"not json"),
            (key, b""),
            (key, b"null"),
            (key, b"[]"),
            (key, b"\xff\xfe"),
            (key, b'{"account":"loja","feed":' + b"[" * 100_000),
            (key, definition({})),
            (key, definition({**values, "more": "1"})),
            (key, definition(values, state="gone")),
            (key, definition(values, secret="x")),
            (key, definition({**values, "channel_id": ".."})),
            (key, b'{"account":"loja","feed":{"channel_id":"\\ud800","conversation_id":"v"}}'),
            (b"another key", definition(values)),
            (b"\xff\xfe", definition(values)),
        ]
        # Given records that stand there before a worker comes, and the same again while it runs
        for round_ in (1, 2):
            for other, value in malformed:
                await strangers.write(stage.names.feeds, other, value)
            await strangers.write(stage.names.feeds, key, orjson.dumps({"account": "nobody", "feed": values}))
            await strangers.write(stage.names.feeds, key, definition(values), partition=elsewhere)
            await strangers.write(
                stage.names.feeds, b"clinica/972500000001", b'{"account":"clinica","feed":{"contact":"972500000001"}}'
            )
            await strangers.write(stage.names.feeds, b"nobody/knows/this", None)
            if round_ == 1:
                stage.start("a")
                await stage.ready("a")
            # When they have been read
            expected = {"malformed": len(malformed), "unknown_account": 1, "wrong_partition": 1, "overlap": 1}
            for reason, count in expected.items():
                await stage.until(
                    lambda reason=reason, count=round_ * count: counted(stage, reason, count),
                    15,
                    f"{round_ * count} {reason} definitions are counted",
                )
        # Then each was logged, nobody was asked for them, and all else goes on
        assert stage.logged("a", "feed_rejected") == 2 * (len(malformed) + 3)
        await stage.judged(still=ALONE)
        (name,) = stage.simulation.append("clinica", conversation(stage, "clinica").id, text="goes on")
        await published(stage, name)
        assert await stage.total("afluente_poll_failures_total") == 0


def conversation(stage: Watched, account: str, which: int = 0):
    return stage.simulation.world.accounts[account].conversations[which]


def opened(stage: Watched) -> dict[str, str]:
    """The feed of a conversation that nobody has configured."""
    made = stage.simulation.control.controls.open_conversation({"account": "loja"}, stage.simulation.clock.now_ms())
    return made["feed"]


async def test_a_definition_is_polled_at_once_and_a_null_ends_it(broker, producer, topic_prefix):
    async with Watched(broker.bootstrap, topic_prefix, quiet()) as stage:
        strangers = Strangers(producer, stage)
        stage.start("a")
        await stage.ready("a")
        await stage.judged(still=ALONE)
        values = opened(stage)
        (first,) = stage.simulation.append("loja", values["conversation_id"], text="nobody reads this yet")
        # When a feed is defined
        await strangers.write(stage.names.feeds, key_of(values), definition(values))
        # Then it is polled within a second or two
        assert await published(stage, first) < 2.5
        # And when it is paused, defined again, and taken away
        for end in (definition(values, state="paused"), None):
            await strangers.write(stage.names.feeds, key_of(values), end)
            await asyncio.sleep(2)
            (missed,) = stage.simulation.append("loja", values["conversation_id"], text="said to nobody")
            await asyncio.sleep(2.5)
            await stage.verdict()
            assert missed not in {seen.attributes["subject"] for seen in stage.seen}
            # Then it is not polled, until somebody wants it again: and nothing comes twice
            if end is not None:
                await strangers.write(stage.names.feeds, key_of(values), definition(values))
                await published(stage, missed)
        verdict = await stage.verdict()
        assert (verdict.twice, verdict.lost, verdict.disordered) == (0, 0, 0)
        # And a null does not stop a feed of the configuration
        standing = conversation(stage, "loja")
        await strangers.write(stage.names.feeds, f"loja/{standing.channel.id}/{standing.id}".encode(), None)
        await asyncio.sleep(1)
        (name,) = stage.simulation.append("loja", standing.id, text="still read")
        await published(stage, name)


async def test_a_hint_goes_ahead_of_all_that_wait(broker, topic_prefix):
    # Given an account with so many feeds and so few requests that a round takes a minute
    world = quiet(conversations=40, history=0)
    async with Watched(broker.bootstrap, topic_prefix, world, requests_per_minute=20) as stage:
        stage.start("a")
        await stage.ready("a")
        last = conversation(stage, "loja", -1)
        (name,) = stage.simulation.append("loja", last.id, text="something just happened there")
        # When somebody says that something happened
        feed = stage.feeds("loja")[-1]
        begun = time.monotonic()
        async with DefinitionWriter(stage.kafka, stage.names) as writer:
            await writer.write([feed], poll_now=True)
        # Then that feed is next
        await published(stage, name, 20)
        assert time.monotonic() - begun < 2 * 60 / 20 + 2


# --- the cursors topic -----------------------------------------------------------------------------------


async def test_a_cursor_nobody_can_read_stops_its_feed_loudly_and_no_other(broker, producer, topic_prefix):
    async with Watched(broker.bootstrap, topic_prefix, quiet(conversations=24, history=60)) as stage:
        # Given cursors that were written by the worker
        stage.start("a")
        await stage.ready("a")
        await stage.judged(still=ALONE)
        feeds = stage.feeds("loja")
        assert await stage.cast.stop("a", 20) == 0
        # When somebody spoils some of them, and writes what was never a cursor
        spoilt = (
            b"",
            b"not json",
            b'{"v":9,"contact":1}',
            b'{"v":1,"contact":1,"tail":"AAAA"}',
            b'{"v":1,"contact":1,"segments":[7]}',
            b'{"v":1,"contact":1,"x":' + b"[" * 100_000,
        )
        strangers = Strangers(producer, stage)
        for feed, value in zip(feeds, spoilt, strict=False):
            await strangers.write(stage.names.cursors, feed.key.encode(), value)
        for key in (b"\xff\xfe#1", feeds[-1].key.encode() + b"#" + b"9" * 5000, b"nobody/knows/this"):
            await strangers.write(stage.names.cursors, key, b"foreign")
        stage.start("a")
        await stage.ready("a")

        # Then these feeds stand still, and say so
        async def said() -> bool:
            return await stage.total("afluente_feeds", account="loja", state="unreadable") == len(spoilt)

        await stage.until(said, 15, f"{len(spoilt)} feeds are unreadable")
        assert {line["feed"] for line in stage.lines("a", "feed_unreadable")} == {
            feed.key for feed in feeds[: len(spoilt)]
        }
        unread = {feed.values["conversation_id"] for feed in feeds[: len(spoilt)]}
        # And the others go on, and no history comes again
        names = {}
        for feed in feeds:
            (made,) = stage.simulation.append("loja", feed.values["conversation_id"], text="after")
            names[made] = feed.values["conversation_id"]
        for name, where in names.items():
            if where not in unread:
                await published(stage, name)
        verdict = await stage.verdict()
        assert (verdict.twice, verdict.lost, verdict.disordered) == (0, 0, 0)
        assert not {name for name, where in names.items() if where in unread} & {
            seen.attributes["subject"] for seen in stage.seen
        }
        # And when its cursor is taken away, a feed is read anew
        assert await stage.cast.stop("a", 20) == 0
        await strangers.write(stage.names.cursors, feeds[0].key.encode(), None)
        stage.start("a")
        await stage.ready("a")
        (mine,) = (name for name, where in names.items() if where == feeds[0].values["conversation_id"])
        await published(stage, mine)


# --- topics that are not as they must be -----------------------------------------------------------------

COMPACT, DELETE = {"cleanup.policy": "compact"}, {"cleanup.policy": "delete"}


def topic_set(stage: Watched, **other: NewTopic | None) -> list[NewTopic]:
    """The four topics as they must be, with these in their place (None: missing)."""
    names, shards = stage.names, stage.kafka.shards
    right = {
        "messages": NewTopic(names.messages, shards, 1, None, DELETE),
        "dead_letters": NewTopic(names.dead_letters, shards, 1, None, DELETE),
        "feeds": NewTopic(names.feeds, shards, 1, None, COMPACT),
        "cursors": NewTopic(names.cursors, shards, 1, None, COMPACT),
    }
    return [topic for topic in (right | other).values() if topic is not None]


async def refused(stage: Watched, name: str) -> str:
    """The last line of a worker that would not start; it ended with 1."""
    stage.start(name)
    assert await stage.exit_code(name, 30) == 1
    return stage.log(name).strip().splitlines()[-1]


async def test_topics_that_are_missing_or_mis_made_are_named_with_their_fault_before_anything_is_read(
    broker, topic_prefix
):
    stage = Watched(broker.bootstrap, topic_prefix, quiet(), create=False)
    shards = stage.kafka.shards
    # Given one topic for each thing that can be wrong, and one that is missing
    await create(
        broker.bootstrap,
        *topic_set(
            stage,
            messages=NewTopic(stage.names.messages, shards, 1, None, COMPACT),
            cursors=NewTopic(stage.names.cursors, shards, 1, None, DELETE | {"max.message.bytes": "1000"}),
            dead_letters=NewTopic(stage.names.dead_letters, shards + 1, 1, None, DELETE),
            feeds=None,
        ),
    )
    async with stage:
        # When
        said = await refused(stage, "a")
        # Then each is named, with its fault
        for name, fault in (
            (stage.names.messages, "cleanup.policy=compact"),
            (stage.names.cursors, "cleanup.policy=delete"),
            (stage.names.cursors, "max.message.bytes=1000"),
            (stage.names.dead_letters, f"has {shards + 1} partitions"),
            (stage.names.feeds, "does not exist"),
        ):
            assert f"{name}: " in said
            assert fault in said
        # And no provider was asked, and nothing was made
        assert stage.simulation.stats()["providers"]["ogmma"]["requests"] == 0
        assert "Traceback" not in stage.log("a")
