"""How an account stands, looked at every second and on request: its pace, its state, what `/readyz` tells of it."""

import asyncio
from collections.abc import Callable, Sized
from typing import Any

import msgspec

from workers.account.background import BACKGROUND_SHARE
from workers.account.failures import AccountFailures
from workers.account.histories import AccountHistories
from workers.account.pace import AccountPace
from workers.account.report import AccountReport, Tally
from workers.polling.budget import Budget
from workers.schedule.schedule import Schedule
from workers.times import span

#: Seconds between two looks at the account's state.
STATE_SECONDS = 1.0
#: What is told of a feed whose cursor cannot be read.
_LEFT_ALONE = {
    "standing": "unreadable",
    "sentence": "left alone: its cursor cannot be read (docs/failures.md says how to remove it)",
}


class AccountWatch:
    """Looks at the parts of one account's poller and changes none, but for the rate that the schedule counts on."""

    def __init__(
        self,
        *,
        feeds: Sized,
        schedule: Schedule,
        budget: Budget,
        histories: AccountHistories,
        failures: AccountFailures,
        report: AccountReport,
        pace: AccountPace,
        requests_per_poll: int,
        clock: Callable[[], float],
    ) -> None:
        self._feeds, self._schedule, self._budget = feeds, schedule, budget
        self._histories, self._failures, self._report, self._pace = histories, failures, report, pace
        self._requests_per_poll, self._clock = requests_per_poll, clock

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.tell_pace()
            self._histories.sample()
            self._report.waited(self._budget.waited())
            self._report.show(self._tally(), self._budget.reason)
            await asyncio.sleep(STATE_SECONDS)

    def tell_pace(self) -> None:
        """The schedule and the metrics know the rate as it is: shares, limits and histories change it."""
        per_minute = self._budget.per_minute * (1 - BACKGROUND_SHARE if self._histories else 1)
        self._schedule.budget(per_minute / 60 / self._requests_per_poll)
        self._pace.show(len(self._feeds), per_minute)

    def explain(self, key: str) -> dict[str, Any] | None:
        """Why a feed is polled when it is, and when next; None: it is not polled here."""
        found = self._schedule.explain(key, self._clock())
        if found is None:
            return _LEFT_ALONE if key in self._failures.unreadable else None
        reason, seconds = self._budget.reason, self._budget.paused_for
        told = {**msgspec.structs.asdict(found), "sentence": found.sentence, "account": reason, "paused_for": seconds}
        if reason is None or not seconds:
            return told
        silence = f"the account is {reason.replace('_', ' ')}, and nothing is asked for in the next {span(seconds)}"
        told["sentence"] = f"{silence}; {found.sentence}"
        return told if found.standing == "in_flight" else told | {"due_in": max(found.due_in or 0.0, seconds)}

    def details(self) -> dict[str, Any]:
        """What `/readyz` tells of this account."""
        return {
            **self._report.details(self._tally(), self._budget.reason),
            "requests_per_minute": round(self._budget.per_minute, 2),
            "paused_seconds": round(self._budget.paused_for, 1),
            "backfill": self._histories.details(),
        }

    def _tally(self) -> Tally:
        now = self._clock()
        return Tally(
            feeds=len(self._feeds),
            new=self._schedule.new(),
            backfilling=self._failures.well(self._histories.keys),
            failing=self._failures.failing,
            parked=len(self._failures.parked),
            unreadable=len(self._failures.unreadable),
            overdue=self._schedule.overdue(now),
            longest_wait=self._schedule.longest_wait(now),
        )
