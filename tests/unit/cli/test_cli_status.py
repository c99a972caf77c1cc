"""`afluente status`: once and watched, for a program and for a person."""

import io
import json

import pytest
from rich.console import Console

from workers.cli import status as status_module
from workers.cli.backfill_bars import backfill_bars, share_done
from workers.cli.status_tables import accounts_table, lasting, notes
from workers.cluster import Cluster, WorkerStatus
from workers.errors import BrokerUnreachable
from workers.stream.group import Member

HISTORY = {
    "feeds_left": 3,
    "feeds_done": 9,
    "messages": 41_200,
    "pages_left": 75,
    "pages_done": 25,
    "messages_per_second": 38.2,
    "seconds_left": 250.0,
}


def drawn(thing) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    console.print(thing)
    return console.file.getvalue()


@pytest.fixture
def looks(monkeypatch):
    """What each look at the cluster comes to; Ctrl-C after the last."""
    told = []

    async def observed(_):
        if not told:
            raise KeyboardInterrupt
        found = told.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(status_module.cluster, "observed", observed)
    monkeypatch.setattr(status_module, "WATCH_SECONDS", 0)
    return told


def cluster_of(state: str) -> Cluster:
    return Cluster(group="afluente", state=state, workers=(), accounts={}, unowned=())


def test_a_bar_tells_feeds_messages_rate_and_time_left():
    # When
    line = drawn(backfill_bars({"clinica": {"backfill": HISTORY}, "loja": {"backfill": {**HISTORY, "feeds_left": 0}}}))
    # Then
    assert all(word in line for word in ("clinica", "9/12", "41 200", "38", "4 min"))
    assert "loja" not in line
    assert share_done(HISTORY) == 0.25


def test_nobody_guesses_how_long_a_history_is_before_its_end_was_found():
    unknown = {**HISTORY, "pages_left": None, "seconds_left": None}
    assert share_done(unknown) is None
    assert "finding its end" in drawn(backfill_bars({"clinica": {"backfill": unknown}}))


def test_without_histories_there_is_no_bar():
    assert backfill_bars({"loja": {"backfill": {**HISTORY, "feeds_left": 0}}}) is None


def test_watched_by_a_program_it_is_a_line_for_each_look_until_it_is_interrupted(run, looks):
    # Given
    looks += [cluster_of("Stable"), cluster_of("Empty")]
    # When
    ended = run("status", "--watch")
    # Then
    assert ended.exit_code == 0
    assert [json.loads(line)["state"] for line in ended.stdout.splitlines()] == ["Stable", "Empty"]
    assert ended.stderr == ""


def test_watched_by_a_person_it_outlives_a_kafka_that_is_away(run, looks, monkeypatch):
    # Given
    monkeypatch.setattr(status_module, "for_a_program", lambda: False)
    looks += [cluster_of("Stable"), BrokerUnreachable("no broker answered"), cluster_of("Empty")]
    # When
    ended = run("status", "--watch")
    # Then
    assert ended.exit_code == 0
    assert ended.stdout == ""


def test_a_kafka_that_was_never_there_ends_it(run, looks):
    looks.append(BrokerUnreachable("no broker answered"))
    ended = run("status", "--watch")
    assert ended.exit_code == 1
    assert "no broker answered" in ended.stderr


def an_account(**told) -> dict:
    return {
        "provider": "ogmma",
        "state": "polling",
        "since": "2026-01-05T12:00:00.000Z",
        "feeds": {"active": 9412, "parked": 0, "backfilling": 0, "unreadable": 0},
        "overdue": 0,
        "longest_wait_seconds": 3.2,
        "max_interval_seconds": 3600,
        "requests_per_minute": 60.0,
        "requests_per_minute_configured": 60.0,
        "paused_seconds": 0.0,
        "last_success": "2026-01-05T12:00:00.000Z",
        "last_message": None,
        "gaps": 0,
        "dead_letters": 0,
        "published": 30,
        "backfill": {**HISTORY, "feeds_left": 3},
        **told,
    }


def test_nothing_is_cut_off_in_a_terminal_of_80_columns():
    # Given an account in each of the longest words
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    unknown = an_account(state="rate_limited", backfill={**HISTORY, "pages_left": None})
    # When
    console.print(accounts_table({"recepcao-2": unknown}))
    console.print(backfill_bars({"recepcao-2": unknown}))
    # Then
    assert "…" not in console.file.getvalue()
    assert all(word in console.file.getvalue() for word in ("rate limited", "none yet", "message", "finding its end"))


def test_what_is_out_of_the_ordinary_is_noted_in_words():
    feeds = {"active": 5, "new": 40, "failing": 1, "parked": 2, "backfilling": 0, "unreadable": 1}
    odd = an_account(feeds=feeds, gaps=1, dead_letters=3, paused_seconds=75.4, requests_per_minute=7.5)
    assert notes(odd) == (
        "40 not read yet, 1 failing, 2 parked, 1 unreadable, 1 gap, 3 dead letters, asks again in 75 s, "
        "at 7.5 of 60 requests a minute"
    )
    assert notes(an_account()) == ""


def test_an_account_whose_first_poll_takes_long_is_not_said_to_have_nothing_to_do():
    few_requests = an_account(state="idle", feeds={"active": 2, "new": 10}, last_success=None)
    assert notes(few_requests) == "reads its first feed, 10 not read yet"
    assert notes(an_account(state="idle", feeds={"active": 0, "new": 0}, last_success=None)) == ""


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-3, "0 s"), (0.3, "0 s"), (75.4, "75 s"), (5400, "90 min"), (90_000, "25 h"), (1e6, "12 days")],
)
def test_times_are_told_in_whole_units(seconds, told):
    assert lasting(seconds) == told


def test_what_a_worker_that_does_not_answer_owns_is_said_to_be_unknown(run, looks):
    # Given a worker that polls, and one that is silent, which may have all feeds of the second account
    telling = WorkerStatus(
        member=Member(worker="a", address="http://a", host="a", shards=(0, 1)), told={"state": "joined"}
    )
    silent = WorkerStatus(member=Member(worker="b", address="http://b", host="b", shards=(2, 3, 4, 7)), told={})
    accounts = {"loja": an_account(), "clinica": an_account(state="idle", feeds={"active": 0})}
    looks.append(Cluster(group="afluente", state="Stable", workers=(telling, silent), accounts=accounts, unowned=()))
    # When
    lines = run("status").stderr.splitlines()
    # Then
    assert "what shards 2-4 7 are at is not told: their worker does not answer" in lines
    assert "clinica: no worker that can be reached from here has feeds of this account" in lines
    assert any(line.startswith("loja") and "polling" in line for line in lines)
    assert not any("idle" in line for line in lines)
