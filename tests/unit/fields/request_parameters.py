"""Where a documented parameter of a request comes from, found by making requests of other accounts, feeds and pages."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import replace

from tests.unit.fields.documented import Call, Provider
from tests.unit.fields.runs import answered, feed_of, made, variants
from workers.errors import ConfigurationError, FeedRejected
from workers.model import HttpRequest

Parts = dict[str, str]


def origins(provider: Provider, call: Call) -> dict[str, list[str]]:
    """By documented parameter (`query.limit`, `body.to`, `header.Authorization`, `path.id`): what it is made of."""
    found: dict[str, list[str]] = {}
    for account in provider.accounts:
        base = _parts(provider, call, (account, {}))
        if base is None:
            continue
        others = {
            **{origin: _parts(provider, call, variant) for origin, variant in variants(provider, account).items()},
            "the page's number": _parts(provider, call, (account, {}), number=2),
            "the page's limit": _parts(provider, call, (account, {}), limit=7),
        }
        for name in {*base, *(others["the page's number"] or {})} & call.request.keys():
            told = [origin for origin, parts in others.items() if parts and parts.get(name) != base.get(name)]
            known = found.setdefault(name, [])
            known += [origin for origin in told or [f"always `{base[name]}`"] if origin not in known]
    return {name: _without_always(told) for name, told in found.items()}


def _without_always(told: list[str]) -> list[str]:
    varying = [origin for origin in told if not origin.startswith("always")]
    return varying or told


def _parts(
    provider: Provider, call: Call, variant: tuple[dict[str, Any], dict[str, str]], number: int = 1, limit: int = 0
) -> Parts | None:
    """The parts of a request by an account, for a feed; None where that account cannot make it."""
    account, feed = variant
    of: Any = made(provider, account)
    try:
        if call.kind == "list":
            return _taken_apart(of.discovery_request(number), call)
        own, usual, ref = feed_of(of, provider, feed), feed_of(of, provider), of.first()
        for body in provider.leading(call):
            ref = of.page(usual, ref, answered(provider, body)).next
        ref = replace(ref, number=number if number > 1 else ref.number, limit=limit or ref.limit)
        return _taken_apart(of.request(own, ref), call)
    except (ConfigurationError, FeedRejected):
        return None


def _taken_apart(request: HttpRequest, call: Call) -> Parts:
    url = urlsplit(request.url)
    parts = {f"header.{name}": value for name, value in request.headers}
    parts |= {f"query.{name}": value for name, value in parse_qsl(url.query)}
    segments, template = url.path.split("/"), call.path.split("/")
    for name, value in zip(reversed(template), reversed(segments), strict=False):
        if name.startswith("{"):
            parts[f"path.{name.strip('{}')}"] = value
    return parts | {f"body.{name}": str(value) for name, value in _fields_of(request.body or b"").items()}


def _fields_of(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body or b"{}")
    except ValueError:
        return dict(parse_qsl(body.decode()))
    return told if isinstance(told, dict) else {}
