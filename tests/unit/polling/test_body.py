import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.polling.body import GZIP_MEMBERS, Garbled, TooLarge, decoded, read_bounded

LIMIT = 1_000


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


ENCODERS = {"": bytes, "identity": bytes, "gzip": gzip.compress, " X-GZip ": gzip.compress, "deflate": zlib.compress}


class Pieces:
    def __init__(self, pieces: list[bytes]) -> None:
        self.left = list(pieces)

    async def readany(self) -> bytes:
        return self.left.pop(0) if self.left else b""

    def at_eof(self) -> bool:
        return not self.left


@given(st.binary(max_size=LIMIT), st.sampled_from(sorted(ENCODERS)))
@settings(max_examples=100)
def test_what_a_server_encodes_is_decoded_up_to_the_bound_itself(body, encoding):
    # Given a body of at most the bound in an encoding that we offer
    encoded = ENCODERS[encoding](body)
    # When / Then it comes back whole
    assert decoded(encoded, encoding, LIMIT) == body


@given(st.binary(min_size=1, max_size=LIMIT))
@settings(max_examples=100)
def test_a_bare_deflate_stream_is_read_as_browsers_read_it(body):
    assert decoded(raw_deflate(body), "deflate", LIMIT) == body


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, gzip"]))
@settings(max_examples=300)
def test_no_bytes_make_the_decoder_raise_anything_else_or_pass_the_bound(body, encoding):
    # Given any bytes at all under any name of an encoding
    try:
        # When they are decoded
        text = decoded(body, encoding, 50)
    except (Garbled, TooLarge):
        return
    # Then it is one of these two errors, or a text within the bound
    assert len(text) <= 50


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_one_byte_past_the_bound_is_too_large(encoding):
    with pytest.raises(TooLarge):
        decoded(ENCODERS[encoding](b"x" * (LIMIT + 1)), encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_body_that_breaks_off_is_garbled(encoding):
    whole = ENCODERS[encoding](bytes(range(256)))
    with pytest.raises(Garbled):
        decoded(whole[:-9], encoding, LIMIT)


def test_a_bomb_costs_no_more_memory_than_the_bound():
    # Given 200 MB of zeros in 200 KB
    compressor = zlib.compressobj(1, wbits=31)
    bomb = b"".join([*(compressor.compress(bytes(2_000_000)) for _ in range(100)), compressor.flush()])
    limit = 1_000_000
    tracemalloc.start()
    try:
        # When it is decoded under a bound
        with pytest.raises(TooLarge):
            decoded(bomb, "gzip", limit)
        # Then the decoder stopped there: its buffer grows by doubling, and the result is one copy
        assert tracemalloc.get_traced_memory()[1] < 4 * limit
    finally:
        tracemalloc.stop()


def test_a_gzip_body_of_several_parts_is_one_body_and_the_bound_counts_all_of_them():
    # Given parts as RFC 1952 section 2.2 allows them
    parts = gzip.compress(b"a" * 600) + gzip.compress(b"b" * 400)
    # When / Then
    assert decoded(parts, "gzip", LIMIT) == b"a" * 600 + b"b" * 400
    with pytest.raises(TooLarge):
        decoded(parts + gzip.compress(b"c"), "gzip", LIMIT)


def test_a_gzip_body_of_thousands_of_parts_is_refused():
    with pytest.raises(Garbled):
        decoded(gzip.compress(b"") * 5_000, "gzip", LIMIT)
    assert decoded(gzip.compress(b"") * GZIP_MEMBERS, "gzip", LIMIT) == b""


def test_an_encoding_that_was_not_offered_is_garbled_and_not_repeated():
    with pytest.raises(Garbled, match="not asked for") as caught:
        decoded(b"body", "key-12345", LIMIT)
    assert "key-12345" not in str(caught.value)


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=30))
@settings(max_examples=100)
async def test_reading_keeps_every_byte_or_says_too_large(pieces):
    # Given a body in pieces, below or above the bound
    body = b"".join(pieces)
    if len(body) > 500:
        # When / Then
        with pytest.raises(TooLarge):
            await read_bounded(Pieces(pieces), 500)
    else:
        assert await read_bounded(Pieces(pieces), 500) == body


async def test_reading_stops_at_the_piece_that_passes_the_bound():
    # Given an endless body
    pieces = Pieces([b"x" * 100] * 50)
    # When it passes the bound
    with pytest.raises(TooLarge):
        await read_bounded(pieces, 250)
    # Then the rest was never asked for
    assert len(pieces.left) == 47
