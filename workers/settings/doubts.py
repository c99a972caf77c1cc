"""What is allowed in a configuration and yet is seldom meant: warnings for `afluente check`."""

from urllib.parse import urlsplit

from workers.providers.account import LOOPBACK, AccountSettings
from workers.redaction import SHORTEST
from workers.settings.output import OutputSettings
from workers.settings.settings import Settings

#: `max.message.bytes` of a topic that nobody configured (Kafka 4.3).
KAFKA_MESSAGE_BYTES = 1_048_588
#: Seconds between SIGTERM and SIGKILL where nobody configured them (Kubernetes).
KUBERNETES_GRACE_SECONDS = 30
#: A dead worker's shards wait this long (seconds); above it a crash is a visible delay.
LONG_SESSION_SECONDS = 60


def doubts(settings: Settings) -> list[str]:
    """One line for each doubtful setting: where, and what may come of it."""
    lines = [*_kafka(settings), *_service(settings), *_output(settings.output)]
    if not settings.accounts:
        lines.append("accounts: none, so nothing is polled")
    for name, account in settings.accounts.items():
        lines += [f"accounts.{name}{doubt}" for doubt in (*_secrets(account), *_account(account))]
    return lines


def _kafka(settings: Settings) -> list[str]:
    kafka, lines = settings.kafka, []
    if kafka.replication_factor == 1 and len(kafka.bootstrap_servers) > 1:
        lines.append(
            "kafka.replication_factor: 1 with several brokers: a partition is gone with the broker that has it"
        )
    if kafka.sasl is not None and kafka.tls is None:
        sent = "the password" if kafka.sasl.mechanism == "PLAIN" else "what is read and written"
        lines.append(f"kafka.sasl: without [kafka.tls] {sent} travels in the clear")
    if kafka.session_timeout_seconds > LONG_SESSION_SECONDS:
        lines.append("kafka.session_timeout_seconds: a dead worker's feeds are not polled for that long")
    return lines


def _service(settings: Settings) -> list[str]:
    if settings.service.shutdown_seconds <= KUBERNETES_GRACE_SECONDS:
        return []
    grace = "terminationGracePeriodSeconds"
    return [f"service.shutdown_seconds: more than {KUBERNETES_GRACE_SECONDS}: Kubernetes kills unless {grace} is more"]


def _output(output: OutputSettings) -> list[str]:
    if output.max_event_bytes <= KAFKA_MESSAGE_BYTES:
        return []
    return [
        f"output.max_event_bytes: more than {KAFKA_MESSAGE_BYTES}: the topics' max.message.bytes must be raised to it"
    ]


def _secrets(account: AccountSettings) -> list[str]:
    lines = []
    for secret in account.secrets():
        if len(secret) < SHORTEST:
            lines.append(
                f": a secret of fewer than {SHORTEST} characters cannot be told from words, nor removed from texts"
            )
        if secret != secret.strip():
            lines.append(": a secret begins or ends with a space")
    return lines


def _account(account: AccountSettings) -> list[str]:
    lines = []
    parts = urlsplit(account.base_url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        lines.append(".base_url: without TLS credentials and messages travel in the clear")
    if "timezone" in type(account).model_fields and "timezone" not in account.model_fields_set:
        lines.append(".timezone: not set, so the provider's documented default is taken for its local times")
    round_seconds = 60 * len(account.feeds) / account.requests_per_minute
    if round_seconds > account.max_interval_seconds:
        lines.append(
            f".requests_per_minute: {len(account.feeds)} feeds take {round_seconds:.0f} s a round, "
            f"more than max_interval_seconds ({account.max_interval_seconds:.0f})"
        )
    return lines
