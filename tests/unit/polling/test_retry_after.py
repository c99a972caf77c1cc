from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workers.polling.retry_after import LONGEST_WAIT, retry_after_seconds

NOW = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


@given(st.one_of(st.none(), st.text(), st.text("0123456789.,:-+ GMTMonJan")), st.integers(0, 10**14))
@example("9" * 5_000, NOW_MS)
@example("Mon, 99 Jan 999999999999999999999 00:00:00 GMT", NOW_MS)
@example("Fri, 31 Dec 9999 23:59:59 -2400", NOW_MS)
@settings(max_examples=500)
def test_no_header_makes_it_raise_or_leave_its_bounds(value, now_ms):
    seconds = retry_after_seconds(value, now_ms)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


@given(st.integers(0, 10**30))
@settings(max_examples=100)
def test_seconds_are_taken_as_they_are_up_to_the_longest_wait(seconds):
    assert retry_after_seconds(f" {seconds} ", NOW_MS) == min(seconds, LONGEST_WAIT)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))
@settings(max_examples=100)
def test_a_date_is_the_time_left_until_it_and_never_less_than_none(moment):
    # Given a whole second, which is all that the header can say
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    # When / Then
    left = (moment - NOW).total_seconds()
    assert retry_after_seconds(format_datetime(moment, usegmt=True), NOW_MS) == min(max(left, 0), LONGEST_WAIT)


@pytest.mark.parametrize(
    "value", ["Mon, 05 Jan 2026 12:01:30 GMT", "Monday, 05-Jan-26 12:01:30 GMT", "Mon Jan  5 12:01:30 2026"]
)
def test_all_three_forms_of_a_date_are_read(value):
    assert retry_after_seconds(value, NOW_MS) == 90


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("١٢", None),
        ("1e3", None),
        ("0", 0),
        ("1.5", 1.5),
        ("31536000", LONGEST_WAIT),
        ("Mon, 05 Jan 2026 11:59:00 GMT", 0),
        ("Tue, 05 Jan 2027 12:00:00 GMT", LONGEST_WAIT),
    ],
)
def test_what_providers_send(value, seconds):
    assert retry_after_seconds(value, NOW_MS) == seconds
