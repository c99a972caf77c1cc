"""What the metrics learn of one poll."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence

from prometheus_client import Histogram

from workers.metrics import Metrics
from workers.polling.outcome import Change, Outcome


class PollCounts:
    """The counters of one account's polls."""

    def __init__(self, metrics: Metrics, provider: str, account: str) -> None:
        self._metrics, self._provider, self._labels = metrics, provider, (provider, account)

    def skipped(self, skipped: Mapping[str, int]) -> None:
        """Entries of pages that are no messages, by reason."""
        if skipped:
            self._metrics.entries_skipped.labels(*self._labels).inc(sum(skipped.values()))

    def left_out(self, outcome: Outcome) -> None:
        """Rows that are not published."""
        for reason, count in outcome.left_out.items():
            self._metrics.rows_ignored.labels(*self._labels, reason).inc(count)

    def published(self, outcome: Outcome, kinds: tuple[str, ...], *, begun: float, at: float) -> None:
        """An outcome was committed `at`, as events of these kinds, by a poll that had `begun` (epoch seconds)."""
        metrics, labels = self._metrics, self._labels
        for kind in set(kinds):
            metrics.events_published.labels(*labels, kind).inc(kinds.count(kind))
        for letter in outcome.letters:
            metrics.dead_letters.labels(*labels, letter.reason).inc()
        too_large = kinds.count("dead_letter") - len(outcome.letters)
        if too_large > 0:
            metrics.dead_letters.labels(*labels, "too_large").inc(too_large)
        metrics.gaps.labels(*labels).inc(len(outcome.gaps))
        created = [change for change in outcome.changes if change.kind == "created"]
        if created:
            self._created(created, begun, at)

    def _created(self, created: Sequence[Change], begun: float, at: float) -> None:
        metrics = self._metrics
        moments = [change.time / 1000 for change in created if change.origin == "live"]
        for metric, until in ((metrics.delivery_delay, at), (metrics.schedule_delay, begun)):
            _observe_all(metric.labels(self._provider), [max(0.0, until - moment) for moment in moments])
        metrics.backfill_messages.labels(*self._labels).inc(len(created) - len(moments))
        gauge = metrics.last_message.labels(*self._labels)
        newest = max(change.time for change in created) / 1000
        gauge.set(max(newest, gauge._value.get()))  # noqa: SLF001 - a gauge that only rises has no other way


def _observe_all(histogram: Histogram, amounts: Sequence[float]) -> None:
    """What `observe` does for each of these amounts, for a quarter of its price: fifty of them are usual."""
    bounds, buckets = histogram._upper_bounds, histogram._buckets  # noqa: SLF001 - the library takes one at a time only
    for place, count in Counter(bisect_left(bounds, amount) for amount in amounts).items():
        buckets[place].inc(count)
    histogram._sum.inc(sum(amounts))  # noqa: SLF001 - as above
