"""What is told of one account on this worker: its counters, and the one word for what it is doing."""

from collections.abc import Callable

from workers import logs
from workers.account_state import Observation, state_of
from workers.metrics import ACCOUNT_STATES, Metrics
from workers.model import Record


class Tally(Record, frozen=True, kw_only=True):
    """An account's feeds on this worker, counted."""

    feeds: int
    backfilling: int
    parked: int
    unreadable: int
    overdue: int


class AccountReport:
    """The metrics and the state of one account. `clock`: monotonic seconds."""

    def __init__(
        self, provider: str, account: str, max_interval: float, metrics: Metrics, clock: Callable[[], float]
    ) -> None:
        self.state = "idle"
        self._provider, self._account = provider, account
        self._max_interval, self._metrics, self._clock = max_interval, metrics, clock
        # What each poll counts is looked up once.
        self._requests = metrics.requests.labels(provider, account)
        self._polls = metrics.polls.labels(provider, account)
        self._poll_duration = metrics.poll_duration.labels(provider)
        self._success = metrics.last_success.labels(provider, account)
        self._failing = False
        self._last_success: float | None = None
        self._blocked_since: float | None = None
        self._since = clock()
        self._log = logs.logger("account").bind(account=account, provider=provider)

    def first_feed(self) -> None:
        """From now on there is something to poll."""
        self._since = self._clock()

    def blocked(self, blocked: bool) -> None:
        """Whether this worker cannot commit at the moment: outside its group, or with a shard that is down."""
        if not blocked:
            self._blocked_since = None
        elif self._blocked_since is None:
            self._blocked_since = self._clock()

    def requested(self) -> None:
        """A request goes out."""
        self._requests.inc()

    def polled(self, seconds: float) -> None:
        """A poll has ended, whatever it brought."""
        self._polls.inc()
        self._poll_duration.observe(seconds)

    def succeeded(self) -> None:
        """A poll brought a page."""
        self._failing, self._last_success = False, self._clock()
        self._success.set_to_current_time()

    def failed(self, reason: str, *, failing: bool) -> None:
        """A poll brought nothing; `failing`: the account looks broken, not only this feed."""
        self._failing = self._failing or failing
        self._metrics.poll_failures.labels(self._provider, self._account, reason).inc()

    def waits(self, seconds: float) -> None:
        """The provider makes the account wait for so long."""
        self._metrics.rate_limit_wait.labels(self._provider, self._account).inc(seconds)

    def show(self, tally: Tally, paused_for: str | None) -> None:
        """Set the gauges; log the state where it changed."""
        seen = Observation(
            feeds=tally.feeds,
            blocked_since=self._blocked_since,
            backfilling=tally.backfilling,
            paused_for=paused_for,
            failing=self._failing,
            last_success=self._last_success,
            polled_since=self._since,
            max_interval=self._max_interval,
        )
        state = state_of(seen, self._clock())
        if state != self.state:
            self._log.info("account_state", state=state, before=self.state)
            self.state = state
        for name in ACCOUNT_STATES:
            self._metrics.account_state.labels(self._provider, self._account, name).set(name == state)
        self._show_feeds(tally)

    def _show_feeds(self, tally: Tally) -> None:
        counts = {"parked": tally.parked, "backfilling": tally.backfilling, "unreadable": tally.unreadable}
        counts["active"] = max(0, tally.feeds - sum(counts.values()))
        for state, count in counts.items():
            self._metrics.feeds.labels(self._provider, self._account, state).set(count)
        self._metrics.feeds_overdue.labels(self._provider, self._account).set(tally.overdue)
