"""What a worker does with its shards, and with definitions: what is asked for now, and what was asked for once."""

import time
from types import SimpleNamespace

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
        self.attached, self.wanted, self.detached = [], [], []
        self.released = 0

    def attach(self, feed, shard) -> None:
        self.attached.append(feed.key)

    def detach(self, key) -> None:
        self.detached.append(key)

    def poll_now(self, key) -> None:
        self.wanted.append(key)

    def set_share(self, share) -> None:
        """Nothing is polled here."""

    def release(self) -> None:
        self.released += 1

    def detach_shard(self, shard) -> None:
        """Nothing is polled here."""


class Shard:
    """One that serves from the start."""

    serving, state = True, "serving"

    def __init__(self, number, worker) -> None:
        self.number = number

    async def run(self) -> None:
        """It has nothing to do."""


class Restoring(Shard):
    """One that does not serve yet."""

    serving, state = False, "restoring"


@pytest.fixture
def account():
    return PROVIDERS["ogmma"](name="loja", provider="ogmma", api_key="a-key")


LONG_AGO = 1_700_000_000.0


@pytest.fixture
def poller(account):
    return Poller(account)


@pytest.fixture
def feed(poller):
    return poller.adapter.feed({"channel_id": "9", "conversation_id": "1"})


@pytest.fixture
def shard(feed):
    return partition_of(feed.key.encode(), Settings().kafka.shards)


def worker_of(poller, make_shard=Shard):
    settings = Settings(accounts={"loja": poller.adapter.account})
    pollers = {"loja": poller}
    return Worker(settings, pollers=pollers, finders=[], make_shard=make_shard, metrics=Metrics(), worker_id="w")


async def test_a_poll_that_was_asked_for_before_this_worker_came_is_not_asked_for_again(poller, feed, shard):
    # Given a worker that owns a shard whose feeds stand in the topic with `poll_now`, as `feeds add` writes them
    worker, record = worker_of(poller), write(feed, poll_now=True)
    worker.holdings.on_owned(frozenset({shard}))
    # When the topic is read from its beginning
    worker.holdings.on_definition(shard, feed.key.encode(), record, 0, LONG_AGO)
    worker.holdings.on_caught_up(shard)
    # Then the feed is polled in its turn: else ten thousand old wishes would stand before a new one
    assert poller.attached == [feed.key]
    assert poller.wanted == []
    # And what is asked for from now on comes first, until the shard is somebody else's and ours again
    worker.holdings.on_definition(shard, feed.key.encode(), record, 1, LONG_AGO)
    assert poller.wanted == [feed.key]
    worker.holdings.on_owned(frozenset())
    worker.holdings.on_owned(frozenset({shard}))
    worker.holdings.on_definition(shard, feed.key.encode(), record, 1, LONG_AGO)
    assert poller.wanted == [feed.key]


async def test_a_poll_that_was_asked_for_while_the_shard_was_nobodys_is_made_at_once(poller, feed, shard):
    # Given a wish of ten seconds ago, when the shard's owner before was dead already
    worker = worker_of(poller)
    worker.holdings.on_owned(frozenset({shard}))
    # When its next owner reads it
    worker.holdings.on_definition(shard, feed.key.encode(), write(feed, poll_now=True), 0, time.time() - 10)
    # Then
    assert poller.wanted == [feed.key]


async def test_a_poll_that_is_asked_for_while_the_shard_is_restored_is_made_once_it_serves(poller, feed, shard):
    # Given a worker whose shard is being opened again
    worker = worker_of(poller, Restoring)
    worker.holdings.on_owned(frozenset({shard}))
    worker.holdings.on_caught_up(shard)
    # When somebody asks for a feed
    worker.holdings.on_definition(shard, feed.key.encode(), write(feed, poll_now=True), 0, LONG_AGO)
    assert (poller.attached, poller.wanted) == ([], [])
    # Then it comes first as soon as the shard serves, once
    await worker.holdings.serving(worker.holdings.shards[shard])
    assert (poller.attached, poller.wanted) == ([feed.key], [feed.key])
    await worker.holdings.serving(worker.holdings.shards[shard])
    assert poller.wanted == [feed.key]


async def test_a_paused_feed_rests_also_where_the_configuration_lists_it(account, feed, shard):
    # Given a feed of the configuration that is polled
    poller = Poller(account.model_copy(update={"feeds": (dict(feed.values),)}))
    worker = worker_of(poller)
    worker.holdings.on_owned(frozenset({shard}))
    await worker.holdings.serving(worker.holdings.shards[shard])
    assert poller.attached == [feed.key]
    # When somebody pauses it
    worker.holdings.on_definition(shard, feed.key.encode(), write(feed, state="paused"), 0, LONG_AGO)
    # Then it rests, also when the shard is opened again
    assert poller.detached == [feed.key]
    await worker.holdings.serving(worker.holdings.shards[shard])
    assert poller.attached == [feed.key]
    # And it is polled again once the topic says nothing of it any more
    worker.holdings.on_definition(shard, feed.key.encode(), None, 1, LONG_AGO)
    assert poller.attached == [feed.key, feed.key]


async def test_a_paused_feed_says_that_it_rests_and_another_one_nothing(poller, feed, shard):
    # Given
    worker = worker_of(poller)
    worker.holdings.on_owned(frozenset({shard}))
    worker.holdings.on_definition(shard, feed.key.encode(), write(feed, state="paused"), 0, LONG_AGO)
    poller.watch = SimpleNamespace(explain=lambda key: None)
    # Then
    told = worker.explain(feed.key)
    assert (told["standing"], "feeds topic says so" in told["sentence"]) == ("paused", True)
    assert worker.explain("loja/9/2") == {"feed": "loja/9/2"}
    assert worker.explain("ghost/1") == {"feed": "ghost/1"}


async def test_a_tombstone_in_a_partition_where_nothing_stood_changes_nothing(poller, feed, shard):
    # Given a feed that is polled
    worker, other = worker_of(poller), (shard + 1) % Settings().kafka.shards
    worker.holdings.on_owned(frozenset({shard, other}))
    worker.holdings.on_definition(shard, feed.key.encode(), write(feed), 0, LONG_AGO)
    # When somebody writes a null to another partition, or for an account that nobody knows
    worker.holdings.on_definition(other, feed.key.encode(), None, 0, LONG_AGO)
    worker.holdings.on_definition(other, b"nobody/1", None, 1, LONG_AGO)
    # Then
    assert poller.detached == []
    # And one in its own partition ends it
    worker.holdings.on_definition(shard, feed.key.encode(), None, 1, LONG_AGO)
    assert poller.detached == [feed.key]


async def test_a_rebalance_while_a_worker_drains_begins_no_polls(poller):
    # Given a worker, whose polls may begin again after a rebalance
    worker = worker_of(poller)
    worker.holdings.on_owned(frozenset({3}))
    assert poller.released == 1
    # When the group takes a shard away while it drains, as the next worker of an upgrade comes
    worker.stop()
    worker.holdings.on_owned(frozenset())
    # Then
    assert poller.released == 1


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
    worker.holdings.on_owned(frozenset({3}))
    # Then its series stands at 0
    name = "afluente_shard_last_commit_timestamp_seconds"
    assert metrics.registry.get_sample_value(name, {"shard": "3"}) == 0
    # And it is gone with the shard
    worker.holdings.on_owned(frozenset())
    assert metrics.registry.get_sample_value(name, {"shard": "3"}) is None
