"""What a worker does with its shards, and with definitions: what is asked for now, and what was asked for once."""

import pytest

from workers.feeds import write
from workers.metrics import Metrics
from workers.providers import PROVIDERS, adapter
from workers.settings.settings import Settings
from workers.stream.partition import partition_of
from workers.worker import Worker


class Poller:
    """Notes which feeds it was given, and which of them at once."""

    def __init__(self, account) -> None:
        self.adapter = adapter(account)
        self.attached, self.wanted = [], []

    def attach(self, feed, shard) -> None:
        self.attached.append(feed.key)

    def poll_now(self, key) -> None:
        self.wanted.append(key)

    def set_share(self, share) -> None:
        """Nothing is polled here."""

    def release(self) -> None:
        """Nothing is polled here."""

    def detach_shard(self, shard) -> None:
        """Nothing is polled here."""


class Shard:
    """One that serves from the start."""

    serving, state = True, "serving"

    def __init__(self, number, worker) -> None:
        self.number = number

    async def run(self) -> None:
        """It has nothing to do."""


@pytest.fixture
def account():
    return PROVIDERS["ogmma"](name="loja", provider="ogmma", api_key="a-key")


async def test_a_poll_that_was_asked_for_before_this_worker_came_is_not_asked_for_again(account):
    # Given a worker that owns a shard whose feeds stand in the topic with `poll_now`, as `feeds add` writes them
    settings, poller = Settings(accounts={"loja": account}), Poller(account)
    worker = Worker(settings, pollers={"loja": poller}, finders=[], make_shard=Shard, metrics=Metrics(), worker_id="w")
    feed = poller.adapter.feed({"channel_id": "9", "conversation_id": "1"})
    shard, record = partition_of(feed.key.encode(), settings.kafka.shards), write(feed, poll_now=True)
    worker.on_owned(frozenset({shard}))
    # When the topic is read from its beginning
    worker.on_definition(shard, feed.key.encode(), record, 0)
    worker.on_caught_up(shard)
    # Then the feed is polled in its turn: else ten thousand old wishes would stand before a new one
    assert poller.attached == [feed.key]
    assert poller.wanted == []
    # And what is asked for from now on comes first, until the shard is somebody else's and ours again
    worker.on_definition(shard, feed.key.encode(), record, 1)
    assert poller.wanted == [feed.key]
    worker.on_owned(frozenset())
    worker.on_owned(frozenset({shard}))
    worker.on_definition(shard, feed.key.encode(), record, 1)
    assert poller.wanted == [feed.key]


async def test_a_shard_has_its_series_as_long_as_it_is_ours(account):
    # Given a worker
    metrics = Metrics()
    pollers = {"loja": Poller(account)}
    worker = Worker(
        Settings(accounts={"loja": account}),
        pollers=pollers,
        finders=[],
        make_shard=Shard,
        metrics=metrics,
        worker_id="w",
    )
    # When it owns a shard in which nothing was committed yet
    worker.on_owned(frozenset({3}))
    # Then its series stands at 0
    name = "afluente_shard_last_commit_timestamp_seconds"
    assert metrics.registry.get_sample_value(name, {"shard": "3"}) == 0
    # And it is gone with the shard
    worker.on_owned(frozenset())
    assert metrics.registry.get_sample_value(name, {"shard": "3"}) is None
