"""What a feed is expected to bring, by what it brought: four memories of its messages, each fading at its own speed.

A memory is the sum of exp(-age / span) over the messages ever seen, so its expected value is rate x span, and it needs
neither a list of messages nor a clock of its own. Timestamps make the history complete whenever a feed is polled, so
nothing is estimated from "changed or not". Times are monotonic seconds. Pure.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final

#: Spans of the memories in seconds: a reply within the minute, a chat, a day's work, a week. Five other sets of two to
#: six spans lie within 5 %; none may be below 2 min, or learning from few messages becomes unstable.
SPANS: Final = (120.0, 600.0, 21_600.0, 518_400.0)
#: Seconds of silence after which a message begins a burst. The longest memory counts bursts, since a chat of a hundred
#: messages is not ten chats: 13 % off the 99th percentile against counting messages.
BURST_GAP: Final = 1200.0
#: A memory below this is nothing: one message fades to it in 14 spans, and nothing is cheaper to keep than a number.
NEGLIGIBLE: Final = 1e-6
#: The time of what never happened.
NEVER: Final = -math.inf

_T1, _T2, _T3, _T4 = SPANS


class Memory:
    """What one feed brought, as it stood at its last poll (`seen`); `newest` is the time of its newest message."""

    __slots__ = ("newest", "s1", "s2", "s3", "s4", "seen")

    def __init__(self) -> None:
        self.seen = NEVER
        self.newest = NEVER
        self.s1 = self.s2 = self.s3 = self.s4 = 0.0

    def fade(self, now: float) -> tuple[float, float, float, float]:
        """Let the memories fade from `seen` to now, which becomes `seen`.

        Returns for each the waiting it foretold for this interval, in seconds x messages for a weight of 1:
        the integral of u * S / span * exp(-u / span) over the interval.
        """
        gap, self.seen = now - self.seen, now
        w1 = w2 = w3 = w4 = 0.0
        if self.s1:
            w1, self.s1 = _faded(self.s1, gap, _T1)
        if self.s2:
            w2, self.s2 = _faded(self.s2, gap, _T2)
        if self.s3:
            w3, self.s3 = _faded(self.s3, gap, _T3)
        if self.s4:
            w4, self.s4 = _faded(self.s4, gap, _T4)
        return w1, w2, w3, w4

    def take(self, now: float, ages: Sequence[float]) -> None:
        """Remember messages by their ages in seconds before now, in any order; one from the future is of now."""
        exp = math.exp
        for age, at, wakes in arrivals(self.newest, now, ages):
            self.s1 += exp(-age / _T1)
            self.s2 += exp(-age / _T2)
            self.s3 += exp(-age / _T3)
            if wakes:
                self.s4 += exp(-age / _T4)
            self.newest = max(self.newest, at)

    def become(self, other: "Memory") -> None:
        """Remember what another one does."""
        self.seen, self.newest = other.seen, other.newest
        self.s1, self.s2, self.s3, self.s4 = other.s1, other.s2, other.s3, other.s4

    def with_poll(self, now: float, ages: Sequence[float]) -> "Memory":
        """What will be remembered after a poll that brings these messages."""
        later = Memory()
        later.become(self)
        if later.seen != NEVER:
            later.fade(now)
        later.seen = now
        later.take(now, ages)
        return later


def arrivals(newest: float, now: float, ages: Sequence[float]) -> Iterator[tuple[float, float, bool]]:
    """Messages by their ages in seconds before now, in any order, behind the newest that was known.

    Oldest first: the age (one from the future is of now), the time, and whether the message begins a burst.
    """
    for given in sorted(ages, reverse=True):
        age = given if given > 0 else 0.0
        at = now - age
        yield age, at, at - newest >= BURST_GAP
        newest = max(newest, at)


def _faded(memory: float, gap: float, span: float) -> tuple[float, float]:
    """The waiting that a memory foretold for a gap, and what is left of it after the gap."""
    x = gap / span
    left = math.exp(-x)
    after = memory * left
    return memory * span * (1.0 - left * (1.0 + x)), after if after > NEGLIGIBLE else 0.0
