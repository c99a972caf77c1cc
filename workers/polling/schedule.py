"""Which feed next, under a budget of requests. No clock, no I/O, no randomness: the same calls give the same sequence.

Every feed has an index: the waiting in seconds x messages that has gathered since its last poll, by its forecast. The
feed with the greatest index is polled: the square-root rule for steady rates, within 1 % of the best possible for
chats. Feeds stand in classes of about one rate, so a decision looks at the heads of the classes, not at the feeds.

Before the index come, each with a bounded part of the tokens: hints, feeds never polled, feeds whose poll failed, and
feeds that have waited for the greatest interval. Times are seconds of one clock that never goes back (the event
loop's); the times of messages come as ages, since providers have clocks of their own.
"""

import math
from collections.abc import Sequence
from typing import Final

from workers.polling.aside import Aside
from workers.polling.calibration import Calibration
from workers.polling.classes import Lane, Queues, RateClass
from workers.polling.explanation import Explanation, Standing
from workers.polling.forecast import NEVER, Memory
from workers.polling.imprint import pack, pack_calibration, unpack, unpack_calibration
from workers.polling.ranking import Ranking
from workers.polling.roster import LANE, QUEUE, Roster
from workers.polling.urgent import Urgent

#: Seconds between two polls of one feed when the budget would allow more: a person does not answer faster.
MIN_INTERVAL: Final = 1.0
#: Seconds beyond twice the greatest interval from which an interval is a pause: it says nothing about those chosen.
PAUSE: Final = 60.0


class Schedule:
    """The feeds of one account on this worker, by key. Tell it the pace with `budget`."""

    def __init__(self, *, min_interval: float = MIN_INTERVAL, max_interval: float = 3600.0) -> None:
        self._operator_bound = max_interval
        self._per_second = 0.0
        self._least = min_interval
        self._roster = Roster()
        self._queues = Queues(self._roster)
        self._feeds: dict[str, int] = {}
        #: Those that are being polled, so that the table of all feeds is not looked at twice for each poll; and those
        #: of them that were asked for meanwhile.
        self._flying: dict[str, int] = {}
        self._wanted: set[str] = set()
        self._urgent, self._aside = Urgent(self._queues), Aside()
        self._calibration = Calibration()
        self._ranking = Ranking(self._calibration, self._queues)
        self._lanes: dict[float, int] = {}
        self._memory = Memory()
        self._bound()

    def __len__(self) -> int:
        return len(self._feeds)

    def __contains__(self, key: str) -> bool:
        return key in self._feeds

    # --- feeds come and go --------------------------------------------------------------------------------

    def add(self, key: str, min_interval: float | None = None) -> None:
        """A feed to poll from now on, at least so many seconds apart; one that is there already stays where it is."""
        if key in self._feeds:
            return
        least = self._least if min_interval is None else max(min_interval, self._least)
        lane = self._lanes.get(least)
        if lane is None:
            lane = self._lanes[least] = len(self._lanes)
            self._ranking.lanes.append(Lane(self._queues, least))
        feed = self._feeds[key] = self._roster.add(key, lane)
        self._urgent.fresh.append(feed)
        self._bound()

    def remove(self, key: str) -> None:
        """A feed not to poll any more, wherever it stands."""
        feed = self._feeds.pop(key, None)
        if feed is None:
            return
        if self._flying.pop(key, None) is None:
            self._out(key, feed)
        self._wanted.discard(key)
        self._roster.remove(feed)
        self._bound()

    def budget(self, per_second: float) -> None:
        """From now on so many polls a second; 0: unknown, or none for now."""
        self._per_second = per_second if 0 < per_second < math.inf else 0.0
        self._bound()

    @property
    def max_interval(self) -> float:
        """Seconds after which a feed's turn is forced: the operator's bound, as far as the budget can keep it."""
        return self._ranking.force_after

    def poll_now(self, key: str) -> None:
        """Poll this feed next, whatever its turn; one in flight is polled again as soon as it is back."""
        feed = self._feeds.get(key)
        if feed is None:
            return
        if key in self._flying:
            self._wanted.add(key)
        elif self._queues.of(feed) is not self._urgent.hints:
            self._out(key, feed)
            self._urgent.hints.append(feed)

    # --- polls --------------------------------------------------------------------------------------------

    def next(self, now: float) -> str | None:
        """The feed to poll now, in flight from here on until `done`, `failed` or `remove`; None: nothing is due."""
        if self._aside:
            self._come_in(now)
        feed = self._urgent.take() or self._ranking.take(now) or self._urgent.take_any()
        if not feed:
            return None
        key = self._roster.key(feed)
        self._flying[key] = feed
        return key

    @property
    def hinted(self) -> bool:
        """Whether `next` would give a feed that somebody asked for."""
        return self._urgent.hint_is_next

    def due_at(self, now: float) -> float | None:
        """When `next` may have something: `now` or later; None while nothing waits at all."""
        if self._urgent or self._ranking.is_ready(now):
            return now
        aside, due = self._aside.next_at(), self._ranking.ready_at()
        if aside is not None:
            due = min(due, aside)
        return None if due == math.inf else max(now, due)

    def done(self, key: str, now: float, ages: Sequence[float] = ()) -> None:
        """The poll brought a page; `ages` are the seconds before `now` of its new messages, by their own times.

        Of a feed never polled they are the whole page's, so that its history is known at once. An age below 0 (a clock
        that is ahead) counts as 0.
        """
        feed = self._flying.pop(key, None)
        if feed is None:
            return
        calibration, memory = self._calibration, self._roster.load(feed, self._memory)
        if memory.seen == NEVER:
            memory.seen = now
            memory.take(now, ages)
            calibration.halve(now)
        else:
            learn = now - memory.seen <= 2 * self._ranking.force_after + PAUSE
            calibration.observe(memory, now, ages, learn=learn)
            if ages:
                calibration.halve(now)
        self._roster.store(feed, memory)
        if key in self._wanted:
            self._wanted.remove(key)
            self._urgent.hints.append(feed)
        else:
            self._ranking.put(feed, memory)

    def failed(self, key: str, now: float, again_at: float | None = None) -> None:
        """The poll brought nothing. The feed keeps its place in front, or stands aside until `again_at`."""
        feed = self._flying.pop(key, None)
        if feed is None:
            return
        if key in self._wanted:  # asked for while it was failing: someone knows more than this poll did
            self._wanted.remove(key)
            self._urgent.hints.append(feed)
        elif again_at is not None and again_at > now:
            self._roster.links[feed + QUEUE] = 0
            self._aside.add(key, again_at)
        elif (queue := self._queues.of(feed)) is not None:
            queue.put_back(feed)
            if isinstance(queue, RateClass):
                self._ranking.look_at(queue)

    def recall(self, key: str | None = None) -> None:
        """Feeds that stand aside (this one, or all) are due at once."""
        for aside in [key] if key is not None else list(self._aside):
            if self._aside.leave(aside):
                self._urgent.retries.append(self._feeds[aside])

    def standing_aside(self) -> int:
        """How many feeds wait for their time after a failure."""
        return len(self._aside)

    def new(self) -> int:
        """How many feeds wait for their first poll, those that somebody asked for apart."""
        return self._urgent.fresh.count

    def overdue(self, now: float) -> int:
        """How many waiting feeds have not been polled for longer than the operator's bound, to the second."""
        return self._ranking.polled_before(now - self._operator_bound)

    def longest_wait(self, now: float) -> float:
        """Seconds since the waiting feed that was polled longest ago was; 0 while none waits."""
        return max(0.0, now - self._ranking.since())

    # --- what it knows ------------------------------------------------------------------------------------

    def explain(self, key: str, now: float) -> Explanation | None:
        """Why this feed is polled when it is, and when next; None: it is not here."""
        feed = self._feeds.get(key)
        if feed is None:
            return None
        memory = self._roster.load(feed, self._memory)
        number, price = self._calibration.class_of(memory), self._calibration.price
        age = None if memory.seen == NEVER else max(now - memory.seen, 0.0)
        until = self._aside.until(key)
        return Explanation.of(
            key=key,
            standing=self._standing(key, feed, now),
            age=age,
            number=number,
            rates=self._calibration.rates(memory, age or 0.0),
            index=self._calibration.waiting(memory, age or 0.0),
            price=price,
            least=self._ranking.lanes[self._roster.links[feed + LANE]].least,
            forced_after=self._ranking.force_after,
            aside_for=None if until is None else max(until - now, 0.0),
        )

    def snapshot(self, key: str, now: float, epoch_now: float, ages: Sequence[float] = ()) -> bytes | None:
        """A feed's memory in 17 bytes, for whoever polls it next; None before its first poll.

        With `ages`: as it will be when the poll under way, which found these, is done.
        """
        feed = self._feeds.get(key)
        if feed is None:
            return None
        memory = self._roster.load(feed, self._memory)
        if memory.seen == NEVER and not ages:
            return None
        return pack(memory.with_poll(now, ages) if ages else memory, now, epoch_now)

    def restore(self, key: str, snapshot: bytes, now: float, epoch_now: float) -> bool:
        """Give a feed that was not polled here yet the memory that another owner had; False: it cannot be read."""
        feed = self._feeds.get(key)
        if feed is None or self._queues.of(feed) is not self._urgent.fresh or key in self._flying:
            return False
        memory = unpack(snapshot, now, epoch_now)
        if memory is None:
            return False
        self._urgent.fresh.leave(feed)
        self._ranking.arrive(feed, memory, now)
        return True

    def snapshot_calibration(self) -> bytes:
        """What was learned from all feeds together, in 46 bytes."""
        return pack_calibration(self._calibration.numbers())

    def restore_calibration(self, snapshot: bytes) -> bool:
        """Go on from what another owner had learned; False: it cannot be read, and nothing has changed."""
        numbers = unpack_calibration(snapshot)
        if numbers is None:
            return False
        self._calibration.resume(numbers)
        return True

    # --- where feeds stand --------------------------------------------------------------------------------

    def _out(self, key: str, feed: int) -> None:
        if not self._aside.leave(key) and (queue := self._queues.of(feed)) is not None:
            queue.leave(feed)

    def _come_in(self, now: float) -> None:
        for key in self._aside.due(now):
            self._urgent.retries.append(self._feeds[key])

    def _bound(self) -> None:
        self._ranking.bound(len(self._feeds), self._per_second, self._operator_bound, self._least)

    def _standing(self, key: str, feed: int, now: float) -> Standing:
        if key in self._flying:
            return "in_flight"
        if key in self._aside:
            return "aside"
        queue, seen = self._queues.of(feed), self._roster.times[feed >> 1]
        if queue is self._urgent.hints:
            return "hinted"
        if queue is self._urgent.retries:
            return "retry"
        if seen == NEVER:
            return "first"
        return "forced" if now - seen >= self._ranking.force_after else "waiting"
