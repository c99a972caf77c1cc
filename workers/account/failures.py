"""What failed polls of one account lead to: waits of feeds, pauses of the account, feeds left alone."""

import time
from collections.abc import Callable, KeysView
from typing import NamedTuple

from workers import logs
from workers.account.report import AccountReport
from workers.classifier import Decision, decide
from workers.errors import CursorUnreadable, PollFailed, RateLimited, Refused
from workers.polling.backoff import FAILED_FEED, PARKED_FEED
from workers.polling.budget import Budget
from workers.polling.retry_after import retry_after_seconds
from workers.schedule.schedule import Schedule

#: Seconds that a feed comes back behind the next probe of its account, which so goes to another one where there is one.
BEHIND_SECONDS = 0.1


class _Attempts(NamedTuple):
    """Polls of a feed since its last page that failed, and that did not find it."""

    failed: int
    missing: int


_NONE = _Attempts(0, 0)


class AccountFailures:
    """Tell it how every poll ended. `clock`: the monotonic seconds of schedule and budget."""

    def __init__(
        self,
        schedule: Schedule,
        budget: Budget,
        report: AccountReport,
        clock: Callable[[], float],
        *,
        provider: str,
        account: str,
    ) -> None:
        self._schedule, self._budget, self._report, self._clock = schedule, budget, report, clock
        #: Polls without a page since the last one, by feed: those that failed, and those that did not find it.
        self._attempts: dict[str, _Attempts] = {}
        #: Feeds whose last poll failed while nothing of the account was answered: due again as soon as something is.
        self._silenced: set[str] = set()
        #: Polls so far that brought a page, and how many there were at the last refusal (None: there was none).
        self._pages = 0
        self._pages_before_refusal: int | None = None
        #: Feeds that are refused while others are read with the same key.
        self._forbidden: set[str] = set()
        #: Feeds that the provider does not know, and feeds whose cursor cannot be read.
        self.parked: set[str] = set()
        self.unreadable: set[str] = set()
        self._log = logs.logger("account").bind(account=account, provider=provider)

    @property
    def failing(self) -> int:
        """How many feeds wait after a failed poll, those that are parked left out."""
        return len(self._attempts) - len(self.parked)

    def well(self, keys: KeysView[str]) -> int:
        """How many of these feeds neither wait after a failed poll, nor are parked or unreadable."""
        return len(keys) - len(keys & self._attempts.keys()) - len(keys & self.unreadable)

    def forget(self, key: str) -> None:
        """The feed is ours no more."""
        self._well(key)
        self.unreadable.discard(key)

    def succeeded(self, key: str) -> bool:
        """A poll brought a page. Whether feeds that waited are due now."""
        self._well(key)
        self._pages += 1
        return self.answered()

    def answered(self) -> bool:
        """The provider answered. Where it had said no to all, its feeds need not wait for themselves: whether so.

        Feeds that failed before that have a trouble of their own, as far as is known, and their own wait.
        """
        if not self._budget.succeeded():
            return False
        for key in self._silenced:
            self._schedule.recall(key)
        self._silenced.clear()
        return True

    def failed(self, key: str, error: Exception, shard: int) -> None:
        """Do what the classifier decides; an exception that is none of ours is a fault of the program."""
        decision = decide(error, key_is_good=self._key_is_good)
        forbidden = isinstance(error, Refused) and self._refused(key)
        self._report.failed(_reason(error), failing=not forbidden and decision != "park the feed")
        if decision == "pause the account":
            self.pause(error)
        if isinstance(error, RateLimited):  # the feed has done nothing wrong, and goes on where it stood
            self._schedule.failed(key, self._clock())
            return
        wait, now = self._wait(key, decision, forbidden=forbidden), self._clock()
        self._schedule.failed(key, now, again_at=now + wait, gone=decision == "park the feed")
        self._tell("poll", key, error, shard, wait)

    def history_failed(self, key: str, error: Exception, shard: int, rest: float | None) -> None:
        """A batch of a history failed, and it rests for so long (seconds). The feed's own polls go on as they would.

        `rest` is None where the account is paused instead.
        """
        self._report.background_failed(_reason(error))
        if rest is None:
            self.pause(error)
        else:
            self._tell("history", key, error, shard, rest)

    def list_failed(self, error: PollFailed, *, alone: bool) -> None:
        """The account's list of feeds could not be read; `alone`: it has no feeds, so nothing else is known of it."""
        self._report.background_failed(error.reason, failing=alone)
        if decide(error, key_is_good=not alone) == "pause the account":
            self.pause(error)
        elif alone:
            self._budget.failed()

    def pause(self, error: Exception) -> None:
        """Pause the whole account: the provider said no to all of it."""
        if isinstance(error, RateLimited):
            asked = retry_after_seconds(error.retry_after, time.time_ns() // 1_000_000)
            self._budget.rate_limited(asked)
        else:
            self._budget.refused()
        seconds = round(self._budget.paused_for, 1)
        self._log.warning("account_paused", reason=self._budget.reason, error=str(error), seconds=seconds)

    def give_up(self, key: str, error: CursorUnreadable, shard: int) -> None:
        """Leave a feed alone until a person has removed its cursor."""
        self._well(key)
        self.unreadable.add(key)
        self._schedule.remove(key)
        advice = "remove its cursor to read the feed anew (docs/failures.md)"
        self._log.error("feed_unreadable", feed=key, shard=shard, error=str(error), advice=advice)

    def _tell(self, what: str, key: str, error: Exception, shard: int, wait: float) -> None:
        log = self._log.bind(feed=key, shard=shard, again_in_seconds=round(wait, 1))
        if isinstance(error, PollFailed):
            log.warning(f"{what}_failed", reason=error.reason, error=str(error))
        else:
            log.error(f"{what}_fault", exc_info=error)

    def _well(self, key: str) -> None:
        """Nothing is wrong with this feed, or nobody needs to know any more."""
        self._attempts.pop(key, None)
        self.parked.discard(key)
        self._silenced.discard(key)
        self._forbidden.discard(key)

    @property
    def _key_is_good(self) -> bool:
        """Whether a page was read with the account's key since a feed was refused last."""
        return self._pages_before_refusal is not None and self._pages > self._pages_before_refusal

    def _refused(self, key: str) -> bool:
        """Remember a refusal; whether it is this feed's alone. If it is known to be, it says nothing of the key."""
        forbidden = self._key_is_good
        if not (forbidden and key in self._forbidden):
            self._pages_before_refusal = self._pages
        if forbidden:
            self._forbidden.add(key)
        return forbidden

    def _wait(self, key: str, decision: Decision, *, forbidden: bool) -> float:
        """Seconds for which the feed stands aside. What fails and what is not found have a series each."""
        parks = decision == "park the feed"
        failed, missing = self._attempts.get(key, _NONE)
        attempts = self._attempts[key] = _Attempts(failed + (not parks), missing + parks)
        self._silenced.discard(key)
        if parks:
            self.parked.add(key)
            return PARKED_FEED.delay(attempts.missing)
        self.parked.discard(key)
        wait = FAILED_FEED.delay(attempts.failed)
        if forbidden or (decision != "pause the account" and not self._budget.failed()):
            return wait
        # The account is only probed now, and that is its feeds' wait.
        self._silenced.add(key)
        return max(self._budget.paused_for + BEHIND_SECONDS, FAILED_FEED.first)


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, PollFailed) else "internal"
