import pytest
from hypothesis import given, settings

from tests.support.known_rows import knowns
from workers.reconcile.known import BITS, Known, decode, encode, has_digest, identity, time_of
from workers.reconcile.parts import PARTS


@given(knowns)
@settings(max_examples=300)
def test_a_remembered_row_is_read_as_it_was_written(known):
    # Given / When
    encoded = encode(known)
    # Then
    assert decode(encoded) == known
    assert time_of(encoded) == known.time
    assert len(encoded) == encoded[0]


def test_every_part_of_a_message_has_a_bit():
    # Given / When / Then: a part without one could not be remembered
    assert sorted(BITS) == sorted(PARTS)


@pytest.mark.parametrize("length", [0, 1, 4, 6, 8, 16, 32])
def test_a_row_digest_of_any_length_is_recognised(length):
    # Given adapters that digest rows in their own way
    digest = bytes(range(1, length + 1))
    # When
    encoded = encode(Known(id=bytes(8), raw=digest, time=5))
    # Then neither the row's layout nor the recognition depends on it
    assert time_of(encoded) == 5
    assert has_digest(encoded, digest)
    assert not has_digest(encoded, b"\xff" + digest)


@pytest.mark.parametrize("time", [-(1 << 60), -1, 0, 1 << 60])
def test_an_impossible_time_stays_within_its_bytes(time):
    # Given / When
    encoded = encode(Known(id=bytes(8), raw=bytes(4), time=time))
    # Then what follows it is still read right
    assert decode(encoded).rank == 0
    assert len(encoded) == encoded[0]


def test_ids_with_broken_surrogates_are_identities_too():
    # Given / When / Then
    assert identity("a\ud800") != identity("a\ud801")
