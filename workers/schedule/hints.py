"""Feeds that somebody asked for, in that order: one token of some is theirs. Pure.

Each keeps its place in the schedule, and whatever comes first polls it: so a flood of hints makes no feed wait
that would have had its turn without one.
"""

from collections import OrderedDict
from typing import Final

from workers.schedule.roster import NOBODY

#: Of so many tokens one at most is a hint's while others wait: a flood of hints halves their pace, and no more.
HINT_EVERY: Final = 2


class Hints:
    """Feeds by their numbers in the roster. Tell it what becomes of the polls of those that were asked for."""

    __slots__ = ("_again", "_flying", "_line", "_rest")

    def __init__(self) -> None:
        self._line = OrderedDict[int, None]()
        #: Feeds whose poll under way was asked for, and feeds that were asked for since theirs began.
        self._flying: set[int] = set()
        self._again: set[int] = set()
        #: Tokens until the next one that is a hint's.
        self._rest = 0

    def __bool__(self) -> bool:
        return bool(self._line)

    def __contains__(self, feed: int) -> bool:
        return feed in self._line

    @property
    def is_next(self) -> bool:
        """Whether the next token is a hint's."""
        return bool(self._line) and not self._rest

    def before(self, feed: int) -> int | None:
        """How many stand before it; None: it is not asked for. Costs as many."""
        if feed not in self._line:
            return None
        return next(place for place, other in enumerate(self._line) if other == feed)

    def ask(self, feed: int, *, in_flight: bool) -> None:
        """Last in line; one that stands there keeps its place, one in flight comes when it is back."""
        if in_flight:
            self._again.add(feed)
        else:
            self._line.setdefault(feed)

    def take(self) -> int:
        """The first in line where this token is a hint's, else NOBODY."""
        if self._rest:
            self._rest -= 1
            return NOBODY
        if not self._line:
            return NOBODY
        self._rest = HINT_EVERY - 1
        return self.take_any()

    def take_any(self) -> int:
        """The first in line, or NOBODY."""
        if not self._line:
            return NOBODY
        feed, _ = self._line.popitem(last=False)
        self._flying.add(feed)
        return feed

    def asked(self, feed: int) -> bool:
        """Whether its poll under way was asked for."""
        return feed in self._flying

    def taken(self, feed: int) -> None:
        """Its own turn came first: that is the poll that was asked for."""
        if feed in self._line:
            del self._line[feed]
            self._flying.add(feed)

    def done(self, feed: int) -> None:
        """Its poll brought a page."""
        self._flying.discard(feed)
        if feed in self._again:
            self._again.remove(feed)
            self._line[feed] = None

    def failed(self, feed: int, *, of_its_own: bool) -> None:
        """Its poll brought nothing: by a fault that may be `of_its_own`, or by a rate limit or Kafka."""
        asked = feed in self._flying
        self.done(feed)  # whoever asked while it failed knows more than this poll did
        if asked and not of_its_own:
            self._line.setdefault(feed)
            self._line.move_to_end(feed, last=False)

    def forget(self, feed: int) -> None:
        """The feed is here no more."""
        self._line.pop(feed, None)
        self._flying.discard(feed)
        self._again.discard(feed)
