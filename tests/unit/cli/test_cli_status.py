"""`afluente status`: once and watched, for a program and for a person."""

import io
import json

import pytest
from rich.console import Console

from workers.cli import status as status_module
from workers.cli.backfill_bars import backfill_bars, share_done
from workers.cluster import Cluster
from workers.errors import BrokerUnreachable

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
    assert "looking for its end" in drawn(backfill_bars({"clinica": {"backfill": unknown}}))


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
