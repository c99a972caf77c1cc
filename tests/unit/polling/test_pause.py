from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.polling.pause import FAILURES_IN_A_ROW, JITTER, LEAST_PACE, AccountPause


class NoJitter(Random):
    def random(self) -> float:
        return 0.0


@pytest.fixture
def pause() -> AccountPause:
    return AccountPause(NoJitter())


def test_an_account_starts_unpaused_at_its_full_rate(pause):
    assert (pause.reason, pause.until, pause.pace) == (None, 0.0, 1.0)


def test_retry_after_is_obeyed_and_the_rate_is_halved(pause):
    # When the provider says how long
    pause.rate_limited(100.0, 40.0)
    # Then that long, at half the rate afterwards
    assert (pause.reason, pause.until, pause.pace) == ("rate_limited", 140.0, 0.5)


def test_waiting_for_rate_limits_is_told_as_it_passes_each_second_once(pause):
    # Given a limit of half a minute, and another one behind it
    pause.rate_limited(100.0, 30.0)
    assert [pause.waited(now) for now in (100.0, 101.0, 110.0, 110.0)] == [0, 1, 9, 0]
    pause.rate_limited(120.0, 30.0)  # longer than what is left: it ends at 150
    pause.rate_limited(160.0, 0.4)
    # Then neither what was not told before the next limit is lost, nor is the time between them counted
    assert pause.waited(170.0) == pytest.approx(40.4)
    assert pause.waited(1000.0) == 0


def test_answers_to_requests_that_were_open_count_once(pause):
    # Given a pause
    pause.rate_limited(100.0, 40.0)
    # When more of the same answers come, one of them with a longer time
    pause.rate_limited(101.0, None)
    assert pause.until == 140
    pause.rate_limited(102.0, 60.0)
    # Then the rate is halved once, and the longest time holds
    assert (pause.pace, pause.until) == (0.5, 162.0)
    # And an answer that was on its way does not end the pause
    pause.succeeded(103.0)
    assert (pause.reason, pause.until, pause.pace) == ("rate_limited", 162.0, 0.5)


def test_an_answer_without_a_time_lengthens_no_pause_that_is_under_way(pause):
    # Given a pause of a second, as the provider said
    pause.rate_limited(100.0, 1.0)
    # When the answer to a request that was open says "too many", and not for how long
    pause.rate_limited(100.5, None)
    pause.rate_limited(100.6, 0.0)
    # Then
    assert pause.until == 101


def test_without_retry_after_the_pauses_grow_until_something_succeeds(pause):
    # Given no word of how long ("0" is none)
    lengths = []
    now = 0.0
    for said in (None, 0.0, None, None):
        pause.rate_limited(now, said)
        lengths.append(pause.until - now)
        now = pause.until
    # Then each pause is twice as long as the one before
    assert lengths == [5, 10, 20, 40]
    # And when a page comes, the series begins anew
    pause.succeeded(now)
    assert pause.reason is None
    pause.rate_limited(now, None)
    assert pause.until - now == 5


def test_waits_are_spread_and_never_shortened():
    # Given a thousand workers that are told the same
    ends = set()
    for seed in range(1_000):
        pause = AccountPause(Random(seed))
        pause.rate_limited(0.0, 40.0)
        ends.add(pause.until)
    # Then they come back one after another, none of them early
    assert len(ends) > 990
    assert min(ends) >= 40
    assert max(ends) <= 40 * (1 + JITTER)


def test_the_rate_is_bounded_below_and_comes_back_slowly(pause):
    # Given many rate limits in a row
    now = 0.0
    for _ in range(20):
        pause.rate_limited(now, 1.0)
        now = pause.until
    assert pause.pace == LEAST_PACE
    # When pages come for five minutes
    for _ in range(300):
        now += 1
        pause.succeeded(now)
    # Then half of the rate has come back, and in time all of it and no more
    assert pause.pace == pytest.approx(LEAST_PACE + 0.5)
    pause.succeeded(now + 10_000)
    assert pause.pace == 1


def test_a_refused_account_is_probed_with_one_request_after_each_delay(pause):
    # Given refused credentials
    pause.refused(0.0)
    gaps, now = [], 0.0
    for _ in range(7):
        gaps.append(pause.until - now)
        # When the probe goes out, and is refused a second later
        now = pause.until
        pause.asked(now)
        assert pause.until > now
        pause.refused(now + 1)
    # Then the next one waits twice as long, up to five minutes
    assert gaps == [15, 30, 60, 120, 240, 300, 300]
    assert pause.reason == "refused"


def test_a_probe_that_succeeds_ends_the_refusal(pause):
    pause.refused(0.0)
    pause.asked(15.0)
    pause.succeeded(15.5)
    assert pause.reason is None
    assert pause.until <= 15.5
    # And the next refusal begins the series anew
    pause.refused(20.0)
    assert pause.until == 35


def test_probe_now_lets_one_probe_out_at_once_and_begins_the_series_anew(pause):
    # Given an account whose next probe is five minutes away
    pause.refused(0.0)
    for _ in range(6):
        pause.asked(pause.until)
    now = pause.until - 290
    # When someone says that it was mended
    pause.probe_now(now)
    assert pause.until == now
    # Then one probe goes, and if it fails the next follows after 15 s
    pause.asked(now)
    pause.refused(now + 1)
    assert pause.until == now + 15


def test_probe_now_does_not_cut_a_rate_limit_short(pause):
    pause.rate_limited(0.0, 60.0)
    pause.refused(1.0)
    pause.probe_now(2.0)
    assert pause.until == 60
    assert pause.reason == "refused"


def test_requests_of_a_healthy_account_pause_nothing(pause):
    pause.asked(5.0)
    pause.probe_now(6.0)
    pause.succeeded(7.0)
    assert (pause.reason, pause.until, pause.pace) == (None, 0.0, 1.0)


events = st.lists(
    st.tuples(
        st.sampled_from(["limited", "refused", "asked", "succeeded", "probe_now"]),
        st.floats(0, 400),
        st.none() | st.floats(0, 900),
    ),
    max_size=60,
)


@given(events, st.integers())
@settings(max_examples=200)
def test_whatever_happens_pauses_and_pace_stay_bounded(events, seed):
    # Given any history of one account
    pause, now, limited, waited = AccountPause(Random(seed)), 0.0, 0.0, 0.0
    for what, seconds, retry_after in events:
        now += seconds
        before = pause.until
        limited += max(min(pause.limited_until, now) - (now - seconds), 0.0)
        if what == "limited":
            pause.rate_limited(now, retry_after)
        else:
            getattr(pause, what)(now)
        # Then no pause lasts longer than the longest wait and its jitter, and only these cut one short
        assert pause.until <= now + 900 * (1 + JITTER) or pause.until <= before
        assert pause.until >= before or what in {"succeeded", "probe_now"} or pause.until >= now
        assert LEAST_PACE <= pause.pace <= 1
        waited += pause.waited(now) if seconds > 200 else 0.0
        # And silence has a reason
        assert pause.reason or pause.until <= now
    # And each second of a rate limit is told once
    assert waited + pause.waited(now) == pytest.approx(limited)


def test_failures_in_a_row_make_the_account_fail_and_probes_grow_until_one_succeeds(pause):
    # Given failures, but a success among them
    for _ in range(FAILURES_IN_A_ROW - 1):
        assert not pause.failed(0.0)
    pause.succeeded(0.0)
    assert not pause.failed(0.0)
    # When there are enough in a row
    for _ in range(FAILURES_IN_A_ROW - 1):
        pause.failed(10.0)
    # Then the account is probed, at growing distances however many polls were open
    assert (pause.reason, pause.until) == ("failing", 12.0)
    distances = []
    now = pause.until
    for _ in range(7):
        pause.asked(now)
        pause.failed(now)
        distances.append(pause.until - now)
        now = pause.until
    assert distances == [4, 8, 16, 32, 60, 60, 60]
    # And a success ends it
    assert pause.succeeded(now)
    assert (pause.reason, pause.until) == (None, 0.0)


def test_someone_who_mended_a_failing_account_sees_it_probed_at_once(pause):
    # Given
    for _ in range(FAILURES_IN_A_ROW):
        pause.failed(0.0)
    # When
    pause.probe_now(1.0)
    # Then
    assert pause.until == 1.0
    pause.asked(1.0)
    assert pause.until == 3.0


@pytest.mark.parametrize(("trouble", "most"), [("refused", 50), ("failing", 300)])
def test_a_flood_of_hints_does_not_hammer_an_account_that_says_no(trouble, most):
    # Given an account that refuses, or fails, for ten minutes
    pause = AccountPause(Random(1))
    for _ in range(FAILURES_IN_A_ROW):
        pause.refused(0.0) if trouble == "refused" else pause.failed(0.0)
    # When somebody says each second that it was mended
    probes = 0
    for now in range(600):
        pause.probe_now(float(now))
        if pause.until <= now:
            pause.asked(float(now))
            pause.refused(float(now)) if trouble == "refused" else pause.failed(float(now))
            probes += 1
    # Then it is probed at once, and after that at the distance that a series of probes begins with
    assert 20 <= probes <= most
