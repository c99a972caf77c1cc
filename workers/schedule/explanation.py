"""Why a feed is polled when it is, and when next: a record for programs, a sentence for people. Pure."""

import math
from typing import Final, Literal

from workers.model import Record
from workers.schedule.calibration import rate_of
from workers.times import span

#: Where a feed stands: being polled; never polled; asked for; waiting for its index, or for nothing but its turn since
#: it waited for the greatest interval; due again after a failure; not due yet after one.
Standing = Literal["in_flight", "first", "hinted", "waiting", "forced", "retry", "aside"]

#: What each part of a forecast comes from, in the order of `Explanation.per_hour`.
SOURCES: Final = ("any feed", "the last 2 min", "the last 10 min", "the last 6 h", "bursts of the last 6 days")
#: Messages per hour below which a part is not told: once in four days.
_TOLD_PER_HOUR = 0.01
_HOUR = 3600.0


class Explanation(Record, frozen=True, kw_only=True):
    """Times in seconds, rates in messages per hour, indices in seconds x messages.

    `per_hour`: what is expected at this moment without memory and from each memory. `due_in`: until its turn by what is
    known now; None while it is in flight or comes with the next tokens. `rate_class`: its class and that class's rate.
    `polled_ago` is None before the first poll by this worker that brings a page; `known`: a worker before it had one.
    `surge`: the part of the index that it has because many feeds gained at once.
    `asked_before`: how many feeds were asked for before this one; None: nobody asks for it.
    """

    key: str
    standing: Standing
    polled_ago: float | None
    known: bool
    rate_class: int
    class_per_hour: float
    per_hour: tuple[float, ...]
    index: float
    surge: float
    price: float
    due_in: float | None
    forced_after: float
    asked_before: int | None = None

    @classmethod
    def of(
        cls,
        *,
        key: str,
        standing: Standing,
        polled_ago: float | None,
        age: float | None,
        number: int,
        rates: tuple[float, ...],
        waiting: float,
        surge: float,
        price: float,
        least: float,
        forced_after: float,
        aside_for: float | None,
        asked_before: int | None,
    ) -> "Explanation":
        """From what the schedule knows; rates per second.

        `age`: of the last poll, as the schedule counts it; `waiting`: the index by the rates alone.
        """
        due_in = aside_for if standing == "aside" else None
        if standing == "waiting" and age is not None:
            due_age = max(min(math.sqrt(2 * max(price - surge, 0.0) / rate_of(number)), forced_after), least)
            due_in = max(due_age - age, 0.0)
        return cls(
            key=key,
            standing=standing,
            polled_ago=polled_ago,
            known=age is not None,
            rate_class=number,
            class_per_hour=rate_of(number) * _HOUR,
            per_hour=tuple(rate * _HOUR for rate in rates),
            index=waiting + surge,
            surge=surge,
            price=price,
            due_in=due_in,
            forced_after=forced_after,
            asked_before=asked_before,
        )

    @property
    def sentence(self) -> str:
        """All of it for a person."""
        return f"{self._polled()}; {self._expects()}; {self._turn()}"

    def _polled(self) -> str:
        if self.polled_ago is not None:
            return f"polled {span(self.polled_ago)} ago"
        if self.known:
            return "polled by another worker before, and not yet by this one"
        return "no poll has brought a page yet" if self.standing in {"retry", "aside"} else "never polled"

    def _expects(self) -> str:
        if not self.known:
            return "nothing is known of it yet"
        told = [
            f"{_few(rate)} from {source}"
            for rate, source in zip(self.per_hour, SOURCES, strict=True)
            if rate >= _TOLD_PER_HOUR
        ]
        parts = f" ({', '.join(told)})" if told else ""
        return f"expects {_few(sum(self.per_hour))} messages/h{parts}"

    def _turn(self) -> str:
        surge = f", {_few(self.surge)} of it because many feeds woke at once" if self.surge else ""
        index = f"index {_few(self.index)} of price {_few(self.price)} (class {self.rate_class}{surge})"
        turns = {
            "in_flight": "being polled now",
            "first": "waits for its first poll: every second token is for such feeds",
            "hinted": f"asked for, {self._line()}: every second token is for such feeds; its own turn may come sooner",
            "forced": f"{index}; waited for the greatest interval of {span(self.forced_after)}: its turn is forced",
            "retry": "its poll failed: tried again with the next token for such feeds",
            "aside": f"its poll failed: stands aside for {span(self.due_in or 0.0)}",
            "waiting": f"{index}; due {f'in {span(self.due_in)}' if self.due_in else 'with the next tokens'}",
        }
        return turns[self.standing]

    def _line(self) -> str:
        return f"behind {self.asked_before} others" if self.asked_before else "before all others"


def _few(amount: float) -> str:
    """Two digits of an amount, without an exponent where it is large."""
    return f"{amount:.0f}" if amount >= 10 else f"{amount:.2g}"  # noqa: PLR2004 - from two digits on
