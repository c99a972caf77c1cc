"""Settings that are allowed and probably not meant: what `check` warns of. Pure."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from workers.providers.account import is_loopback
from workers.providers.base import Adapter
from workers.redaction import SHORTEST
from workers.schedule.capacity import round_seconds, shortfall
from workers.schedule.schedule import MIN_INTERVAL
from workers.settings.kafka import KafkaSettings
from workers.settings.problem import Place, line
from workers.settings.settings import Settings

#: Why a short secret is told of (see `workers.redaction`).
_TOO_SHORT = (
    f"has fewer than {SHORTEST} characters: it cannot be told from ordinary words, so it is not removed "
    "from logs and events"
)
#: `max.message.bytes` of a topic that nobody configured (Kafka 4.3).
KAFKA_MESSAGE_BYTES = 1_048_588
#: Seconds between SIGTERM and SIGKILL where nobody configured them (Kubernetes).
GRACE_SECONDS = 30
#: A dead worker's feeds are not polled for so many seconds: above it every crash is a visible delay.
LONG_SESSION_SECONDS = 60


def visited_every(adapter: Adapter) -> float | None:
    """Seconds between two visits of each configured feed, when all are visited in turn; None without feeds."""
    feeds = len(adapter.standing_feeds())
    turn = round_seconds(feeds, adapter.account.requests_per_minute, adapter.requests_per_poll)
    return max(turn, MIN_INTERVAL) if feeds else None


def not_kept(adapter: Adapter, feeds: int) -> str | None:
    """What the account's budget does not keep for so many feeds, in a sentence; None: its bound is kept."""
    account = adapter.account
    words = shortfall(feeds, account.requests_per_minute, account.max_interval_seconds, adapter.requests_per_poll)
    return words and f"{words} (max_interval_seconds)"


def doubts(settings: Settings, adapters: Mapping[str, Adapter]) -> Iterator[str]:
    """One line for each doubtful setting: where it stands, and what it leads to."""
    if not adapters:
        yield line(("accounts",), "there are none, so nothing is polled")
    yield from _kafka(settings.kafka)
    yield from _process(settings)
    for adapter in adapters.values():
        yield from _account(adapter, settings)


def _kafka(kafka: KafkaSettings) -> Iterator[str]:
    if kafka.sasl is not None and kafka.tls is None:
        sent = "the password travels" if kafka.sasl.mechanism == "PLAIN" else "what is read and written travels"
        yield line(("kafka", "sasl", "mechanism"), f"{sent} in the clear: add [kafka.tls]", kafka.sasl.mechanism)
    if kafka.replication_factor == 1 and len(kafka.bootstrap_servers) > 1:
        place = ("kafka", "replication_factor")
        yield line(place, "what lies on a broker is gone with that broker; 3 is usual with several brokers", 1)
    if kafka.session_timeout_seconds > LONG_SESSION_SECONDS:
        text = "for so long the feeds of a worker that died are not polled"
        yield line(("kafka", "session_timeout_seconds"), text, kafka.session_timeout_seconds)
    if any(len(secret) < SHORTEST for secret in kafka.secrets()):
        yield line(("kafka", "sasl", "password"), _TOO_SHORT)


def _process(settings: Settings) -> Iterator[str]:
    shutdown, largest = settings.service.shutdown_seconds, settings.output.max_event_bytes
    if shutdown > GRACE_SECONDS:
        text = f"Kubernetes kills after {GRACE_SECONDS} s unless terminationGracePeriodSeconds is more"
        yield line(("service", "shutdown_seconds"), text, shutdown)
    if largest > KAFKA_MESSAGE_BYTES:
        text = f"more than Kafka's {KAFKA_MESSAGE_BYTES}: the topics' max.message.bytes must be raised to it"
        yield line(("output", "max_event_bytes"), text, largest)


def _account(adapter: Adapter, settings: Settings) -> Iterator[str]:
    account = adapter.account
    place: Place = ("accounts", account.name)
    if not adapter.standing_feeds() and not account.discover:
        where = f"until somebody adds its feeds to {settings.topics.feeds}: afluente feeds add {account.name} …"
        yield line(place, f"lists no feeds and discovers none, so nothing is polled {where}")
    address = urlsplit(account.base_url)
    if address.scheme == "http" and not is_loopback(address.hostname):
        yield line((*place, "base_url"), "credentials and messages travel in the clear", account.base_url)
    if any(len(secret) < SHORTEST for secret in account.secrets()):
        yield line(place, f"a credential {_TOO_SHORT}")
    for field, text in account.doubts():
        yield line((*place, field), text)
    words = not_kept(adapter, len(adapter.standing_feeds()))
    if words is not None:
        text = f"{words}: raise one of the two"
        yield line((*place, "requests_per_minute"), text, account.requests_per_minute)
