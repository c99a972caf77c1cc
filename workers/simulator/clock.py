"""The simulated clock: it starts at a chosen time and may run faster than the real one."""

import time


class Clock:
    """Simulated epoch milliseconds, `speed` of them for each real one."""

    def __init__(self, start_ms: int | None, speed: float) -> None:
        self.start_ms = time.time_ns() // 1_000_000 if start_ms is None else start_ms
        self._speed = speed
        self._began = time.monotonic()

    def now_ms(self) -> int:
        """The simulated time."""
        return self.start_ms + int((time.monotonic() - self._began) * 1000 * self._speed)
