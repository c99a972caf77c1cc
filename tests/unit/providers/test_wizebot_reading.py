"""Whole conversations, read from the simulator as a worker reads them, in every reading of what is unknown."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import pytest

from workers.errors import ParkFeed
from workers.model import Feed, HttpRequest, HttpResponse, Message, Page, PageRef
from workers.poll_means import rules_of
from workers.providers import PROVIDERS, adapter
from workers.reconcile.batches import Batches
from workers.reconcile.cursor import Cursor, contacted
from workers.reconcile.history import HistoryWalk
from workers.reconcile.outcome import Change
from workers.reconcile.plan import HistoryPlan, LivePlan, Plan
from workers.reconcile.walk import LiveWalk
from workers.simulator import SimulationSettings
from workers.simulator.exchange import Exchange, Moment
from workers.simulator.ledger import Entry, Ledger
from workers.simulator.rooms.base import Call
from workers.simulator.switches import Setting
from workers.simulator.world import World
from workers.times import iso, parse_iso

START = 1_760_000_000_000
MINUTE = 60_000


class Provider:
    """A simulated WizeBot without a socket, at times that the test says."""

    def __init__(self, *switches: str, history: int = 130, **settings: float) -> None:
        given = {"rate": 0.0, "conversations": 2, "late_share": 0.0, **settings}
        simulated = SimulationSettings(
            providers=("wizebot",), start_ms=START, history=history, switches=switches, **given
        )
        self.now = START
        self.board = simulated.board()
        self.world = World(simulated, START)
        self.ledger = Ledger(10**6)
        self.exchange = Exchange(simulated, self.world, self.board, self.ledger)
        self.room = self.exchange.rooms["wizebot"]
        self.account = self.world.accounts["suporte"]

    def ask(self, request: HttpRequest) -> HttpResponse:
        path = tuple(request.url.split("/wizebot/api/v1/")[1].split("/"))
        call = Call(request.method, path, {}, dict(request.headers), request.body)
        outgoing = self.exchange.meet(self.room, call, Moment(self.now, self.now / 1000, self.now / 1000))
        self.exchange.delivered(outgoing, self.now / 1000)
        return HttpResponse(status=outgoing.answer.status, body=outgoing.answer.body)

    def shown(self) -> dict[str, Entry]:
        return {e.message.id: e for e in self.ledger.entries() if e.first_shown_ms is not None}


class _Encoded:
    size: ClassVar[int] = 0


class Reader:
    """One feed, read by the real walks and reconciled by the real plan; what would be published is collected."""

    def __init__(self, provider: Provider, which: int = 0) -> None:
        account = provider.account
        own = provider.room.account_settings(account)
        given = {"name": account.name, "provider": "wizebot", "api_key": account.api_key, **own}
        self.provider = provider
        self.adapter = adapter(PROVIDERS["wizebot"](**given, base_url="http://localhost/wizebot/api/v1"))
        self.feed: Feed = self.adapter.feed(provider.room.feeds(account)[which])
        self.rules = rules_of(self.adapter)
        self.cursor: Cursor | None = None
        self.changes: list[Change] = []
        self.gaps, self.letters = [], []
        self.requests = 0

    def poll(self) -> None:
        walk = LiveWalk(contacted(self.cursor), self.rules, self.adapter.first(), self.provider.now)
        self._walk(walk, lambda: LivePlan(walk, self.cursor, self.rules, self.provider.now, b""))
        while self.cursor.history is not None:
            past = HistoryWalk(self.cursor, self.rules, self.adapter.first())
            self._walk(past, lambda past=past: HistoryPlan(past, self.cursor.history))

    def published(self) -> dict[str, Message]:
        """The last state of each message; asserts that each was created once."""
        created = [c.normalised.message.id for c in self.changes if c.kind == "created"]
        assert len(created) == len(set(created))
        return {c.normalised.message.id: c.normalised.message for c in self.changes}

    def _walk(self, walk: LiveWalk | HistoryWalk, plan: Callable[[], Plan]) -> None:
        while walk.want is not None:
            walk.take(self._page(walk.want))
            assert walk.pages < 1000
        batches = Batches(plan(), partial(self.adapter.normalise, self.feed), self.rules, self.provider.now)
        while (batch := batches.next(self.cursor, lambda *_: _Encoded())) is not None:
            outcome, _ = batch
            self.cursor = outcome.cursor
            self.changes += outcome.changes
            self.gaps += outcome.gaps
            self.letters += outcome.letters

    def _page(self, ref: PageRef) -> Page:
        self.requests += 1
        return self.adapter.page(self.feed, ref, self.provider.ask(self.adapter.request(self.feed, ref)))


def assert_published(provider: Provider, reader: Reader) -> None:
    """Everything that was shown of this feed, as it was shown last."""
    shown = {key: e for key, e in provider.shown().items() if e.conversation == reader.feed.values["phone_number"]}
    published = reader.published()
    assert set(published) == set(shown)
    for key, entry in shown.items():
        message, (_, state) = published[key], entry.states[-1]
        assert message.status.provider == state.status
        if state.type not in {"location", "contacts", "reaction"}:
            assert message.text == state.text
        assert (message.media and message.media.url) == state.media
        if message.direction not in {"internal", "unknown"}:
            assert message.direction == ("inbound" if entry.message.inbound else "outbound")
        assert message.sent_at == iso(entry.time_ms)


def assert_history_ascends(reader: Reader) -> None:
    times = [c.time for c in reader.changes if c.kind == "created" and c.origin == "backfill"]
    assert times == sorted(times)


# --- what is unknown ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["array", "text_object"])
@pytest.mark.parametrize("cap", ["50", "none", "20", "10"])
@pytest.mark.parametrize("offset", ["page_or_zero", "page", "rows"])
def test_a_long_history_is_read_to_its_end_in_every_reading_of_offset_and_limit(offset, cap, form):
    # Given
    provider = Provider(f"wizebot.offset={offset}", f"wizebot.limit_cap={cap}", f"wizebot.message_form={form}")
    reader = Reader(provider)
    # When
    reader.poll()
    # Then
    assert len(reader.published()) == 130
    assert_published(provider, reader)
    assert_history_ascends(reader)
    assert (reader.gaps, reader.letters) == ([], [])
    assert reader.requests <= (25 if offset != "rows" else 170)


@pytest.mark.parametrize(
    "switch",
    [
        *("wizebot.message_form=object", "wizebot.message_form=text_array"),
        *("wizebot.status_form=number", "wizebot.status_form=boolean"),
        *("wizebot.order=oldest_first", "wizebot.ties=reversed", "wizebot.times=fraction"),
        *(
            "wizebot.zone=UTC",
            "wizebot.zone=Asia/Kolkata",
            "wizebot.zone=Europe/Lisbon",
            "wizebot.zone=America/New_York",
        ),
        *("wizebot.next_offset=present", "wizebot.extra_fields=present", "wizebot.content=documented"),
        *("wizebot.status_words=null", "wizebot.wamid=late", "wizebot.wamid=never"),
        *("wizebot.reaction_data=emoji", "wizebot.reaction_data=object", "wizebot.reaction_data=list"),
        *("wizebot.reaction_data=odd", "wizebot.status_rows=0.3", "wizebot.strange_senders=0.3"),
        "wizebot.unsupported=0.5",
    ],
)
def test_a_conversation_is_read_with_any_switch(switch):
    provider = Provider(switch, history=120)
    reader = Reader(provider)
    reader.poll()
    assert len(reader.published()) == 120
    assert_published(provider, reader)
    assert (reader.gaps, reader.letters) == ([], [])


@pytest.mark.parametrize("offset", ["page_or_zero", "rows"])
def test_new_messages_edits_and_steps_are_read_as_they_come_with_a_lag_of_25_minutes(offset):
    # Given messages that appear long after their own time, and pages that change form while they are read
    switches = (f"wizebot.offset={offset}", "wizebot.lag_minutes=25", "duplicate_rows=0.3", "shuffle_rows=0.1")
    provider = Provider(*switches, history=60, rate=0.1, limit=240, status_seconds=600.0, edit_share=0.2)
    readers = [Reader(provider, which) for which in (0, 1)]
    forms = ("array", "text_array", "object", "text_object")
    # When
    for minute in range(45):
        provider.now += MINUTE
        provider.board.set([Setting(None, "wizebot.message_form", forms[minute % 4])])
        for reader in readers:
            reader.poll()
    for _ in range(3):
        provider.now += 31 * MINUTE
        for reader in readers:
            reader.poll()
    # Then
    assert provider.world.quiet
    assert len(provider.shown()) == 60 * 2 + 240
    for reader in readers:
        assert_published(provider, reader)
        assert reader.gaps == []


def test_a_burst_is_read_in_few_requests_where_offset_skips_rows():
    # Given a conversation that is known, and 300 messages that came at once
    provider = Provider("wizebot.offset=rows", history=40)
    reader = Reader(provider)
    reader.poll()
    conversation = provider.account.conversations[0]
    provider.now += 60 * MINUTE
    provider.world.advance(provider.now)
    for number in range(300):
        provider.world.append(conversation, text=f"burst {number}", at_ms=provider.now - 300_000 + number * 1000)
    before = reader.requests
    # When
    reader.poll()
    # Then
    assert_published(provider, reader)
    assert reader.requests - before <= 10


@pytest.mark.parametrize("message_form", ["array", "text_object"])
def test_hostile_rows_are_published_or_dead_lettered(message_form):
    switches = [f"{name}=0.15" for name in ("nan", "huge_number", "deep_nesting", "broken_surrogate", "duplicate_keys")]
    provider = Provider(*switches, "poison=0.1", "echo_in_text=0.1", f"wizebot.message_form={message_form}")
    reader = Reader(provider)
    reader.poll()
    assert_published(provider, reader)
    poisoned = [
        e for e in provider.ledger.entries() if e.poison and e.conversation == reader.feed.values["phone_number"]
    ]
    assert len(reader.letters) == len(poisoned) > 3


def test_times_are_true_in_a_night_in_which_the_clock_is_turned_back():
    # Given messages all three minutes around 06:00 UTC, when 01:59 is followed by 01:00 in New York
    provider = Provider("wizebot.zone=America/New_York", history=0)
    conversation = provider.account.conversations[0]
    turn = parse_iso("2026-11-01T06:00:00")
    provider.now = turn + 180 * MINUTE
    provider.world.advance(provider.now)
    for number in range(-40, 40):
        provider.world.append(conversation, text="x", inbound=number % 4 == 0, at_ms=turn + number * 3 * MINUTE)
    reader = Reader(provider)
    # When
    reader.poll()
    # Then
    assert_published(provider, reader)
    assert len(reader.published()) == 80


def test_a_subscriber_who_does_not_exist_is_said_in_every_form():
    for word in ("status_0", "status_1"):
        reader = Reader(Provider(f"wizebot.not_found={word}"))
        reader.feed = reader.adapter.feed({"phone_number": "5511000000000"})
        with pytest.raises(ParkFeed):
            reader.poll()
    reader = Reader(Provider("wizebot.not_found=empty"))
    reader.feed = reader.adapter.feed({"phone_number": "5511000000000"})
    reader.poll()
    assert reader.changes == []


@pytest.mark.parametrize("offset", ["page_or_zero", "rows"])
def test_all_subscribers_are_found(offset):
    # Given more of them than one page shows
    provider = Provider(f"wizebot.offset={offset}", history=1, conversations=130)
    reader = Reader(provider)
    found, number, more = set(), 1, True
    # When
    while more:
        response = provider.ask(reader.adapter.discovery_request(number))
        feeds, more = reader.adapter.discovered(number, response)
        number += 1
        if {feed.key for feed in feeds} <= found:
            break
        found |= {feed.key for feed in feeds}
    # Then
    assert len(found) == 130
