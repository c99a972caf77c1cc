"""What is told of one account on this worker: its counters, and the one word for what it is doing."""

import time
from collections.abc import Callable
from typing import Any

from prometheus_client import Gauge

from workers import logs
from workers.account.state import Observation, state_of
from workers.metrics import ACCOUNT_STATES, EVENT_KINDS, Metrics, amount
from workers.model import Record
from workers.polling.pause import FAILURES_IN_A_ROW
from workers.times import iso


class Tally(Record, frozen=True, kw_only=True):
    """An account's feeds on this worker, each counted once: one that fails while its history is read is failing.

    `new` ones wait for their first poll; `longest_wait`: seconds for which one has waited for a page.
    """

    feeds: int
    new: int
    backfilling: int
    failing: int
    parked: int
    unreadable: int
    overdue: int
    longest_wait: float

    @property
    def none_is_there(self) -> bool:
        """Whether no feed of all can be read, now or soon."""
        return 0 < self.feeds <= self.parked + self.unreadable

    @property
    def by_state(self) -> dict[str, int]:
        """Feeds by the states of `afluente_feeds`."""
        counts = {"new": self.new, "backfilling": self.backfilling, "failing": self.failing}
        counts |= {"parked": self.parked, "unreadable": self.unreadable}
        return {"active": max(0, self.feeds - sum(counts.values())), **counts}


class AccountReport:
    """The metrics and the state of one account. `clock`: monotonic seconds."""

    def __init__(
        self, provider: str, account: str, max_interval: float, metrics: Metrics, clock: Callable[[], float]
    ) -> None:
        self.state, self._state_since, self._before = "idle", time.time(), "idle"
        self._provider, self._account = provider, account
        self._max_interval, self._metrics, self._clock = max_interval, metrics, clock
        # What each poll counts is looked up once.
        self._requests = metrics.requests.labels(provider, account)
        self._polls = metrics.polls.labels(provider, account)
        self._published = [metrics.events_published.labels(provider, account, kind) for kind in EVENT_KINDS]
        self._success = metrics.last_success.labels(provider, account)
        self._failed = 0  # polls in a row of what may be the account's trouble
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

    def polled(self) -> None:
        """A poll has ended, whatever it brought."""
        self._polls.inc()

    def succeeded(self) -> None:
        """A poll brought a page."""
        self._failed, self._last_success = 0, self._clock()
        self._success.set_to_current_time()

    def listed(self) -> None:
        """An account without feeds let its list of them be read."""
        self._failed = 0

    def failed(self, reason: str, *, failing: bool) -> None:
        """A poll brought nothing; `failing`: it may be the account that is broken, not only this feed."""
        self._failed += failing
        self._metrics.poll_failures.labels(self._provider, self._account, reason).inc()

    def background_failed(self, reason: str, *, failing: bool = False) -> None:
        """A history or the list of feeds could not be read; `failing`: the account has nothing else to be read."""
        self._failed += failing
        self._metrics.background_failures.labels(self._provider, self._account, reason).inc()

    def waited(self, seconds: float) -> None:
        """The provider made the account wait for so long."""
        self._metrics.rate_limit_wait.labels(self._provider, self._account).inc(seconds)

    def show(self, tally: Tally, paused_for: str | None) -> None:
        """Set the gauges; log the state where it changed."""
        state = self._update(tally, paused_for)
        for name in ACCOUNT_STATES:
            self._metrics.account_state.labels(self._provider, self._account, name).set(name == state)
        self._metrics.account_state_since.labels(self._provider, self._account).set(self._state_since)
        for name, count in tally.by_state.items():
            self._metrics.feeds.labels(self._provider, self._account, name).set(count)
        self._metrics.feeds_overdue.labels(self._provider, self._account).set(tally.overdue)

    def details(self, tally: Tally, paused_for: str | None) -> dict[str, Any]:
        """The account on this worker, for `/readyz`. Times are RFC 3339, counts are since the worker started."""
        metrics, labels = self._metrics, (self._provider, self._account)
        return {
            "provider": self._provider,
            "state": self._update(tally, paused_for),
            "since": iso(round(self._state_since * 1000)),
            "before": self._before,
            "feeds": tally.by_state,
            "overdue": tally.overdue,
            "longest_wait_seconds": round(tally.longest_wait, 1),
            "max_interval_seconds": self._max_interval,
            "last_success": _moment(metrics.last_success.labels(*labels)),
            "last_message": _moment(metrics.last_message.labels(*labels)),
            "published": round(sum(map(amount, self._published))),
            "gaps": round(amount(metrics.gaps.labels(*labels))),
            "dead_letters": round(amount(metrics.events_published.labels(*labels, "dead_letter"))),
        }

    def _update(self, tally: Tally, paused_for: str | None) -> str:
        """The state now; a change is logged."""
        seen = Observation(
            feeds=tally.feeds,
            blocked_since=self._blocked_since,
            backfilling=tally.backfilling,
            paused_for=paused_for,
            # Of many feeds one that is broken is that feed's own trouble: it is counted, and does not speak for all.
            failing=self._failed >= max(1, min(tally.feeds, FAILURES_IN_A_ROW)) or tally.none_is_there,
            last_success=self._last_success,
            polled_since=self._since,
            max_interval=self._max_interval,
        )
        state = state_of(seen, self._clock())
        if state != self.state:
            self._log.info("account_state", state=state, before=self.state)
            self.state, self._state_since, self._before = state, time.time(), self.state
        return state


def _moment(gauge: Gauge) -> str | None:
    seconds = amount(gauge)
    return iso(round(seconds * 1000)) if seconds else None
