"""One simulated provider without a socket: an adapter's requests in, responses out, at a simulated time."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from workers.errors import ConfigurationError, PollFailed
from workers.model import Feed, HttpRequest, HttpResponse, PageRef
from workers.providers import PROVIDERS, adapter
from workers.providers.account import AccountSettings
from workers.providers.base import Adapter
from workers.simulator.catalogue import SWITCHES
from workers.simulator.exchange import Exchange, Moment
from workers.simulator.ledger import Ledger
from workers.simulator.records import Conversation, Message
from workers.simulator.rooms.base import Call
from workers.simulator.settings import SimulationSettings
from workers.simulator.switches import Chance, Choice
from workers.simulator.world import World

#: 2026-01-05T12:00:00Z: the simulated time at the start (epoch ms).
START_MS = 1_767_614_400_000
#: Pages of a feed that are looked at.
MOST_PAGES = 4
HOST = "https://simulated.example"


class Simulated:
    """The first account of a simulated provider, and what it answers. Always the same for the same arguments."""

    def __init__(
        self, provider: str, *, switches: tuple[str, ...] = (), start_ms: int = START_MS, **settings: Any
    ) -> None:
        self.provider = provider
        unlimited = f"{provider}.requests_per_minute=0"
        chosen = {"seed": 7, "conversations": 3, "history": 20, "rate": 0.0, "late_share": 0.0, **settings}
        self.settings = SimulationSettings(
            providers=(provider,), start_ms=start_ms, switches=(unlimited, *switches), **chosen
        )
        self.now_ms = start_ms
        self.world = World(self.settings, start_ms)
        self.exchange = Exchange(self.settings, self.world, self.settings.board(), Ledger(self.settings.retain))
        self.room = self.exchange.rooms[provider]
        self.account = self.room.accounts[0]

    def account_settings(self, **fields: Any) -> AccountSettings:
        """What a worker would be configured with to read this account."""
        given = {"name": self.account.name, "provider": self.provider, "api_key": self.account.api_key}
        place = {"base_url": HOST + self.room.prefix, **self.room.account_settings(self.account)}
        return PROVIDERS[self.provider](**given, **place, **fields)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The answer to a request at this moment."""
        url = urlsplit(request.url)
        path = tuple(unquote(part) for part in url.path.removeprefix(self.room.prefix + "/").split("/"))
        call = Call(request.method, path, dict(parse_qsl(url.query)), dict(request.headers), request.body or b"")
        answer = self.exchange.meet(self.room, call, Moment(self.now_ms, self.now_ms / 1000, self.now_ms / 1000)).answer
        return HttpResponse(status=answer.status, body=answer.body, content_type=answer.content_type)

    def pages(self) -> Iterator[bytes]:
        """What the account shows: the first pages of each feed, and of the list of feeds where there is one."""
        for fields in ({"scope": "number"}, {"scope": "contacts"}) if self.room.whole_account else ({},):
            of: Any = adapter(self.account_settings(**fields))
            for feed in self.feeds(of):
                yield from self._pages_of(of, feed)
            with contextlib.suppress(AttributeError, ConfigurationError):  # not every account can list feeds
                yield self.answer(of.discovery_request(1)).body

    def _pages_of(self, of: Adapter, feed: Feed) -> Iterator[bytes]:
        ref: PageRef | None = of.first()
        for _ in range(MOST_PAGES):
            if ref is None:
                return
            response = self.answer(of.request(feed, ref))
            yield response.body
            try:
                ref = of.page(feed, ref, response).next
            except PollFailed:
                return

    def feeds(self, of: Adapter) -> list[Feed]:
        """The account's feeds: what it says itself, else one for each conversation."""
        return list(of.standing_feeds()) or [of.feed(values) for values in self.room.feeds(self.account)]

    # --- what happens -------------------------------------------------------------------------------------

    def pass_time(self, ms: int) -> None:
        """Let simulated time go by."""
        self.now_ms += ms
        self.world.advance(self.now_ms)

    def append(self, into: Conversation, **message: Any) -> Message:
        """Put a text message in now."""
        return self.world.append(into, **message)

    def set_status(self, message: Message, status: str) -> None:
        """Move a message's status now."""
        self.world.set_status(message, status)

    @staticmethod
    def readings(provider: str) -> Iterator[tuple[str, ...]]:
        """The switches as they are, and each of the provider's own in each of its values."""
        yield ()
        for name, switch in SWITCHES.items():
            if switch.provider != provider:
                continue
            if isinstance(switch, Choice):
                yield from ((f"{name}={choice}",) for choice in switch.choices if choice != switch.default)
            elif isinstance(switch, Chance):
                yield (f"{name}=1",)


def decoded(body: bytes, texts: frozenset[str] | set[str]) -> Any:
    """A body as JSON, with what fields of these names hold as JSON text decoded too; None where it is no JSON."""
    try:
        return _unwrapped(json.loads(body), texts)
    except ValueError:
        return None


def _unwrapped(value: Any, texts: frozenset[str] | set[str], name: str = "") -> Any:
    if isinstance(value, str) and name in texts and value[:1] in {"{", "["}:
        return _unwrapped(json.loads(value), texts)
    if isinstance(value, list):
        return [_unwrapped(item, texts) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _unwrapped(item, texts, key) for key, item in value.items()}
    keyed = bool(inner) and all(key.isdecimal() for key in inner)
    return list(inner.values()) if keyed else inner
