"""A cursor that its topic does not take: the feed says so, and its shard never hears of it."""

import pytest

from tests.support.in_process import InProcess
from workers.errors import CursorTooLarge


async def test_what_could_not_be_remembered_is_not_published():
    # Given a cursors topic that takes records of 500 bytes, and a conversation of thirty messages
    provider = InProcess("ogmma", conversations=1)
    provider.cursor_bytes = 500
    # When it is polled
    with pytest.raises(CursorTooLarge, match=r"afluente\.cursors takes 500 .*max\.message\.bytes.*settle_seconds"):
        await provider.poll()
    # Then nothing was handed to the shard
    assert not provider.seen
    assert not provider.topic.cursors
    # And once the topic takes more, all of it is
    provider.cursor_bytes = 5000
    await provider.poll()
    assert len(provider.told("message.created")) == 30
