import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.polling.backoff import PARKED_FEED, REFUSED_ACCOUNT, Backoff


@pytest.mark.parametrize(
    ("series", "delays"),
    [
        (PARKED_FEED, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]),
        (REFUSED_ACCOUNT, [15, 30, 60, 120, 240, 300, 300]),
    ],
)
def test_the_series_of_the_design(series, delays):
    assert [series.delay(failures) for failures in range(1, len(delays) + 1)] == delays


@given(st.floats(0.001, 1e4), st.floats(1.001, 10), st.floats(1, 1e6), st.integers(-5, 10**9))
@settings(max_examples=200)
def test_delays_never_shrink_leave_their_bounds_or_overflow(first, factor, span, failures):
    # Given any series
    series = Backoff(first, factor, first * span)
    # When / Then
    assert series.first <= series.delay(failures) <= series.limit
    assert series.delay(failures) <= series.delay(failures + 1)
