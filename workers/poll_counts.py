"""What the metrics learn of one poll."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence

from prometheus_client import Histogram

from workers.metrics import ENTRY_REASONS, EVENT, EVENT_KINDS, Metrics, amount
from workers.model import Record
from workers.reconcile.outcome import Outcome


class News(Record, frozen=True, kw_only=True):
    """What will be counted of an outcome once it is committed; nothing of what it says.

    `kinds` are the kinds of its events, `letters` the reasons of its dead letters. Of new messages there are the number
    of all, the times (epoch s) of the live ones, and the newest time of any.
    """

    kinds: Sequence[str] = ()
    letters: Sequence[str] = ()
    gaps: int = 0
    created: int = 0
    live: Sequence[float] = ()
    newest: float = 0.0


NO_NEWS = News()


def news_of(outcome: Outcome, kinds: Sequence[str]) -> News:
    """The news of an outcome that became events of these kinds."""
    created = [change for change in outcome.changes if change.kind == "created"]
    return News(
        kinds=kinds,
        letters=[letter.reason for letter in outcome.letters],
        gaps=len(outcome.gaps),
        created=len(created),
        live=[change.time / 1000 for change in created if change.origin == "live"],
        newest=max((change.time for change in created), default=0) / 1000,
    )


class PollCounts:
    """The counters of one account's polls."""

    def __init__(self, metrics: Metrics, provider: str, account: str) -> None:
        self._metrics, self._labels = metrics, (provider, account)
        self._published = {kind: metrics.events_published.labels(*self._labels, kind) for kind in EVENT_KINDS}
        self._delivery, self._schedule = (
            metrics.delivery_delay.labels(provider),
            metrics.schedule_delay.labels(provider),
        )
        self._newest = metrics.last_message.labels(*self._labels)
        self._duration = metrics.poll_duration.labels(provider)

    def looked(self, seconds: float) -> None:
        """A poll has all its pages, or failed, after so long."""
        self._duration.observe(seconds)

    def skipped(self, skipped: Mapping[str, int]) -> None:
        """Entries of pages that are no messages, by reason; a provider's many words for events are one."""
        for reason, count in skipped.items():
            told = reason if reason in ENTRY_REASONS else EVENT
            self._metrics.entries_skipped.labels(*self._labels, told).inc(count)

    def left_out(self, left_out: Mapping[str, int]) -> None:
        """Rows that are not published, by reason."""
        for reason, count in left_out.items():
            self._metrics.rows_ignored.labels(*self._labels, reason).inc(count)

    def published(self, news: News, *, begun: float, at: float) -> None:
        """An outcome was committed `at`, by a poll that had `begun` (epoch seconds)."""
        metrics, labels = self._metrics, self._labels
        for kind, counter in self._published.items():
            if count := news.kinds.count(kind):
                counter.inc(count)
        for reason in news.letters:
            metrics.dead_letters.labels(*labels, reason).inc()
        too_large = news.kinds.count("dead_letter") - len(news.letters)
        if too_large > 0:
            metrics.dead_letters.labels(*labels, "too_large").inc(too_large)
        if news.gaps:
            metrics.gaps.labels(*labels).inc(news.gaps)
        if news.created:
            self._created(news, begun, at)

    def _created(self, news: News, begun: float, at: float) -> None:
        for histogram, until in ((self._delivery, at), (self._schedule, begun)):
            _observe_all(histogram, [max(0.0, until - moment) for moment in news.live])
        if news.created > len(news.live):
            self._metrics.backfill_messages.labels(*self._labels).inc(news.created - len(news.live))
        newest = min(news.newest, at)  # a message of the future would hide for ever that no other comes
        if newest > amount(self._newest):
            self._newest.set(newest)


def _observe_all(histogram: Histogram, amounts: Sequence[float]) -> None:
    """What `observe` does for each of these amounts, for a quarter of its price: fifty of them are usual."""
    bounds, buckets = histogram._upper_bounds, histogram._buckets  # noqa: SLF001 - the library takes one at a time only
    for place, count in Counter(bisect_left(bounds, one) for one in amounts).items():
        buckets[place].inc(count)
    histogram._sum.inc(sum(amounts))  # noqa: SLF001 - as above
