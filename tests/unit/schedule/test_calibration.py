"""Learning what memories foretell, and sorting feeds into classes of rates."""

import math
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workers.schedule.calibration import CLASSES, HALF_LIFE, PRIOR, SLOWEST, Calibration, class_of, rate_of
from workers.schedule.forecast import Memory

SUMS = st.one_of(st.just(0.0), st.floats(1e-6, 1e4))


def memory_of(*sums, seen=0.0):
    memory = Memory()
    memory.seen = seen
    memory.s1, memory.s2, memory.s3, memory.s4 = sums
    return memory


@given(number=st.integers(0, CLASSES - 1))
def test_a_rate_belongs_to_the_class_that_stands_for_it(number):
    assert class_of(rate_of(number)) == number
    assert class_of(rate_of(number) * 1.18) == number


@pytest.mark.parametrize(("rate", "number"), [(0.0, 0), (SLOWEST / 9, 0), (1e9, CLASSES - 1)])
def test_rates_beyond_the_classes_belong_to_the_outermost(rate, number):
    assert class_of(rate) == number


@settings(max_examples=300)
@example(sums=(0.0, 0.0, 10.0, 0.0), price=1e5)
@given(sums=st.tuples(SUMS, SUMS, SUMS, SUMS), price=st.floats(1e-3, 1e5))
def test_the_class_reaches_the_price_when_the_forecast_does(sums, price):
    # Given any memory, and a price
    calibration, memory = Calibration(), memory_of(*sums)
    calibration.pay(price, 1.0)
    # When its class is sought
    number = calibration.class_of(memory)
    # Then the forecast reaches the price at the age at which that class does, within half a class
    if 0 < number < CLASSES - 1:
        late = math.sqrt(2 * price / rate_of(number)) * 2 ** (0.25 + 0.05)
        early = math.sqrt(2 * price / rate_of(number)) * 2 ** (-0.25 - 0.05)
        assert calibration.waiting(memory, late) >= price
        assert calibration.waiting(memory, early) <= price


def test_the_index_of_a_steady_rate_is_half_its_square_of_the_age():
    assert Calibration().waiting(memory_of(0, 0, 0, 0), 1000) == pytest.approx(PRIOR[0] * 1e6 / 2)


def test_weights_are_learned_from_what_polls_bring():
    # Given feeds whose messages come without any pattern, one in twenty minutes, which the prior does not expect
    random, calibration = Random(1), Calibration()
    now, feeds = 0.0, [memory_of(0, 0, 0, 0) for _ in range(50)]
    # When they are polled for two days
    for _ in range(300):
        now += 600.0
        for feed in feeds:
            count = sum(random.random() < 0.1 for _ in range(5))
            calibration.observe(feed, now, [600 * random.random() for _ in range(count)], learn=True)
    # Then what is foretold is what comes: 0.5 messages x 300 s a poll
    foretold = sum(calibration.waiting(feed, 600.0) for feed in feeds) / len(feeds)
    assert foretold == pytest.approx(150, rel=0.15)
    # And a feed of which nothing is remembered is expected to bring little
    assert calibration.weights[0] < 0.5 / 600


def test_nothing_is_learned_where_it_is_told_not_to():
    calibration = Calibration()
    weights, price = calibration.weights, calibration.price
    calibration.observe(memory_of(1, 1, 1, 1), 1e6, [5.0, 1e5], learn=False)
    assert (calibration.weights, calibration.price) == (weights, price)


def test_what_was_learned_counts_half_after_a_week():
    # Given a calibration that has learned something
    calibration = Calibration()
    calibration.halve(100.0)
    calibration.observe(memory_of(3, 3, 3, 3), 300.0, [5.0, 100.0], learn=True)
    price, weights = calibration.price, calibration.weights
    sums = [*calibration._paid, *calibration._worth]
    # When two weeks have passed
    calibration.halve(100.0 + 2 * HALF_LIFE)
    # Then all sums are a quarter, and the weights are the same
    assert [*calibration._paid, *calibration._worth] == pytest.approx([one / 4 for one in sums])
    assert (calibration.price, calibration.weights) == (price, weights)


def test_the_price_is_never_nothing():
    calibration = Calibration()
    calibration.pay(0.0, 1.0)
    assert calibration.price > 0
