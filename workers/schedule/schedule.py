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

from workers.schedule.aside import Aside
from workers.schedule.calibration import Calibration
from workers.schedule.classes import Lane, Queues, RateClass
from workers.schedule.explanation import Explanation, Standing
from workers.schedule.forecast import NEVER, Memory
from workers.schedule.hints import Hints
from workers.schedule.imprint import pack, unpack
from workers.schedule.ranking import Ranking
from workers.schedule.roster import LANE, QUEUE, Roster
from workers.schedule.urgent import Urgent
from workers.schedule.waiting import Waiting

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
        #: Those that are being polled, so that the table of all feeds is not looked at twice for each poll.
        self._flying: dict[str, int] = {}
        self._hints, self._urgent, self._aside = Hints(), Urgent(self._queues), Aside()
        self._waiting = Waiting(self._roster)
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

    def add(self, key: str, now: float, min_interval: float | None = None) -> None:
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
        self._waiting.comes(feed, now)
        self._bound()

    def remove(self, key: str) -> None:
        """A feed not to poll any more, wherever it stands."""
        feed = self._feeds.pop(key, None)
        if feed is None:
            return
        if self._flying.pop(key, None) is None:
            self._out(key, feed)
        self._hints.forget(feed)
        self._waiting.goes(feed)
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
        if feed is not None:
            self._hints.ask(feed, in_flight=key in self._flying)

    # --- polls --------------------------------------------------------------------------------------------

    def next(self, now: float) -> str | None:
        """The feed to poll now, in flight from here on until `done`, `failed` or `remove`; None: nothing is due."""
        if self._aside:
            self._come_in(now)
        if hinted := self._hints.take():
            return self._take_hinted(hinted)
        feed = self._urgent.take() or self._ranking.take(now)
        if not feed and self._hints:
            return self._take_hinted(self._hints.take_any())
        feed = feed or self._urgent.take_any()
        if not feed:
            return None
        key = self._roster.key(feed)
        self._flying[key] = feed
        if self._hints:
            self._hints.taken(feed)
        return key

    def _take_hinted(self, feed: int) -> str:
        """It leaves whatever it stands in; its record goes on telling which queue that was."""
        key, queue = self._roster.key(feed), self._queues.of(feed)
        self._out(key, feed)
        if queue is not None:
            self._roster.links[feed + QUEUE] = queue.number
        self._flying[key] = feed
        return key

    @property
    def hinted(self) -> bool:
        """Whether `next` would give a feed that somebody asked for."""
        return self._hints.is_next

    def due_at(self, now: float) -> float | None:
        """When `next` may have something: `now` or later; None while nothing waits at all."""
        if self._hints or self._urgent or self._ranking.is_ready(now):
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
        self._waiting.renewed(feed, memory.seen, now)
        if memory.seen == NEVER:
            memory.seen = now
            memory.take(now, ages)
            calibration.halve(now)
        else:
            longest = self._ranking.force_after
            learn = now - memory.seen <= 2 * longest + PAUSE
            if learn and not self._hints.asked(feed):  # whoever asks knows of news: such polls say nothing of others
                self._ranking.surge.observe(memory, now, ages, longest)
            calibration.observe(memory, now, ages, learn=learn)
            if ages:
                calibration.halve(now)
        self._roster.store(feed, memory)
        self._ranking.put(feed, memory)
        self._hints.done(feed)

    def failed(self, key: str, now: float, again_at: float | None = None, *, gone: bool = False) -> None:
        """The poll brought nothing. The feed keeps its place in front, or stands aside until `again_at`.

        `gone`: the provider does not know it, so that nobody waits for news of it until a poll brings a page.
        """
        feed = self._flying.pop(key, None)
        if feed is None:
            return
        if gone:
            self._waiting.gone(feed)
        self._stand(key, feed, None if again_at is None or again_at <= now else again_at)
        self._hints.failed(feed, of_its_own=again_at is not None)

    def recall(self, key: str | None = None) -> None:
        """Feeds that stand aside (this one, or all) are due at once."""
        for aside in [key] if key is not None else list(self._aside):
            if self._aside.leave(aside):
                self._urgent.retries.append(self._feeds[aside])

    def new(self) -> int:
        """How many feeds wait for their first poll."""
        return self._urgent.fresh.count

    def overdue(self, now: float) -> int:
        """How many feeds wait for a poll that brings a page longer than the operator's bound, to the second."""
        return self._waiting.before(now - self._operator_bound)

    def longest_wait(self, now: float) -> float:
        """Seconds for which the feed that waits longest has waited for one, to the second; 0: there is none."""
        return self._waiting.longest(now)

    # --- what it knows ------------------------------------------------------------------------------------

    def explain(self, key: str, now: float) -> Explanation | None:
        """Why this feed is polled when it is, and when next; None: it is not here."""
        feed = self._feeds.get(key)
        if feed is None:
            return None
        memory = self._roster.load(feed, self._memory)
        number, price = self._calibration.class_of(memory), self._calibration.price
        age = None if memory.seen == NEVER else max(now - memory.seen, 0.0)
        until, surge = self._aside.until(key), self._ranking.surge
        return Explanation.of(
            key=key,
            standing=self._standing(key, feed, now),
            polled_ago=max(now - memory.seen, 0.0) if self._waiting.polled(feed) else None,
            age=age,
            number=number,
            rates=self._calibration.rates(memory, age or 0.0),
            waiting=self._calibration.waiting(memory, age or 0.0),
            surge=surge.gain(memory.seen) if surge.active and age is not None else 0.0,
            price=price,
            least=self._ranking.lanes[self._roster.links[feed + LANE]].least,
            forced_after=self._ranking.force_after,
            aside_for=None if until is None else max(until - now, 0.0),
            asked_before=self._hints.before(feed),
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

    # --- where feeds stand --------------------------------------------------------------------------------

    def _out(self, key: str, feed: int) -> None:
        if not self._aside.leave(key) and (queue := self._queues.of(feed)) is not None:
            queue.leave(feed)

    def _stand(self, key: str, feed: int, aside_until: float | None) -> None:
        """Whence it was taken, or aside; a hinted feed that stood aside before is retried."""
        queue = self._queues.of(feed)
        if aside_until is not None:
            self._roster.links[feed + QUEUE] = 0
            self._aside.add(key, aside_until)
        elif queue is None:
            self._urgent.retries.append(feed)
        elif isinstance(queue, RateClass):
            self._ranking.put_back(feed, queue)
        else:
            queue.put_back(feed)

    def _come_in(self, now: float) -> None:
        for key in self._aside.due(now):
            self._urgent.retries.append(self._feeds[key])

    def _bound(self) -> None:
        self._ranking.bound(len(self._feeds), self._per_second, self._operator_bound, self._least)

    def _standing(self, key: str, feed: int, now: float) -> Standing:
        if key in self._flying:
            return "in_flight"
        if feed in self._hints:
            return "hinted"
        if key in self._aside:
            return "aside"
        queue, seen = self._queues.of(feed), self._roster.times[feed >> 1]
        if queue is self._urgent.retries:
            return "retry"
        if seen == NEVER:
            return "first"
        return "forced" if now - seen >= self._ranking.force_after else "waiting"
