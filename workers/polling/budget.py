"""The requests that one account may still send, on this worker: what the pacer and the pauses allow, in turn."""

import asyncio
import math
from collections.abc import Callable
from random import Random
from typing import Literal

from workers.polling.pacer import Pacer
from workers.polling.pause import AccountPause, PauseReason

#: Shortest sleep in seconds: the event loop's timers know no finer step, and shorter ones would only spin.
_SHORTEST_SLEEP = 0.001


#: What a request is for: a poll that begins, one that is under way and needs more pages, or the background.
Claim = Literal["pick", "more", "background"]


class _Waiter:
    """Somebody who waits for a request; `sleeper` while he sleeps."""

    __slots__ = ("claim", "probing", "sleeper")

    def __init__(self, claim: Claim, *, probing: bool) -> None:
        self.claim, self.probing = claim, probing
        self.sleeper: asyncio.Future[None] | None = None

    def wake(self) -> None:
        if self.sleeper is not None and not self.sleeper.done():
            self.sleeper.set_result(None)


class Budget:
    """One account's budget. It allows nothing until `own` says what part of the account is this worker's.

    `clock` tells monotonic seconds (`loop.time`), `random` spreads the pauses of workers that share a key, `hinted`
    says whether the next poll to begin would be one that somebody asked for.
    Tell it every answer: `succeeded`, `rate_limited`, `refused`, `failed`.
    """

    def __init__(
        self,
        requests_per_minute: float,
        *,
        clock: Callable[[], float],
        random: Random,
        hinted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._per_minute = requests_per_minute
        self._clock = clock
        self._share = 0.0
        self._pacer = Pacer()
        self._pause = AccountPause(random)
        self._hinted = hinted
        #: In the order of their coming. The first of `_first` sleeps until its time, or will be woken by who does.
        self._line: list[_Waiter] = []

    @property
    def reason(self) -> PauseReason | None:
        """Why the account is slowed or silent; None: it is not."""
        return self._pause.reason

    @property
    def probing(self) -> bool:
        """Whether the account is only probed: what was let out last is the probe."""
        return self._pause.probing

    @property
    def paused_for(self) -> float:
        """Seconds until the account may be asked again; 0 while it may."""
        return max(self._pause.until - self._clock(), 0.0)

    @property
    def per_minute(self) -> float:
        """The rate at this moment, in requests per minute."""
        return self._per_minute * self._share * self._pause.pace

    def own(self, share: float) -> None:
        """From now on this part of the account is ours: owned shards ÷ all shards, 0 to 1."""
        self._share = share
        self._changed()

    async def take(self, claim: Claim = "pick", *, probing: bool = False) -> None:
        """Wait until one request may be sent, and take it.

        A poll for a hint goes first; then polls under way, so that no more of them are open than a slow account can
        end; then whoever came first, but while the account is only probed the background comes last: what else is
        read says more about it. `probing`: the poll under way is the probe itself, which waits for nothing
        but rate limits.
        Cancelled while it waits, it has taken nothing; nothing is awaited after the taking.
        """
        waiter = _Waiter(claim, probing=probing)
        self._line.append(waiter)
        try:
            while (seconds := self._wait_of(waiter)) > 0:
                await self._sleep(waiter, seconds)
            now = self._clock()
            self._pacer.take(now)
            if not probing:
                self._pause.asked(now)
        finally:
            self._line.remove(waiter)
            self._wake_first()

    def _wait_of(self, waiter: _Waiter) -> float:
        """Seconds until it should look again; 0: the request is its own."""
        first = self._first()
        if first is not waiter:
            first.wake()  # what made it the first may have told nobody
            return math.inf
        now = self._clock()
        until = self._pause.limited_until if waiter.probing else self._pause.until
        return max(self._pacer.next_at(now), until) - now

    def _first(self) -> _Waiter:
        """Who is served next; somebody waits."""
        line = self._line
        if len(line) == 1:
            return line[0]
        if probe := next((waiter for waiter in line if waiter.probing), None):
            return probe
        begins = next((waiter for waiter in line if waiter.claim == "pick"), None)
        if begins is not None and self._hinted():
            return begins
        otherwise = begins if begins is not None and self._pause.probing else line[0]
        return next((waiter for waiter in line if waiter.claim == "more"), otherwise)

    def _wake_first(self) -> None:
        if self._line:
            self._first().wake()

    def rate_limited(self, retry_after: float | None) -> None:
        """The provider said "too many" (and for how many seconds)."""
        self._pause.rate_limited(self._clock(), retry_after)
        self._changed()

    def waited(self) -> float:
        """Seconds of rate limits that have passed since this was asked last."""
        return self._pause.waited(self._clock())

    def refused(self) -> None:
        """The provider refused the credentials."""
        self._pause.refused(self._clock())
        self._changed()

    def failed(self) -> bool:
        """A poll failed of what may be the whole account's trouble. Whether the account is only probed from now on."""
        failing = self._pause.failed(self._clock())
        self._changed()
        return failing

    def succeeded(self) -> bool:
        """The provider answered with a page. Whether the account was only probed until now."""
        slowed = bool(self._pause.reason) or self._pause.pace < 1
        was_probed = self._pause.succeeded(self._clock())
        if slowed:
            self._changed()
        return was_probed

    def probe_now(self) -> None:
        """Probe a refused or failing account with the next request."""
        self._pause.probe_now(self._clock())
        self._changed()

    def _changed(self) -> None:
        self._pacer.change(self._clock(), self.per_minute)
        self._wake_first()

    async def _sleep(self, waiter: _Waiter, seconds: float) -> None:
        """Sleep, or until woken."""
        loop = asyncio.get_running_loop()
        waiter.sleeper = loop.create_future()
        timer = None if math.isinf(seconds) else loop.call_later(max(seconds, _SHORTEST_SLEEP), waiter.wake)
        try:
            await waiter.sleeper
        finally:
            waiter.sleeper = None
            if timer:
                timer.cancel()
