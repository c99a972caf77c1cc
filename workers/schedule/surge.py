"""What many feeds gain at once: a broadcast goes out, an office opens, a campaign is answered. Pure.

A feed's own memories foretell nothing of that, but polls of other feeds show it. A message that begins a burst is a
waking. Wakings are counted by their own times, in bins, beside how many polls have looked at each bin. Where a bin
holds far more of them than so many polls usually find, feeds that nobody has looked at since have gained as much, each
of them: their index is the greater for it, and they come first.
"""

import math
from collections.abc import Sequence
from typing import Final

from workers.schedule.forecast import Memory, arrivals

#: Bins that the greatest interval is cut into. In one of them a twelfth of all feeds is polled (the greatest interval
#: is five rounds at most), enough to tell a surge of some hundred feeds, and a broadcast takes minutes.
BINS: Final = 64
#: Seconds of a bin at least: what people do at once takes longer, and a look at the bins costs as much as ten polls.
LEAST_WIDTH: Final = 1.0
#: A bin is a surge where it holds so many times the wakings that are usual, so that a day's busy hours are none, …
TIMES_USUAL: Final = 3.0
#: … and by so many more, and so many standard deviations, than expected. Chance does that now and then, since the feeds
#: that are polled first are those that wake most: it costs 1 % of the mean on W1, and 3 % on W0.
LEAST_MORE: Final = 3.0
DEVIATIONS: Final = 4.0
#: Wakings for each feed that one bin may add, at most: a few polls must not promise a message from everyone.
MOST_EACH: Final = 0.5
#: Seconds after which what was usual counts half: a day has its night.
HALF_LIFE: Final = 86_400.0
#: Looks at the bins within the time of one of them: a surge is seen half a bin late.
LOOKS: Final = 2
#: The greatest interval may grow to so many times what the bins were cut for, or shrink to that part of it, before they
#: are cut anew: a rate limit halves the pace just when a broadcast goes out, and shards move.
TOLERANCE: Final = 4.0

_NO_GAIN: Final = (0.0, 0.0)


class Surge:
    """Tell it of each poll that nobody asked for. `active`: `gain` has something to say."""

    __slots__ = (
        "_begins",
        "_ended",
        "_first",
        "_last",
        "_least",
        "_look_at",
        "_looking",
        "_most",
        "_seconds",
        "_sums",
        "_wakings",
        "_width",
        "_woken",
        "active",
    )

    def __init__(self) -> None:
        #: Seconds of a bin, and the greatest intervals (seconds) for which it is that. A bin goes by the number of such
        #: spans before it.
        self._width = self._least = self._most = 0.0
        #: What is usual: wakings, and seconds of silence in which they were found.
        self._woken = self._seconds = 1.0
        self._forget(0)

    def observe(self, memory: Memory, now: float, ages: Sequence[float], longest: float) -> None:
        """A poll ends a silence and finds messages of these ages (seconds); `memory` does not know of it yet.

        `longest`: the greatest interval (seconds).
        """
        if not self._least <= longest <= self._most:
            self._cut(longest, now)
            return
        if now >= self._look_at:
            self._look(now)
        seen = memory.seen
        if seen < self._begins:  # it looked at whole bins
            begun, first = int(seen // self._width) + 1, self._first
            self._looking[(begun if begun > first else first) % BINS] += 1  # noqa: FURB136 - `max` costs more
            self._ended += 1
        self._seconds += now - seen
        if ages:
            self._wake(memory, now, ages)

    def gain(self, seen: float) -> float:
        """What a feed that was polled last at this time has gained by surges since, in seconds x messages."""
        place = int(seen // self._width) + 1 - self._first
        wakings, moments = self._sums[place if 0 < place < BINS else 0 if place < BINS else BINS]
        return moments - seen * wakings

    def _cut(self, longest: float, now: float) -> None:
        """Other bins: what stands in the old ones is forgotten."""
        if math.isfinite(longest):
            self._width = max(longest / BINS, LEAST_WIDTH)
            self._least, self._most = longest / TOLERANCE, longest * TOLERANCE
            self._forget(int(now // self._width))

    def _forget(self, last: int) -> None:
        self.active = False
        self._first, self._last, self._look_at, self._begins = last - BINS + 1, last, 0.0, last * self._width
        #: By bin: how many polls more look at it than at the one before; and wakings. Polls that end in the last one.
        self._looking, self._wakings, self._ended = [0] * BINS, [0] * BINS, 0
        #: By bin: wakings for each feed by surges in it and behind it, and the same times their moments.
        self._sums = [_NO_GAIN] * (BINS + 1)

    def _wake(self, memory: Memory, now: float, ages: Sequence[float]) -> None:
        for _, at, wakes in arrivals(memory.newest, now, ages):
            if not wakes or at <= memory.seen:
                continue
            self._woken += 1
            bin_ = min(int(at // self._width), self._last)  # one that is not open yet has the place of the oldest
            if bin_ >= self._first:
                self._wakings[bin_ % BINS] += 1

    def _look(self, now: float) -> None:
        """Find the surges among the bins."""
        last = int(now // self._width)
        if last - self._last >= BINS:
            self._forget(last)
        while self._last < last:
            self._move_on()
        self._look_at = now + self._width / LOOKS
        usual, polls, found = self._woken / self._seconds * self._width, 0, list[float]()
        for bin_ in range(self._first, last + 1):
            polls += self._looking[bin_ % BINS]
            found.append(_surge(self._wakings[bin_ % BINS], polls, usual))
        self.active = any(found)
        self._add_up(found)

    def _move_on(self) -> None:
        """One bin further: the oldest makes room, and those who looked at it look at the next one now."""
        place, after = self._first % BINS, (self._first + 1) % BINS
        looked = self._looking[place]
        self._looking[place], self._wakings[place] = -self._ended, 0
        self._looking[after] += looked
        self._first, self._last, self._ended = self._first + 1, self._last + 1, 0
        self._begins = self._last * self._width
        left = 0.5 ** (self._width / HALF_LIFE)
        self._woken, self._seconds = self._woken * left, self._seconds * left

    def _add_up(self, found: Sequence[float]) -> None:
        wakings, moments = _NO_GAIN
        for place in range(BINS - 1, -1, -1):
            middle = (self._first + place + 0.5) * self._width
            wakings, moments = wakings + found[place], moments + found[place] * middle
            self._sums[place] = wakings, moments


def _surge(wakings: int, polls: int, usual: float) -> float:
    """Wakings for each feed beyond what is usual for a poll of a bin; 0 where chance may have made them."""
    expected = polls * usual
    more = wakings - expected
    if wakings < TIMES_USUAL * expected or more < LEAST_MORE + DEVIATIONS * math.sqrt(expected):
        return 0.0
    return min(more / max(polls, 1), MOST_EACH)
