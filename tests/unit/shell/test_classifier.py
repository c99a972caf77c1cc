"""One place decides what a failure means."""

from pathlib import Path

import pytest

from workers import errors
from workers.classifier import RULINGS, decide, document, ruling_of
from workers.polling.unreachable import REASONS
from workers.stream import failure
from workers.wiring import POLL_FAILURES

PAGE = Path(__file__).parents[3] / "docs" / "failures.md"


def leaves(base=errors.AfluenteError):
    """Every error without a more special one."""
    below = base.__subclasses__()
    return [base] if not below else [leaf for error in below for leaf in leaves(error)]


#: Errors that end a command or a definition, and no poll, shard or worker that runs.
ELSEWHERE = {
    errors.ConfigurationError,
    errors.FeedRejected,
    errors.FeedsNotWritten,
    errors.RecordingUnreadable,
    errors.WorkerSilent,
}


def test_every_error_that_a_running_worker_meets_has_a_ruling():
    ruled = tuple(ruling.error for ruling in RULINGS)
    assert [error for error in leaves() if error not in ELSEWHERE and not issubclass(error, ruled)] == []


def test_no_ruling_hides_behind_a_more_general_one():
    for at, ruling in enumerate(RULINGS):
        assert not any(issubclass(ruling.error, earlier.error) for earlier in RULINGS[:at]), ruling.error


def test_every_reason_that_the_metrics_know_is_explained():
    explained = {reason for ruling in RULINGS for reason in ruling.reasons}
    assert {*POLL_FAILURES, *REASONS, *failure.REASONS} <= explained


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (errors.RateLimited("429", None), "pause the account"),
        (errors.Refused("401"), "pause the account"),
        (errors.ParkFeed("404"), "park the feed"),
        (errors.ProviderFailed("500"), "retry the feed later"),
        (errors.Unreachable("tls", "no TLS"), "retry the feed later"),
        (errors.PageUnreadable("not_json", "HTML"), "retry the feed later"),
        (errors.RowUnreadable("no_time", "no time"), "dead-letter the row"),
        (errors.CursorUnreadable("?"), "leave the feed alone"),
        (errors.ShardFenced("fenced", "fenced"), "reopen the shard"),
        (errors.TransactionFailed("timeout", "timeout"), "reopen the shard"),
        (errors.TopicError("missing"), "stop the worker"),
        (ZeroDivisionError(), "retry the feed later"),
    ],
)
def test_a_failure_leads_to_what_the_worker_can_do_about_it(error, decision):
    assert decide(error) == decision


def test_what_is_refused_while_others_are_read_with_the_same_key_is_refused_alone():
    assert decide(errors.Refused("403"), key_is_good=True) == "retry the feed later"
    assert decide(errors.RateLimited("429", None), key_is_good=True) == "pause the account"


def test_a_fault_of_the_program_is_ruled_as_one():
    assert "internal" in ruling_of(ZeroDivisionError()).reasons


def test_the_page_for_operators_is_made_of_the_rulings():
    assert PAGE.read_text(encoding="utf-8") == document(), "run: python -m workers.classifier docs/failures.md"
