"""How much each memory foretells, learned from all feeds of an account together, and the price of a poll. Pure.

Every poll tells the waiting it ended: the sum over its new messages of (arrival - poll before), in seconds x messages.
Its expectation is what the memories foretold, each times its weight; the weights are a running EM estimate of that.
Learning the waiting rather than the count includes the growth of a chat inside the interval, and is stable.
"""

import math
from collections.abc import Sequence
from typing import Final

from workers.schedule.forecast import NEGLIGIBLE, SPANS, Memory

#: Weights before anything is learned: a feed's own base rate (messages per second: three in ten days), then one for
#: each memory. The last counts bursts, and a burst is about three messages that matter.
PRIOR: Final = (0.3 / 86_400, 0.6, 0.3, 0.1, 3.0)
#: What the prior is worth, in seconds x messages foretold: some ten polls; a day's messages outvote it.
PRIOR_WORTH: Final = (300 * 86_400 / 5, 300.0, 300.0, 300.0, 300.0)
#: Seconds after which all that was learned counts half: people's habits change within weeks, not within days.
HALF_LIFE: Final = 7 * 86_400.0
#: The price of a poll before any was paid, in seconds x messages.
FIRST_PRICE: Final = 1.0
#: The least price: it is a divisor.
_LEAST_PRICE = 1e-9

#: Rates are sorted into classes: the slowest one's rate per second, …
SLOWEST: Final = 1e-9
#: … and how many there are, each sqrt(2) faster than the one before: at most 19 % off in rate, 0.4 % in waiting.
CLASSES: Final = 64
#: Edge below each class, as seconds x sqrt(2): where the age that reaches a price of 1 changes the class.
_REACH = tuple(math.sqrt(2.0 / (SLOWEST * 2.0 ** ((number - 0.5) / 2))) for number in range(CLASSES))
_T1, _T2, _T3, _T4 = SPANS


def class_of(rate: float) -> int:
    """The class of a constant rate of messages per second."""
    number = int(2.0 * math.log2(rate / SLOWEST) + 0.5) if rate > SLOWEST else 0
    return number if number < CLASSES else CLASSES - 1


def rate_of(number: int) -> float:
    """The rate per second that a class stands for."""
    return float(SLOWEST * 2.0 ** (number / 2))


class Calibration:
    """The shared numbers of one account. `price`: the index of those that were worth a poll lately."""

    __slots__ = ("_halved", "_paid", "_worth", "price", "weights")

    def __init__(self) -> None:
        self.price = FIRST_PRICE
        self.weights = PRIOR
        self._worth = list(PRIOR_WORTH)
        self._paid = [weight * worth for weight, worth in zip(PRIOR, PRIOR_WORTH, strict=True)]
        self._halved: float | None = None

    def observe(self, memory: Memory, now: float, ages: Sequence[float], *, learn: bool) -> None:
        """A poll of a feed polled before: fade its memories, learn from what it brought, and remember that."""
        gap = now - memory.seen
        foretold = memory.fade(now)
        if learn:
            self._learn(gap, foretold, ages)
        if ages:
            memory.take(now, ages)

    def pay(self, index: float, gain: float) -> None:
        """A poll was made at this index: the price follows it by this part of the way."""
        price = self.price + (index - self.price) * gain
        self.price = price if price > _LEAST_PRICE else _LEAST_PRICE  # noqa: FURB136 - half of a decision's calls

    def class_of(self, memory: Memory) -> int:
        """The class of the constant rate that would reach the price at the same age as the forecast does."""
        w0, w1, w2, w3, w4 = self.weights
        chat = w1 * memory.s1 / _T1 + w2 * memory.s2 / _T2
        slow = w3 * memory.s3 / _T3
        rest = w0 + w4 * memory.s4 / _T4
        total = chat + slow + rest
        if chat < NEGLIGIBLE * total:
            # The age at the price is far below the slow memories' spans, so one step of their fading is enough.
            x = (2.0 * self.price / total) ** 0.5 / _T3
            if x < 0.5:  # noqa: PLR2004 - above half a span the step is no longer good
                return class_of(slow / (1.0 + x * (0.667 + 0.194 * x)) + rest)
        return self._sought(memory, class_of(w0), class_of(total))

    def waiting(self, memory: Memory, age: float) -> float:
        """The index of a feed whose last poll is so old: the waiting that is foretold, in seconds x messages."""
        w0, w1, w2, w3, w4 = self.weights
        exp = math.exp
        total = w0 * age * age / 2
        if memory.s1:
            x = age / _T1
            total += w1 * memory.s1 * _T1 * (1.0 - exp(-x) * (1.0 + x))
        if memory.s2:
            x = age / _T2
            total += w2 * memory.s2 * _T2 * (1.0 - exp(-x) * (1.0 + x))
        if memory.s3:
            x = age / _T3
            total += w3 * memory.s3 * _T3 * (1.0 - exp(-x) * (1.0 + x))
        if memory.s4:
            x = age / _T4
            total += w4 * memory.s4 * _T4 * (1.0 - exp(-x) * (1.0 + x))
        return total

    def rates(self, memory: Memory, age: float) -> tuple[float, float, float, float, float]:
        """Messages per second that are expected at this age: without memory, and by each of the memories."""
        w0, *weights = self.weights
        sums = (memory.s1, memory.s2, memory.s3, memory.s4)
        parts = zip(weights, sums, SPANS, strict=True)
        r1, r2, r3, r4 = (weight * one / span * math.exp(-age / span) for weight, one, span in parts)
        return w0, r1, r2, r3, r4

    def halve(self, now: float) -> None:
        """Once in a half-life: what was learned counts half of what will be."""
        if self._halved is None:
            self._halved = now
        while now - self._halved >= HALF_LIFE:
            self._halved += HALF_LIFE
            self._paid = [paid / 2 for paid in self._paid]
            self._worth = [worth / 2 for worth in self._worth]

    def _sought(self, memory: Memory, lowest: int, highest: int) -> int:
        """Where a chat fades before its feed is worth a poll: the class is sought between the two extremes."""
        root = math.sqrt(self.price)
        while lowest < highest:
            middle = (lowest + highest + 1) // 2
            if self.waiting(memory, _REACH[middle] * root) >= self.price:
                lowest = middle
            else:
                highest = middle - 1
        return lowest

    def _learn(self, gap: float, foretold: tuple[float, float, float, float], ages: Sequence[float]) -> None:
        worth = self._worth
        base = gap * gap / 2
        f1, f2, f3, f4 = foretold
        worth[0] += base
        if f1:
            worth[1] += f1
        if f2:
            worth[2] += f2
        worth[3] += f3
        worth[4] += f4
        if not ages:
            return
        brought = sum(gap - age if age > 0 else gap for age in ages if age < gap)
        w0, w1, w2, w3, w4 = self.weights
        parts = (w0 * base, w1 * f1, w2 * f2, w3 * f3, w4 * f4)
        total = sum(parts)
        if brought > 0 and total > 0:
            self._paid = [paid + brought * part / total for paid, part in zip(self._paid, parts, strict=True)]
        self._weigh()

    def _weigh(self) -> None:
        w0, w1, w2, w3, w4 = (paid / worth for paid, worth in zip(self._paid, self._worth, strict=True))
        self.weights = (w0, w1, w2, w3, w4)
