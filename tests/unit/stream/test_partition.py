import pytest
from aiokafka.partitioner import murmur2 as published_murmur2
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.stream.partition import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "digest"),
    # org.apache.kafka.common.utils.UtilsTest.testMurmur2, whose numbers are signed
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_gives_what_the_java_client_gives(key, digest):
    assert murmur2(key) == digest % 2**32


@given(st.binary(max_size=70))
@settings(max_examples=300)
def test_murmur2_agrees_with_another_implementation(key):
    assert murmur2(key) == published_murmur2(key)


@given(st.binary(max_size=40), st.integers(1, 1000))
@settings(max_examples=100)
def test_a_key_always_has_the_same_partition_and_it_exists(key, shards):
    assert partition_of(key, shards) == partition_of(bytes(key), shards)
    assert 0 <= partition_of(key, shards) < shards


def test_the_sign_of_the_digest_is_dropped_as_java_drops_it():
    # Given a key whose digest is negative in Java
    assert murmur2(b"foobar") >= 2**31
    # When / Then
    assert partition_of(b"foobar", 12) == (-790332482 & 0x7FFFFFFF) % 12
