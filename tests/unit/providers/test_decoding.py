import json
import math
import os
import subprocess
import sys
import time

import msgspec
import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workers.errors import PageUnreadable
from workers.providers.decoding import DIGEST_BYTES, Absurd, as_received, decode, row_digest
from workers.providers.tolerant import DEEPEST, decode_tolerantly

plain_text = st.text(st.characters(exclude_categories=["Cs"]))
any_text = st.text(st.characters())
numbers = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)


def json_of(texts, floats):
    return st.recursive(
        st.none() | st.booleans() | st.integers(-(10**40), 10**40) | floats | texts,
        lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
        max_leaves=20,
    )


legal = json_of(plain_text, st.floats(allow_nan=False, allow_infinity=False))
careless = json_of(any_text, st.floats())


@given(legal, st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_the_fast_decoder_reads_the_tolerant_one_reads_alike(value, escaped):
    # Given a text that the fast decoder accepts
    body = json.dumps(value, ensure_ascii=escaped).encode()
    try:
        fast = orjson.loads(body)
    except orjson.JSONDecodeError:
        assume(False)
    # When / Then
    tolerant = decode_tolerantly(body)
    assert tolerant == fast
    assert orjson.dumps(tolerant) == orjson.dumps(fast)
    assert row_digest(tolerant) == row_digest(fast)


@given(careless)
@settings(max_examples=150, deadline=None)
def test_whatever_a_careless_program_writes_can_be_read_and_told_again(value):
    # Given NaN, infinities, halves of surrogate pairs, numbers of any size
    body = json.dumps(value).encode()
    # When
    decoded = decode(body)
    # Then it can be encoded, digested, and read once more to the same
    text = as_received(decoded)
    text.encode()
    msgspec.json.encode(decoded)
    assert len(row_digest(decoded)) == DIGEST_BYTES
    assert decode(text.encode()) == decoded


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_value_or_an_unreadable_page(body):
    try:
        decoded = decode(body)
    except PageUnreadable:
        return
    as_received(decoded).encode()


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("NaN", Absurd(source="NaN")),
        ("Infinity", Absurd(source="Infinity")),
        ("-Infinity", Absurd(source="-Infinity")),
        ("1e400", Absurd(source="1e400")),
        ("9" * 400, Absurd(source="9" * 400)),
        ("-" + "9" * 5000, Absurd(source="-" + "9" * 5000)),
        ("9" * 25, float("9" * 25)),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709551616.0),
        ("-9223372036854775808", -9223372036854775808),
        (r'"\ud800"', "\ufffd"),
        (r'"\udc00\ud800"', "\ufffd\ufffd"),
        (r'"\ud800\ud83d\ude00"', "\ufffd\U0001f600"),
        (r'"\\ud800"', r"\ud800"),
        (r'"\\\ud800"', "\\\ufffd"),
        (r'{"\ud800":1}', {"\ufffd": 1}),
        ('"a\tb\nc"', "a\tb\nc"),
        ('{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
    ],
)
def test_what_stands_in_the_place_of_a_poison_value(token, value):
    # Given a page that needs the tolerant decoder in any case
    decoded = decode(f"[NaN,{token}]".encode())
    assert decoded[1] == value
    assert type(decoded[1]) is type(value)


def test_bad_bytes_become_replacement_characters():
    assert decode(b'["\xff", "\xed\xa0\x80"]') == ["\ufffd", "\ufffd\ufffd\ufffd"]


@pytest.mark.parametrize("begin", ["[", '{"a":'])
@pytest.mark.parametrize("levels", [DEEPEST - 1, DEEPEST, 254, 255, 1000, 1024, 1025, 100_000])
def test_what_is_nested_too_deep_is_cut_where_it_begins_to_be(begin, levels):
    # Given a value of so many levels inside a list, with a neighbour that looks like structure and is not
    end = "]" if begin == "[" else "}"
    deep = begin * levels + "1" + end * levels
    body = f'[{deep},"[[{{{{\\"[",[[],{{}}]]'.encode()
    # When
    decoded = decode(body)
    # Then the neighbours are whole, nothing is deeper than it may be, and nothing is forgotten
    assert decoded[1:] == ['[[{{"[', [[], {}]]
    assert depth_of(decoded) == min(levels + 1, DEEPEST)
    assert as_received(decoded).encode() == body
    msgspec.json.encode(decoded)


@given(
    st.lists(st.text(st.sampled_from('\0"\\,')) | st.just(math.nan)) | st.dictionaries(st.text("\0"), st.just(math.nan))
)
def test_what_is_told_as_it_was_received_is_not_taken_for_the_texts_beside_it(value):
    decoded = decode(json.dumps(value).encode())
    assert decode(as_received(decoded).encode()) == decoded
    assert json.loads(as_received(decoded), parse_constant=str) == json.loads(json.dumps(value), parse_constant=str)


def test_a_row_that_foresees_the_marks_costs_no_long_time():
    # Given every text that a mark might be, and many absurd values
    row = [*("\0" * length for length in range(1, 301)), *[math.nan] * 10_000]
    decoded = decode(json.dumps(row).encode())
    # When
    begun = time.process_time()
    row_digest(decoded)
    # Then it takes milliseconds, not the sixteen seconds of one mark after the other
    assert time.process_time() - begun < 2


def test_no_row_writes_past_the_memory_that_encodes_it():
    # Given an interpreter that watches the borders of its memory, and rows with something absurd deep inside
    program = (
        "from workers.providers.decoding import as_received, decode, row_digest\n"
        "for length in range(4096):\n"
        "    for begin, end in ((b'[', b']'), (b'{\"a\":', b'}')):\n"
        "        row = decode(begin * 190 + b'9' * (400 + length) + end * 190)\n"
        "        assert len(as_received(row)) == 400 + length + 190 * len(begin + end)\n"
        "        row_digest(row)\n"
    )
    watched = {**os.environ, "PYTHONMALLOC": "debug"}
    # When
    ended = subprocess.run([sys.executable, "-c", program], check=False, env=watched, capture_output=True, text=True)
    # Then
    assert (ended.returncode, ended.stderr) == (0, "")


def test_wide_is_not_deep():
    body = b"[" + b",".join([b"[]"] * 1000) + b"]"
    assert decode(body) == [[]] * 1000


def test_two_deep_values_are_told_apart():
    one, two = (("[" * 500 + str(number) + "]" * 500) for number in (1, 2))
    decoded = decode(f'[{{"x":{one}}},{{"x":{two}}},{{"x":{one}}}]'.encode())
    digests = [row_digest(row) for row in decoded]
    assert digests[0] == digests[2] != digests[1]


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert row_digest({"a": 1, "b": {"c": 2, "d": 3}}) == row_digest({"b": {"d": 3, "c": 2}, "a": 1})


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"<!DOCTYPE html><p>password", "HTML"),
        (b"\n<html lang=en>password", "HTML"),
        (b"<?xml version='1.0'?><password/>", "XML"),
        (b'{"password": 1', "cut off"),
        (b"[1, 2,", "cut off"),
        (b"password", "something else"),
        (b"'password'", "something else"),
        (b"[" * 1_000_000, "cut off"),
        (b'["' + b"\\" * 1_000_000, "cut off"),
        (b"[1]]", "cut off"),
        (b"\x1f\x8b\x08", "something else"),
    ],
)
def test_what_is_not_json_is_named_and_not_quoted(body, hint):
    with pytest.raises(PageUnreadable) as caught:
        decode(body)
    assert caught.value.letter == "not_json"
    assert hint in str(caught.value)
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000 + b"]" * 1_000_000,
        b"[NaN" + b",[]" * 500_000 + b"]",
        b'["' + b"\\ud800" * 300_000 + b'"]',
        b'[NaN,"' + b"\\n" * 1_000_000 + b'"' + b",[]" * 300 + b"]",
        b"[" + b"9" * 2_000_000 + b"]",
        b"[1e" + b"9" * 2_000_000 + b"]",
        b"[" + b'{"a":' * 300_000 + b"1" + b"}" * 300_000 + b"]",
    ],
)
def test_two_hostile_megabytes_take_no_long_time_and_no_deep_stack(body):
    # Given that half of the stack is in use already
    def called_from_deep_down(levels):
        return decode(body) if levels == 0 else called_from_deep_down(levels - 1)

    begun = time.perf_counter()
    called_from_deep_down(sys.getrecursionlimit() // 2)
    # Then (measured: 0.05 to 0.6 s on a busy core)
    assert time.perf_counter() - begun < 10


def depth_of(value):
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, list | dict)]:
        depth += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return depth
