"""What the metrics learn of an outcome that was committed."""

import pytest

from workers.metrics import Metrics
from workers.poll_counts import News, PollCounts

NOW = 1_767_614_400.0


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def counts(metrics):
    return PollCounts(metrics, "ogmma", "loja")


def last_message(metrics) -> float | None:
    labels = {"provider": "ogmma", "account": "loja"}
    return metrics.registry.get_sample_value("afluente_account_last_message_timestamp_seconds", labels)


def created(at: float) -> News:
    return News(kinds=("created",), created=1, live=(at,), newest=at)


def test_the_newest_message_is_told_whatever_comes_after_it(metrics, counts):
    for at in (NOW - 60, NOW - 600):
        counts.published(created(at), begun=NOW, at=NOW)
    assert last_message(metrics) == NOW - 60


def test_a_message_of_the_future_does_not_hide_that_no_other_comes(metrics, counts):
    # Given a row that a provider dates in the year 9999
    counts.published(created(253_402_300_799.0), begun=NOW, at=NOW)
    assert last_message(metrics) == NOW
    # When another one comes
    counts.published(created(NOW + 5), begun=NOW + 6, at=NOW + 7)
    # Then
    assert last_message(metrics) == NOW + 5
