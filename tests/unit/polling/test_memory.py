import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.rows import knowing, row
from workers.polling import memory
from workers.polling.memory import BITS, Known
from workers.polling.parts import PART_BYTES, PARTS

digests = st.binary(min_size=PART_BYTES, max_size=PART_BYTES)
knowns = st.builds(
    Known,
    id=st.binary(min_size=memory.ID_BYTES, max_size=memory.ID_BYTES),
    raw=st.binary(min_size=memory.RAW_BYTES, max_size=memory.RAW_BYTES),
    time=st.integers(-(1 << 46), 1 << 46),
    rank=st.integers(0, 6),
    revision=st.integers(0, 1 << 40),
    unreadable=st.booleans(),
    silent=st.booleans(),
    parts=st.dictionaries(st.sampled_from(PARTS), digests),
)


@given(knowns)
@settings(max_examples=300)
def test_a_remembered_row_is_read_as_it_was_written(known):
    # Given / When
    encoded = memory.encode(known)
    # Then
    assert memory.decode(encoded) == known
    assert memory.time_of(encoded) == known.time
    assert len(encoded) == encoded[0]


@given(st.lists(knowns, max_size=12, unique_by=lambda known: known.id))
@settings(max_examples=100)
def test_a_segment_gives_back_its_rows_in_the_order_of_their_arrival(known):
    # Given
    segment = b"".join(map(memory.encode, known))
    # When / Then
    memory.check(segment)
    assert [memory.decode(row) for row in memory.index(segment).values()] == known
    assert list(memory.times(segment)) == [one.time for one in known]
    assert memory.count(segment) == len(known)
    assert memory.identities((segment, segment)) == b"".join(one.id for one in known) * 2


def test_every_part_of_a_message_has_a_bit():
    # Given / When / Then: a part without one could not be remembered
    assert sorted(BITS) == sorted(PARTS)


@pytest.mark.parametrize("length", [0, 1, 4, 6, 8, 16, 32])
def test_a_row_digest_of_any_length_is_recognised(length):
    # Given adapters that digest rows in their own way
    digest = bytes(range(1, length + 1))
    # When
    encoded = memory.encode(Known(id=bytes(8), raw=digest, time=5))
    # Then neither the row's layout nor the recognition depends on it
    assert memory.time_of(encoded) == 5
    assert memory.has_digest(encoded, digest)
    assert not memory.has_digest(encoded, b"\xff" + digest)


@pytest.mark.parametrize("time", [-(1 << 60), -1, 0, 1 << 60])
def test_an_impossible_time_stays_within_its_bytes(time):
    # Given / When
    encoded = memory.encode(Known(id=bytes(8), raw=bytes(4), time=time))
    # Then what follows it is still read right
    assert memory.decode(encoded).rank == 0
    assert len(encoded) == encoded[0]


def test_ids_with_broken_surrogates_are_identities_too():
    # Given / When / Then
    assert memory.identity("a\ud800") != memory.identity("a\ud801")


def test_a_torn_segment_is_noticed():
    # Given a segment of three rows
    segment = b"".join(memory.encode(Known(id=bytes([n]) * 8, raw=bytes(4), time=n)) for n in range(3))
    # When it loses an end, or its first length is zeroed
    for torn in (segment[:-1], segment[5:], b"\0" + segment[1:]):
        # Then
        with pytest.raises(ValueError, match="torn"):
            memory.check(torn)


def test_joining_replaces_in_place_and_appends():
    # Given a segment of a and b
    a, b, c = (Known(id=bytes([n]) * 8, raw=bytes(4), time=n) for n in range(3))
    segment = memory.encode(a) + memory.encode(b)
    newer = memory.encode(Known(id=a.id, raw=bytes(4), time=9))
    # When a changes and c comes
    joined = memory.joined(segment, {a.id: newer, c.id: memory.encode(c)})
    # Then the order of arrival is kept, and the old segment is what it was
    assert joined == newer + memory.encode(b) + memory.encode(c)
    assert list(memory.index(segment)) == [a.id, b.id]
    assert dict(memory.index(joined)) == {a.id: newer, b.id: memory.encode(b), c.id: memory.encode(c)}


def test_indexes_are_kept_for_a_bounded_number_of_segments():
    # Given more segments than are kept
    segments = [
        memory.encode(Known(id=n.to_bytes(8, "big"), raw=bytes(4), time=n)) for n in range(memory.INDEXED_SEGMENTS + 9)
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
