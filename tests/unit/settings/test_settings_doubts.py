"""`check` warns of what is allowed and seldom meant, and is silent otherwise."""

import pytest

from workers.settings.doubts import doubts

SOUND = '[accounts.a]\nprovider = "tin"\napi_key = { env = "K" }\ntimezone = "America/Sao_Paulo"\n'


def test_a_sound_configuration_has_no_doubts(loaded):
    assert doubts(loaded(SOUND, K="long enough")) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "accounts: none"),
        ('[kafka]\nbootstrap_servers = ["a:1", "b:1"]\n' + SOUND, "kafka.replication_factor: 1 with several brokers"),
        (
            '[kafka.sasl]\nusername = "u"\nmechanism = "PLAIN"\npassword = { env = "K" }\n' + SOUND,
            "the password travels",
        ),
        ('[kafka.sasl]\nusername = "u"\npassword = { env = "K" }\n' + SOUND, "what is read and written travels"),
        ("[kafka]\nsession_timeout_seconds = 61\n" + SOUND, "kafka.session_timeout_seconds"),
        ("[service]\nshutdown_seconds = 31\n" + SOUND, "service.shutdown_seconds: more than 30"),
        ("[output]\nmax_event_bytes = 1048589\n" + SOUND, "output.max_event_bytes: more than 1048588"),
        (SOUND.replace('"K"', '"SHORT"'), "accounts.a: a secret of fewer than 6 characters"),
        (SOUND.replace('"K"', '"SPACED"'), "accounts.a: a secret begins or ends with a space"),
        (SOUND + 'base_url = "http://tin.example"\nallow_http = true', "accounts.a.base_url: without TLS"),
        (SOUND.replace("timezone", "#"), "accounts.a.timezone: not set"),
        (
            SOUND + 'requests_per_minute = 1\nmax_interval_seconds = 60\nfeeds = [{ a = "1" }, { a = "2" }]',
            "accounts.a.requests_per_minute: 2 feeds take 120 s a round, more than max_interval_seconds (60)",
        ),
    ],
)
def test_each_doubt_is_told(loaded, text, told):
    (line,) = doubts(loaded(text, K="long enough", SHORT="five5", SPACED=" long enough"))
    assert told in line
    assert "long enough" not in line


def test_http_on_this_machine_is_no_doubt(loaded):
    assert doubts(loaded(SOUND + 'base_url = "http://127.0.0.1:8080/v1"', K="long enough")) == []
