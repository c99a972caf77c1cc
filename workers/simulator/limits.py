"""Counting requests: the limit that a provider keeps, and what the simulator says of it. Pure; times in seconds."""

from collections import deque
from email.utils import formatdate
from typing import NamedTuple

#: The length of a rate limit's window (seconds): Ogmma's limit is "per minute".
WINDOW = 60.0


class Verdict(NamedTuple):
    """What the limit says to one request. `reset` is how long until it lets one through again (seconds)."""

    allowed: bool
    limit: int
    remaining: int
    reset: float


class Limit:
    """At most so many requests a minute for one key, in a window that is fixed (default) or slides.

    A fixed window starts at its first request; refused requests count in neither kind.
    """

    def __init__(self) -> None:
        self._granted: deque[float] = deque()

    def ask(self, now: float, per_minute: int, *, sliding: bool) -> Verdict:
        """Whether a request at this time passes. `per_minute` 0 means no limit."""
        if per_minute <= 0:
            return Verdict(True, 0, 0, 0.0)
        self._forget(now, sliding=sliding)
        first = self._granted[0] if self._granted else now
        reset = max(0.0, first + WINDOW - now)
        if len(self._granted) >= per_minute:
            return Verdict(False, per_minute, 0, reset)
        self._granted.append(now)
        return Verdict(True, per_minute, per_minute - len(self._granted), reset)

    def _forget(self, now: float, *, sliding: bool) -> None:
        if sliding:
            while self._granted and self._granted[0] <= now - WINDOW:
                self._granted.popleft()
        elif self._granted and self._granted[0] <= now - WINDOW:
            self._granted.clear()


class Meter:
    """Counts one account's requests: all, those of the last 60 s, and the most that any 60 s held so far."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self.requests = 0
        self.too_many = 0
        self.most = 0
        self.troubles: dict[str, int] = {}

    def count(self, now: float) -> None:
        """One request arrived."""
        self.requests += 1
        self._times.append(now)
        self.most = max(self.most, self.recent(now))

    def recent(self, now: float) -> int:
        """The requests of the last 60 s."""
        while self._times and self._times[0] <= now - WINDOW:
            self._times.popleft()
        return len(self._times)

    def trouble(self, name: str) -> None:
        """A hostile switch played its trick."""
        self.troubles[name] = self.troubles.get(name, 0) + 1


def limit_headers(style: str, verdict: Verdict, wall_s: float) -> dict[str, str]:
    """The headers in which a provider may speak of its limit. Names are UNKNOWN for Ogmma: all styles exist.

    `retry_after` and `retry_after_date` speak on refusals only; `x_ratelimit` and `ratelimit` on every answer.
    """
    if verdict.limit == 0 or style == "none":
        return {}
    seconds = int(verdict.reset) + 1
    if style == "x_ratelimit":
        told = (verdict.limit, verdict.remaining, seconds)
        return dict(zip(_X_NAMES, map(str, told), strict=True))
    if style == "ratelimit":
        return {"RateLimit": f"limit={verdict.limit}, remaining={verdict.remaining}, reset={seconds}"}
    if verdict.allowed:
        return {}
    return {"Retry-After": str(seconds) if style == "retry_after" else formatdate(wall_s + seconds, usegmt=True)}


#: The styles of `limit_headers`.
HEADER_STYLES = ("none", "retry_after", "retry_after_date", "x_ratelimit", "ratelimit")
_X_NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
