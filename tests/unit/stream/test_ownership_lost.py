"""What a worker does when the group has gone on without it, and when it breaks itself."""

import time
from types import SimpleNamespace

import pytest

from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream.ownership import Ownership, _Stuck

KAFKA = KafkaSettings(session_timeout_seconds=15)


class Listener:
    """Notes what it owns; fails of `error` where that is asked for."""

    error: Exception | None = None

    def __init__(self):
        self.history = []

    async def on_revoked(self):
        self._fails()

    def on_owned(self, owned):
        self.history.append(set(owned))
        self._fails()

    def on_definition(self, shard, *_):
        self.history.append(f"a definition of {shard}")

    def _fails(self):
        if self.error:
            raise self.error


class Consumer:
    """What an assignment and a lost group ask of a consumer."""

    def __init__(self):
        self.joins, self.seeks = 0, {}
        self._coordinator = SimpleNamespace(generation=5, request_rejoin=self._join)

    def seek(self, place, offset):
        self.seeks[place.partition] = offset

    def _join(self):
        self.joins += 1


@pytest.fixture
def group():
    """An ownership in generation 5 that owns shards 0 and 1, and has read shard 0 up to offset 7."""
    group = SimpleNamespace(listener=Listener(), consumer=Consumer())
    group.ownership = Ownership(KAFKA, TopicNames(), worker_id="a", listener=group.listener)
    group.ownership._client = group.consumer
    group.ownership.assigned(group.consumer, frozenset({0, 1}))
    group.ownership._definitions._next_offset[0] = 7
    return group


def silent(group, seconds):
    """The coordinator has confirmed nothing for so long."""
    group.ownership.last_heartbeat = time.monotonic() - seconds


def test_a_worker_whose_session_may_have_ended_gives_up_all_at_once_and_joins_anew(group):
    # Given a worker that is heard
    silent(group, KAFKA.session_timeout_seconds - 5)
    group.ownership._watch(group.consumer)
    assert (group.ownership.owned, group.consumer.joins) == ({0, 1}, 0)
    # When it was frozen for longer than a session
    silent(group, KAFKA.session_timeout_seconds + 1)
    group.ownership._watch(group.consumer)
    # Then others may own its shards by now
    assert group.listener.history == [{0, 1}, set()]
    assert (group.ownership.owned, group.ownership.joined, group.consumer.joins) == (set(), False, 1)
    # And what the consumer still brings of them is not listened to
    group.ownership._definitions._tell(0, SimpleNamespace(key=b"a", value=b"", offset=7, timestamp=0))
    assert group.listener.history == [{0, 1}, set()]
    # And once it is in the group again, it has read nothing of what it is given, the same generation or not
    group.ownership.assigned(group.consumer, frozenset({0}))
    assert group.listener.history[-1] == {0}
    assert group.consumer.seeks[0] == 0
    # And has a whole session until it must be heard
    group.ownership._watch(group.consumer)
    assert group.ownership.joined


def test_a_worker_that_lost_the_group_says_so_once(group):
    # Given
    silent(group, KAFKA.session_timeout_seconds + 1)
    # When the group is not joined for a while
    for _ in range(3):
        group.ownership._watch(group.consumer)
    # Then
    assert group.listener.history == [{0, 1}, set()]
    assert group.consumer.joins == 1


def test_a_library_that_does_not_get_into_the_group_or_does_not_read_is_not_waited_for_without_end(group):
    # Given a member that reads nothing any more
    group.ownership._watch(group.consumer)
    group.ownership.last_pump = time.monotonic() - 1000
    # Then
    with pytest.raises(_Stuck, match="no read for 1000 s"):
        group.ownership._watch(group.consumer)
    # And one that is outside, and whose consumer has tried for long
    group.ownership._lose("the test says so")
    group.ownership._watch(group.consumer)
    group.ownership._outside_since = time.monotonic() - 1000
    group.ownership._watch(group.consumer)  # it was begun anew just now
    group.ownership._trying_since = time.monotonic() - 1000
    with pytest.raises(_Stuck, match="no assignment for 1000 s"):
        group.ownership._watch(group.consumer)


async def test_a_fault_of_ours_in_a_rebalance_ends_the_worker_though_the_library_swallows_it(group):
    # Given
    group.listener.error = ZeroDivisionError("a fault of ours")
    # When the library calls / Then it hears nothing of that
    group.ownership.assigned(group.consumer, frozenset({0}))
    # And the next look does
    with pytest.raises(ZeroDivisionError):
        group.ownership._watch(group.consumer)


async def test_a_fault_of_ours_before_a_rebalance_ends_the_worker_too(group):
    group.listener.error = ZeroDivisionError("a fault of ours")
    await group.ownership.revoked(group.consumer)
    with pytest.raises(ZeroDivisionError):
        group.ownership._watch(group.consumer)
