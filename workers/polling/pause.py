"""Why and until when one account is left alone, and at what part of its rate it goes on. Pure.

Times are monotonic seconds. Several requests are open when a provider says "too many" or refuses a key, and all of
their answers say the same thing: while a pause lasts, more of them do not lengthen the series or lower the rate again.
"""

from random import Random
from typing import Final, Literal

from workers.polling.backoff import RATE_LIMITED_ACCOUNT, REFUSED_ACCOUNT

PauseReason = Literal["rate_limited", "refused"]

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
        self._limited_until = 0.0
        self._next_probe = 0  # number of the delay that follows the next probe; 0: not refused
        self._refused_until = 0.0
        self._recovered_at = 0.0
        self.pace = 1.0

    @property
    def reason(self) -> PauseReason | None:
        """What the account suffers from, until a success shows that it is over."""
        if self._next_probe:
            return "refused"
        return "rate_limited" if self._limits else None

    @property
    def until(self) -> float:
        """No request before this time."""
        return max(self._limited_until, self._refused_until)

    def rate_limited(self, now: float, retry_after: float | None) -> float:
        """The provider said "too many", and perhaps for how many seconds. Returns the seconds of new waiting."""
        if now >= self._limited_until:
            self._limits += 1
            self.pace = max(self.pace / 2, LEAST_PACE)
        elif not retry_after:
            return 0.0
        wait = retry_after or RATE_LIMITED_ACCOUNT.delay(self._limits)
        wait *= 1 + JITTER * self._random.random()
        begins = max(self.until, now)
        self._limited_until = self._recovered_at = max(self._limited_until, now + wait)
        return max(self.until - begins, 0.0)

    def refused(self, now: float) -> None:
        """The provider refused the credentials: one probe after each delay, until one succeeds."""
        if not self._next_probe:
            self._refused_until = now + REFUSED_ACCOUNT.delay(1)
            self._next_probe = 2

    def asked(self, now: float) -> None:
        """A request goes out. While the account is refused it is the probe, and the next one waits longer."""
        if self._next_probe:
            self._refused_until = now + REFUSED_ACCOUNT.delay(self._next_probe)
            self._next_probe += 1

    def succeeded(self, now: float) -> None:
        """A page was answered: the credentials are good, and some of the rate comes back."""
        self._next_probe, self._refused_until = 0, 0.0
        if now < self._limited_until:
            return  # it was asked before the provider said "too many"
        self._limits = 0
        self.pace = min(self.pace + (now - self._recovered_at) * RECOVERY_PER_SECOND, 1.0)
        self._recovered_at = now

    def probe_now(self, now: float) -> None:
        """Someone says that it was mended: probe a refused account at once. A rate limit is not cut short."""
        if self._next_probe:
            self._next_probe, self._refused_until = 1, now
