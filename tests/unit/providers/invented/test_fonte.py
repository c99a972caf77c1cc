"""A provider that does not exist passes the kit: `docs/adding-a-provider.md` is true."""

import re
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from tests.unit.providers.invented.adapter import Fonte
from tests.unit.providers.invented.samples import CONTACT, KEY, fonte, row, shown
from tests.unit.providers.invented.settings import FonteSettings
from tests.unit.providers.kit import AdapterKit
from tests.unit.providers.kit_pages import written
from workers import providers
from workers.cli import afluente
from workers.errors import ParkFeed, ProviderFailed, RateLimited, Refused
from workers.model import HttpResponse, Media, Reference, Status, StatusError


class TestFonteByTheKit(AdapterKit):
    id_field, time_field, words_field, secret = "id", "at", "words", KEY
    errors_in_200 = (
        (b'{"problem": {"code": "bad_key"}}', Refused),
        (b'{"problem": {"code": "slow_down"}}', RateLimited),
        (b'{"problem": {"code": "no_such_chat"}}', ParkFeed),
        (b'{"problem": {"code": "never heard of"}}', ProviderFailed),
    )

    def adapter(self):
        return fonte()

    def feed(self):
        return fonte().feed({"contact": CONTACT})

    def row(self, number):
        return row(number)

    def envelope(self, rows):
        return {"messages": rows}

    def served(self, request, rows):
        return written(shown(request, rows))


def message(**fields):
    of = fonte()
    feed = of.feed({"contact": CONTACT})
    page = of.page(feed, of.first(), HttpResponse(status=200, body=written({"messages": [row(**fields)]})))
    return of.normalise(feed, page.rows[0]).message


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"way": "in"}, {"direction": "inbound", "from_": CONTACT, "to": None, "type": "text"}),
        ({"way": "note"}, {"direction": "internal", "type": "system", "text": "words 0"}),
        ({"answers": "f-9"}, {"reply_to": Reference(id="f-9")}),
        ({"kind": "image", "file": "https://x/y"}, {"type": "image", "media": Media(url="https://x/y")}),
        ({"kind": "image"}, {"type": "image", "media": Media(available=False)}),
        (
            {"delivery": "lost", "why": "no credit"},
            {"status": Status(state="failed", provider="lost", error=StatusError(message="no credit"))},
        ),
        ({"kind": "hologram"}, {"type": "unsupported", "provider_type": "hologram"}),
    ],
)
def test_a_row_says_what_fonte_documents(fields, parts):
    told = message(**fields)
    assert {name: getattr(told, name) for name in parts} == parts


def test_an_agent_is_the_author_of_what_goes_out():
    assert (message(agent="Rui").author.kind, message(agent="Rui").author.name) == ("agent", "Rui")


# --- as a user has it --------------------------------------------------------------------------------------


@pytest.fixture
def registered(monkeypatch):
    """Fonte among the providers: what the line in `workers/providers/__init__.py` does."""
    monkeypatch.setitem(providers._PROVIDERS, "fonte", providers._Provider(FonteSettings, Fonte))
    monkeypatch.setattr("workers.cli.context.PROVIDERS", {**providers.PROVIDERS, "fonte": FonteSettings})


def test_a_page_of_fonte_is_previewed(registered, tmp_path, monkeypatch):
    # Given
    monkeypatch.setenv("FONTE_KEY", KEY)
    (tmp_path / "page.json").write_bytes(written({"messages": [row(0), row(1, id=None), row(2, way="in")]}))
    (tmp_path / "afluente.toml").write_text(
        '[kafka]\nbootstrap_servers = ["localhost:9092"]\n[accounts.padaria]\nprovider = "fonte"\nline = "balcão"\n'
        f'api_key = {{ env = "FONTE_KEY" }}\nfeeds = [{{ contact = "{CONTACT}" }}]\n'
    )
    # When
    words = ["-c", str(tmp_path / "afluente.toml"), "preview", "padaria", "--from-file", str(tmp_path / "page.json")]
    ended = CliRunner().invoke(afluente, words, catch_exceptions=False)
    # Then
    assert ended.exit_code == 0, ended.output
    events = [orjson.loads(line) for line in ended.stdout.splitlines()]
    assert [event["type"].removeprefix("afluente.") for event in events] == [
        "message.created",
        "message.created",
        "dead-letter",
    ]
    assert events[0]["data"]["conversation"]["contact"] == {"address": CONTACT, "name": "Ana Lima"}
    assert events[0]["partitionkey"] == f"padaria/{CONTACT}"


# --- the walk-through --------------------------------------------------------------------------------------

PROJECT = Path(__file__).parents[4]
DOCUMENT = PROJECT / "docs" / "adding-a-provider.md"
#: A file that is shown: its name as a link, and its content.
SHOWN = re.compile(r"\[`([\w./]+)`\]\(\.\./([\w./]+)\):\n\n```python\n(.*?)```\n", re.DOTALL)


def test_the_walk_through_shows_the_files_as_they_are():
    # When
    found = {name: (target, code) for name, target, code in SHOWN.findall(DOCUMENT.read_text())}
    # Then
    here = Path(__file__).parent.relative_to(PROJECT)
    assert set(found) >= {f"{here}/{name}.py" for name in ("settings", "message", "adapter", "samples")}
    for name, (target, code) in found.items():
        assert target == name
        assert code == (PROJECT / name).read_text(), f"{name} differs from what the document shows"


def test_an_adapter_takes_fewer_than_two_hundred_lines():
    files = [Path(__file__).parent / f"{name}.py" for name in ("settings", "message", "adapter")]
    assert sum(len(file.read_text().splitlines()) for file in files) < 200
