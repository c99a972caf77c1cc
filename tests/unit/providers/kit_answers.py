"""Whatever a provider answers, the worker knows what to do next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.providers.kit_pages import Pages, assert_page_or_failure, by_kit, values, written
from workers.errors import PageUnreadable, ParkFeed, ProviderFailed, RateLimited, Refused
from workers.providers.rows import MOST_ROWS


class AnswerTests(Pages):
    """Tests of answers that are no page."""

    @given(body=st.binary(max_size=200))
    @by_kit
    def test_any_bytes_are_a_page_or_a_failed_poll(self, body):
        assert_page_or_failure(self, body)

    @given(body=values)
    @by_kit
    def test_any_json_is_a_page_or_a_failed_poll(self, body):
        assert_page_or_failure(self, written(body))

    @given(data=st.data())
    @by_kit
    def test_a_damaged_page_is_a_page_or_a_failed_poll(self, data):
        body = written(self.envelope([self.row(0), self.row(1)]))
        at = data.draw(st.integers(0, len(body)))
        taken = data.draw(st.integers(0, 20))
        assert_page_or_failure(self, body[:at] + data.draw(st.binary(max_size=20)) + body[at + taken :])

    @pytest.mark.parametrize("body", [b"", b" \n", b"<!doctype html><html>top secret</html>", b"nothing of the kind"])
    def test_a_success_that_is_not_json_is_an_unreadable_page_that_is_not_quoted(self, body):
        with pytest.raises(PageUnreadable) as caught:
            self.answered(body)
        assert caught.value.letter == "not_json"
        assert "secret" not in str(caught.value)

    def test_half_a_page_is_an_unreadable_page(self):
        body = written(self.envelope([self.row(0), self.row(1)]))
        for length in range(1, len(body), 7):
            with pytest.raises(PageUnreadable):
                self.answered(body[:length])

    def test_more_rows_than_any_page_has_are_refused(self):
        with pytest.raises(PageUnreadable) as caught:
            self.page([None] * (MOST_ROWS + 1))
        assert caught.value.letter == "not_a_page"

    @pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'{"error":"x"}', b"[1]"])
    @pytest.mark.parametrize(
        ("status", "error"),
        [
            *((status, Refused) for status in (301, 302, 304, 401, 403)),
            *((status, ParkFeed) for status in (404, 410)),
            *((status, ProviderFailed) for status in (100, 400, 422, 500, 502, 503, 504)),
            (429, RateLimited),
        ],
    )
    def test_a_status_means_the_same_whatever_unknown_words_come_with_it(self, status, error, body):
        with pytest.raises(error):
            self.answered(body, status)

    @pytest.mark.parametrize("status", [429, 503])
    def test_the_time_to_wait_is_handed_on_as_it_was_sent(self, status):
        with pytest.raises(RateLimited) as caught:
            self.answered(b"{}", status, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
        assert caught.value.retry_after == "Wed, 21 Oct 2026 07:28:00 GMT"
