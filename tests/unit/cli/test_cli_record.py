"""`afluente record` and `replay` against simulated providers, as a user has them."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from workers.cli import afluente
from workers.simulator import RunningSimulation, SimulationSettings, configuration, serve
from workers.simulator.rooms import ROOMS


@pytest.fixture(scope="module")
def simulation() -> Iterator[RunningSimulation]:
    """All providers on a port, standing still, echoing keys into texts."""
    ready, running = threading.Event(), {}

    async def simulate() -> None:
        switches = ("echo_in_text=0.2", "nan=0.1", *(f"{name}.requests_per_minute=0" for name in ROOMS))
        running["simulation"] = await serve(
            SimulationSettings(rate=0.0, history=70, conversations=8, switches=switches)
        )
        running["loop"], running["end"] = asyncio.get_running_loop(), asyncio.Event()
        ready.set()
        await running["end"].wait()
        await running["simulation"].stop()

    thread = threading.Thread(target=asyncio.run, args=(simulate(),))
    thread.start()
    assert ready.wait(10)
    yield running["simulation"]
    running["loop"].call_soon_threadsafe(running["end"].set)
    thread.join()


@pytest.fixture
def run(simulation, tmp_path, monkeypatch):
    """`run("record", "loja", …)` with the simulator's configuration, in an empty folder."""
    written = configuration(
        simulation.url, simulation.settings, kafka_bootstrap="127.0.0.1:1", account={"requests_per_minute": 100_000}
    )
    (tmp_path / "afluente.toml").write_text(written.text)
    monkeypatch.chdir(tmp_path)
    for name, key in written.environment.items():
        monkeypatch.setenv(name, key)

    def run(*words: str) -> Result:
        return CliRunner().invoke(afluente, words, catch_exceptions=False)

    return run


def account_of(provider: str) -> str:
    return ROOMS[provider].account_name(0)


def stored_bytes(folder: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in folder.iterdir())


@pytest.mark.parametrize("provider", ROOMS)
@pytest.mark.parametrize("people", [[], ["--remove-people"]])
def test_what_was_recorded_is_replayed_without_configuration_and_without_the_provider(
    run, monkeypatch, provider, people, tmp_path
):
    # Given
    recorded = run("record", account_of(provider), "--pages", "2", "-o", "kept", *people)
    assert recorded.exit_code == 0, recorded.output
    told = json.loads(recorded.stdout)
    assert told["read_alike"] is True
    assert told["events"] > 0
    # When nothing but the folder is left
    (tmp_path / "afluente.toml").unlink()
    monkeypatch.delenv(f"{account_of(provider).upper()}_KEY")
    replayed = run("replay", "kept")
    # Then
    assert replayed.exit_code == 0, replayed.output
    assert replayed.stderr.startswith("equal ")
    assert len(replayed.stderr.splitlines()) == 1
    assert json.loads(replayed.stdout) | {"differences": 0, "events": told["events"]} == json.loads(replayed.stdout)


@pytest.mark.parametrize("provider", ROOMS)
def test_a_recording_holds_no_credential_and_nobody_but_its_owner_reads_it(run, simulation, provider, tmp_path):
    # When
    run("record", account_of(provider), "-o", "kept")
    # Then
    folder = tmp_path / "kept"
    key = simulation.world.accounts[account_of(provider)].api_key
    assert b"[credential removed]" in stored_bytes(folder)
    assert key.encode() not in stored_bytes(folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())


@pytest.mark.parametrize("provider", ROOMS)
def test_a_recording_without_people_has_nobody_of_the_simulated_world_in_it(run, simulation, provider, tmp_path):
    # When
    run("record", account_of(provider), "-o", "kept", "--remove-people")
    # Then
    text = stored_bytes(tmp_path / "kept").decode()
    account = simulation.world.accounts[account_of(provider)]
    feeds = run("preview", account.name).stdout
    shown = [m for m in account.messages if m.id in feeds]
    assert shown
    for message in shown:
        contact = message.conversation.contact
        for value in (contact.address, contact.name, message.media, message.conversation.channel.number):
            assert not value or value not in text
        assert not [word for word in re.findall(r"[A-Za-zÀ-ú]{8,}", message.text or "") if word in text]


def test_a_reading_that_changed_is_told_field_by_field_until_it_is_accepted(run, tmp_path):
    # Given
    run("record", "loja", "-o", "kept")
    events = (tmp_path / "kept" / "events.jsonl").read_bytes().splitlines()
    first, gone = orjson.loads(events[0]), orjson.loads(events[1])
    first["data"]["message"]["type"] = "otherwise"
    stored = [orjson.dumps(first), *events[2:]]
    (tmp_path / "kept" / "events.jsonl").write_bytes(b"\n".join(stored) + b"\n")
    # When
    replayed = run("replay", "kept")
    # Then
    assert replayed.exit_code == 1
    assert f"message.created {first['subject']}" in replayed.stderr
    assert "data.message.type" in replayed.stderr
    assert '"otherwise"' in replayed.stderr
    assert f"message.created {gone['subject']}: not stored, and given now" in replayed.stderr
    changed, new, result = map(json.loads, replayed.stdout.splitlines())
    assert changed["fields"][0]["stored"] == "otherwise"
    assert (new["kind"], result["differences"]) == ("new", 2)
    # When
    assert run("replay", "kept", "--accept").exit_code == 0
    # Then
    assert run("replay", "kept").exit_code == 0
    assert (tmp_path / "kept" / "events.jsonl").read_bytes().splitlines() == events


def test_pages_that_cannot_be_read_any_more_are_told(run, tmp_path):
    run("record", "loja", "-o", "kept")
    (tmp_path / "kept" / "page-1.body").write_bytes(b"<html>")
    replayed = run("replay", "kept")
    assert replayed.exit_code == 1
    assert replayed.stderr.startswith("unreadable   the stored pages cannot be read any more: not JSON")
    assert "different " in replayed.stderr
    # When somebody accepts that, nothing is lost
    events = (tmp_path / "kept" / "events.jsonl").read_bytes()
    assert run("replay", "kept", "--accept").exit_code == 1
    assert (tmp_path / "kept" / "events.jsonl").read_bytes() == events


@pytest.mark.parametrize("broken", ["recording.json", "events.jsonl", "page-1.body"])
def test_a_folder_that_is_no_recording_is_wrong_usage(run, tmp_path, broken):
    run("record", "loja", "-o", "kept")
    (tmp_path / "kept" / broken).unlink()
    replayed = run("replay", "kept")
    assert replayed.exit_code == 2
    assert f"{broken} is missing" in replayed.stderr


def test_nothing_is_asked_and_nothing_overwritten_where_the_folder_has_something_in_it(run, simulation, tmp_path):
    # Given
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "thesis.txt").write_text("mine")
    before = simulation.stats()
    # When
    ended = run("record", "loja", "-o", "kept")
    # Then
    assert ended.exit_code == 2
    assert "kept is not empty" in ended.stderr
    assert simulation.stats()["accounts"] == before["accounts"]


def test_an_account_that_is_refused_stores_nothing(run, monkeypatch, tmp_path):
    monkeypatch.setenv("LOJA_KEY", "wrong-key-0123456789")
    ended = run("record", "loja", "-o", "kept")
    assert ended.exit_code == 1
    assert ended.stderr.startswith("refused ")
    assert not (tmp_path / "kept").exists()
