"""Stories of hours that are over at once."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer whenever there is nothing else to do."""

    _moment = 0.0

    def time(self) -> float:
        return self._moment

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self._moment = max(self._moment, self._scheduled[0]._when)
        super()._run_once()


def in_virtual_time(story: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(story)
