"""Why and until when one account is left alone, and at what part of its rate it goes on. Pure.

Times are monotonic seconds. Several requests are open when a provider says "too many" or refuses a key, and all of
their answers say the same thing: while a pause lasts, more of them do not lengthen the series or lower the rate again.
"""

from random import Random
from typing import Final, Literal

from workers.polling.backoff import FAILING_ACCOUNT, RATE_LIMITED_ACCOUNT, REFUSED_ACCOUNT
from workers.polling.probes import Probes

PauseReason = Literal["rate_limited", "refused", "failing"]

#: Failed polls in a row, of whatever feeds, after which it is the account that fails: one broken feed among good ones
#: never gets there, and a provider that is down is asked no more often than this before it is only probed.
FAILURES_IN_A_ROW: Final = 5

#: Part of a wait that is added at random, at most: workers share a key, and must not all come back at one moment.
JITTER: Final = 0.25
#: The lowest part of its rate that an account is slowed to: 60 requests a minute become 4, and still recover.
LEAST_PACE: Final = 1 / 16
#: Part of the rate that is given back per second of success: half of it in five minutes.
RECOVERY_PER_SECOND: Final = 0.1 / 60


class AccountPause:
    """The pauses of one account. `pace` is the part of its rate that it may use, at most 1."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._limits = 0  # rate limits in a row, each after the pause of the one before
        #: No request before this time, not even one that a probe still needs: the provider said "too many".
        self.limited_until = 0.0
        #: Until when the waiting for rate limits was told, and seconds of earlier ones that were not.
        self._told_until, self._untold = 0.0, 0.0
        self._refused = Probes(REFUSED_ACCOUNT)
        self._failing = Probes(FAILING_ACCOUNT)
        self._failures = 0  # in a row
        self._recovered_at = 0.0
        self.pace = 1.0

    @property
    def reason(self) -> PauseReason | None:
        """What the account suffers from, until a success shows that it is over."""
        if self._refused.active:
            return "refused"
        if self._limits:
            return "rate_limited"
        return "failing" if self._failing.active else None

    @property
    def probing(self) -> bool:
        """Whether one request at a time is let out, to see whether the account has come back."""
        return self._refused.active or self._failing.active

    @property
    def until(self) -> float:
        """No request before this time."""
        return max(self.limited_until, self._refused.until, self._failing.until)

    def rate_limited(self, now: float, retry_after: float | None) -> None:
        """The provider said "too many", and perhaps for how many seconds."""
        if now >= self.limited_until:
            self._limits += 1
            self.pace = max(self.pace / 2, LEAST_PACE)
            self._untold, self._told_until = self.waited(now), now
        elif not retry_after:
            return
        wait = retry_after or RATE_LIMITED_ACCOUNT.delay(self._limits)
        wait *= 1 + JITTER * self._random.random()
        self.limited_until = self._recovered_at = max(self.limited_until, now + wait)

    def waited(self, now: float) -> float:
        """Seconds of rate limits that have passed since this was asked last."""
        until = max(min(now, self.limited_until), self._told_until)
        seconds = self._untold + until - self._told_until
        self._untold, self._told_until = 0.0, until
        return seconds

    def refused(self, now: float) -> None:
        """The provider refused the credentials: one probe after each delay, until one succeeds."""
        self._refused.begin(now)

    def failed(self, now: float) -> bool:
        """A poll failed of what may be the whole account's trouble. Whether the account counts as failing now."""
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            self._failing.begin(now)
        return self._failing.active

    def asked(self, now: float) -> None:
        """A request goes out: the probe, while the account is refused or failing, and the next one waits longer."""
        self._refused.asked(now)
        self._failing.asked(now)

    def succeeded(self, now: float) -> bool:
        """A page was answered: the credentials are good, and some of the rate comes back. Whether it was probed."""
        was_probed, self._failures = self.probing, 0
        self._refused.end()
        self._failing.end()
        if now < self.limited_until:
            return was_probed  # it was asked before the provider said "too many"
        self._limits = 0
        self.pace = min(self.pace + (now - self._recovered_at) * RECOVERY_PER_SECOND, 1.0)
        self._recovered_at = now
        return was_probed

    def probe_now(self, now: float) -> None:
        """Someone says that it was mended: probe at once. A rate limit is not cut short."""
        self._refused.now(now)
        self._failing.now(now)
