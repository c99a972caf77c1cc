"""`afluente check`, `preview` and `feeds discover` against `afluente simulate`, each as a user runs it."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from workers.cli import afluente, trial

pytestmark = pytest.mark.kafka

SIMULATE = [
    *(sys.executable, "-m", "workers", "simulate", "--port", "0", "--conversations", "6", "--rate", "0"),
    *("--provider", "ogmma", "--provider", "99digital"),
]


class Simulation(NamedTuple):
    accounts: dict[str, dict]
    configuration: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def simulation(tmp_path_factory, broker) -> Iterator[Simulation]:
    """Two simulated accounts that stand still, and the configuration that the simulator wrote for them."""
    file = tmp_path_factory.mktemp("simulation") / "sim.toml"
    server = broker.bootstrap.split(",")[0]
    command = [*SIMULATE, "--write-config", str(file), "--kafka", server]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        accounts = [json.loads(process.stdout.readline()) for _ in range(2)]
        said = ""
        while "in another terminal" not in said:
            said = process.stderr.readline()
            assert said, "the simulator ended"
        environment = {account["api_key_env"]: account["api_key"] for account in accounts}
        yield Simulation({account["account"]: account for account in accounts}, file.read_text(), environment)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.fixture
def given(simulation, tmp_path, topic_prefix, monkeypatch):
    """`given()`: `run` with the simulator's configuration, changed by replacements (`{before: after}`)."""
    for name, key in simulation.environment.items():
        monkeypatch.setenv(name, key)

    def given(changes: dict[str, str] | None = None):
        text = simulation.configuration + f'\n[topics]\nfeeds = "{topic_prefix}.feeds"\nmessages = "{topic_prefix}.m"\n'
        text += f'cursors = "{topic_prefix}.cursors"\ndead_letters = "{topic_prefix}.dead"\n'
        for before, after in (changes or {}).items():
            assert before in text
            text = text.replace(before, after)
        file = tmp_path / "afluente.toml"
        file.write_text(text)

        def run(*words: str) -> Result:
            return CliRunner().invoke(afluente, [*words, "-c", str(file)], catch_exceptions=False)

        return run

    return given


def lines(ended: Result) -> list[dict]:
    return [json.loads(line) for line in ended.stdout.splitlines()]


# --- check -----------------------------------------------------------------------------------------------


def test_all_that_is_right_is_said_to_be(given):
    # Given
    run = given()
    assert run("topics", "create").exit_code == 0
    # When
    ended = run("check")
    # Then
    assert ended.exit_code == 0, ended.output
    results = [(line["check"], line.get("account"), line["result"]) for line in lines(ended)]
    assert results[0] == ("configuration", None, "ok")
    assert set(results[1:]) == {("account", "loja", "ok"), ("account", "clinica", "ok"), ("kafka", None, "ok")}


def test_topics_that_run_will_make_are_nothing_wrong(given, simulation):
    # Given a fresh Kafka
    run = given()
    # When
    ended = run("check")
    # Then
    (kafka,) = [line for line in lines(ended) if line["check"] == "kafka"]
    assert (ended.exit_code, kafka["result"]) == (0, "ok")
    assert "`afluente run` will make what is missing" in kafka["said"]
    # But where nobody makes them, they are missing
    servers = re.search(r"bootstrap_servers = .*", simulation.configuration)[0]
    ended = given({servers: f"{servers}\ncreate_topics = false"})("check")
    assert ended.exit_code == 1
    wrong = [line["said"] for line in lines(ended) if line["check"] == "kafka"]
    assert len(wrong) == 4
    assert all("does not exist" in said for said in wrong)


def test_each_thing_that_is_wrong_is_said_and_the_others_are_tried_all_the_same(given, simulation, monkeypatch):
    # Given a wrong key, an address where nobody listens, and no broker
    monkeypatch.setenv("LOJA_KEY", "oapi_sk_live_wrong_wrong_wrong")
    monkeypatch.setattr(trial, "KAFKA_SECONDS", 1.0)
    clinica = simulation.accounts["clinica"]["base_url"]
    servers = re.search(r"bootstrap_servers = .*", simulation.configuration)[0]
    run = given({clinica: "http://127.0.0.1:9/v2", servers: 'bootstrap_servers = ["127.0.0.1:9"]'})
    # When
    ended = run("check")
    # Then
    assert ended.exit_code == 1
    results = {line["account"] or line["check"]: line for line in lines(ended)[1:]}
    assert {name: line["result"] for name, line in results.items()} == {
        "loja": "refused",
        "clinica": "unreachable",
        "kafka": "unreachable",
    }
    assert "renew" in results["loja"]["advice"]
    assert "127.0.0.1:9" in results["kafka"]["said"]
    assert "oapi_sk_live_wrong_wrong_wrong" not in ended.output


# --- preview ---------------------------------------------------------------------------------------------


def test_the_newest_page_of_the_first_feed_is_previewed_without_kafka(given, simulation):
    # Given a broker that does not exist
    servers = re.search(r"bootstrap_servers = .*", simulation.configuration)[0]
    run = given({servers: 'bootstrap_servers = ["127.0.0.1:9"]'})
    # When
    ended = run("preview", "loja")
    # Then the twenty messages that the world began with, oldest first
    assert ended.exit_code == 0
    events = lines(ended)
    assert len(events) == 20
    assert {event["type"] for event in events} == {"afluente.message.created"}
    first = simulation.accounts["loja"]["feeds"][0]["conversation_id"]
    assert {event["partitionkey"] for event in events} == {f"loja/{first}"}
    times = [event["data"]["message"]["sent_at"] for event in events]
    assert times == sorted(times)


def test_more_pages_are_previewed_at_the_pace_of_the_account(given):
    run = given({"requests_per_minute = 60": "requests_per_minute = 1200"})
    # 3 conversations of 20 messages: a page of 50 rows, and a page of 10
    assert len(lines(run("preview", "clinica"))) == 50
    ended = run("preview", "clinica", "--pages", "2")
    assert len(lines(ended)) == 60
    assert "from 60 rows on 2 pages" in ended.stderr


def test_a_feed_that_does_not_exist_is_not_found(given):
    ended = given()("preview", "loja", "channel_id=1", "conversation_id=2")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.startswith("not found    loja channel_id=1 conversation_id=2")


# --- discover --------------------------------------------------------------------------------------------


def test_feeds_that_a_provider_lists_are_shown_and_then_written_once(given, simulation):
    # Given
    run = given({'scope = "number"': 'scope = "contacts"', "requests_per_minute = 60": "requests_per_minute = 1200"})
    contacts = {f"clinica/{feed['contact']}" for feed in simulation.accounts["clinica"]["feeds"]}
    # When / Then nothing of Kafka is needed to look
    shown = run("feeds", "discover", "clinica", "--dry-run")
    assert (shown.exit_code, {line["key"] for line in lines(shown)}) == (0, contacts)
    # When / Then they are written
    assert run("feeds", "discover", "clinica").exit_code == 1
    assert run("topics", "create").exit_code == 0
    written = run("feeds", "discover", "clinica")
    assert (written.exit_code, [line["new"] for line in lines(written)]) == (0, [True] * len(contacts))
    assert {line["key"] for line in lines(run("feeds", "list", "clinica"))} == contacts
    # When / Then they are known
    again = run("feeds", "discover", "clinica")
    assert [line["new"] for line in lines(again)] == [False] * len(contacts)
    assert "3 feeds of clinica listed by the provider, 0 new" in again.stderr


@pytest.mark.parametrize(
    ("account", "field"), [("clinica", "accounts.clinica.scope"), ("loja", "accounts.loja.conversations")]
)
def test_an_account_without_a_list_of_feeds_says_which_setting_it_needs(given, account, field):
    ended = given()("feeds", "discover", account)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert field in ended.stderr


def test_a_refused_discovery_says_what_to_do(given, monkeypatch):
    monkeypatch.setenv("CLINICA_KEY", "99d/wrong+wrong")
    ended = given({'scope = "number"': 'scope = "contacts"'})("feeds", "discover", "clinica", "--dry-run")
    assert ended.exit_code == 1
    assert ended.stderr.startswith("refused      clinica: ")


# --- simulate --------------------------------------------------------------------------------------------


def test_an_address_in_use_is_named(simulation):
    # Given
    port = re.search(r":(\d+)/", simulation.accounts["loja"]["base_url"])[1]
    # When
    ended = subprocess.run([*SIMULATE[:4], "--port", port], capture_output=True, text=True, timeout=30, check=False)
    # Then
    assert ended.returncode == 1
    assert f"error cannot listen on 127.0.0.1:{port}" in ended.stderr


def test_a_configuration_of_its_own_making_is_written_anew(simulation, tmp_path: Path):
    # Given
    file = tmp_path / "sim.toml"
    file.write_text(simulation.configuration)
    # When
    command = [*SIMULATE, "--write-config", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        address = json.loads(process.stdout.readline())["base_url"]
        while address not in file.read_text():
            assert process.poll() is None
        # Then it ends in order
        process.terminate()
        assert process.wait(10) == 0
