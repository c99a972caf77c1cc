"""Secrets come from the environment and from files; what keeps one from being had is told without it."""

import pytest

from workers.errors import ConfigurationError
from workers.providers.account import secret_fields
from workers.settings.secrets import LONGEST_SECRET, SecretSources, SecretUnreadable

FORMS = '{ env = "NAME" } or { file = "/path" }'


@pytest.fixture
def sources(tmp_path):
    environ = {"KEY": "sk-1 2~", "EMPTY": "", "BLANK": " ", "LINES": "a\nb", "LOWER_like": "x", "ACCENT": "chavé"}
    return SecretSources(environ, tmp_path)


def test_a_secret_is_taken_from_a_variable_as_it_is(sources):
    assert sources.secret({"env": "KEY"}, in_headers=True) == "sk-1 2~"


@pytest.mark.parametrize("content", [b"sk-1", b"sk-1\n", b"sk-1\r\n", b"\xef\xbb\xbfsk-1\n\n"])
def test_a_secret_is_taken_from_a_file_without_the_line_breaks_at_its_end(sources, tmp_path, content):
    # Given a file beside the configuration
    (tmp_path / "key").write_bytes(content)
    # When, Then both ways of naming it work
    assert sources.secret({"file": "key"}, in_headers=True) == "sk-1"
    assert sources.secret({"file": str(tmp_path / "key")}, in_headers=True) == "sk-1"


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("sk-live-1", f"a secret is never written into this file: write {FORMS}"),
        (5, f"a secret is never written into this file: write {FORMS}"),
        ({}, f"takes one of two forms: {FORMS}"),
        ({"env": "KEY", "file": "x"}, f"takes one of two forms: {FORMS}"),
        ({"enf": "KEY"}, f"takes one of two forms: {FORMS}"),
        ({"env": 5}, f"env must be text in quotes: {FORMS}"),
        ({"file": ""}, f"file must be text in quotes: {FORMS}"),
        ({"env": "KEI"}, f'environment variable KEI is not set; did you mean "KEY"?; set it, or write {FORMS}'),
        ({"env": "OTHER_THING"}, f"environment variable OTHER_THING is not set; set it, or write {FORMS}"),
        ({"env": "EMPTY"}, 'environment variable "EMPTY" is empty'),
        ({"env": "BLANK"}, 'environment variable "BLANK" is empty'),
        ({"env": "LINES"}, 'environment variable "LINES" holds a line break or control character (character 2)'),
        (
            {"env": "ACCENT"},
            'environment variable "ACCENT" holds what no HTTP header can carry (character 5): only ASCII',
        ),
    ],
)
def test_why_a_secret_cannot_be_had_is_told(sources, reference, told):
    with pytest.raises(SecretUnreadable) as raised:
        sources.secret(reference, in_headers=True)
    assert str(raised.value) == told


def test_a_secret_in_the_place_of_a_variables_name_is_not_told(sources):
    with pytest.raises(SecretUnreadable) as raised:
        sources.secret({"env": "sk-live-0123456789"}, in_headers=True)
    assert "sk-live" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"a\nb\n", "holds a line break or control character (character 2)"),
        (b"a\0", "holds a line break or control character (character 2)"),
        (b"a\xff", "is not text in UTF-8"),
        (b"a" * (LONGEST_SECRET + 1), f"is longer than {LONGEST_SECRET} bytes: it is no secret"),
    ],
)
def test_a_file_that_holds_no_secret_is_told(sources, tmp_path, content, told):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(SecretUnreadable) as raised:
        sources.secret({"file": "key"}, in_headers=True)
    assert str(raised.value).endswith(f'key" {told}')


@pytest.mark.parametrize(
    ("name", "why"), [("absent", "No such file or directory"), (".", "Is a directory"), ("a\0b", "not a file name")]
)
def test_a_file_that_cannot_be_read_is_told(sources, name, why):
    with pytest.raises(SecretUnreadable) as raised:
        sources.secret({"file": name}, in_headers=True)
    assert str(raised.value).endswith(f"cannot be read ({why}): mend its path or its rights")


def test_a_password_of_kafka_may_be_in_any_script(sources):
    assert sources.secret({"env": "ACCENT"}, in_headers=False) == "chavé"


def test_a_line_separator_is_refused_everywhere(tmp_path):
    with pytest.raises(SecretUnreadable):
        SecretSources({"A": "a\u2028b"}, tmp_path).secret({"env": "A"}, in_headers=False)


def test_fields_that_hold_secrets_are_known_by_their_type(providers):
    assert secret_fields(providers["tin"]) == {"api_key"}
    assert secret_fields(providers["copper"]) == frozenset()


# --- where no provider is asked --------------------------------------------------------------------------

AWAY = """
[accounts.a]
provider = "tin"
api_key = { env = "TIN_KEY" }
[accounts.b]
provider = "tin"
api_key = { file = "/nowhere/tin" }
"""


def test_keys_that_are_not_on_this_machine_are_not_missed_where_no_provider_is_asked(loaded):
    # Given / When
    settings = loaded(AWAY, keyless=True)
    # Then
    assert list(settings.accounts) == ["a", "b"]


@pytest.mark.parametrize(
    "wrong",
    [
        AWAY.replace('{ env = "TIN_KEY" }', '"sk-live-1"'),
        AWAY.replace('{ env = "TIN_KEY" }', '{ enf = "TIN_KEY" }'),
        AWAY.replace('"tin"', '"tin"\nsurprise = 1'),
        AWAY + '[kafka.sasl]\nmechanism = "PLAIN"\nusername = "u"\npassword = { env = "KAFKA_PASSWORD" }\n',
    ],
)
def test_whatever_else_is_wrong_is_told_there_too(loaded, wrong):
    with pytest.raises(ConfigurationError):
        loaded(wrong, keyless=True)
