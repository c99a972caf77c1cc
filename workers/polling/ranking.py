"""The feeds that wait for their index, in classes of about one rate: whose waiting is the greatest now. Pure.

A decision compares the heads of the classes in use, some twenty, whatever the number of feeds.
"""

import math
from collections.abc import Iterable
from typing import Final

from workers.polling.calibration import Calibration
from workers.polling.classes import RateClass, ScheduledFeed

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

    __slots__ = ("_calibration", "_classes", "_forced_in_a_row", "_gain", "force_after")

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._classes: list[RateClass] = []
        self._forced_in_a_row = 0
        self._gain = PRICE_ROUNDS / PRICE_FEEDS
        self.force_after = math.inf

    def bound(self, feeds: int, per_second: float, bound: float, least: float) -> None:
        """The greatest interval: the operator's bound as far as so many feeds and requests allow it (0: unknown)."""
        self._gain = PRICE_ROUNDS / max(feeds, PRICE_FEEDS)
        if per_second:
            turn = feeds / per_second
            bound = max(min(bound, MOST_ROUNDS * turn), LEAST_ROUNDS * turn)
        self.force_after = max(bound, least)

    def take(self, now: float) -> ScheduledFeed | None:
        """The feed whose index is the greatest, or that is overdue longest; None: each was polled just now."""
        best, age = -1.0, self.force_after
        winner = oldest = None
        for one in self._classes:
            gap = now - one.since
            if gap * one.slope > best and now >= one.ready:
                best = gap * one.slope
                winner = one
            if gap >= age and now >= one.ready:
                age = gap
                oldest = one
        if winner is None:
            return None
        if oldest is not None and self._forced_in_a_row < INDEX_EVERY - 1:
            self._forced_in_a_row += 1
            winner = oldest
        else:
            self._forced_in_a_row = 0
            self._calibration.pay(best * best, self._gain)
        feed = winner.take()
        if winner.head is None:
            winner.looked_at = False
            self._classes.remove(winner)
        return feed

    def put(self, feed: ScheduledFeed) -> None:
        """A feed that was polled now, into its class by its forecast."""
        one = feed.lane.classes[self._calibration.class_of(feed)]
        if not one.looked_at:
            self.look_at(one)
        one.append(feed)

    def merge(self, feeds: Iterable[ScheduledFeed], now: float) -> None:
        """Feeds that others polled since these memories were written: they are due at most, not overdue."""
        arrived: dict[RateClass, list[ScheduledFeed]] = {}
        for feed in feeds:
            one = feed.lane.classes[self._calibration.class_of(feed)]
            due = math.sqrt(self._calibration.price) / one.slope
            if now - due > feed.seen:
                feed.fade(now - due)
            arrived.setdefault(one, []).append(feed)
        for one, some in arrived.items():
            self.look_at(one)
            one.merge(some)

    def look_at(self, one: RateClass) -> None:
        """A class has feeds: it takes part in the decisions until its last is taken."""
        if not one.looked_at:
            one.looked_at = True
            self._classes.append(one)

    def ready_at(self) -> float:
        """When the next feed may be polled again; infinity while none waits."""
        return min((one.ready for one in self._classes), default=math.inf)

    def since(self) -> float:
        """When the waiting feed that was polled longest ago was; infinity while none waits."""
        return min((one.since for one in self._classes), default=math.inf)

    def polled_before(self, limit: float) -> int:
        """How many waiting feeds were polled last before this time."""
        count = 0
        for one in self._classes:
            if one.since >= limit:
                continue
            for feed in one:  # in the order of their last poll: the first that is younger ends it
                if feed.seen >= limit:
                    break
                count += 1
        return count
