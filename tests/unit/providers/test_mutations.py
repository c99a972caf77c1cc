"""A short run of the mutation fuzzing (`make fuzz` is the long one), and that it finds what it looks for."""

from random import Random

import pytest

from tests.fuzz.__main__ import chunk, trials
from tests.fuzz.broken_json import Members, Token, copied, places, put, read, write
from tests.fuzz.mutations import damaged_bytes, damaged_text
from tests.fuzz.pages import FUZZED
from workers.errors import ProviderFailed, RowUnreadable
from workers.providers import PROVIDERS
from workers.providers.rows import read_rows

#: Damaged pages of each provider in this run: about a second.
PAGES = 250


@pytest.mark.parametrize("provider", FUZZED)
def test_of_a_damaged_page_every_row_is_told_and_no_neighbour_hurt(provider):
    # When
    found = chunk(provider, "unit", 0, PAGES)
    # Then
    assert not found.failures, found.failures[0][1]
    assert found.counts["pages understood"] + found.counts["pages refused"] == PAGES
    assert found.counts["pages understood"] > PAGES / 2
    assert found.counts["rows dead_letter"] > 10


def test_every_provider_is_fuzzed():
    assert set(FUZZED) == set(PROVIDERS)


def test_a_trial_is_the_same_again_by_its_name():
    one = [trials("ogmma").drawn(f"again/ogmma/{number}")[2] for number in range(50)]
    assert one == [trials("ogmma").drawn(f"again/ogmma/{number}")[2] for number in range(50)]
    assert len({damage.body for damage in one}) > 40


# --- it finds what it looks for ----------------------------------------------------------------------------


def found_in(monkeypatch, name, broken):
    """What the failures say when this function of the Ogmma adapter is another one."""
    monkeypatch.setattr(f"workers.providers.ogmma.adapter.{name}", broken)
    failures = chunk("ogmma", "broken", 0, PAGES).failures
    assert failures
    return " ".join(text for _, text in failures)


def test_an_adapter_that_raises_something_else_is_found(monkeypatch):
    def careless(row, told):
        return len(row.raw["content"]) / 0

    assert "ZeroDivisionError" in found_in(monkeypatch, "message_of", careless)


def test_a_row_that_takes_its_neighbour_along_is_found(monkeypatch):
    def clumsy(listed, **names):
        rows, broken = read_rows(listed, **names)
        return (rows[1:] if broken else rows), broken

    assert "an untouched row changed" in found_in(monkeypatch, "read_rows", clumsy)


def test_a_page_that_is_given_up_for_one_row_is_found(monkeypatch):
    def picky(listed, **names):
        rows, broken = read_rows(listed, **names)
        if broken:
            raise ProviderFailed("not with such a row")
        return rows, broken

    assert "one damaged row made its page unreadable" in found_in(monkeypatch, "read_rows", picky)


def test_a_reason_that_nobody_knows_is_found(monkeypatch):
    def moody(row, told):
        raise RowUnreadable("bad_mood", "not today")

    assert "an unknown reason: bad_mood" in found_in(monkeypatch, "message_of", moody)


# --- how pages are damaged ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ['{"a":1,"a":2}', '{"a":[{"b":NaN}],"c":"x\\ud83d"}', "[]", '"x"', "[1,2.5,null,true]"]
)
def test_broken_json_is_written_as_it_was_read(text):
    assert write(read(text)) == text


def test_a_place_takes_any_token():
    value = read('{"a":[1,{"b":2}]}')
    before = copied(value)
    for inside, number in places(value):
        if not isinstance(inside, Members):
            put(inside, number, Token("[[[NaN]]]"))
    assert write(value) == '{"a":[[[[NaN]]],[[[NaN]]]]}'
    assert write(before) == '{"a":[1,{"b":2}]}'


def members_of(text: str) -> int:
    """How many members an object has; 0 where the text is no JSON any more, or holds a number that is too long."""
    try:
        return len(read(text))
    except ValueError:
        return 0


def test_damage_is_of_many_kinds():
    # Given
    row = '{"id":"66aa12","content":{"text":"oi"},"createdAt":"2026-01-05T12:00:00Z","n":17}'
    # When
    texts = {damaged_text(row, Random(number)) for number in range(400)}
    bodies = {damaged_bytes(row.encode(), Random(number)) for number in range(400)}
    # Then
    assert len(texts) > 250
    assert len(bodies) > 350
    for sign in ("NaN", "\\ud83d", "[[[[", '{"a":{"a":', "9" * 400, "x" * 257):
        assert any(sign in text for text in texts), sign
    assert any(members_of(text) > 4 for text in texts if text.count("[") + text.count("{") < 100)
