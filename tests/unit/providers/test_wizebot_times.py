"""Times of a row: Meta's where there is one, else a local time whose zone the account says."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.providers.wizebot_samples import message, normalised, page, row, webhook, wizebot
from workers.errors import RowUnreadable
from workers.providers.wizebot.local_time import moments, resolved
from workers.times import iso, parse_iso

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NEW_YORK = ZoneInfo("America/New_York")


def sent_at(conversation_time, zone):
    return normalised(of=wizebot(timezone=zone), conversation_time=conversation_time).message.sent_at


@pytest.mark.parametrize(
    ("told", "zone", "true"),
    [
        ("2026-01-05 09:00:00", "America/Sao_Paulo", "2026-01-05T12:00:00.000Z"),
        ("2026-01-05 09:00:00", "UTC", "2026-01-05T09:00:00.000Z"),
        ("2026-01-05 09:00:00", "Asia/Kolkata", "2026-01-05T03:30:00.000Z"),
        ("2026-07-05 09:00:00", "Europe/Lisbon", "2026-07-05T08:00:00.000Z"),
        ("2026-01-05 09:00:00.123456", "UTC", "2026-01-05T09:00:00.123Z"),
        (" 2026-01-05T09:00:00 ", "America/Sao_Paulo", "2026-01-05T12:00:00.000Z"),
        ("2026-01-05T09:00:00Z", "America/Sao_Paulo", "2026-01-05T09:00:00.000Z"),
        ("2026-01-05 09:00:00-05:00", "America/Sao_Paulo", "2026-01-05T14:00:00.000Z"),
        (1767607200, "America/Sao_Paulo", "2026-01-05T10:00:00.000Z"),
    ],
)
def test_a_local_time_is_true_in_the_accounts_zone(told, zone, true):
    assert sent_at(told, zone) == true


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "UTC", "Asia/Kolkata"])
def test_what_came_in_has_metas_time_in_any_zone(zone):
    got = normalised(webhook(), of=wizebot(timezone=zone), sender="user")
    assert got.message.sent_at == "2025-10-09T08:53:20.000Z"


@pytest.mark.parametrize("timestamp", ["", None, "x", "0", [1]])
def test_without_metas_time_the_local_one_serves(timestamp):
    got = message(webhook(timestamp=timestamp), sender="user")
    assert got.sent_at == "2026-01-05T12:59:59.000Z"


def test_metas_time_serves_without_a_local_one():
    for missing in (None, "", "0000-00-00 00:00:00", {}):
        assert message(webhook(), sender="user", conversation_time=missing).sent_at == "2025-10-09T08:53:20.000Z"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("0000-00-00 00:00:00", "bad_time"),
        ("2026-13-05 09:00:00", "bad_time"),
        ("1969-12-31 09:00:00", "bad_time"),
        ("0001-01-01 00:00:00", "bad_time"),
        ("9999-12-31 23:59:59", "bad_time"),
        ("2026-01-05 09", None),
        (None, "no_time"),
    ],
)
def test_a_local_time_that_cannot_be_is_told(told, reason):
    got = page(row(conversation_time=told))
    assert [broken.reason for broken in got.broken] == ([] if reason is None else [reason])


# --- hours that a clock change makes two, or none -------------------------------------------------------


def test_the_hour_that_is_repeated_means_two_moments_and_so_does_the_one_that_is_skipped():
    # Given the end of daylight saving time in Brazil, at midnight between 17 and 18 February 2018
    early, late = moments("2018-02-17 23:30:00", "t", SAO_PAULO)
    assert (iso(early), iso(late)) == ("2018-02-18T01:30:00.000Z", "2018-02-18T02:30:00.000Z")
    assert len(moments("2018-02-17 22:59:59", "t", SAO_PAULO)) == 1
    assert len(moments("2018-02-18 00:00:00", "t", SAO_PAULO)) == 1
    # Given its beginning, when 00:00 to 00:59 did not exist
    early, late = moments("2018-11-04 00:30:00", "t", SAO_PAULO)
    assert (iso(early), iso(late)) == ("2018-11-04T02:30:00.000Z", "2018-11-04T03:30:00.000Z")


def listed(*times, newest_first=True, **fields):
    """The times of rows with these local times, in true UTC, oldest first (given oldest first)."""
    rows = [
        row(len(times) - place, conversation_time=time, **fields) if isinstance(time, str) else time
        for place, time in enumerate(times)
    ]
    got = page(*(reversed(rows) if newest_first else rows), of=wizebot(timezone="America/New_York"))
    assert len(got.rows) == len(times)
    by_place = sorted(got.rows, key=lambda one: -one.position)
    return [iso(one.time)[11:19] for one in by_place]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(
    ("local", "true"),
    [
        # 1 November 2026 in New York: 01:00 to 01:59 comes twice, from 05:00 UTC and from 06:00 UTC
        (["00:50:00", "01:10:00", "01:50:00", "01:05:00", "01:40:00", "02:10:00"],
         ["04:50:00", "05:10:00", "05:50:00", "06:05:00", "06:40:00", "07:10:00"]),
        (["00:50:00", "01:10:00", "03:00:00"], ["04:50:00", "05:10:00", "08:00:00"]),
        (["00:10:00", "01:58:00", "02:01:00"], ["04:10:00", "06:58:00", "07:01:00"]),
        (["00:58:00", "01:01:00", "01:59:00", "02:01:00"], ["04:58:00", "05:01:00", "06:59:00", "07:01:00"]),
        (["01:10:00", "01:20:00", "02:00:00"], ["06:10:00", "06:20:00", "07:00:00"]),
        (["00:55:00", "01:10:00", "01:20:00"], ["04:55:00", "05:10:00", "05:20:00"]),
        (["01:30:00", "01:10:00"], ["05:30:00", "06:10:00"]),
        (["01:30:00"], ["05:30:00"]),
        (["01:30:00", "01:30:00", "01:30:00"], ["05:30:00", "05:30:00", "05:30:00"]),
    ],
)  # fmt: skip
def test_a_doubtful_hour_is_settled_by_the_neighbours(local, true, newest_first):
    assert listed(*(f"2026-11-01 {time}" for time in local), newest_first=newest_first) == true


def test_a_skipped_hour_is_settled_by_the_neighbours():
    # Given 8 March 2026 in New York: 02:00 to 02:59 does not exist, 01:59 is 06:59 UTC and 03:00 is 07:00 UTC
    assert listed("2026-03-08 01:50:00", "2026-03-08 02:10:00", "2026-03-08 03:20:00") == [
        "06:50:00",
        "07:10:00",
        "07:20:00",
    ]


def test_a_row_with_metas_time_is_a_neighbour_beyond_doubt():
    # Given what came in at 06:20 UTC, in the second of the two hours
    came_in = row(1, webhook(timestamp=str(parse_iso("2026-11-01T06:20:00") // 1000)), sender="user")
    # Then what was answered after it was answered in that hour
    assert listed("2026-11-01 00:30:00", came_in | {"id": 8998}, "2026-11-01 01:25:00") == [
        "04:30:00",
        "06:20:00",
        "06:25:00",
    ]


def test_a_doubtful_row_is_moved_up_to_an_older_one_by_less_than_the_hour_in_doubt():
    # Given an answer whose local clock is 30 s behind Meta's, in the second of the two hours
    came_in = row(1, webhook(timestamp=str(parse_iso("2026-11-01T06:20:30") // 1000)), sender="user")
    assert listed(came_in | {"id": 8990}, "2026-11-01 01:20:00") == ["06:20:30", "06:20:30"]


def test_a_list_in_no_order_moves_no_row_by_hours():
    hour = 3_600_000
    assert resolved([(9 * hour,), (5 * hour, 6 * hour), (7 * hour,)]) == [9 * hour, 6 * hour, 7 * hour]


def test_the_numbers_of_rows_say_which_came_first_where_times_do_not():
    for ids in ((1, 2), (2, 1)):
        rows = [
            row(conversation_time="2026-11-01 01:30:00", id=ids[0]),
            row(conversation_time="2026-11-01 01:10:00", id=ids[1]),
        ]
        got = page(*rows, of=wizebot(timezone="America/New_York"))
        first, second = got.rows
        assert (first.position < second.position) is (ids[0] > ids[1])
        assert (second.time - first.time) // 60_000 == (40 if ids == (1, 2) else -20)


SECONDS = st.integers(0, 4 * 3600)


@given(
    offsets=st.lists(SECONDS, min_size=1, max_size=12).map(sorted),
    exact=st.lists(st.booleans(), min_size=12, max_size=12),
)
@settings(max_examples=300, deadline=None)
def test_doubtful_rows_never_stand_before_older_ones(offsets, exact):
    # Given messages of a night with a clock change, some with their true time
    start = datetime(2026, 11, 1, 4, tzinfo=UTC)
    true = [int((start + timedelta(seconds=offset)).timestamp()) * 1000 for offset in offsets]
    meant = [
        (time,)
        if known
        else moments(f"{datetime.fromtimestamp(time / 1000, NEW_YORK):%Y-%m-%d %H:%M:%S}", "t", NEW_YORK)
        for time, known in zip(true, exact, strict=False)
    ]
    # When
    times = resolved(meant)
    # Then each is one of what it may mean, and they ascend
    assert all(time in one for time, one in zip(times, meant, strict=True))
    assert times == sorted(times)


@given(
    meant=st.lists(
        st.lists(st.integers(1, 10**7), min_size=1, max_size=2).map(lambda one: tuple(sorted(set(one)))), max_size=12
    )
)
@settings(max_examples=300, deadline=None)
def test_any_times_are_resolved_near_to_what_they_mean(meant):
    times = resolved(meant)
    assert len(times) == len(meant)
    for time, one in zip(times, meant, strict=True):
        assert one[0] <= time <= one[-1] + (one[-1] - one[0])


def test_a_page_of_doubtful_rows_takes_time_in_proportion_to_its_length():
    meant = [(n, n + 3_600_000) for n in range(20_000)]
    assert resolved(meant) == [one[0] for one in meant]


def test_a_time_of_no_kind_is_told():
    for odd in ({}, [], True, "x"):
        with pytest.raises(RowUnreadable):
            moments(odd, "t", SAO_PAULO)
