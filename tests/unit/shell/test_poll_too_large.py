"""Messages whose events no record can hold: what is told of them, and of what becomes of them."""

import pytest

from tests.support.shown_rows import ShownRows

BIG = "x" * 1_000_000


async def told_of(provider, *contents):
    """Kind and revision of all that is told of a message with these contents, one poll after the other."""
    told = []
    for content in contents:
        provider.rows = [provider.row("beside", content=f"beside {len(told)}"), provider.row("big", content=content)]
        before = len(provider.seen)
        provider.pass_time(60)
        await provider.poll()
        for seen in provider.seen[before:]:
            kind = seen.attributes["type"].rpartition(".")[2]
            if kind == "dead-letter":
                told.append((seen.data["reason"], seen.data["row_id"], seen.data["detail"].split(" ")[0]))
            elif seen.data["message"]["id"] == "big":
                told.append((kind, seen.data["message"]["revision"]))
    return told


async def test_a_message_that_was_too_large_at_first_is_created_when_it_is_smaller():
    provider = ShownRows()
    assert await told_of(provider, BIG, BIG, "small", "smaller") == [
        ("too_large", "big", "created"), ("created", 0), ("updated", 1)
    ]  # fmt: skip


@pytest.mark.parametrize("restarts", [False, True])
async def test_an_update_that_was_too_large_counts_for_no_revision(restarts):
    # Given a message that grew beyond a record
    provider = ShownRows()
    told = await told_of(provider, "first", "second", BIG)
    assert told == [("created", 0), ("updated", 1), ("too_large", "big", "updated")]
    if restarts:
        provider.restart()
    # When it shrinks, and when it comes to what was published last
    assert await told_of(provider, "third") == [("updated", 2)]
    assert await told_of(provider, BIG, "third") == [("too_large", "big", "updated")]


async def test_what_is_too_large_is_counted_once_and_is_no_message():
    provider = ShownRows()
    await told_of(provider, BIG)
    labels = (provider.adapter.provider, provider.account.name)
    assert provider.metrics.dead_letters.labels(*labels, "too_large")._value.get() == 1
    assert provider.metrics.events_published.labels(*labels, "created")._value.get() == 1
