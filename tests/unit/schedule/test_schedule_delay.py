"""What the schedule is for: less waiting at the same budget. The full comparison is `make bench`."""

import pytest

from tests.benchmarks.schedule.policies import Product, usual_backoff
from tests.benchmarks.schedule.simulation import round_robin, run
from tests.benchmarks.schedule.workload import HISTORY_DAYS, workload

FEEDS, ROUND = 200, 300.0


@pytest.mark.parametrize(("kind", "most"), [("W0", 0.3), ("W1", 0.25), ("W2", 0.3), ("W3", 0.4), ("W4", 0.6)])
def test_messages_wait_far_less_than_in_turn(kind, most):
    # Given two days of two hundred conversations, each of which could be polled every five minutes
    load = workload(kind, FEEDS, HISTORY_DAYS + 2, seed=7)
    # When
    got = run(load, Product(FEEDS, FEEDS / ROUND), FEEDS / ROUND)
    # Then
    assert got.mean <= most * round_robin(load, FEEDS / ROUND).mean
    assert got.worst_interval <= 5.1 * ROUND


def test_messages_wait_far_less_than_with_the_usual_backoff():
    load = workload("W1", FEEDS, HISTORY_DAYS + 2, seed=8)
    product, usual = (
        run(load, policy, FEEDS / ROUND) for policy in (Product(FEEDS, FEEDS / ROUND), usual_backoff(FEEDS))
    )
    assert product.mean <= 0.5 * usual.mean


def test_the_same_messages_give_the_same_sequence():
    # Given
    load = workload("W1", 50, HISTORY_DAYS + 2, seed=9)
    sequences = []
    # When it is run twice
    for _ in range(2):
        policy = Product(50, 50 / ROUND)
        choose, sequence = policy.next, []
        policy.next = lambda now, choose=choose, sequence=sequence: sequence.append(choose(now)) or sequence[-1]
        run(load, policy, 50 / ROUND)
        sequences.append((sequence, policy.schedule.explain("conta/0000007", 1e9)))
    # Then
    assert sequences[0] == sequences[1]
    assert len(sequences[0][0]) > 20_000
