"""The requests that one account may still send, on this worker: what the pacer and the pauses allow, in turn."""

import asyncio
import math
from collections.abc import Callable
from random import Random

from workers.polling.pacer import Pacer
from workers.polling.pause import AccountPause, PauseReason

#: Shortest sleep in seconds: the event loop's timers know no finer step, and shorter ones would only spin.
_SHORTEST_SLEEP = 0.001


class Budget:
    """One account's budget. It allows nothing until `own` says what part of the account is this worker's.

    `clock` tells monotonic seconds (`loop.time`), `random` spreads the pauses of workers that share a key.
    Tell it every answer: `succeeded`, `rate_limited`, `refused`, `failed`.
    """

    def __init__(self, requests_per_minute: float, *, clock: Callable[[], float], random: Random) -> None:
        self._per_minute = requests_per_minute
        self._clock = clock
        self._share = 0.0
        self._pacer = Pacer()
        self._pause = AccountPause(random)
        self._turn = asyncio.Lock()
        self._sleeper: asyncio.Future[None] | None = None

    @property
    def reason(self) -> PauseReason | None:
        """Why the account is slowed or silent; None: it is not."""
        return self._pause.reason

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

    async def take(self) -> None:
        """Wait until one request may be sent, and take it. First come, first served.

        Cancelled while it waits, it has taken nothing; nothing is awaited after the taking.
        """
        async with self._turn:
            now = self._clock()
            while (when := max(self._pacer.next_at(now), self._pause.until)) > now:
                await self._sleep(when - now)
                now = self._clock()
            self._pacer.take(now)
            self._pause.asked(now)

    def rate_limited(self, retry_after: float | None) -> float:
        """The provider said "too many" (and for how many seconds). Returns the seconds of new waiting."""
        waiting = self._pause.rate_limited(self._clock(), retry_after)
        self._changed()
        return waiting

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
        """The provider answered with a page. Whether the account was failing until now."""
        slowed = bool(self._pause.reason) or self._pause.pace < 1
        was_failing = self._pause.succeeded(self._clock())
        if slowed:
            self._changed()
        return was_failing

    def probe_now(self) -> None:
        """Probe a refused or failing account with the next request."""
        self._pause.probe_now(self._clock())
        self._changed()

    def _changed(self) -> None:
        self._pacer.change(self._clock(), self.per_minute)
        if self._sleeper:
            _wake(self._sleeper)

    async def _sleep(self, seconds: float) -> None:
        """Sleep, or until something changes: only the head of the queue does, the others wait for its turn to end."""
        loop = asyncio.get_running_loop()
        self._sleeper = sleeper = loop.create_future()
        timer = None if math.isinf(seconds) else loop.call_later(max(seconds, _SHORTEST_SLEEP), _wake, sleeper)
        try:
            await sleeper
        finally:
            if timer:
                timer.cancel()


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
