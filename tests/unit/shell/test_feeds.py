"""Feed definitions are read strictly: what cannot be polled is rejected with a reason."""

import orjson
import pytest

from workers.errors import FeedRejected
from workers.feeds import read, write
from workers.model import Feed
from workers.providers.base import checked_values, feed_key


class Adapter:
    """Just what reading a definition asks of an adapter."""

    def feed(self, values):
        checked = checked_values(("channel_id", "conversation_id"), values)
        return Feed(key=feed_key("loja", checked), account="loja", values=dict(values))


ADAPTERS = {"loja": Adapter()}
FEED = {"channel_id": "c", "conversation_id": "v/1"}
GOOD = {"account": "loja", "feed": FEED, "state": "active"}
KEY = b"loja/c/v%2F1"


def test_a_definition_names_its_feed():
    definition = read(KEY, orjson.dumps(GOOD | {"poll_now": True}), ADAPTERS)
    assert (definition.feed.key, definition.state, definition.poll_now) == ("loja/c/v%2F1", "active", True)


def test_what_is_written_can_be_read():
    feed = ADAPTERS["loja"].feed(FEED)
    assert read(KEY, write(feed, poll_now=True), ADAPTERS).poll_now
    assert orjson.loads(write(feed)) == GOOD


@pytest.mark.parametrize(
    ("key", "value", "reason", "says"),
    [
        (KEY, b"{", "malformed", "not a feed definition"),
        (KEY, b'"text"', "malformed", "not a feed definition"),
        (KEY, b"\xff\xfe", "malformed", "not a feed definition"),
        (KEY, orjson.dumps(GOOD | {"extra": 1}), "malformed", "extra"),
        (KEY, orjson.dumps(GOOD | {"state": "dead"}), "malformed", "dead"),
        (KEY, orjson.dumps(GOOD | {"feed": {"channel_id": 7}}), "malformed", "str"),
        (KEY, orjson.dumps(GOOD | {"feed": {"channel_id": "c"}}), "malformed", "missing conversation_id"),
        (KEY, orjson.dumps(GOOD | {"account": "lojja"}), "unknown_account", "configured: loja"),
        (b"loja/c/v", orjson.dumps(GOOD), "malformed", "loja/c/v%2F1"),
    ],
)
def test_a_definition_that_cannot_be_polled_is_rejected_with_its_reason(key, value, reason, says):
    with pytest.raises(FeedRejected, match=says) as rejected:
        read(key, value, ADAPTERS)
    assert rejected.value.reason == reason
