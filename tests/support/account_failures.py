"""One account's failures without its loop, under a clock that is set by hand."""

from random import Random

from workers.account.failures import AccountFailures
from workers.account.report import AccountReport
from workers.metrics import Metrics
from workers.polling.budget import Budget
from workers.schedule.schedule import Schedule


class Account:
    """Its schedule, budget and failures."""

    def __init__(self, feeds: int = 10) -> None:
        self.now = 1000.0
        self.schedule = Schedule()
        self.budget = Budget(6000, clock=lambda: self.now, random=Random(1))
        self.budget.own(1.0)
        self.metrics = Metrics()
        self.report = AccountReport("ogmma", "loja", 3600, self.metrics, lambda: self.now)
        self.failures = AccountFailures(
            self.schedule, self.budget, self.report, lambda: self.now, provider="ogmma", account="loja"
        )
        for number in range(feeds):
            self.schedule.add(f"feed-{number}", 0)

    def poll(self, error: Exception | None = None) -> str:
        """Poll the next feed; it fails of this."""
        key = self.schedule.next(self.now)
        assert key is not None
        self.ends(key, error)
        return key

    def poll_of(self, key: str, error: Exception | None = None) -> None:
        """Poll this feed, and whatever comes before it; it fails of this, the others are well."""
        self.schedule.poll_now(key)
        while (found := self.schedule.next(self.now)) != key:
            assert found is not None
            self.ends(found, None)
        self.ends(key, error)

    def ends(self, key: str, error: Exception | None) -> None:
        if error is None:
            self.schedule.done(key, self.now)
            self.failures.succeeded(key)
        else:
            self.failures.failed(key, error, 0)

    def failures_of(self, what: str, reason: str) -> float | None:
        labels = {"provider": "ogmma", "account": "loja", "reason": reason}
        return self.metrics.registry.get_sample_value(f"afluente_{what}_failures_total", labels)

    def aside(self, key: str) -> float:
        """Seconds for which this feed stands aside."""
        explanation = self.schedule.explain(key, self.now)
        assert explanation is not None
        assert explanation.due_in is not None
        return explanation.due_in

    def due_in(self) -> float:
        due = self.schedule.due_at(self.now)
        assert due is not None
        return due - self.now
