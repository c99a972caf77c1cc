"""A schedule whose seconds pass faster than the worker's, so that an hour of conversations is measured in minutes.

Only the schedule lives in this time. HTTP, the budget, the group commit and Kafka take the time that they take, so
each real millisecond of theirs shows as so many simulated ones.
"""

import asyncio
import time
from collections.abc import Sequence

from workers.schedule.schedule import Schedule


class HastenedSchedule:
    """Stands in an account poller for its `Schedule`: `speed` simulated seconds to a real one, from `began` on."""

    def __init__(self, schedule: Schedule, speed: float, began: float) -> None:
        self._schedule, self._speed, self._began = schedule, speed, began
        self._zero: float | None = None
        #: When each feed was picked last, epoch seconds.
        self.picked: dict[str, float] = {}
        #: Feeds picked, all in all.
        self.picks = 0

    def __len__(self) -> int:
        return len(self._schedule)

    def begin(self) -> None:
        """Simulated time stands until now."""
        self._zero = asyncio.get_running_loop().time()

    def add(self, key: str, now: float) -> None:
        assert key in self._schedule, "it knows all feeds from the start"

    def remove(self, key: str) -> None:
        """Feeds leave with the worker: what was learned stays."""

    def budget(self, per_second: float) -> None:
        self._schedule.budget(per_second / self._speed)

    def next(self, now: float) -> str | None:
        key = self._schedule.next(self._hastened(now))
        if key is not None:
            self.picked[key] = time.time()
            self.picks += 1
        return key

    def due_at(self, now: float) -> float | None:
        hastened = self._hastened(now)
        due = self._schedule.due_at(hastened)
        return None if due is None else now + (due - hastened) / self._speed

    def done(self, key: str, now: float, ages: Sequence[float] = ()) -> None:
        self._schedule.done(key, self._hastened(now), [age * self._speed for age in ages])

    def failed(self, key: str, now: float, again_at: float | None = None, *, gone: bool = False) -> None:
        again_at = None if again_at is None else self._hastened(again_at)
        self._schedule.failed(key, self._hastened(now), again_at, gone=gone)

    def recall(self, key: str | None = None) -> None:
        self._schedule.recall(key)

    def snapshot(self, key: str, now: float, epoch_now: float, ages: Sequence[float] = ()) -> bytes | None:
        return self._schedule.snapshot(key, self._hastened(now), epoch_now, [age * self._speed for age in ages])

    @property
    def hinted(self) -> bool:
        return self._schedule.hinted

    def new(self) -> int:
        return self._schedule.new()

    def overdue(self, now: float) -> int:
        return self._schedule.overdue(self._hastened(now))

    def longest_wait(self, now: float) -> float:
        return self._schedule.longest_wait(self._hastened(now)) / self._speed

    def _hastened(self, now: float) -> float:
        return self._began if self._zero is None else self._began + (now - self._zero) * self._speed
