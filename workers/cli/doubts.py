"""Settings that are allowed and probably not meant: what `check` warns of. Pure."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from workers.polling.capacity import round_seconds, shortfall
from workers.polling.schedule import MIN_INTERVAL
from workers.providers.account import LOOPBACK
from workers.providers.base import Adapter
from workers.redaction import SHORTEST
from workers.settings.problem import Place, line
from workers.settings.settings import Settings

#: Why a short secret is told of (see `workers.redaction`).
_TOO_SHORT = (
    f"has fewer than {SHORTEST} characters: it cannot be told from ordinary words, so it is not removed "
    "from logs and events"
)


def visited_every(adapter: Adapter) -> float | None:
    """Seconds between two visits of each configured feed, when all are visited in turn; None without feeds."""
    feeds = len(adapter.standing_feeds())
    return max(round_seconds(feeds, adapter.account.requests_per_minute), MIN_INTERVAL) if feeds else None


def doubts(settings: Settings, adapters: Mapping[str, Adapter]) -> Iterator[str]:
    """One line for each doubtful setting: where it stands, and what it leads to."""
    if not adapters:
        yield line(("accounts",), "there are none, so nothing is polled")
    yield from _kafka(settings)
    for adapter in adapters.values():
        yield from _account(adapter, settings)


def _kafka(settings: Settings) -> Iterator[str]:
    kafka = settings.kafka
    if kafka.sasl is not None and kafka.tls is None and kafka.sasl.mechanism == "PLAIN":
        yield line(("kafka", "sasl", "mechanism"), "the password travels in the clear: add [kafka.tls]", "PLAIN")
    if kafka.replication_factor == 1 and len(kafka.bootstrap_servers) > 1:
        place = ("kafka", "replication_factor")
        yield line(place, "what lies on a broker is gone with that broker; 3 is usual with several brokers", 1)
    if any(len(secret) < SHORTEST for secret in kafka.secrets()):
        yield line(("kafka", "sasl", "password"), _TOO_SHORT)


def _account(adapter: Adapter, settings: Settings) -> Iterator[str]:
    account = adapter.account
    place: Place = ("accounts", account.name)
    if not adapter.standing_feeds() and not account.discover:
        where = f"until somebody adds its feeds to {settings.topics.feeds}: afluente feeds add {account.name} …"
        yield line(place, f"lists no feeds and discovers none, so nothing is polled {where}")
    address = urlsplit(account.base_url)
    if address.scheme == "http" and address.hostname not in LOOPBACK:
        yield line((*place, "base_url"), "credentials and messages travel in the clear", account.base_url)
    if any(len(secret) < SHORTEST for secret in account.secrets()):
        yield line(place, f"a credential {_TOO_SHORT}")
    for field, text in account.doubts():
        yield line((*place, field), text)
    words = shortfall(len(adapter.standing_feeds()), account.requests_per_minute, account.max_interval_seconds)
    if words is not None:
        text = f"{words} (max_interval_seconds): raise one of the two"
        yield line((*place, "requests_per_minute"), text, account.requests_per_minute)
