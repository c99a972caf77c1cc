from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.stream.assignor import RendezvousAssignor, rendezvous, told_in

FEEDS = "afluente.feeds"

shard_counts = st.integers(1, 60)
worker_sets = st.sets(st.text(min_size=1, max_size=12), min_size=1, max_size=12).map(sorted)


def shares(owners, workers):
    counted = Counter(owners.values())
    return [counted[worker] for worker in workers]


@given(shard_counts, worker_sets)
@settings(max_examples=100)
def test_every_shard_has_one_owner_and_shares_differ_by_at_most_one(shards, workers):
    # When
    owners = rendezvous(range(shards), workers)
    # Then
    assert sorted(owners) == list(range(shards))
    assert max(shares(owners, workers)) - min(shares(owners, workers)) <= 1


@given(shard_counts, worker_sets, st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_the_order_of_workers_and_shards_says_nothing(shards, workers, random):
    # Given
    shuffled_shards, shuffled_workers = list(range(shards)), list(workers)
    random.shuffle(shuffled_shards)
    random.shuffle(shuffled_workers)
    # When / Then
    assert rendezvous(shuffled_shards, shuffled_workers) == rendezvous(range(shards), workers)


@given(shard_counts, worker_sets, st.data())
@settings(max_examples=100)
def test_a_worker_that_comes_back_gets_its_shards_back(shards, workers, data):
    # Given an assignment, and one worker fewer
    before = rendezvous(range(shards), workers)
    gone = data.draw(st.sampled_from(workers))
    rest = [worker for worker in workers if worker != gone]
    if rest:
        assert gone not in rendezvous(range(shards), rest).values()
    # When it is back
    after = rendezvous(range(shards), [gone, *rest])
    # Then
    assert after == before


def mean_moves(shards: int, workers: int) -> float:
    """Shards that change hands when one more worker joins, on average over 200 groups."""
    moved = 0
    for group in range(200):
        ids = [f"worker-{group}-{number}" for number in range(workers + 1)]
        before, after = rendezvous(range(shards), ids[:-1]), rendezvous(range(shards), ids)
        moved += sum(before[shard] != after[shard] for shard in before)
    return moved / 200


@pytest.mark.parametrize("shards", [12, 48])
@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_few_shards_move_when_a_worker_comes_or_goes(shards, workers):
    # Given: no assignment that stays balanced can move fewer than the new worker's share (a leave is a join, undone)
    fewest = shards // (workers + 1)
    # When / Then: round-robin moves most of the shards
    assert mean_moves(shards, workers) <= 1.5 * fewest + 1.5


def test_the_answer_is_the_same_in_every_process_and_every_release():
    # A new hash would move nearly every shard when workers are replaced one by one
    assert rendezvous(range(12), ["a", "b", "c"], FEEDS) == dict.fromkeys([4, 8, 9, 11], "a") | dict.fromkeys(
        [0, 1, 5, 7], "b"
    ) | dict.fromkeys([2, 3, 6, 10], "c")


def test_without_workers_there_is_no_assignment():
    with pytest.raises(ValueError, match="no worker"):
        rendezvous(range(3), [])


# --- the group protocol ----------------------------------------------------------------------------------


def told(user_data: bytes | None, *topics: str) -> SimpleNamespace:
    """What the elected member is told of another one."""
    return SimpleNamespace(subscription=list(topics or (FEEDS,)), user_data=user_data)


def assigned(members, shards=12) -> dict[str, list[int]]:
    answer = RendezvousAssignor("me", shards).assign(SimpleNamespace(), members)
    return {
        member: sorted(place.partition for place in assignment.partitions()) for member, assignment in answer.items()
    }


def user_data_of(worker_id: str, address: str = "") -> bytes:
    return RendezvousAssignor(worker_id, 12, address).metadata([FEEDS]).user_data


@given(st.text(st.characters(blacklist_characters="\0", codec="utf-8"), max_size=60))
def test_a_worker_id_and_its_address_travel_with_a_member(worker_id):
    assert told_in(user_data_of(worker_id)) == (worker_id, "")
    assert told_in(user_data_of(worker_id, "http://10.0.0.7:9464")) == (worker_id, "http://10.0.0.7:9464")


def test_ids_decide_and_member_names_do_not():
    # Given the same two workers under other member names, as after a restart
    first = assigned({"m-1": told(user_data_of("a")), "m-2": told(user_data_of("b"))})
    second = assigned({"m-9": told(user_data_of("a")), "m-0": told(user_data_of("b"))})
    # Then
    assert first == {"m-1": second["m-9"], "m-2": second["m-0"]}


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.none() | st.binary(max_size=300) | st.sampled_from([user_data_of("a"), user_data_of("b")]),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=200)
def test_foreign_malformed_and_repeated_ids_lose_no_shard(user_data):
    # When
    owned = assigned({member: told(data) for member, data in user_data.items()})
    # Then: each member has an answer, each shard one owner, and the shares are even
    assert owned.keys() == user_data.keys()
    assert sorted(shard for shards in owned.values() for shard in shards) == list(range(12))
    assert max(map(len, owned.values())) - min(map(len, owned.values())) <= 1


def test_a_member_gets_only_shards_of_topics_it_reads():
    # When
    owned = RendezvousAssignor("me", 4).assign(
        SimpleNamespace(), {"x": told(user_data_of("a"), "one"), "y": told(user_data_of("b"), "two")}
    )
    # Then
    assert {place.topic for place in owned["x"].partitions()} == {"one"}
    assert {place.topic for place in owned["y"].partitions()} == {"two"}
