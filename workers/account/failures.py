"""What failed polls of one account lead to: waits of feeds, pauses of the account, feeds left alone."""

import time
from collections.abc import Callable

from workers import logs
from workers.account.report import AccountReport
from workers.classifier import Decision, decide
from workers.errors import CursorUnreadable, PollFailed, RateLimited
from workers.polling.backoff import PARKED_FEED, Backoff
from workers.polling.budget import Budget
from workers.polling.retry_after import retry_after_seconds
from workers.polling.schedule import Schedule

#: A feed whose poll failed: most faults of a provider pass within seconds, and a broken feed costs 12 requests an hour.
FAILED_FEED = Backoff(first=2.0, factor=2.0, limit=300.0)


class AccountFailures:
    """Tell it how every poll ended. `clock`: the monotonic seconds of schedule and budget."""

    def __init__(
        self, schedule: Schedule, budget: Budget, report: AccountReport, clock: Callable[[], float], account: str
    ) -> None:
        self._schedule, self._budget, self._report, self._clock = schedule, budget, report, clock
        #: Failed polls in a row, by feed.
        self._attempts: dict[str, int] = {}
        #: Feeds that the provider does not know, and feeds whose cursor cannot be read.
        self.parked: set[str] = set()
        self.unreadable: set[str] = set()
        self._log = logs.logger("account").bind(account=account)

    @property
    def failing(self) -> int:
        """How many feeds wait after a failed poll, those that are parked left out."""
        return len(self._attempts) - len(self.parked)

    def forget(self, key: str) -> None:
        """The feed is ours no more."""
        self._attempts.pop(key, None)
        self.parked.discard(key)
        self.unreadable.discard(key)

    def succeeded(self, key: str) -> bool:
        """A poll brought a page. Whether feeds that waited are due now."""
        self._attempts.pop(key, None)
        self.parked.discard(key)
        return self.answered()

    def answered(self) -> bool:
        """The provider answered. Where the account was failing, its feeds need not wait for themselves: whether so."""
        if not self._budget.succeeded():
            return False
        for key in self._attempts.keys() - self.parked:
            self._schedule.recall(key)
        return True

    def failed(self, key: str, error: Exception) -> None:
        """Do what the classifier decides; an exception that is none of ours is a fault of the program."""
        decision = decide(error)
        reason = error.reason if isinstance(error, PollFailed) else "internal"
        self._report.failed(reason, failing=decision != "park the feed")
        if decision == "pause the account":
            self.pause(error)
            self._schedule.failed(key, self._clock())
            return
        wait = self._wait(key, decision)
        now = self._clock()
        self._schedule.failed(key, now, again_at=now + wait)
        if isinstance(error, PollFailed):
            self._log.warning("poll_failed", feed=key, reason=reason, error=str(error), again_in_seconds=round(wait, 1))
        else:
            self._log.error("poll_fault", feed=key, exc_info=error)

    def pause(self, error: Exception) -> None:
        """Pause the whole account: the provider said no to all of it."""
        if isinstance(error, RateLimited):
            asked = retry_after_seconds(error.retry_after, time.time_ns() // 1_000_000)
            self._report.waits(self._budget.rate_limited(asked))
        else:
            self._budget.refused()
        seconds = round(self._budget.paused_for, 1)
        self._log.warning("account_paused", reason=self._budget.reason, error=str(error), seconds=seconds)

    def give_up(self, key: str, error: CursorUnreadable) -> None:
        """Leave a feed alone until a person has removed its cursor."""
        self.unreadable.add(key)
        self._schedule.remove(key)
        self._log.error("feed_unreadable", feed=key, error=str(error), advice="remove its cursor to read the feed anew")

    def _wait(self, key: str, decision: Decision) -> float:
        """Seconds for which the feed stands aside."""
        attempts = self._attempts[key] = self._attempts.get(key, 0) + 1
        if decision == "park the feed":
            self.parked.add(key)
            return PARKED_FEED.delay(attempts)
        wait = FAILED_FEED.delay(attempts)
        if not self._budget.failed():
            return wait
        # The account is only probed now, and that is its feeds' wait; the next probe had better be of another feed.
        return min(wait, max(self._budget.paused_for, FAILED_FEED.first))
