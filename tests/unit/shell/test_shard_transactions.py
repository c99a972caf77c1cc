"""What of a shard's queue goes into one transaction."""

import asyncio
from contextlib import suppress

import pytest

from workers.metrics import Metrics
from workers.polling.cursor import Cursor
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.shard import TRANSACTION_BYTES, TRANSACTION_RECORDS, Shard
from workers.stream.record import KafkaRecord

RECORD = KafkaRecord(topic="t", partition=0, key=b"k", value=b"v")


class Nobody:
    """A listener who does nothing."""

    async def serving(self, shard) -> None: ...

    def down(self, shard) -> None: ...


@pytest.fixture
async def shard():
    """A shard that serves, and whose queue nobody publishes."""
    shard = Shard(0, kafka=KafkaSettings(), topics=TopicNames(), limits={}, metrics=Metrics(), listener=Nobody())
    shard.state = "serving"
    return shard


async def transactions(shard: Shard, *submissions: tuple[str, int, int]) -> list[list[str]]:
    """The feeds of each transaction, when these (feed, records, bytes) are handed in at once."""
    polls = [
        asyncio.create_task(shard.commit(key, Cursor(contact=1), [RECORD] * n, size)) for key, n, size in submissions
    ]
    await asyncio.sleep(0)
    made = []
    while shard._queue:
        made.append([submission.key for submission in shard._next_transaction()])
    for poll in polls:
        poll.cancel()
        with suppress(asyncio.CancelledError):
            await poll
    return made


async def test_many_feeds_share_a_transaction(shard):
    assert await transactions(shard, ("a", 1, 1), ("b", 1, 1), ("c", 1, 1)) == [["a", "b", "c"]]


async def test_a_live_poll_and_a_history_of_one_feed_do_not_share_a_transaction(shard):
    # Each is in the order of time; one behind the other they would not be.
    handed_in = [("a", 1, 1), ("b", 1, 1), ("a", 1, 1), ("c", 1, 1)]
    assert await transactions(shard, *handed_in) == [["a", "b"], ["a", "c"]]


@pytest.mark.parametrize(("records", "size"), [(TRANSACTION_RECORDS, 1), (1, TRANSACTION_BYTES)])
async def test_what_does_not_fit_waits_for_the_next_and_one_submission_always_fits(shard, records, size):
    handed_in = [("a", records, size), ("b", 1, 1), ("c", records + 1, size + 1), ("d", 1, 1)]
    assert await transactions(shard, *handed_in) == [["a"], ["b"], ["c"], ["d"]]
