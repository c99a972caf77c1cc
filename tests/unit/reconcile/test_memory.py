import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.known_rows import knowns
from tests.support.rows import knowing, row
from workers.reconcile import memory
from workers.reconcile.known import Known, decode, encode


@given(st.lists(knowns, max_size=12, unique_by=lambda known: known.id))
@settings(max_examples=100)
def test_a_segment_gives_back_its_rows_in_the_order_of_their_arrival(known):
    # Given
    segment = b"".join(map(encode, known))
    # When / Then
    memory.check(segment)
    assert [decode(row) for row in memory.index(segment).values()] == known
    assert list(memory.times(segment)) == [one.time for one in known]
    assert memory.count(segment) == len(known)
    assert memory.identities((segment, segment)) == b"".join(one.id for one in known) * 2


def test_a_torn_segment_is_noticed():
    # Given a segment of three rows
    segment = b"".join(encode(Known(id=bytes([n]) * 8, raw=bytes(4), time=n)) for n in range(3))
    # When it loses an end, or its first length is zeroed
    for torn in (segment[:-1], segment[5:], b"\0" + segment[1:]):
        # Then
        with pytest.raises(ValueError, match="torn"):
            memory.check(torn)


def test_joining_replaces_in_place_and_appends():
    # Given a segment of a and b
    a, b, c = (Known(id=bytes([n]) * 8, raw=bytes(4), time=n) for n in range(3))
    segment = encode(a) + encode(b)
    newer = encode(Known(id=a.id, raw=bytes(4), time=9))
    # When a changes and c comes
    joined = memory.joined(segment, {a.id: newer, c.id: encode(c)})
    # Then the order of arrival is kept, and the old segment is what it was
    assert joined == newer + encode(b) + encode(c)
    assert list(memory.index(segment)) == [a.id, b.id]
    assert dict(memory.index(joined)) == {a.id: newer, b.id: encode(b), c.id: encode(c)}


def test_indexes_are_kept_for_a_bounded_number_of_segments():
    # Given more segments than are kept
    segments = [
        encode(Known(id=n.to_bytes(8, "big"), raw=bytes(4), time=n)) for n in range(memory.INDEXED_SEGMENTS + 9)
    ]
    # When
    for segment in segments:
        memory.index(segment)
    # Then
    assert len(memory._indexed) <= memory.INDEXED_SEGMENTS


def test_a_resting_cursor_of_fifty_text_rows_takes_two_kilobytes():
    # Given a conversation of fifty texts with their delivery states
    cursor = knowing(row(f"66aa000000000000000000{n}", n * 1000, status="read") for n in range(10, 60))
    # When its memory is summed
    parts = [cursor, cursor.tail, cursor.page, cursor.contact, cursor.newest, cursor.newest.id, cursor.newest.time]
    # Then
    assert cursor.count() == 50
    assert sum(map(sys.getsizeof, parts)) <= 2048
