"""Pseudonyms: the same for the same, unlike the real thing, alike in form."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.recording.pseudonyms import SAME_DIGITS, Pseudonyms

keys = st.binary(min_size=1, max_size=64)
letters = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=80)


@given(keys, st.from_regex(r"[0-9]{1,25}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_digits_stay_as_many_digits_and_the_same_give_the_same(key, digits):
    other = Pseudonyms(key).digits(digits)
    assert re.fullmatch(r"[0-9]+", other)
    assert len(other) == len(digits)
    assert Pseudonyms(key).digits(digits) == other


@pytest.mark.parametrize("length", [1, 2, 3, 4])
@given(key=keys)
@settings(max_examples=5, deadline=None)
def test_different_digits_stay_different(key, length):
    pseudonyms = Pseudonyms(key)
    every = [f"{number:0{length}d}" for number in range(10**length)]
    assert sorted(map(pseudonyms.digits, every)) == every


@given(keys, st.sets(st.from_regex(r"[1-9][0-9]{12}", fullmatch=True), max_size=50))
@settings(max_examples=50, deadline=None)
def test_different_telephones_stay_different_and_keep_their_beginning(key, numbers):
    found = {number: Pseudonyms(key).digits(number) for number in numbers}
    assert len(set(found.values())) == len(numbers)
    assert all(other[:2] == number[:2] for number, other in found.items())


@given(keys)
@settings(deadline=None)
def test_a_brazilian_number_with_and_without_its_ninth_digit_still_ends_alike(key):
    pseudonyms = Pseudonyms(key)
    one, other = pseudonyms.digits("5511988880000"), pseudonyms.digits("551188880000")
    assert one[-SAME_DIGITS:] == other[-SAME_DIGITS:]
    assert one[-SAME_DIGITS:] != "8880000" or other != "551188880000"


@given(keys, letters)
@settings(max_examples=200, deadline=None)
def test_a_word_keeps_its_length_and_the_kinds_of_its_letters_and_is_another_word(key, word):
    # When
    other = Pseudonyms(key).word(word)
    # Then
    assert [unicodedata.category(c) for c in other] == [unicodedata.category(c) for c in word]
    assert Pseudonyms(key).word(word) == other
    if re.search(r"[A-Za-z0-9]{4}", word):
        assert other != word


def test_words_stay_in_their_script():
    other = Pseudonyms(b"k").word("שלום")
    assert all("HEBREW" in unicodedata.name(c) for c in other)


def test_marks_that_stand_on_letters_are_kept():
    assert Pseudonyms(b"k").word("e\u0301")[1] == "\u0301"


@given(st.sets(keys, min_size=2, max_size=2))
@settings(deadline=None)
def test_another_key_gives_other_pseudonyms(pair):
    one, other = map(Pseudonyms, pair)
    assert (one.digits("5511988880000"), one.word("Maria")) != (other.digits("5511988880000"), other.word("Maria"))


@given(keys, st.from_regex(r"[0-9a-f]{24}", fullmatch=True))
@settings(deadline=None)
def test_an_id_in_base_16_stays_one(key, token):
    assert re.fullmatch(r"[0-9a-f]{24}", Pseudonyms(key).hexadecimal(token))
