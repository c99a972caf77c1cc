"""`afluente check` before anything is asked: wrong fields, doubtful settings, the configuration in force."""

import json

import pytest

from tests.unit.cli.conftest import CONFIGURATION, KEY, OTHER_KEY


def test_a_right_configuration_is_summed_up_and_ends_with_0(run):
    # When
    ended = run("check", "--offline")
    # Then
    assert ended.exit_code == 0
    assert ended.stderr.splitlines() == [
        "ok           afluente.toml: 2 accounts, 12 shards",
        "account  provider   feeds  requests/min  a poll  each visited every",
        "loja     ogmma          1            60       1  1 s               ",
        "clinica  99digital      1            60       1  1 s               ",
    ]
    assert json.loads(ended.stdout) == {"check": "configuration", "result": "ok", "warnings": []}


def test_the_configuration_in_force_is_shown_without_secrets(run):
    # When
    ended = run("check", "--offline", "--show")
    # Then
    shown = json.loads(ended.stdout)["effective"]
    assert shown["accounts"]["clinica"]["remember"] == 5000
    assert shown["accounts"]["loja"]["api_key"] == "**********"
    assert KEY not in ended.output
    assert OTHER_KEY not in ended.output


def test_every_wrong_field_is_told_at_once(run, folder):
    # Given
    wrong = CONFIGURATION.replace("bootstrap_servers", "bootstrap_server").replace('"ogmma"', '"ogma"')
    (folder / "afluente.toml").write_text(wrong.replace("972770000001", "x"))
    # When
    ended = run("check", "--offline")
    # Then
    assert ended.exit_code == 2
    lines = ended.stderr.splitlines()
    assert len(lines) == 3
    assert 'error kafka.bootstrap_server: unknown key; did you mean "bootstrap_servers"?' in lines
    assert any(line.startswith('error accounts.loja.provider = "ogma"') for line in lines)
    assert any(line.startswith("error accounts.clinica.number") for line in lines)
    assert ended.stdout == ""


def test_every_feed_that_its_provider_cannot_read_is_told(run, folder):
    # Given
    right = '{ channel_id = "1", conversation_id = "2" }'
    feeds = f'[{{ channel = "66aa09" }}, {right}, {right.replace("1", "..")}]'
    wrong = CONFIGURATION.replace('[{ channel_id = "66aa09", conversation_id = "66aa01" }]', feeds)
    (folder / "afluente.toml").write_text(wrong)
    # When
    ended = run("check", "--offline")
    # Then
    assert ended.exit_code == 2
    first, second = ended.stderr.splitlines()
    assert first.startswith("error accounts.loja.feeds[0]: a feed takes channel_id, conversation_id: unknown channel")
    assert second.startswith("error accounts.loja.feeds[2]: channel_id must be")


SASL = "sasl = { mechanism = 'PLAIN', username = 'u', password = { env = 'LOJA_KEY' } }"
HTTP = 'base_url = "http://10.0.0.1/v1"\nallow_http = true'
OGMMA = 'provider = "ogmma"'


@pytest.mark.parametrize(
    ("before", "after", "warned"),
    [
        ("[kafka]", f"[kafka]\n{SASL}", "kafka.sasl.mechanism"),
        ("[kafka]", f"[kafka]\n{SASL.replace('PLAIN', 'SCRAM-SHA-256')}", "kafka.sasl.mechanism"),
        ('["127.0.0.1:1"]', '["127.0.0.1:1", "127.0.0.1:2"]', "kafka.replication_factor"),
        ("[kafka]", "[kafka]\nsession_timeout_seconds = 61", "kafka.session_timeout_seconds = 61"),
        ("[kafka]", "[service]\nshutdown_seconds = 31\n\n[kafka]", "service.shutdown_seconds = 31"),
        ("[kafka]", "[output]\nmax_event_bytes = 1048589\n\n[kafka]", "output.max_event_bytes = 1048589"),
        ('feeds = [{ channel_id = "66aa09", conversation_id = "66aa01" }]', "", "accounts.loja: lists no feeds"),
        (OGMMA, f"{OGMMA}\n{HTTP}", "accounts.loja.base_url"),
        (OGMMA, f"{OGMMA}\nrequests_per_minute = 0.01", "accounts.loja.requests_per_minute"),
        ('states = { "1" = "sent" }', "", "accounts.clinica.states"),
    ],
)
def test_what_is_allowed_and_probably_not_meant_is_warned_of(run, folder, before, after, warned):
    # Given
    assert before in CONFIGURATION
    (folder / "afluente.toml").write_text(CONFIGURATION.replace(before, after))
    # When
    ended = run("check", "--offline")
    # Then
    assert ended.exit_code == 0
    (warning,) = json.loads(ended.stdout)["warnings"]
    assert warning.startswith(warned)
    assert f"warning      {warning}" in ended.stderr


def test_a_credential_too_short_to_be_found_in_texts_is_warned_of(run, monkeypatch):
    monkeypatch.setenv("LOJA_KEY", "k3y")
    ended = run("check", "--offline")
    (warning,) = json.loads(ended.stdout)["warnings"]
    assert warning.startswith("accounts.loja: a credential has fewer than 6 characters")


def test_a_configuration_without_accounts_is_warned_of(run, folder):
    (folder / "afluente.toml").write_text("")
    ended = run("check", "--offline")
    assert json.loads(ended.stdout)["warnings"] == ["accounts: there are none, so nothing is polled"]


def test_a_budget_that_cannot_keep_the_greatest_interval_is_told_in_numbers(run, folder):
    # Given two feeds, a request in two minutes, and a bound of two minutes
    few = "requests_per_minute = 0.5\nmax_interval_seconds = 120"
    feeds = ", ".join(f'{{ channel_id = "66aa09", conversation_id = "66aa0{number}" }}' for number in (1, 2))
    text = CONFIGURATION.replace(OGMMA, f"{OGMMA}\n{few}")
    (folder / "afluente.toml").write_text(text.replace('{ channel_id = "66aa09", conversation_id = "66aa01" }', feeds))
    # When
    ended = run("check", "--offline")
    # Then
    (warning,) = json.loads(ended.stdout)["warnings"]
    told = "2 feeds at 0.5/min are visited every 4 min, quiet ones every 6 min; at most 0 feeds keep 2 min"
    assert warning.startswith("accounts.loja.requests_per_minute")
    assert told in warning


def test_a_provider_that_takes_two_requests_a_poll_is_visited_half_as_often(run, folder):
    # Given 40 chats at Wegly, 60 requests a minute, and a bound of a minute
    chats = ", ".join(f'{{ chat_id = "{number}" }}' for number in range(40))
    escola = f"""
[accounts.escola]
provider = "wegly"
api_key = {{ env = "LOJA_KEY" }}
max_interval_seconds = 60
feeds = [{chats}]
"""
    (folder / "afluente.toml").write_text(CONFIGURATION + escola)
    # When
    ended = run("check", "--offline")
    # Then
    assert "escola   wegly         40            60       2  80 s" in ended.stderr
    (warning,) = json.loads(ended.stdout)["warnings"]
    told = "40 feeds at 60/min, 2 a poll, are visited every 80 s, quiet ones every 2 min; at most 20 feeds keep 60 s"
    assert told in warning
