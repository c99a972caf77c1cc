"""What stands beside a cursor: a feed's memory in 17 bytes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.schedule.forecast import NEVER, Memory
from workers.schedule.imprint import pack, unpack

EPOCH = 1_790_000_000.0
SUM = st.floats(0, 60_000)


def memory_of(seen, newest, sums=(0.0, 0.0, 0.0, 0.0)):
    memory = Memory()
    memory.seen, memory.newest = seen, newest
    memory.s1, memory.s2, memory.s3, memory.s4 = sums
    return memory


@given(sums=st.tuples(SUM, SUM, SUM, SUM), ago=st.floats(0, 1e7), newest=st.one_of(st.just(NEVER), st.floats(0, 1e7)))
def test_a_memory_survives_by_the_wall_clock(sums, ago, newest):
    # Given a memory on one machine
    before = memory_of(50.0 - ago, NEVER if newest == NEVER else 50.0 - newest, sums)
    packed = pack(before, 50.0, EPOCH)
    assert len(packed) == 17
    # When another one reads it a minute later
    after = unpack(packed, 9000.0, EPOCH + 60)
    # Then times are right to the second, and sums to a thousandth
    assert after.seen == pytest.approx(9000.0 - 60 - ago, abs=1.01)
    assert after.newest == (NEVER if newest == NEVER else pytest.approx(9000.0 - 60 - newest, abs=1.01))
    assert (after.s1, after.s2, after.s3, after.s4) == pytest.approx(sums, rel=1e-3, abs=1e-6)


def test_more_messages_than_the_bytes_hold_are_very_many():
    assert unpack(pack(memory_of(0, 0, (1e9, 0.0, 0.0, 0.0)), 0, EPOCH), 0, EPOCH).s1 > 60_000


def test_a_time_in_the_future_is_now():
    packed = pack(memory_of(0, 0), 0, EPOCH)
    assert unpack(packed, 5.0, EPOCH - 3600).seen == 5.0


def test_a_clock_before_the_epoch_or_after_its_end_is_no_fault():
    for epoch in (-5.0, 1e12):
        assert unpack(pack(memory_of(0, 0), 0, epoch), 0, EPOCH) is not None


@pytest.mark.parametrize(
    "garbage", [b"", b"\x01", b"\x02" + bytes(16), bytes(17), b"\x01" + b"\xff" * 16, b"\x01" + bytes(16), bytes(18)]
)
def test_what_is_no_snapshot_is_none(garbage):
    assert unpack(garbage, 0, EPOCH) is None


@given(garbage=st.binary(min_size=16, max_size=18))
def test_whatever_is_read_makes_sense(garbage):
    memory = unpack(b"\x01" + garbage, 100.0, EPOCH)
    if memory is not None:
        assert memory.seen <= 100.0
        assert all(0 <= one < math.inf for one in (memory.s1, memory.s2, memory.s3, memory.s4))
