"""Sound rows come out whole, broken ones are told, and no row hurts another."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.providers.kit_pages import Pages, assert_lawful, assert_told, by_kit, values, written
from workers.errors import RowUnreadable
from workers.providers.reasons import ROW_REASONS

#: JSON that a fast decoder refuses and no field can hold.
ABSURD = ["NaN", "-Infinity", "9" * 400, "1e999", "[" * 5000 + "]" * 5000, '{"a":' * 3000 + "1" + "}" * 3000]


class RowTests(Pages):
    """Tests of the rows of a page."""

    def test_a_sound_page_gives_each_row_with_identity_time_and_place(self):
        page = self.page([self.row(number) for number in range(5)])
        assert [row.id for row in page.rows] == self.ids(0, 1, 2, 3, 4)
        assert [row.position for row in page.rows] == [0, 1, 2, 3, 4]
        assert [row.time for row in page.rows] == sorted((row.time for row in page.rows), reverse=True)
        assert page.broken == ()
        assert {len(row.digest) for row in page.rows} == {6}

    def test_rows_listed_oldest_first_are_counted_from_their_other_end(self):
        page = self.page([self.row(number) for number in (4, 3, 2, 1, 0)])
        assert {row.id: row.position for row in page.rows} == dict(zip(self.ids(0, 1, 2, 3, 4), range(5), strict=True))

    def test_rows_of_one_time_keep_the_providers_order(self):
        same = self.row(0)[self.time_field]
        page = self.page([{**self.row(number), self.time_field: same} for number in range(3)])
        assert {row.id: row.position for row in page.rows} == dict(zip(self.ids(0, 1, 2), range(3), strict=True))

    def test_a_page_without_rows_is_the_end(self):
        page = self.page([])
        assert (page.rows, page.broken, page.next, page.exhausted) == ((), (), None, True)

    def test_a_digest_depends_neither_on_the_order_of_keys_nor_on_who_decoded(self):
        # Given the same row in another order of keys, on a page that only the tolerant decoder reads
        backwards = dict(reversed(self.row(1).items()))
        one = self.page([self.row(0), self.row(1)])
        other = self.page([{**self.row(0), "spare": float("nan")}, backwards])
        # Then
        assert one.rows[1].digest == other.rows[1].digest
        assert one.rows[0].digest != other.rows[0].digest

    def test_a_change_in_any_field_changes_the_digest(self):
        before = self.page([self.row(0)]).rows[0].digest
        for name, value in self.row(0).items():
            if name not in {self.id_field, self.time_field}:
                changed = {**self.row(0), name: f"{value} and more"}
                assert self.page([changed]).rows[0].digest != before

    def test_a_page_that_begins_with_a_byte_order_mark_is_a_page(self):
        assert len(self.answered(b"\xef\xbb\xbf" + written(self.envelope([self.row(0)]))).rows) == 1

    def test_a_sound_row_is_a_message_that_keeps_the_contract(self):
        row = self.page([self.row(0)]).rows[0]
        assert_lawful(self.adapter(), self.adapter().normalise(self.feed(), row))

    @given(strange=values)
    @by_kit
    def test_what_stands_in_the_place_of_a_row_leaves_its_neighbours_alone(self, strange):
        page = self.page([self.row(0), strange, self.row(2)])
        assert [row.id for row in page.rows if row.id in self.ids(0, 2)] == self.ids(0, 2)
        assert len(page.rows) + len(page.broken) == 3
        for broken in page.broken:
            assert broken.reason in ROW_REASONS
            assert len(broken.digest) == 6

    @given(data=st.data(), strange=values)
    @by_kit
    def test_a_row_with_any_field_bent_is_a_message_or_a_dead_letter(self, data, strange):
        # Given
        name = data.draw(st.sampled_from([*self.row(1), "spare"]))
        sound = self.page([self.row(0), self.row(1), self.row(2)])
        # When
        page = self.page([self.row(0), {**self.row(1), name: strange}, self.row(2)])
        # Then its neighbours are what they were
        assert {row.id: (row.time, row.digest) for row in page.rows}.items() >= {
            row.id: (row.time, row.digest) for row in (sound.rows[0], sound.rows[2])
        }.items()
        # Then it is told in one of two ways
        assert len(page.rows) + len(page.broken) == 3
        for row in page.rows:
            assert_told(self, row)

    @pytest.mark.parametrize(
        "token", [*ABSURD, r'"\ud83d"', r'["\udc00"]', '{"a":{"b":[1,2,3]}}', "18446744073709551616"]
    )
    def test_a_value_that_nobody_needs_may_be_absurd(self, token):
        page = self.page_with("spare", token)
        assert [row.id for row in page.rows] == self.ids(0, 1, 2)
        for row in page.rows:
            assert_lawful(self.adapter(), self.adapter().normalise(self.feed(), row))

    @pytest.mark.parametrize("token", ABSURD)
    def test_an_absurd_value_in_the_words_makes_its_row_a_dead_letter_and_no_other(self, token):
        page = self.page_with(self.words_field, token)
        assert [row.id for row in page.rows] == self.ids(0, 1, 2)
        with pytest.raises(RowUnreadable) as caught:
            self.adapter().normalise(self.feed(), page.rows[1])
        assert caught.value.reason in {"absurd_value", "bad_shape"}
        assert self.adapter().normalise(self.feed(), page.rows[0])
        assert self.adapter().normalise(self.feed(), page.rows[2])

    @pytest.mark.parametrize("token", ABSURD)
    def test_an_absurd_identity_or_time_breaks_its_row_alone_and_is_told_as_received(self, token):
        for field in (self.id_field, self.time_field):
            page = self.page_with(field, token)
            assert [row.id for row in page.rows] == self.ids(0, 2)
            assert [broken.reason in ROW_REASONS for broken in page.broken] == [True]
            assert token in page.broken[0].payload

    def test_half_a_character_in_the_words_is_mended(self):
        page = self.page_with(self.words_field, r'"half \ud83d and whole \ud83d\ude00"')
        normalised = self.adapter().normalise(self.feed(), page.rows[1])
        assert normalised.message.text == "half \ufffd and whole \U0001f600"

    def test_bytes_that_are_no_characters_are_mended(self):
        body = written(self.envelope([{**self.row(0), self.words_field: "the marked place"}]))
        row = self.answered(body.replace(b"the marked place", b"caf\xe9")).rows[0]
        assert self.adapter().normalise(self.feed(), row).message.text == "caf\ufffd"

    def test_of_two_equal_keys_the_last_one_counts(self):
        page = self.page_with(self.words_field, f'"not this","{self.words_field}":"but this"')
        assert self.adapter().normalise(self.feed(), page.rows[1]).message.text == "but this"

    @pytest.mark.parametrize(
        ("identity", "reason"),
        [
            *((nothing, "no_id") for nothing in (None, "", " ")),
            *((odd, "bad_id") for odd in (True, {}, 1.5, 1e300, "x" * 300, "a\x00b", "\ud800")),
        ],
    )
    def test_a_row_that_cannot_be_told_from_others_is_broken(self, identity, reason):
        page = self.page([{**self.row(0), self.id_field: identity}, self.row(1)])
        assert [broken.reason for broken in page.broken] == [reason]
        assert page.broken[0].row_id is None
        assert [row.id for row in page.rows] == self.ids(1)

    @pytest.mark.parametrize("sign", ["", "-"])
    def test_identities_that_are_numbers_beyond_64_bits_are_told_apart_by_their_digits(self, sign):
        # Given rows that floating point would make one
        long = [f"{sign}{10**22 + number}" for number in (0, 1)]
        marked = [{**self.row(number), self.id_field: f"the mark {number}"} for number in (0, 1)]
        body = written(self.envelope([*marked, self.row(2)]))
        for number in (0, 1):
            # WizeBot may send its rows as one JSON text
            for mark in (b'"the mark %d"', b'\\"the mark %d\\"'):
                body = body.replace(mark % number, long[number].encode())
        # When
        page = self.answered(body)
        # Then
        assert [row.id for row in page.rows] == [*long, *self.ids(2)]
        assert page.broken == ()
        assert self.adapter().normalise(self.feed(), page.rows[0]).message.id == long[0]
        assert page.rows[2].digest == self.page([self.row(2)]).rows[0].digest

    @pytest.mark.parametrize(
        ("time", "reason"),
        [
            *((nothing, "no_time") for nothing in (None, "", " ", 0, 0.0, "0")),
            *((odd, "bad_time") for odd in ("some time ago", -5, True, [], {}, 1e300, "9" * 40, "9" * 5000)),
        ],
    )
    def test_a_row_without_a_time_is_broken_and_keeps_its_name(self, time, reason):
        page = self.page([{**self.row(0), self.time_field: time}, self.row(1)])
        assert [(broken.reason, broken.row_id) for broken in page.broken] == [(reason, self.ids(0)[0])]
        assert orjson.loads(page.broken[0].payload)[self.id_field] == self.ids(0)[0]

    def test_identities_and_times_may_change_their_json_type(self):
        for identity, text in ((4711, "4711"), (4711.0, "4711"), (" 4711 ", "4711")):
            assert self.page([{**self.row(0), self.id_field: identity}]).rows[0].id == text
        for time in (1_760_000_000, 1_760_000_000.0, "1760000000", " 1760000000 ", 1_760_000_000_000, "1760000000.0"):
            assert self.page([{**self.row(0), self.time_field: time}]).rows[0].time == 1_760_000_000_000

    def test_the_same_broken_thing_is_told_once(self):
        assert len(self.page([17, self.row(0), 17]).broken) == 1
