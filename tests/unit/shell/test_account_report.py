"""What an account tells of itself: one broken feed is a number, not the state of its neighbours."""

import pytest
from structlog.testing import capture_logs

from workers.account.report import AccountReport, Tally
from workers.account.state import BLOCKED_SECONDS
from workers.metrics import FEED_STATES, Metrics

LABELS = {"provider": "ogmma", "account": "loja"}


def tally(**told: int) -> Tally:
    counts = {"feeds": 12, "new": 0, "backfilling": 0, "failing": 0, "parked": 0, "unreadable": 0, "overdue": 0}
    return Tally(**{**counts, **told}, longest_wait=0.0)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def report_of(metrics: Metrics) -> AccountReport:
    return AccountReport("ogmma", "loja", 3600, metrics, lambda: 1000.0)


def test_one_feed_that_always_fails_is_counted_and_the_account_goes_on_polling(metrics):
    # Given
    report = report_of(metrics)
    with capture_logs() as logged:
        # When one of twelve feeds fails again and again
        for _ in range(50):
            for _ in range(11):
                report.succeeded()
            report.show(tally(failing=1), None)
            report.failed("provider_error", failing=True)
            report.show(tally(failing=1), None)
    # Then
    assert [(line["event"], line["state"]) for line in logged] == [("account_state", "polling")]
    assert metrics.registry.get_sample_value("afluente_feeds", {**LABELS, "state": "failing"}) == 1
    assert metrics.registry.get_sample_value("afluente_feeds", {**LABELS, "state": "active"}) == 11


@pytest.mark.parametrize(("feeds", "polls"), [(1, 1), (3, 3), (12, 5)])
def test_an_account_fails_when_its_feeds_do_or_five_polls_in_a_row(metrics, feeds, polls):
    report = report_of(metrics)
    report.succeeded()
    for number in range(polls):
        assert report.details(tally(feeds=feeds), None)["state"] == "polling", number
        report.failed("timeout", failing=True)
    assert report.details(tally(feeds=feeds), None)["state"] == "failing"
    report.succeeded()
    assert report.details(tally(feeds=feeds), None)["state"] == "polling"


@pytest.mark.parametrize("counts", [{"parked": 3}, {"parked": 2, "unreadable": 1}])
def test_an_account_none_of_whose_feeds_is_there_is_failing_and_not_idle(metrics, counts):
    report = report_of(metrics)
    assert report.details(tally(feeds=3), None)["state"] == "idle"
    report.failed("not_found", failing=False)
    assert report.details(tally(feeds=3, parked=2), None)["state"] == "idle"
    assert report.details(tally(feeds=3, **counts), None)["state"] == "failing"


def test_an_account_is_stuck_while_its_worker_cannot_commit_however_often_that_is_said(metrics):
    # Given an account that is polled
    now = 1000.0
    report = AccountReport("ogmma", "loja", 3600, metrics, lambda: now)
    report.succeeded()

    def state() -> str:
        return report.details(tally(), None)["state"]

    # When the worker says every second that Kafka is away
    while now < 1000 + BLOCKED_SECONDS:
        report.blocked(True)
        assert state() == "polling"
        now += 1
    report.blocked(True)
    now += 0.5
    # Then that is told once it has lasted, and no more when it is over
    assert state() == "stuck"
    report.blocked(False)
    assert state() == "polling"
    # And the next time it lasts as long before it is told
    report.blocked(True)
    now += BLOCKED_SECONDS
    assert state() == "polling"


def test_every_state_of_a_feed_is_counted():
    assert set(tally().by_state) == set(FEED_STATES)
