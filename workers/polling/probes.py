"""One request now and then, to see whether an account that said no to everything has come back. Pure."""

from typing import Final

from workers.polling.backoff import Backoff

#: A time before all times: nothing is waited for.
_NO_TIME: Final = 0.0


class Probes:
    """Whether an account is only probed, and from when on the next probe may go out. Times are monotonic seconds."""

    __slots__ = ("_backoff", "_next", "_not_before", "until")

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._next = 0  # number of the delay that follows the next probe; 0: the account is well
        self._not_before = _NO_TIME  # from when on someone may ask for another one
        #: No request before this time.
        self.until = _NO_TIME

    @property
    def active(self) -> bool:
        """Whether a probe must succeed before anything else is asked."""
        return self._next > 0

    def begin(self, now: float) -> None:
        """The account says no. More answers to requests that were open already change nothing."""
        if not self._next:
            self.until = now + self._backoff.delay(1)
            self._next = 2

    def asked(self, now: float) -> None:
        """A request goes out: while this is active it is the probe, and the next one waits longer."""
        if self._next:
            self.until = now + self._backoff.delay(self._next)
            self._next += 1
            if now < self._not_before + self._backoff.delay(1):  # somebody asks again and again: this is for him, too
                self._not_before = now + self._backoff.delay(1)

    def now(self, now: float) -> None:
        """Someone says that it was mended: probe at once, and count the delays anew.

        Said again and again it is no news, since webhooks go on while a key is refused: probes that are asked for are
        as far apart as the series begins with.
        """
        if not self._next:
            return
        if now < self._not_before:
            self.until = min(self.until, self._not_before)
            return
        self._not_before = now + self._backoff.delay(1)
        self._next, self.until = 1, now

    def end(self) -> None:
        """A probe succeeded."""
        self._next, self.until = 0, _NO_TIME
        self._not_before = _NO_TIME
