"""When an account that says no is probed, and what somebody changes who says that it was mended."""

import pytest

from workers.polling.backoff import REFUSED_ACCOUNT
from workers.polling.probes import Probes

FIRST = REFUSED_ACCOUNT.first


@pytest.fixture
def probes() -> Probes:
    """Those of an account that was refused at second 0."""
    made = Probes(REFUSED_ACCOUNT)
    made.begin(0.0)
    return made


def test_somebody_who_asks_again_and_again_has_one_probe_in_so_many_seconds(probes):
    # Given a probe that somebody asked for, and the one that followed it in the series
    probes.now(1.0)
    assert probes.until == 1
    probes.asked(1.0)
    assert probes.until == 1 + FIRST
    probes.now(2.0)
    probes.asked(1 + FIRST)
    assert probes.until == 1 + FIRST + 2 * FIRST
    # When he asks once more
    probes.now(2 + FIRST)
    # Then the next one is for him: no sooner than a series begins with, and no later
    assert probes.until == 1 + FIRST + FIRST


def test_somebody_who_asks_for_the_first_time_has_a_probe_at_once_though_there_was_one_just_now(probes):
    # Given a probe of the series, which nobody asked for
    probes.asked(1000.0)
    # When somebody has mended the account a second later
    probes.now(1001.0)
    # Then
    assert probes.until == 1001


def test_asking_twice_before_the_probe_went_out_does_not_delay_it(probes):
    # Given a probe that was asked for, and that waits for its turn in the budget
    probes.now(1.0)
    # When somebody asks for another feed
    probes.now(1.5)
    # Then
    assert probes.until == 1


def test_what_was_asked_for_before_a_success_does_not_count_in_the_next_refusal(probes):
    # Given a probe that was asked for, and succeeded
    probes.now(1.0)
    probes.asked(1.0)
    probes.end()
    # When the account is refused again, and that is mended at once
    probes.begin(2.0)
    probes.now(3.0)
    # Then
    assert probes.until == 3
