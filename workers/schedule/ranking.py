"""The feeds that wait for their index, in classes of about one rate: whose waiting is the greatest now. Pure.

While many feeds gain at once (surge.py) an index has a second part, which depends on the age alone, as within a class
the first does. A decision compares the heads of the classes in use, some twenty, whatever the number of feeds.
"""

import math
from typing import Final

from workers.schedule.calibration import Calibration
from workers.schedule.classes import Lane, Queues, RateClass
from workers.schedule.forecast import Memory
from workers.schedule.roster import LANE, NOBODY
from workers.schedule.surge import Surge

#: Of so many tokens, one goes by the index though feeds are overdue: after a pause all are, and chats still run.
INDEX_EVERY: Final = 4
#: The greatest interval in rounds (feeds ÷ requests per second) where the operator allows more. It costs nothing:
#: waiting is the same at 3, 5 and 10 within what chance does.
MOST_ROUNDS: Final = 5.0
#: The least that can be promised, in rounds: below it the index has nothing left to decide, and waiting rises fast.
LEAST_ROUNDS: Final = 1.5
#: The price follows the winners' indices by this part of a round; a hundred times more or less changes nothing.
PRICE_ROUNDS: Final = 3.0
#: Feeds below which the price follows no faster: few feeds make a nervous price.
PRICE_FEEDS: Final = 300


class Ranking:
    """The classes that have feeds. `force_after`: seconds after which a feed's turn is forced."""

    __slots__ = (
        "_calibration",
        "_classes",
        "_forced_from",
        "_forced_in_a_row",
        "_gain",
        "_queues",
        "force_after",
        "lanes",
        "surge",
    )

    def __init__(self, calibration: Calibration, queues: Queues) -> None:
        self._calibration, self._queues = calibration, queues
        self.surge = Surge()
        #: By the number that stands in the records of their feeds.
        self.lanes: list[Lane] = []
        self._classes: list[RateClass] = []
        self._forced_in_a_row = 0
        self._gain = PRICE_ROUNDS / PRICE_FEEDS
        self.force_after = math.inf
        #: No turn is forced before: until then a decision need not look for one.
        self._forced_from = -math.inf

    def bound(self, feeds: int, per_second: float, bound: float, least: float) -> None:
        """The greatest interval: the operator's bound as far as so many feeds and requests allow it (0: unknown)."""
        self._gain = PRICE_ROUNDS / max(feeds, PRICE_FEEDS)
        if per_second:
            turn = feeds / per_second
            bound = max(min(bound, MOST_ROUNDS * turn), LEAST_ROUNDS * turn)
        self.force_after = max(bound, least)
        self._forced_from = -math.inf

    def take(self, now: float) -> int:
        """The feed whose index is the greatest, or that is overdue longest; NOBODY: each was polled just now."""
        oldest = self._oldest(now) if now >= self._forced_from else None
        index, winner = self._greatest_in_surge(now) if self.surge.active else self._greatest(now)
        if winner is None:
            return NOBODY
        if oldest is not None and self._forced_in_a_row < INDEX_EVERY - 1:
            self._forced_in_a_row += 1
            winner = oldest
        else:
            self._forced_in_a_row = 0
            self._calibration.pay(index, self._gain)
        feed = winner.take()
        if not winner.head:
            winner.looked_at = False
            self._classes.remove(winner)
        return feed

    def _greatest(self, now: float) -> tuple[float, RateClass | None]:
        """The greatest index, and the class whose head has it; None: each was polled just now."""
        best, winner = -1.0, None
        for one in self._classes:
            value = (now - one.since) * one.slope
            if value > best and now >= one.ready:
                best, winner = value, one
        return best * best, winner

    def _greatest_in_surge(self, now: float) -> tuple[float, RateClass | None]:
        """The same where silence gains more than rates say. In a class the head gains most: its silence is longest."""
        best, winner, gain = -1.0, None, self.surge.gain
        for one in self._classes:
            if now < one.ready:  # or its last feed left it out of turn: then it has no head, and no age
                continue
            root = (now - one.since) * one.slope
            value = root * root + gain(one.since)
            if value > best:
                best, winner = value, one
        return best, winner

    def _oldest(self, now: float) -> RateClass | None:
        """The class whose turn is forced, the one overdue longest; None: there is none."""
        oldest, age, first = None, self.force_after, math.inf
        for one in self._classes:
            gap, first = now - one.since, min(first, one.since)
            if gap >= age and now >= one.ready:
                oldest, age = one, gap
        self._forced_from = first + self.force_after
        return oldest

    def put(self, feed: int, memory: Memory) -> None:
        """A feed that was polled now, into its class by its forecast."""
        lane = self.lanes[self._queues.roster.links[feed + LANE]]
        one = lane.classes[self._calibration.class_of(memory)]
        one.append(feed)
        if one.head == feed:
            self.look_at(one)

    def put_back(self, feed: int, one: RateClass) -> None:
        """A feed that was taken out of this class, and whose poll brought nothing."""
        roster = self._queues.roster
        place = self.lanes[roster.links[feed + LANE]].back(one, roster.times[feed >> 1])
        place.put_back(feed)
        self.look_at(place)

    def arrive(self, feed: int, memory: Memory, now: float) -> None:
        """A feed that another owner polled last.

        It is due at most, however long ago that was: else all would be forced at once after a pause.
        """
        lane = self.lanes[self._queues.roster.links[feed + LANE]]
        one = lane.arrivals[self._calibration.class_of(memory)]
        due = math.sqrt(self._calibration.price) / one.slope
        if now - due > memory.seen:
            memory.fade(now - due)
        self._queues.roster.store(feed, memory)
        one.append(feed)
        self.look_at(one)

    def look_at(self, one: RateClass) -> None:
        """A class has a feed that was not there: it takes part in the decisions until its last is taken."""
        self._forced_from = min(self._forced_from, one.since + self.force_after)
        if not one.looked_at:
            one.looked_at = True
            self._classes.append(one)

    def is_ready(self, now: float) -> bool:
        """Whether a waiting feed may be polled now: usually the first class that is looked at has one."""
        return any(one.ready <= now for one in self._classes)

    def ready_at(self) -> float:
        """When the next feed may be polled again; infinity while none waits."""
        return min((one.ready for one in self._classes), default=math.inf)
