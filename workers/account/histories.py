"""An account's long histories on this worker: whose turn it is, and how far they have come."""

from collections import OrderedDict, deque
from collections.abc import Callable, KeysView
from typing import Any, NamedTuple

from workers import logs
from workers.metrics import Metrics, amount
from workers.poll import Polled
from workers.polling.backoff import FAILED_FEED
from workers.reconcile.cursor import HistoryPages

#: Seconds over which a rate is told: long enough to hold several batches, short enough to follow a changed budget.
RATE_SECONDS = 60.0


class _Rest(NamedTuple):
    """What a history that cannot be read does: how often in a row it failed, and until when it waits."""

    failures: int
    until: float


class AccountHistories:
    """Feeds whose history waits to be read, each in its turn. `clock`: monotonic seconds.

    Messages are counted since the worker started; feeds and pages that are done, since the account last had no history
    to read, so that a bar begins at its left end.
    """

    def __init__(self, provider: str, account: str, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._messages, self._clock = metrics.backfill_messages.labels(provider, account), clock
        self._waiting: OrderedDict[str, HistoryPages | None] = OrderedDict()
        self._resting: dict[str, _Rest] = {}
        self._feeds_done = self._pages_done = 0
        #: Of those that wait: how many are of a known length, and the pages that are done and left of these.
        self._known = self._done = self._left = 0
        #: (time, messages, pages) as they stood, oldest first.
        self._samples: deque[tuple[float, int, int]] = deque()
        self._log = logs.logger("account").bind(account=account, provider=provider)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def keys(self) -> KeysView[str]:
        """The feeds whose history waits."""
        return self._waiting.keys()

    def waits(self, key: str, pages: HistoryPages | None) -> None:
        """A feed has a history to be read, or more of it; `pages` says how far it has come, once that is known."""
        if not self._waiting:
            self._feeds_done = self._pages_done = 0
            self._samples.clear()
        self._count(self._waiting.get(key), -1)
        self._count(pages, 1)
        self._waiting[key] = pages
        if not self._samples:
            self.sample()

    def turn(self) -> str | None:
        """The feed whose turn it is, which goes to the end of the queue; None where no history waits, or all rest."""
        now = self._clock()
        rests = {key for key, rest in self._resting.items() if rest.until > now}
        key = next((key for key in self._waiting if key not in rests), None)
        if key is not None:
            self._waiting.move_to_end(key)
        return key

    def read(self, key: str, polled: Polled, shard: int) -> None:
        """What a batch of a history came to: it goes on, or was the last."""
        self._resting.pop(key, None)
        if polled.history:
            self.waits(key, polled.pages)
        elif key in self._waiting:
            pages = self._waiting.pop(key)
            self._count(pages, -1)
            self._feeds_done += 1
            self._pages_done += pages.done + pages.left if pages else 0
            self._log.info("history_read", feed=key, shard=shard)

    def failed(self, key: str) -> float:
        """A batch could not be read: this history rests, longer each time, and the others go on. For how long (s)."""
        failures = self._resting[key].failures + 1 if key in self._resting else 1
        seconds = FAILED_FEED.delay(failures)
        if key in self._waiting:  # else it went to another worker meanwhile
            self._resting[key] = _Rest(failures, self._clock() + seconds)
        return seconds

    def rested_in(self) -> float | None:
        """Seconds until one that rests may be read; None: none rests."""
        until = min((rest.until for rest in self._resting.values()), default=None)
        return None if until is None else max(0.0, until - self._clock())

    def recall(self) -> None:
        """The provider is well again: none need rest."""
        self._resting.clear()

    def forget(self, key: str) -> None:
        """A feed is another worker's, or nobody's."""
        self._resting.pop(key, None)
        self._count(self._waiting.pop(key, None), -1)

    def sample(self) -> None:
        """Note how far all of them are: rates are told over these moments."""
        now = self._clock()
        self._samples.append((now, self._published(), self._pages_read()))
        while self._samples[0][0] < now - RATE_SECONDS:
            self._samples.popleft()

    def details(self) -> dict[str, Any]:
        """What `/readyz` tells under `backfill`. `None` stands for what is not known yet."""
        left = self._pages_left()
        per_second, pages_per_second = self._rates()
        seconds: float | None = 0.0
        if self._waiting:
            seconds = round(left / pages_per_second, 1) if left is not None and pages_per_second > 0 else None
        return {
            "feeds_left": len(self._waiting),
            "feeds_done": self._feeds_done,
            "messages": self._published(),
            "pages_left": left,
            "pages_done": self._pages_read(),
            "messages_per_second": round(per_second, 1) if self._waiting else 0.0,
            "seconds_left": seconds,
        }

    def _count(self, pages: HistoryPages | None, sign: int) -> None:
        if pages is not None:
            self._known += sign
            self._done += sign * pages.done
            self._left += sign * pages.left

    def _pages_left(self) -> int | None:
        """Pages of all histories; None while the length of one of them is not known."""
        return self._left if self._known == len(self._waiting) else None

    def _pages_read(self) -> int:
        return self._pages_done + self._done

    def _published(self) -> int:
        return round(amount(self._messages))

    def _rates(self) -> tuple[float, float]:
        """Messages and pages in a second, over the last minute; 0 where nothing is known yet."""
        if not self._samples:
            return 0.0, 0.0
        begun, messages, pages = self._samples[0]
        seconds = self._clock() - begun
        if seconds <= 0:
            return 0.0, 0.0
        return (self._published() - messages) / seconds, max(0.0, (self._pages_read() - pages) / seconds)
