"""Where records go when there are more shards. That they arrive is tested on a broker."""

from workers.settings.kafka import KafkaSettings
from workers.stream import moving
from workers.stream.partition import partition_of

OLD, NEW = KafkaSettings(shards=4), KafkaSettings(shards=16)


async def test_the_segments_of_a_cursor_go_with_their_feed(monkeypatch):
    # Given feeds of which each has a cursor and two segments, in the partition of the feed, and one record that strayed
    feeds = [b"loja/%d" % number for number in range(40)]
    stored = {number: {} for number in range(OLD.shards)}
    for feed in feeds:
        stored[partition_of(feed, OLD.shards)] |= {feed + part: part for part in (b"", b"#0", b"#17")}
    stored[(partition_of(b"stray", OLD.shards) + 1) % OLD.shards][b"stray"] = b""

    async def restored(kafka, topic, partitions, apply):
        for number in partitions:
            for key, value in stored[number].items():
                apply(number, key, value)

    async def published(kafka, shard, records, limits):
        assert all((record.topic, record.partition) == ("new", shard) for record in records)
        copied.extend((record.key, shard) for record in records)

    copied: list[tuple[bytes, int]] = []
    monkeypatch.setattr(moving, "restore", restored)
    monkeypatch.setattr(moving, "_publish", published)
    # When
    counts = await moving._copied(OLD, "old", NEW, "new", {})
    # Then each record is where its feed's owner looks for it, and what nobody read before is left behind
    assert counts == (3 * len(feeds), 1)
    assert sorted(copied) == sorted(
        (feed + part, partition_of(feed, NEW.shards)) for feed in feeds for part in (b"", b"#0", b"#17")
    )
