"""Every metric that a worker exports: the only place where their names live.

Conventions: prometheus.io/docs/practices/naming and /instrumentation. Attempts and failures are two counters, times are
timestamps, label sets are closed: known series stand at 0 from the start. Never a conversation, a message or a person.
"""

from collections.abc import Iterable
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from workers import __version__

#: States of an account, the most telling first: see `workers.account.state`.
ACCOUNT_STATES: Final = ("refused", "rate_limited", "stuck", "failing", "backfilling", "polling", "idle")
#: States of a feed on its worker.
FEED_STATES: Final = ("active", "new", "backfilling", "failing", "parked", "unreadable")
#: Kinds of published events.
EVENT_KINDS: Final = ("created", "updated", "conversation", "gap", "dead_letter")
#: Why a shown row was not published as an event.
LEFT_OUT_REASONS: Final = ("before_floor", "before_start", "status_regressed")
#: What an entry that is no message is: word of a message's delivery (WizeBot), or an event of a timeline (Wegly).
EVENT: Final = "event"
ENTRY_REASONS: Final = ("status", EVENT)

#: Bounds in seconds. A request takes 10 ms to a deadline of 30 s; a transaction 5 ms to 15 s.
_REQUEST_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TRANSACTION_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)
#: A message is seen within seconds while a person writes, within the greatest interval when it is quiet.
_DELAY_SECONDS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)

_ACCOUNT = ("provider", "account")


class Metrics:
    """The registry of one process."""

    def __init__(self) -> None:
        # The library would add to each counter and histogram a series that says when it began: twice as many series,
        # of names that no page explains. The process's start is told once.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self._fetch()
        self._normalise()
        self._publish()
        self._accounts()
        self._worker()

    # --- the names ----------------------------------------------------------------------------------------

    def _fetch(self) -> None:
        self.requests = self._counter(
            "requests_total", "Requests sent to providers, pages beyond the first included.", _ACCOUNT
        )
        self.polls = self._counter("polls_total", "Polls of feeds that ended, successful or not.", _ACCOUNT)
        self.poll_failures = self._counter("poll_failures_total", "Polls that brought no page.", (*_ACCOUNT, "reason"))
        self.background_failures = self._counter(
            "background_failures_total",
            "Batches of histories, and lists of feeds, that brought nothing.",
            (*_ACCOUNT, "reason"),
        )
        self.poll_duration = self._histogram(
            "poll_duration_seconds",
            "Time from the beginning of a poll to its last page, or to its failure; its commit is not in it.",
            ("provider",),
            _REQUEST_SECONDS,
        )
        self.rate_limit_wait = self._counter(
            "rate_limit_wait_seconds_total",
            "Seconds that accounts paused because the provider said 'too many'.",
            _ACCOUNT,
        )

    def _normalise(self) -> None:
        self.rows_ignored = self._counter("rows_ignored_total", "Shown rows that were left out.", (*_ACCOUNT, "reason"))
        self.entries_skipped = self._counter(
            "entries_skipped_total", "Entries of pages that are no messages.", (*_ACCOUNT, "reason")
        )
        self.dead_letters = self._counter("dead_letters_total", "Dead letters published.", (*_ACCOUNT, "reason"))
        self.gaps = self._counter(
            "gaps_total", "Gap events published: messages that could not be shown any more.", _ACCOUNT
        )

    def _publish(self) -> None:
        self.events_published = self._counter(
            "events_published_total", "Events committed to Kafka.", (*_ACCOUNT, "kind")
        )
        self.backfill_messages = self._counter(
            "backfill_messages_total",
            "Messages published from histories: what stood there before a first poll.",
            _ACCOUNT,
        )
        self.delivery_delay = self._histogram(
            "delivery_delay_seconds",
            "Time from a live message's own time to its commit, by the provider's clock and ours.",
            ("provider",),
            _DELAY_SECONDS,
        )
        self.schedule_delay = self._histogram(
            "schedule_delay_seconds",
            "Time from a live message's own time to the beginning of the poll that found it: the schedule's part of "
            "the delivery delay, with the budget's and the provider's.",
            ("provider",),
            _DELAY_SECONDS,
        )
        self.transactions = self._counter("transactions_total", "Kafka transactions begun.")
        self.transaction_failures = self._counter(
            "transaction_failures_total",
            "Transactions and openings whose outcome is unknown; the shard restored itself.",
            ("reason",),
        )
        self.transaction_duration = self._histogram(
            "transaction_duration_seconds", "Time of a committed transaction.", (), _TRANSACTION_SECONDS
        )
        self.shard_last_commit = self._gauge(
            "shard_last_commit_timestamp_seconds",
            "Unix time of the last committed transaction of an owned shard; 0 before its first on this worker.",
            ("shard",),
        )
        self.restore_duration = self._histogram(
            "restore_duration_seconds",
            "Time to take a shard and read its cursors.",
            (),
            (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )

    def _accounts(self) -> None:
        self.account_state = self._gauge(
            "account_state",
            "1 for the state that the account is in on this worker, 0 for all others.",
            (*_ACCOUNT, "state"),
        )
        self.account_state_since = self._gauge(
            "account_state_since_timestamp_seconds", "Unix time since which the account is in its state here.", _ACCOUNT
        )
        self.last_success = self._gauge(
            "account_last_success_timestamp_seconds", "Unix time of the last successful poll on this worker.", _ACCOUNT
        )
        self.last_message = self._gauge(
            "account_last_message_timestamp_seconds", "Provider time of the newest message published here.", _ACCOUNT
        )
        self.feeds = self._gauge(
            "feeds", "Feeds that this worker owns, by state; new: waiting for their first poll.", (*_ACCOUNT, "state")
        )
        self.feeds_overdue = self._gauge(
            "feeds_overdue",
            "Feeds of which no page came for longer than max_interval_seconds; those that are parked left out.",
            _ACCOUNT,
        )
        self.round_seconds = self._gauge(
            "schedule_round_seconds",
            "Seconds in which this worker's requests visit each of its feeds once, on average.",
            _ACCOUNT,
        )
        self.definitions_rejected = self._counter(
            "feed_definitions_rejected_total", "Records of the feeds topic that cannot be polled.", ("reason",)
        )

    def _worker(self) -> None:
        self.worker_state = self._gauge(
            "worker_state", "1 for the state that this worker is in, 0 for all others.", ("state",)
        )
        self.worker_state_since = self._gauge(
            "worker_state_since_timestamp_seconds", "Unix time since which this worker is in its state."
        )
        self.shards_owned = self._gauge("shards_owned", "Shards assigned to this worker.")
        self.shards_serving = self._gauge("shards_serving", "Owned shards that are restored and being polled.")
        self.group_joined = self._gauge("group_joined", "1 while this worker is a member of its group, else 0.")
        self.last_pump = self._gauge(
            "group_last_pump_timestamp_seconds", "Unix time at which the group was last heard of."
        )
        self.clients_ending = self._gauge(
            "kafka_clients_ending", "Kafka clients that were given up and are being ended in the background."
        )
        self.loop_lag = self._gauge(
            "event_loop_lag_seconds", "How late the last one-second timer of the event loop was."
        )
        self.build_info = self._gauge("build_info", "1, with the version of the program.", ("version",))
        self.build_info.labels(__version__).set(1)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"afluente_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(f"afluente_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, labels: tuple[str, ...], buckets: Iterable[float]) -> Histogram:
        return Histogram(f"afluente_{name}", text, labels, registry=self.registry, buckets=tuple(buckets))

    # --- known series -------------------------------------------------------------------------------------

    def known_account(
        self, provider: str, account: str, letter_reasons: Iterable[str], poll_reasons: Iterable[str]
    ) -> None:
        """Let every series of an account exist, at 0."""
        for metric in (
            self.requests,
            self.polls,
            self.rate_limit_wait,
            self.gaps,
            self.backfill_messages,
            self.account_state_since,
            self.last_success,
            self.last_message,
            self.feeds_overdue,
            self.round_seconds,
        ):
            metric.labels(provider, account)
        labelled = (
            (self.poll_failures, poll_reasons),
            (self.background_failures, poll_reasons),
            (self.rows_ignored, LEFT_OUT_REASONS),
            (self.entries_skipped, ENTRY_REASONS),
            (self.dead_letters, letter_reasons),
            (self.events_published, EVENT_KINDS),
            (self.account_state, ACCOUNT_STATES),
            (self.feeds, FEED_STATES),
        )
        for metric, values in labelled:
            for value in values:
                metric.labels(provider, account, value)
        self.poll_duration.labels(provider)
        self.delivery_delay.labels(provider)
        self.schedule_delay.labels(provider)

    def known_reasons(
        self, transaction_reasons: Iterable[str], rejections: Iterable[str], worker_states: Iterable[str]
    ) -> None:
        """Let the process-wide labelled series exist, at 0."""
        for state in worker_states:
            self.worker_state.labels(state)
        for reason in transaction_reasons:
            self.transaction_failures.labels(reason)
        for reason in rejections:
            self.definitions_rejected.labels(reason)

    def known_shard(self, number: int) -> None:
        """A shard that is ours has its series, at 0 until its first commit here."""
        self.shard_last_commit.labels(str(number))

    def forget_shard(self, number: int) -> None:
        """A shard that is not ours any more says nothing here."""
        if (str(number),) in self.shard_last_commit._metrics:  # noqa: SLF001 - remove() raises for a series that is not there
            self.shard_last_commit.remove(str(number))


def amount(metric: Counter | Gauge) -> float:
    """What one series stands at."""
    value: float = metric._value.get()  # noqa: SLF001 - the library has no public way to read a series
    return value
