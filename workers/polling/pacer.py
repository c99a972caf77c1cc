"""An even pace of requests: a burst of one, nothing saved up. Pure: the time is told, in monotonic seconds.

A pacer begins with nothing in hand: its first request waits one spacing, so a worker that is restarted again and again
adds nothing to what a provider sees. A change of rate keeps the part of the next request that has been waited for, so
over any span a pacer allows at most one request more than its rate adds up to, however often shards move. Summed over
the workers that share an account: `requests_per_minute` and one per worker in any 60 seconds (design section 10).
"""

import math
from typing import Final

#: Seconds of the promise "in any 60 s".
WINDOW_SECONDS: Final = 60.0
#: Seconds by which a late request does not delay the next one. Timers wake late, by a millisecond or by a busy loop;
#: without this, an account of 600 requests a minute would lose a hundredth of them, one of 60 000 most of them.
LATENESS_SECONDS: Final = 0.02
#: Seconds by which the ways of two requests to the provider may differ, through a busy loop or a busy network: it
#: counts arrivals, and one that was slow arrives together with those behind it. Costs 0.8 % of the rate.
TRAVEL_SECONDS: Final = 0.5
#: Seconds over which the requests of a minute are spread, so that the promise holds with both.
SPREAD_SECONDS: Final = WINDOW_SECONDS + LATENESS_SECONDS + TRAVEL_SECONDS


class Pacer:
    """When the next request may be sent. Rates are requests per minute."""

    __slots__ = ("_due", "_missing", "_rate")

    def __init__(self) -> None:
        self._rate = 0.0  # requests per second
        self._missing = 1.0  # parts of the next request not yet waited for, while the rate is 0
        self._due = math.inf

    def change(self, now: float, per_minute: float) -> None:
        """From now on this rate; 0 stops."""
        missing = self._missing_at(now)
        self._rate = max(per_minute, 0.0) / SPREAD_SECONDS
        self._missing = missing
        self._due = now + missing / self._rate if self._rate else math.inf

    def next_at(self, now: float) -> float:
        """The time from which `take` succeeds: not before now; infinity while the rate is 0."""
        return max(self._due, now)

    def take(self, now: float) -> bool:
        """Take the next request, if it is due."""
        if now < self._due:
            return False
        self._due = max(self._due, now - LATENESS_SECONDS) + 1 / self._rate
        return True

    def _missing_at(self, now: float) -> float:
        if not self._rate:
            return self._missing
        return (max(self._due, now - LATENESS_SECONDS) - now) * self._rate
