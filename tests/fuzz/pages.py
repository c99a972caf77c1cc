"""Pages to damage: what the simulated API of a provider answers to the adapter's own requests, in all its forms."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from random import Random
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from workers.cli.first_contact import FirstContact
from workers.errors import PageUnreadable, PollFailed
from workers.model import Feed, HttpRequest, HttpResponse
from workers.providers import PROVIDERS, adapter
from workers.providers.base import Adapter
from workers.providers.decoding import decode
from workers.settings.load import load
from workers.simulator import SimulationSettings, configuration
from workers.simulator.catalogue import SWITCHES
from workers.simulator.exchange import Exchange, Moment
from workers.simulator.ledger import Ledger
from workers.simulator.rooms import ROOMS
from workers.simulator.rooms.base import Call
from workers.simulator.switches import Choice, Setting
from workers.simulator.world import World

#: The simulated time of all pages (epoch ms).
START = 1_760_000_000_000
#: Messages of each conversation at the start: pages are short, so that many can be tried.
HISTORY = 9
#: Worlds of one provider, each with another throw of its API's own switches.
WORLDS = 12
#: Pages of a feed that are taken in at most: an API may show one thing first and messages behind it.
PAGES = 2
#: Share of rows that repeat the account's key.
ECHOES = 0.1
#: Names of switches that make an API refuse, slow down or hide what it has: there would be nothing to damage.
_NO_PAGES = re.compile(r"rate_limit|requests_per_minute|not_found|refusal|forbidden|lag")

_KEYED = re.compile(rb'\s*"[0-9]+":')

#: Providers that are read and can be simulated.
FUZZED = tuple(name for name in PROVIDERS if name in ROOMS)


class ShownRow(NamedTuple):
    """One row as it stands in its page: perhaps behind a key, perhaps inside a JSON text."""

    key: bytes
    text: str
    escaped: bool

    def rewritten(self, text: str) -> bytes:
        """Another row in its place."""
        written = text.encode("utf-8", "surrogatepass")
        return self.key + (json.dumps(text)[1:-1].encode() if self.escaped else written)


class PageToDamage(NamedTuple):
    """An answer in three parts, the account and feed that it belongs to, and the answers that were read before it."""

    account: str
    feed: Feed
    before: bytes
    rows: tuple[bytes, ...]
    after: bytes
    preceding: tuple[bytes, ...] = ()

    def body(self, rows: Sequence[bytes] | None = None) -> bytes:
        """The whole answer, with other rows where they are given."""
        return self.before + b",".join(self.rows if rows is None else rows) + self.after


class Source:
    """The pages of one provider. An adapter is made anew for each: one may learn from what it reads."""

    def __init__(self, provider: str, folder: Path) -> None:
        self.provider = provider
        self.pages: list[PageToDamage] = []
        for number in range(WORLDS):
            self._add(number, folder)
        if not self.pages:
            raise ValueError(f"the simulated {provider} answered with no page")

    def adapter(self) -> Adapter:
        """An adapter that has seen nothing yet."""
        return adapter(self._account)

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The account's credentials."""
        return self._account.secrets()

    def _add(self, number: int, folder: Path) -> None:
        settings = SimulationSettings(
            providers=(self.provider,), start_ms=START, rate=0.0, history=HISTORY, conversations=3, late_share=0.0
        )
        world, board = World(settings, START), settings.board()
        self._account = _account(settings, self.provider, folder)
        exchange = Exchange(settings, world, board, Ledger(settings.retain))
        board.set(_throw(self.provider, Random(f"{self.provider}/{number}")))
        for feed in self.adapter().standing_feeds():
            self._read(feed, exchange)

    def _read(self, feed: Feed, exchange: Exchange) -> None:
        """Take in the first pages of a feed."""
        reading, room = self.adapter(), exchange.rooms[self.provider]
        contact, preceding = FirstContact(reading, feed, START), list[bytes]()
        while contact.want is not None and len(preceding) < PAGES:
            call = _call(reading.request(feed, contact.want), room.prefix)
            shown = exchange.meet(room, call, Moment(START, 0.0, START / 1000)).answer
            if shown.status != 200 or not _is_json(shown.body):
                return
            rows = tuple(row.body for row in shown.rows)
            self.pages.append(PageToDamage(feed.account, feed, shown.before, rows, shown.after, tuple(preceding)))
            preceding.append(shown.body)
            try:
                contact.take(HttpResponse(status=200, body=shown.body, content_type=shown.content_type))
            except PollFailed:
                return


def shown_row(body: bytes) -> ShownRow:
    """A row of a page in the form in which it stands there."""
    key = found[0] if (found := _KEYED.match(body)) else b""
    rest = body[len(key) :].decode()
    if rest.lstrip().startswith(("{\\", '\\"')):
        # Inside a JSON text: the key is escaped, too, and stays with the row.
        text = json.loads(f'"{rest}"')
        inner = found[0] if (found := re.match(r'\s*"[0-9]+":', text)) else ""
        return ShownRow(json.dumps(inner)[1:-1].encode(), text[len(inner) :], escaped=True)
    return ShownRow(key, rest, escaped=False)


def stands_alone(row: ShownRow, written: bytes) -> bool:
    """Whether what was written in a row's place is one value of JSON and no more, so that it can hurt no neighbour."""
    inner = written[len(row.key) :] if written.startswith(row.key) else b""
    try:
        if row.escaped:
            text = decode(b'"' + inner + b'"')
            inner = text.encode() if isinstance(text, str) else b""
        value = decode(b"[" + inner + b"]")
    except PageUnreadable:
        return False
    return isinstance(value, list) and len(value) == 1


def _throw(provider: str, luck: Random) -> list[Setting]:
    """Any value for each switch of this API that is a word, some rows of every further kind, and echoed keys."""
    thrown = [Setting(None, "echo_in_text", ECHOES)]
    for switch in SWITCHES.values():
        if switch.provider != provider or _NO_PAGES.search(switch.name):
            continue
        if isinstance(switch, Choice):
            thrown.append(Setting(None, switch.name, luck.choice(switch.choices)))
        elif switch.allowed.endswith("from 0 to 1"):
            thrown.append(Setting(None, switch.name, luck.choice((0.0, 0.3))))
    return thrown


def _account(settings: SimulationSettings, provider: str, folder: Path):
    written = configuration("http://127.0.0.1:1", settings, kafka_bootstrap="127.0.0.1:1", scope="contacts")
    file = folder / f"{provider}.toml"
    file.write_text(written.text)
    environment: Mapping[str, str] = written.environment
    (account,) = load(file, PROVIDERS, environment, adapter).accounts.values()
    return account


def _call(request: HttpRequest, prefix: str) -> Call:
    parts = urlsplit(request.url)
    path = tuple(unquote(part) for part in parts.path[len(prefix) + 1 :].split("/"))
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Call(request.method, path, query, dict(request.headers), request.body or b"", START)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
