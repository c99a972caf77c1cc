"""What is under way for the feeds of one account: tasks by feed, each with the slot that it holds, if any."""

import asyncio
from collections.abc import Container, Coroutine
from typing import Any

from workers.account.slots import Slot


class AccountTasks:
    """Begins tasks and forgets them when they end. A feed has two at most: a live poll and a batch of its history."""

    def __init__(self) -> None:
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def begin(self, key: str, work: Coroutine[Any, Any, None], slot: Slot | None = None) -> asyncio.Task[None]:
        """Begin work for a feed. The slot is given back when the task ends, though it may never have begun."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.setdefault(key, set()).add(task)
        task.add_done_callback(lambda ended: self._ended(key, ended, slot))
        return task

    def cancel(self, key: str) -> None:
        """Cancel whatever is under way for this feed."""
        for task in self._tasks.pop(key, ()):
            task.cancel()

    def cancel_all(self, keys: Container[str]) -> None:
        """The same for these feeds, of which there may be many more than tasks."""
        for key in [key for key in self._tasks if key in keys]:
            self.cancel(key)

    def cancel_every(self) -> None:
        """Cancel all that is under way."""
        self.cancel_all(self._tasks)

    def is_current(self, key: str) -> bool:
        """Whether the task that asks is at work for this feed still.

        One that was cancelled may end when its successor has begun.
        """
        return asyncio.current_task() in self._tasks.get(key, ())

    def _ended(self, key: str, task: asyncio.Task[None], slot: Slot | None) -> None:
        if slot is not None:
            slot.end()
        mine = self._tasks.get(key, set())
        mine.discard(task)
        if not mine:
            self._tasks.pop(key, None)
