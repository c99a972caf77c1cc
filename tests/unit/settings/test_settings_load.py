"""A configuration is loaded whole, or every wrong field of it is told at once."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.errors import ConfigurationError, FeedRejected
from workers.providers import PROVIDERS, adapter
from workers.settings.load import load
from workers.settings.settings import Settings, effective

KEY = "sk-live-0123456789"

#: Places of the wrong fields in the first test.
WRONG = """
kafk kafka.bootstrap_servers[0] kafka.bootstrap_servers[1] kafka.session_timeout_seconds kafka.shards
kafka.create_topics kafka.replication_facto kafka.sasl.password kafka.sasl.mechanism kafka.sasl.username
kafka.tls.ca_file topics.messages service.listen service.shutdown_seconds output.content_mode
output.max_event_bytes accounts.Loja accounts.Loja.provider accounts.Loja.requests_per_minute
accounts.Loja.feeds[0].contact accounts.b.api_key accounts.b.requests_per_minut accounts.b.start
accounts.b.name accounts.b.number accounts.b.paging.size accounts.b.paging.sise accounts.b.base_url
accounts.b.feeds[1] accounts.c.provider accounts.d
"""


def test_an_empty_file_is_the_defaults(loaded):
    settings = loaded("")
    assert settings == Settings()
    assert settings.kafka.bootstrap_servers == ("localhost:9092",)
    assert settings.output.max_event_bytes == 900_000
    assert settings.service.address == ("127.0.0.1", 9464)


def test_accounts_are_of_their_providers_classes(loaded, providers):
    # Given
    text = """
    [accounts.loja]
    provider = "tin"
    api_key = { env = "TIN_KEY" }
    start = 2026-01-05T12:00:00Z
    feeds = [{ contact = "1" }, { contact = "2" }]
    paging = { size = 5 }
    [accounts.outra-2]
    provider = "copper"
    start = "2026-01-05T09:00:00-03:00"
    """
    # When
    loja, outra = loaded(text, TIN_KEY=KEY).accounts.values()
    # Then
    assert type(loja) is providers["tin"]
    assert type(outra) is providers["copper"]
    assert loja.secrets() == (KEY,)
    assert loja.feeds == ({"contact": "1"}, {"contact": "2"})
    assert loja.paging.size == 5
    assert loja.start_ms == outra.start_ms == 1_767_614_400_000
    assert loja.start == datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_every_wrong_field_is_told_at_once(problems):
    # Given
    text = """
    kafk = 1
    [kafka]
    bootstrap_servers = ["a", 5]
    session_timeout_seconds = 3
    shards = 0
    create_topics = "yes"
    replication_facto = 3
    [kafka.sasl]
    password = "inline"
    mechanism = "plain"
    [kafka.tls]
    ca_file = "absent.pem"
    [topics]
    messages = "a b"
    [service]
    listen = "9464"
    shutdown_seconds = nan
    [output]
    content_mode = "binry"
    max_event_bytes = 9000
    [accounts.Loja]
    provider = "tinn"
    requests_per_minute = 0
    feeds = [{ contact = 5511 }]
    [accounts.b]
    provider = "tin"
    api_key = { env = "TIN_KEI" }
    requests_per_minut = 5
    start = "2026-01-05"
    name = "x"
    number = 5
    paging = { size = 0, sise = 1 }
    base_url = "http://tin.example"
    feeds = [{ contact = "+55 11" }, { contact = "5511" }]
    [accounts.c]
    api_key = 5
    [accounts]
    d = "x"
    """
    # When
    told = problems(text, TIN_KEY=KEY)
    # Then
    assert sorted(line.split(":")[0].split(" = ")[0] for line in told) == sorted(WRONG.split())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("kafk = 1", 'kafk: unknown key; did you mean "kafka"?'),
        ("kafka = 1", "kafka: must be a table: [kafka]"),
        ("accounts = 1", "accounts: must be tables: [accounts.NAME]"),
        ("[kafka]\nshards = 0", "kafka.shards = 0: must be a whole number from 1 to 1000"),
        ("[kafka]\nshards = true", "kafka.shards = true: must be a whole number from 1 to 1000"),
        ("[kafka]\nshards = 1.5", "kafka.shards = 1.5: must be a whole number from 1 to 1000"),
        (
            "[kafka]\nbootstrap_servers = []",
            "kafka.bootstrap_servers = []: must be a list of texts in quotes, not empty",
        ),
        (
            '[kafka]\nbootstrap_servers = "a:1"',
            'kafka.bootstrap_servers = "a:1": must be a list of texts in quotes, not empty',
        ),
        (
            "[kafka]\nsession_timeout_seconds = 301",
            "kafka.session_timeout_seconds = 301: must be a whole number from 6 to 300",
        ),
        (
            '[topics]\nfeeds = "a.b"\ncursors = "a_b"',
            "topics: must be four different names ('.' and '_' count as the same)",
        ),
        (
            '[topics]\nfeeds = ".."',
            "topics.feeds = \"..\": must have 1 to 249 letters a-z, A-Z, digits, '.', '_' and '-'",
        ),
        ('[output]\ncontent_mode = "x"', 'output.content_mode = "x": must be one of "binary", "structured"'),
        ('[service]\nlisten = "0.0.0.0:65536"', 'service.listen = "0.0.0.0:65536": must have a port from 0 to 65535'),
        ("[accounts.a]", 'accounts.a.provider: is missing: must be one of "tin", "copper"'),
        (
            '[accounts.a]\nprovider = "coper"',
            'accounts.a.provider = "coper": must be one of "tin", "copper"; did you mean "copper"?',
        ),
        ('[accounts.a]\nprovider = "wegly"', 'accounts.a.provider = "wegly": must be one of "tin", "copper"'),
        (
            '[accounts.a]\nprovider = "tin"',
            'accounts.a.api_key: is missing: must be a secret: { env = "NAME" } or { file = "/path" }',
        ),
        (
            '[accounts.a]\nprovider = "copper"\nrequests_per_minute = 0',
            "accounts.a.requests_per_minute = 0: must be a number, above 0 and at most 100000",
        ),
        (
            '[accounts.a]\nprovider = "copper"\nstart = 2026-01-05T12:00:00',
            'accounts.a.start = 2026-01-05T12:00:00: must be "beginning", "now", or a time with its zone, '
            "like 2026-01-05T12:00:00Z",
        ),
        (
            '[accounts.a]\nprovider = "copper"\nbase_url = "https://u:pw@copper.example/?key=pw"',
            'accounts.a.base_url = "https://***@copper.example/?***": must not hold credentials, a query or a fragment',
        ),
        (
            '[accounts."a b\\u0000"]\nprovider = "copper"',
            'accounts."a b\\u0000": an account\'s name has 1 to 64 characters, lower-case letters a-z, digits, '
            "'-' and '_', and begins with a letter or digit",
        ),
    ],
)
def test_a_line_says_where_what_and_what_is_allowed(problems, text, line):
    assert problems(text) == [line]


def test_a_key_far_from_all_others_is_told_with_the_known_ones(problems):
    assert problems("[output]\nzzz = 1") == ['output.zzz: unknown key (known: "content_mode", "max_event_bytes")']


def test_a_rule_of_a_provider_is_told_at_its_field(problems):
    # Given
    text = '[accounts.a]\nprovider = "tin"\napi_key = { env = "K" }\nnumber = "13"\ninclude_raw = true'
    # When, Then
    assert problems(text, K=KEY) == ['accounts.a.number = "13": must not be 13 with include_raw']


def test_two_accounts_with_one_identity_are_refused(problems):
    # Given
    text = "".join(f'[accounts.{n}]\nprovider = "tin"\napi_key = {{ env = "{e}" }}\n' for n, e in ("aK", "bL", "cM"))
    # When, Then
    assert problems(text, K=KEY, L="another", M=KEY) == [
        "accounts.c: reads the same at the provider as accounts.a: one account reads one thing once"
    ]


def two_accounts(provider, feed, *rests):
    accounts = (
        f'[accounts.{name}]\nprovider = "{provider}"\napi_key = {{ env = "{key}" }}\nfeeds = [{feed}]\n{rest}\n'
        for (name, key), rest in zip(("aK", "bL"), rests or ("", ""), strict=True)
    )
    return "".join(accounts)


CHAT = '{ chat_id = "0b6f0c1e-0000-4000-8000-000000000001" }'


@pytest.mark.parametrize(
    ("provider", "feed"), [("ogmma", '{ channel_id = "c", conversation_id = "1" }'), ("wegly", CHAT)]
)
def test_a_conversation_that_two_keys_read_is_refused(problems, providers, provider, feed):
    # Given
    providers.update(PROVIDERS)
    # When, Then
    assert problems(two_accounts(provider, feed), K=KEY, L="sk-live-of-b-0123") == [
        "accounts.b.feeds[0]: is accounts.a.feeds[0] of another account: a feed is read once"
    ]


def test_contacts_of_two_numbers_may_be_the_same(loaded, providers):
    # Given
    providers.update(PROVIDERS)
    numbers = ('number = "972770000001"\nscope = "contacts"', 'number = "972770000002"\nscope = "contacts"')
    # When, Then
    text = two_accounts("99digital", '{ contact = "972500000002" }', *numbers)
    assert set(loaded(text, K=KEY, L="another").accounts) == {"a", "b"}


@pytest.mark.parametrize(
    ("feeds", "wrong"),
    [
        (
            '{ contact = "+55 (11) 9" }, { contact = "1" }, { contact = "55119" }',
            "feeds[2]: is part of accounts.a.feeds[0]",
        ),
        ('{ contact = "1" }, { contact = "*" }', "feeds[0]: is part of accounts.a.feeds[1]"),
        ('{ a = "1", b = "2" }, { b = "2", a = "1" }', "feeds[1]: is part of accounts.a.feeds[0]"),
        (
            '{ a = "1", b = "*" }, { a = "2", b = "3" }, { a = "1", b = "3" }',
            "feeds[2]: is part of accounts.a.feeds[0]",
        ),
    ],
)
def test_a_feed_that_another_covers_is_refused(problems, feeds, wrong):
    told = problems(f'[accounts.a]\nprovider = "copper"\nfeeds = [{feeds}]')
    assert told == [f"accounts.a.{wrong}: a feed is read once"]


def test_feeds_that_differ_are_accepted(loaded):
    text = '[accounts.a]\nprovider = "copper"\nfeeds = [{ a = "1", b = "2" }, { a = "2", b = "1" }, { a = "x" }]'
    assert len(loaded(text).accounts["a"].feeds) == 3


def test_a_wrong_field_does_not_hide_what_is_wrong_with_the_feeds_beside_it(tmp_path):
    # Given an account with a wrong field, a key that is not there, and feeds that lack a value or stand there twice
    path = tmp_path / "afluente.toml"
    path.write_text("""
    [accounts.loja]
    provider = "ogmma"
    api_key = { env = "ABSENT" }
    settle_seconds = -1
    feeds = [
        { channel_id = "1" },
        { channel_id = "1", conversation_id = "2" },
        { channel_id = "1", conversation_id = "2" },
    ]
    """)
    # When
    with pytest.raises(ConfigurationError) as raised:
        load(path, PROVIDERS, {}, adapter)
    # Then each is told of once
    places = sorted(re.split(r"[: ]", problem, maxsplit=1)[0] for problem in raised.value.problems)
    assert places == [f"accounts.loja.{field}" for field in ("api_key", "feeds[0]", "feeds[2]", "settle_seconds")]


def test_what_an_adapter_says_of_a_feed_is_told(tmp_path, providers):
    # Given
    class Adapter:
        def __init__(self, account):
            self.account = account

        def feed(self, values):
            if "contact" not in values:
                raise FeedRejected("malformed", "a feed takes contact")

        def standing_feeds(self):
            raise FeedRejected("overlap", "never two")

    path = tmp_path / "a.toml"
    for feeds, place in (('{ contakt = "1" }', "feeds[0]: a feed takes contact"), ("", "feeds: never two")):
        path.write_text(f'[kafka]\nshards = 0\n[accounts.a]\nprovider = "copper"\nfeeds = [{feeds}]')
        # When
        with pytest.raises(ConfigurationError) as raised:
            load(path, providers, {}, Adapter)
        # Then it is told beside what is wrong elsewhere
        assert [line.split(" = ")[0] for line in raised.value.problems] == ["kafka.shards", f"accounts.a.{place}"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.2", "[::1]", "localhost"])
def test_a_loopback_address_needs_no_tls(loaded, host):
    text = f'[accounts.a]\nprovider = "copper"\nbase_url = "http://{host}:8080/v1"'
    assert loaded(text).accounts["a"].base_url == f"http://{host}:8080/v1"


@pytest.mark.parametrize("host", ["128.0.0.1", "localhost.example", "10.0.0.1"])
def test_another_address_needs_tls(problems, host):
    (told,) = problems(f'[accounts.a]\nprovider = "copper"\nbase_url = "http://{host}/v1"')
    assert "must be https" in told


def test_a_secret_that_stands_where_none_belongs_is_not_shown(problems):
    # Given a key that was pasted in several wrong places
    text = f"""
    [kafka.sasl]
    username = "u"
    password = "{KEY}"
    passwort = "{KEY}"
    [output]
    content_mode = "{KEY}"
    [accounts]
    api_key = "{KEY}"
    [accounts.a]
    provider = "tin"
    api_kei = "{KEY}"
    api_key = {{ env = "{KEY}" }}
    base_url = "https://x.example/?key={KEY}"
    [accounts.b]
    provider = "{KEY}"
    api_key = {{ value = "{KEY}" }}
    [accounts.c]
    provider = "tin"
    api_key = {{ env = "K", {KEY} = "{KEY}" }}
    """
    # When
    told = problems(text, K=KEY)
    # Then
    assert len(told) == 9
    assert KEY not in "\n".join(told)
    assert KEY[8:] not in "\n".join(told)


@given(
    st.recursive(st.integers() | st.booleans() | st.text(max_size=5) | st.floats(), lambda v: st.lists(v, max_size=3))
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_value_anywhere_is_loaded_or_told_in_lines(tmp_path, providers, value):
    # Given a value of any shape in the place of each setting
    path = tmp_path / "any.toml"
    written = _toml(value)
    path.write_text(
        f"[kafka]\nshards = {written}\nbootstrap_servers = {written}\n[kafka.sasl]\npassword = {written}\n"
        f'[accounts.a]\nprovider = "tin"\napi_key = {written}\nstart = {written}\n'
        f"feeds = {written}\npaging = {written}\n",
        encoding="utf-8",
    )
    # When, Then
    with pytest.raises(ConfigurationError) as raised:
        load(path, providers, {})
    assert all(line.isprintable() for line in raised.value.problems)


def _toml(value) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08x}" for c in value if not 0xD800 <= ord(c) < 0xE000) + '"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_effective_configuration_is_whole_and_shows_no_secret(loaded):
    # Given
    text = """
    [kafka.sasl]
    username = "u"
    password = { env = "K" }
    [accounts.a]
    provider = "tin"
    api_key = { env = "K" }
    start = 2026-01-05T12:00:00Z
    """
    # When
    shown = effective(loaded(text, K=KEY))
    # Then
    assert KEY not in str(shown)
    assert shown["kafka"]["sasl"]["password"] == "**********"
    assert shown["accounts"]["a"]["settle_seconds"] == 300
    assert shown["accounts"]["a"]["remember"] == 500
    assert shown["accounts"]["a"]["start"] == "2026-01-05T12:00:00Z"


def test_settings_know_all_their_secrets(loaded):
    text = '[kafka.sasl]\nusername = "u"\npassword = { env = "P" }\n'
    text += '[accounts.a]\nprovider = "tin"\napi_key = { env = "K" }'
    assert loaded(text, P="pass word é", K=KEY).secrets() == ("pass word é", KEY)
