"""Growing delays. Pure: how often something failed is the caller's to remember, one number each."""

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Backoff:
    """A series of delays in seconds: `first`, `first * factor`, … up to `limit`. `factor` is above 1."""

    first: float
    factor: float
    limit: float

    def delay(self, failures: int) -> float:
        """Seconds to wait after this many failures in a row (1 or more)."""
        doublings = max(failures, 1) - 1
        if doublings >= math.log(self.limit / self.first, self.factor):
            return self.limit
        return self.first * self.factor**doublings


#: A feed whose poll failed, or whose history: most faults of a provider pass within seconds, and a broken feed costs 12
#: requests an hour.
FAILED_FEED: Final = Backoff(first=2.0, factor=2.0, limit=300.0)
#: A parked feed: it may come back (a conversation that is reopened), and an hour is as long as anyone waits for that.
PARKED_FEED: Final = Backoff(first=30.0, factor=2.0, limit=3600.0)
#: A refused account: an operator who has mended a key sees it work within five minutes, and a provider that locks
#: addresses out after many refusals sees twelve an hour.
REFUSED_ACCOUNT: Final = Backoff(first=15.0, factor=2.0, limit=300.0)
#: An account whose polls all fail: a provider that restarts is back within seconds, and one that is down for an hour is
#: asked once a minute, so that its messages are at most a minute late when it is back.
FAILING_ACCOUNT: Final = Backoff(first=2.0, factor=2.0, limit=60.0)
#: A rate limit without `Retry-After`: quotas are mostly counted by the minute, and the fourth step is past one.
RATE_LIMITED_ACCOUNT: Final = Backoff(first=5.0, factor=2.0, limit=900.0)
