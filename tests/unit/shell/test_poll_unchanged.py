"""A poll that finds the page as it was last time."""

from types import SimpleNamespace

import msgspec

from workers.model import Feed, HttpResponse
from workers.poll import FeedPoll, Polled
from workers.reconcile.cursor import Cursor, History
from workers.reconcile.page_letter import page_digest

PAGE = HttpResponse(status=200, body=b"{}")
READING = Cursor(contact=1, page=page_digest(PAGE), history=History(boundary=5, page=2, pages=9, done=1))


class Shard:
    """One whose feed's history ends while its page is fetched."""

    now = READING

    def cursor(self, key):
        return self.now

    async def fetch(self, feed, ref, turn):
        self.now = msgspec.structs.replace(READING, history=None)
        return PAGE


async def test_a_history_that_ended_while_the_page_was_fetched_is_not_begun_again():
    # Given a poll that knew of a history when it began
    shard, nothing = Shard(), SimpleNamespace(looked=lambda seconds: None)
    means = SimpleNamespace(adapter=SimpleNamespace(first=lambda: None), rules=None, counts=nothing)
    # When
    polled = await FeedPoll(Feed(key="a/1", account="a", values={}), shard, shard, means).live()
    # Then
    assert polled == Polled()
