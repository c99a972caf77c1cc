"""What of an assignment counts as kept. That the group hands out generations like this is tested on a broker."""

from types import SimpleNamespace

import pytest

from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream.ownership import Ownership


class Listener:
    def __init__(self):
        self.history = []

    async def on_revoked(self):
        self.history.append("revoked")

    def on_owned(self, owned):
        self.history.append(owned)


class Consumer:
    """What an assignment asks of a consumer."""

    def __init__(self):
        self._coordinator = SimpleNamespace(generation=-1)
        self.seeks = {}

    def seek(self, place, offset):
        self.seeks[place.partition] = offset


@pytest.fixture
def group():
    """An ownership in generation 5 that owns shards 0 and 1, and has read shard 0 up to offset 7."""
    group = SimpleNamespace(listener=Listener(), consumer=Consumer())
    group.ownership = Ownership(KafkaSettings(), TopicNames(), worker_id="a", listener=group.listener)
    group.ownership._client = group.consumer
    assign(group, 5, {0, 1})
    group.ownership._definitions._next_offset[0] = 7
    return group


def assign(group, generation, shards):
    group.consumer._coordinator.generation = generation
    group.ownership.assigned(group.consumer, frozenset(shards))
    assert group.ownership._bug is None


@pytest.mark.parametrize("generation", [5, 6])
def test_shards_stay_ours_from_one_generation_to_the_next(group, generation):
    # When
    assign(group, generation, {0, 2})
    # Then
    assert group.listener.history == [{0, 1}, {0, 2}]
    assert group.consumer.seeks == {0: 7, 1: 0, 2: 0}


@pytest.mark.parametrize("generation", [7, 100, 4, 1])
def test_a_generation_that_we_missed_may_have_had_other_owners_so_nothing_is_kept(group, generation):
    # When
    assign(group, generation, {0, 2})
    # Then
    assert group.listener.history == [{0, 1}, frozenset(), {0, 2}]
    assert group.consumer.seeks == {0: 0, 1: 0, 2: 0}
    assert group.ownership.generation == generation


async def test_what_a_discarded_consumer_still_says_is_not_listened_to(group):
    # Given
    old, group.ownership._client = group.consumer, Consumer()
    # When
    old._coordinator.generation = 6
    group.ownership.assigned(old, frozenset({2}))
    await group.ownership.revoked(old)
    # Then
    assert group.listener.history == [{0, 1}]
    assert group.ownership.joined


async def test_only_an_owner_has_something_to_finish_before_a_rebalance(group):
    # When
    await group.ownership.revoked(group.consumer)
    # Then
    assert group.listener.history[-1] == "revoked"
    assert not group.ownership.joined
    # When
    assign(group, 6, set())
    await group.ownership.revoked(group.consumer)
    # Then
    assert group.listener.history[-1] == frozenset()
