"""A budget that cannot keep the greatest interval is said once, and in a metric."""

import pytest
from structlog.testing import capture_logs

from workers.account.pace import AccountPace
from workers.metrics import Metrics


@pytest.fixture
def metrics():
    return Metrics()


def test_what_is_not_kept_is_logged_once_until_it_is_kept_again(metrics):
    # Given a bound of ten minutes
    with capture_logs() as logged:
        pace = AccountPace("ogmma", "loja", 600, metrics)
        # When feeds come, and later the rate is raised
        for feeds, rate in ((400, 60), (9400, 60), (9400, 60), (9400, 1400), (9400, 1450), (9400, 2000), (9400, 0)):
            pace.show(feeds, rate)
    # Then
    assert [(line["event"], line["log_level"]) for line in logged] == [
        ("max_interval_not_kept", "warning"),
        ("max_interval_kept", "info"),
    ]
    assert "9 400 feeds at 60/min are visited every 157 min" in logged[0]["reason"]
    assert metrics.registry.get_sample_value(
        "afluente_schedule_round_seconds", {"provider": "ogmma", "account": "loja"}
    ) == pytest.approx(0)


def test_the_metric_tells_how_long_a_round_takes(metrics):
    AccountPace("ogmma", "loja", 600, metrics).show(9400, 60)
    got = metrics.registry.get_sample_value("afluente_schedule_round_seconds", {"provider": "ogmma", "account": "loja"})
    assert got == 9400


def test_polls_that_take_two_requests_take_twice_as_long(metrics):
    # Given
    pace = AccountPace("wegly", "escola", 600, metrics, requests_per_poll=2)
    # When
    with capture_logs() as logged:
        pace.show(200, 60)
        pace.show(201, 60)
    # Then
    labels = {"provider": "wegly", "account": "escola"}
    assert metrics.registry.get_sample_value("afluente_schedule_round_seconds", labels) == 402
    assert [line["event"] for line in logged] == ["max_interval_not_kept"]
