"""The feeds that `afluente feeds list` shows, each judged as a worker judges it."""

import pytest

from workers.cli.accounts import adapters_of
from workers.cli.context import Configuration
from workers.cli.listing import SHOWN_ROWS, feeds_table, judged, listed
from workers.feeds import write
from workers.stream.feeds_topic import StoredDefinition
from workers.stream.partition import partition_of

SHARDS = 12


@pytest.fixture
def adapters(folder):
    return adapters_of(Configuration(folder / "afluente.toml").settings())


def stored(key: str, value: bytes, partition: int | None = None) -> StoredDefinition:
    place = partition_of(key.encode(), SHARDS) if partition is None else partition
    return StoredDefinition(partition=place, key=key.encode(), value=value)


def definition(adapters, **values: str) -> tuple[str, bytes]:
    feed = adapters["loja"].feed(values)
    return feed.key, write(feed)


def test_a_feed_that_both_have_is_listed_once_as_the_topic_says(adapters):
    # Given a feed of the configuration that somebody paused, and a record of it where it does not belong
    feed = adapters["loja"].feed({"channel_id": "66aa09", "conversation_id": "66aa01"})
    paused, here = write(feed, state="paused"), partition_of(feed.key.encode(), SHARDS)
    # Then
    (one,) = [one for one in listed(adapters, [stored(feed.key, paused)], SHARDS) if one.key == feed.key]
    assert (one.source, one.state) == ("topic", "paused")
    # But what workers reject decides nothing
    found = listed(adapters, [stored(feed.key, paused, (here + 1) % SHARDS)], SHARDS)
    assert {(one.source, one.state) for one in found if one.key == feed.key} == {
        ("configuration", "active"),
        ("topic", "rejected"),
    }


def test_feeds_of_the_configuration_come_before_those_of_the_topic(adapters):
    # Given
    key, value = definition(adapters, channel_id="1", conversation_id="2")
    # When
    found = listed(adapters, [stored(key, value)], SHARDS)
    # Then
    assert [(one.key, one.source, one.state) for one in found] == [
        ("loja/66aa09/66aa01", "configuration", "active"),
        ("clinica/*", "configuration", "active"),
        ("loja/1/2", "topic", "active"),
    ]


def test_a_paused_feed_is_told_as_such(adapters):
    key, value = definition(adapters, channel_id="1", conversation_id="2")
    assert judged(stored(key, value.replace(b"active", b"paused")), adapters, SHARDS).state == "paused"


def test_what_a_worker_would_ignore_is_told_with_the_reason(adapters):
    # Given
    key, value = definition(adapters, channel_id="1", conversation_id="2")
    elsewhere = (partition_of(key.encode(), SHARDS) + 1) % SHARDS
    # When
    problems = {
        one.problem
        for one in (
            judged(stored(key, b"{"), adapters, SHARDS),
            judged(stored("x/1", value.replace(b"loja", b"velha")), adapters, SHARDS),
            judged(stored("loja/other", value), adapters, SHARDS),
            judged(stored(key, value, elsewhere), adapters, SHARDS),
        )
        if one.state == "rejected"
    }
    # Then
    assert len(problems) == 4
    assert any("not a feed definition" in text for text in problems)
    assert any("account 'velha' is not configured" in text for text in problems)
    assert any(f"it stands in partition {elsewhere}" in text for text in problems)


def test_a_key_that_is_no_text_is_listed_all_the_same(adapters):
    record = StoredDefinition(partition=0, key=b"\xff\xfe", value=b"{}")
    assert judged(record, adapters, SHARDS).state == "rejected"


def test_a_terminal_is_shown_a_few_screens_of_feeds_only(adapters):
    found = listed(adapters, [], SHARDS) * SHOWN_ROWS
    assert feeds_table(found).row_count == SHOWN_ROWS
