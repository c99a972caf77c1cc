"""Four fading memories of a feed's messages."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.schedule.forecast import BURST_GAP, NEGLIGIBLE, SPANS, Memory

AGES = st.lists(st.floats(0, 1e6), max_size=8)


def sums(memory):
    return (memory.s1, memory.s2, memory.s3, memory.s4)


def observed(now, *ages):
    memory = Memory()
    memory.seen = now
    memory.take(now, ages)
    return memory


@given(ages=AGES)
def test_the_order_in_which_messages_are_told_does_not_matter(ages):
    assert sums(observed(1e7, *ages)) == pytest.approx(sums(observed(1e7, *reversed(ages))))


@given(ages=AGES, gap=st.floats(0, 1e5))
def test_a_memory_that_fades_is_that_of_the_same_messages_seen_later(ages, gap):
    # Given
    memory = observed(0.0, *ages)
    # When
    memory.fade(gap)
    # Then
    later = observed(gap, *(age + gap for age in ages))
    assert sums(memory) == pytest.approx(sums(later), abs=2 * NEGLIGIBLE)
    assert memory.seen == gap


def test_the_longest_memory_counts_bursts():
    # Given two chats of ten messages an hour apart
    chat = [10.0 * number for number in range(10)]
    memory = observed(0.0, *chat, *(3600 + age for age in chat))
    # Then
    assert memory.s4 == pytest.approx(2, rel=0.02)
    assert memory.s3 == pytest.approx(20, rel=0.2)
    assert memory.newest == 0.0


def test_a_message_after_a_gap_begins_a_burst_even_where_polls_lie_between():
    memory = observed(0.0, 1.0)
    memory.fade(BURST_GAP)
    memory.take(BURST_GAP, [BURST_GAP / 2])
    assert memory.s4 < 1
    memory.take(BURST_GAP * 2, [0.0])
    assert memory.s4 > 1.9


def test_a_message_from_the_future_is_of_now():
    assert sums(observed(5.0, -1e9)) == (1, 1, 1, 1)


def test_what_was_foretold_is_the_waiting_of_the_faded_rate():
    # Given a memory that foretells a rate of 1 / span, fading
    memory = observed(0.0, 0.0)
    # When it fades over five minutes
    foretold = memory.fade(300.0)
    # Then each tells the integral of u * rate(u)
    step = 0.01
    for span, told in zip(SPANS, foretold, strict=True):
        moments = (step * (number + 0.5) for number in range(30_000))
        assert told == pytest.approx(sum(u / span * math.exp(-u / span) * step for u in moments), rel=1e-3)


def test_a_memory_of_nothing_costs_nothing_more():
    memory = observed(0.0, 0.0)
    memory.fade(20 * SPANS[1])
    assert (memory.s1, memory.s2) == (0.0, 0.0)
