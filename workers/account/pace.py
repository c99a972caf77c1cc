"""Whether the requests that a worker may send keep an account's greatest interval: a metric, and a word when not."""

from workers import logs
from workers.metrics import Metrics
from workers.schedule.capacity import feeds_kept, round_seconds, shortfall

#: The bound counts as kept again when so little of the feeds that keep it are there: a rate that recovers from a limit
#: crosses the line more than once.
KEPT_AGAIN = 0.9


class AccountPace:
    """One account on this worker. Tell it with `show` how many feeds share how many requests."""

    def __init__(
        self, provider: str, account: str, max_interval: float, metrics: Metrics, requests_per_poll: int = 1
    ) -> None:
        self._max_interval, self._cost = max_interval, requests_per_poll
        self._round = metrics.round_seconds.labels(provider, account)
        self._kept = True
        self._log = logs.logger("account").bind(account=account, provider=provider)

    def show(self, feeds: int, per_minute: float) -> None:
        """Set the metric; log where the bound is not kept any more, or is again."""
        if per_minute <= 0:  # no shard is ours: nothing is promised
            self._round.set(0)
            return
        self._round.set(round_seconds(feeds, per_minute, self._cost))
        words = shortfall(feeds, per_minute, self._max_interval, self._cost)
        if words is not None and self._kept:
            self._kept = False
            self._log.warning("max_interval_not_kept", feeds=feeds, requests_per_minute=per_minute, reason=words)
        elif not self._kept and feeds <= KEPT_AGAIN * feeds_kept(per_minute, self._max_interval, self._cost):
            self._kept = True
            self._log.info("max_interval_kept", feeds=feeds, requests_per_minute=per_minute)
