"""Since when feeds wait for news, wherever in the schedule they stand, in flight included. Pure."""

from workers.polling.ages import Ages
from workers.polling.roster import Roster


class Waiting:
    """A feed waits since its last poll that brought a page, before the first since it came.

    Nobody waits for feeds that the provider does not know: one that was deleted would be late for ever.
    """

    __slots__ = ("_ages", "_came", "_gone", "_roster")

    def __init__(self, roster: Roster) -> None:
        self._roster, self._ages = roster, Ages()
        #: Since when feeds wait of which the roster's last poll does not say it: never polled, or long ago by others.
        self._came: dict[int, float] = {}
        self._gone: set[int] = set()

    def comes(self, feed: int, now: float) -> None:
        """A feed that was never polled."""
        self._came[feed] = now
        self._ages.add(now)

    def goes(self, feed: int) -> None:
        """It waits no more: a page is here, or nobody wants one. To be called before the roster learns of it."""
        if feed in self._gone:
            self._gone.discard(feed)
        else:
            self._ages.drop(self.since(feed))
        if self._came.pop(feed, None) is not None and not self._came:
            self._came.clear()  # else it would keep the room of all feeds that ever came

    def goes_on(self, feed: int, since: float) -> None:
        """It waits for the next page since its last poll by another owner."""
        if since != self._roster.times[feed >> 1]:
            self._came[feed] = since
        self._ages.add(since)

    def renewed(self, feed: int, seen: float, now: float) -> None:
        """A page is here of a feed that was polled last at `seen`, and it waits for the next one from now on."""
        if self._came or self._gone:
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
        came = self._came.get(feed)
        return self._roster.times[feed >> 1] if came is None else came
