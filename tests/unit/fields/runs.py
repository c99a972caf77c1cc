"""Running an adapter over one body, and what comes of it as paths and values: of an event, or of what else it decides.

Everything is the product's own: page, reconcile, encoder. Places that are no part of an event have names in brackets.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from tests.unit.fields.documented import Call, Provider
from tests.unit.fields.paths import Flat, flat
from workers.errors import PollFailed
from workers.events.cloudevent import KafkaEvent
from workers.events.encoding import EventEncoder
from workers.events.source import source_of
from workers.model import Feed, HttpResponse
from workers.poll_means import rules_of
from workers.providers import PROVIDERS, adapter
from workers.providers.base import Adapter
from workers.reconcile.batches import Batches
from workers.reconcile.cursor import Cursor
from workers.reconcile.plan import LivePlan
from workers.reconcile.walk import LiveWalk
from workers.redaction import Redactor

#: The time of observation (epoch ms): 2026-01-06T00:00:00Z, after every sample.
NOW = 1_767_657_600_000

#: What is answered where a page leads on and the sample has nothing further.
NOTHING_THERE = HttpResponse(status=404, body=b"{}", content_type="application/json")
MESSAGES = frozenset({"created", "updated"})

FAILURE, PAGING, FEEDS, LETTER, SKIPPED = "[failure]", "[paging]", "[feeds]", "[dead letter]", "[skipped]"


def made(provider: Provider, account: dict[str, Any]) -> Adapter:
    """The adapter of one of the accounts."""
    return adapter(PROVIDERS[provider.name](**{"name": "conta", "provider": provider.name, **account}))


def feed_of(of: Adapter, provider: Provider, changed: dict[str, str] | None = None) -> Feed:
    """The feed of the samples; the whole number for an account that reads it."""
    values = {**provider.feed, **(changed or {})}
    whole = getattr(of.account, "scope", None) == "number"
    return of.feed(dict.fromkeys(values, "*") if whole else values)


def outcome(provider: Provider, call: Call, of: Adapter, body: Any, status: int) -> Flat:
    """What a body comes to."""
    response = answered(provider, body, status)
    try:
        if call.kind == "list":
            return _feeds(of, response)
        return _events(of, feed_of(of, provider), [*_before(provider, call), response])
    except PollFailed as failure:
        return {FAILURE: [type(failure).__name__]}


def answered(provider: Provider, body: Any, status: int = 200) -> HttpResponse:
    """A body as a response."""
    return HttpResponse(status=status, body=provider.sent(body), content_type="application/json")


def _before(provider: Provider, call: Call) -> list[HttpResponse]:
    """The answers that lead on to this call's."""
    return [answered(provider, body) for body in provider.leading(call)]


def _feeds(of: Any, response: HttpResponse) -> Flat:
    feeds, more = of.discovered(1, response)
    return {FEEDS: [feed.key for feed in feeds], PAGING: [more]}


def _events(of: Adapter, feed: Feed, responses: list[HttpResponse]) -> Flat:
    """One live poll that is shown these answers, of a feed that is known and empty."""
    known, rules = Cursor(contact=1), rules_of(of)
    walk = LiveWalk(known, rules, of.first(), NOW)
    leads_on = True
    while responses or leads_on:
        ref = walk.want or of.first()
        page = of.page(feed, ref, responses.pop(0) if responses else NOTHING_THERE)
        walk.take(page)
        leads_on = page.leads_on
    found: Flat = {PAGING: [walk.want is None, walk.reach.exhausted]}
    if walk.skipped:
        found[SKIPPED] = [dict(walk.skipped)]
    encoder = EventEncoder(source_of(of, feed, "binary", 900_000), Redactor(()))
    batches = Batches(LivePlan(walk, known, rules, NOW, b""), partial(of.normalise, feed), rules, NOW)
    events: list[KafkaEvent] = []
    batches.next(known, lambda _, came: _Size(sum(event.size for event in _kept(encoder.events(came, NOW), events))))
    for event in events:
        found |= _told(event)
    return found


class _Size(NamedTuple):
    size: int


def _kept(events: Sequence[KafkaEvent], into: list[KafkaEvent]) -> Sequence[KafkaEvent]:
    into[:] = events
    return events


def _told(event: KafkaEvent) -> Flat:
    """The data of an event; of what is no message each path begins with the kind of event."""
    data = orjson.loads(event.value)
    if event.topic == "dead_letters":
        return {LETTER: [data["reason"]]}
    del data["observed_at"]
    kind = "" if event.kind in MESSAGES else f"{event.kind} event: "
    return {f"{kind}{path}": values for path, values in flat(data).items()}


def variants(provider: Provider, account: dict[str, Any]) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
    """Every setting of an account and value of a feed with another lawful value: what requests are made of."""
    found: dict[str, tuple[dict[str, Any], dict[str, str]]] = {}
    for name, value in account.items():
        changed = {**account, name: _another(value)} if isinstance(value, str) else account
        try:
            made(provider, changed)
        except ValidationError:
            continue
        found[f"setting `{name}`"] = (changed, {})
    for name, value in provider.feed.items():
        found[f"the feed's `{name}`"] = (account, {name: _another(value)})
    return found


def _another(value: str) -> str:
    """The text with another last letter or digit."""
    last = str((int(value[-1]) + 1) % 10) if value[-1].isdecimal() else "b" if value[-1] != "b" else "c"
    return value[:-1] + last
