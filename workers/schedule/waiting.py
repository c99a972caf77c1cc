"""Since when feeds wait for news, wherever in the schedule they stand, in flight included. Pure."""

import math
from array import array
from typing import Final

from workers.schedule.ages import Ages
from workers.schedule.roster import Roster

#: The roster's last poll says since when a feed waits.
_AS_POLLED: Final = math.nan
#: Bits of a feed's number beyond the place of its record: see `roster.py`.
_RECORD_BITS: Final = 4


class Waiting:
    """A feed waits since its last poll here that brought a page, before the first since it came.

    When another owner polled it last is not known: polls that bring nothing leave no trace. Nobody waits for feeds that
    the provider does not know: one that was deleted would be late for ever.
    """

    __slots__ = ("_ages", "_gone", "_roster", "_told", "_told_of")

    def __init__(self, roster: Roster) -> None:
        self._roster, self._ages = roster, Ages()
        #: By record: since when a feed waits of which the roster's last poll does not say it, being never polled, or by
        #: others; and how many these are. Eight bytes a feed, for after a restart they are nearly all.
        self._told, self._told_of = array("d"), 0
        self._gone: set[int] = set()

    def comes(self, feed: int, now: float) -> None:
        """A feed that was never polled."""
        self._tell(feed, now)
        self._ages.add(now)

    def goes(self, feed: int) -> None:
        """It waits no more: a page is here, or nobody wants one. To be called before the roster learns of it."""
        if feed in self._gone:
            self._gone.discard(feed)
        else:
            self._ages.drop(self.since(feed))
        self._tell(feed, _AS_POLLED)

    def renewed(self, feed: int, seen: float, now: float) -> None:
        """A page is here of a feed that was polled last at `seen`, and it waits for the next one from now on."""
        if self._told_of or self._gone:
            self.goes(feed)
        else:  # as nearly always: then its last poll is since when it waited
            self._ages.drop(seen)
        self._ages.add(now)

    def gone(self, feed: int) -> None:
        """The provider does not know it."""
        if feed not in self._gone:
            self._ages.drop(self.since(feed))
            self._gone.add(feed)

    def before(self, limit: float) -> int:
        """How many have waited since before this time, to the second."""
        return self._ages.before(limit)

    def longest(self, now: float) -> float:
        """Seconds for which the one has waited that waits longest, to the second; 0: nobody waits."""
        oldest = self._ages.oldest()
        return 0.0 if oldest is None else max(0.0, now - oldest)

    def since(self, feed: int) -> float:
        """Since when it waits, or would if it were there."""
        return self._roster.times[feed >> 1] if self.polled(feed) else self._told[feed >> _RECORD_BITS]

    def polled(self, feed: int) -> bool:
        """Whether a poll here has brought a page of it."""
        return math.isnan(self._told[feed >> _RECORD_BITS])

    def _tell(self, feed: int, since: float) -> None:
        told, place = self._told, feed >> _RECORD_BITS
        while len(told) <= place:
            told.append(_AS_POLLED)
        self._told_of += math.isnan(told[place]) - math.isnan(since)
        told[place] = since
