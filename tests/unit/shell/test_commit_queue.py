"""What of a shard's queue goes into one transaction."""

import asyncio

import pytest

from workers import commit_queue
from workers.commit_queue import COMPANY_RECORDS, TRANSACTION_BYTES, TRANSACTION_RECORDS, CommitQueue
from workers.errors import TransactionFailed
from workers.stream.record import KafkaRecord


def record(key: str) -> KafkaRecord:
    return KafkaRecord(topic="t", partition=0, key=key.encode(), value=b"v")


async def handed_in(queue: CommitQueue, *submissions: tuple[str, int, int]) -> list[asyncio.Task]:
    """Polls that wait until these (feed, records, bytes) are committed."""
    polls = [asyncio.create_task(queue.commit(key, [record(key)] * n, size)) for key, n, size in submissions]
    await asyncio.sleep(0)
    return polls


async def transactions(*submissions: tuple[str, int, int]) -> list[list[str]]:
    """The feeds of each transaction, when these are handed in at once."""
    queue = CommitQueue(0)
    polls = await handed_in(queue, *submissions)
    queue.close()
    made = []
    while (together := await queue.next()) is not None:
        made.append([*dict.fromkeys(record.key.decode() for record in together)])
        queue.committed(0.0)
    await asyncio.wait(polls)
    return made


async def test_many_feeds_share_a_transaction():
    assert await transactions(("a", 1, 1), ("b", 1, 1), ("c", 1, 1)) == [["a", "b", "c"]]


async def test_a_live_poll_and_a_history_of_one_feed_do_not_share_a_transaction():
    # Each is in the order of time; one behind the other they would not be.
    several = [("a", 1, 1), ("b", 1, 1), ("a", 1, 1), ("c", 1, 1)]
    assert await transactions(*several) == [["a", "b"], ["a", "c"]]


@pytest.mark.parametrize(("records", "size"), [(TRANSACTION_RECORDS, 1), (1, TRANSACTION_BYTES)])
async def test_what_does_not_fit_waits_for_the_next_and_one_submission_always_fits(records, size):
    several = [("a", records, size), ("b", 1, 1), ("c", records + 1, size + 1), ("d", 1, 1)]
    assert await transactions(*several) == [["a"], ["b"], ["c"], ["d"]]


async def test_what_went_down_with_its_shard_is_told_to_its_polls_and_counted_once_the_queue_is_closed():
    # Given one submission on its way, and two that wait
    queue = CommitQueue(7)
    (sent,) = await handed_in(queue, ("a", 2, 1))
    assert await queue.next() == [record("a")] * 2
    waiting = await handed_in(queue, ("b", 3, 1), ("c", 4, 1))
    queue.close()
    assert (queue.unfinished, queue.lost()) == (3, (9, 3))
    # When the shard goes down
    queue.drop()
    # Then
    for poll in (sent, *waiting):
        with pytest.raises(TransactionFailed, match="shard 7 went down"):
            await poll
    assert (queue.unfinished, queue.lost()) == (0, (9, 3))
    assert await queue.next() is None


async def test_what_is_lost_before_the_queue_is_closed_will_be_read_again_and_is_not_counted():
    queue = CommitQueue(7)
    (poll,) = await handed_in(queue, ("a", 2, 1))
    queue.drop()
    with pytest.raises(TransactionFailed):
        await poll
    queue.close()
    assert queue.lost() == (0, 0)


async def test_what_comes_after_a_shard_went_down_waits_for_company_as_before(monkeypatch):
    # Given a shard that went down with so much that it needed no company, on its way and waiting
    monkeypatch.setattr(commit_queue, "LINGER_SECONDS", 60.0)
    queue = CommitQueue(7)
    polls = await handed_in(queue, ("a", COMPANY_RECORDS, 1))
    assert await queue.next() == [record("a")] * COMPANY_RECORDS
    polls += await handed_in(queue, ("b", COMPANY_RECORDS, 1))
    queue.drop()
    for poll in polls:
        with pytest.raises(TransactionFailed):
            await poll
    # When two feeds hand in a little, one after the other
    polls = await handed_in(queue, ("a", 1, 1))
    together = asyncio.create_task(queue.next())
    await asyncio.sleep(0)
    polls += await handed_in(queue, ("b", 1, 1))
    queue.close()
    # Then they share a transaction
    assert await together == [record("a"), record("b")]
    queue.committed(0.0)
    await asyncio.wait(polls)


async def test_what_a_cancelled_poll_handed_in_is_unfinished_until_its_outcome_is_known():
    # Given submissions on their way and waiting, whose polls are gone
    queue = CommitQueue(7)
    polls = await handed_in(queue, ("a", 2, 1))
    await queue.next()
    polls += await handed_in(queue, ("b", 3, 1))
    for poll in polls:
        poll.cancel()
    await asyncio.wait(polls)
    assert queue.unfinished == 2
    # When they are committed
    queue.committed(5.0)
    await queue.next()
    queue.committed(6.0)
    # Then
    queue.close()
    assert (queue.unfinished, queue.lost()) == (0, (0, 0))
