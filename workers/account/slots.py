"""How many polls of one account are under way: those that read, and those that only wait for their commit."""

import asyncio

#: Polls of one account that read at a time, at most: at a request a second and a deadline of 30 s a provider that hangs
#: holds this many.
POLLS_IN_FLIGHT = 16
#: Connections of an account that its polls leave to a history and to the list of its feeds. A request that was allowed
#: so never waits for a connection: those that waited would leave together, and be more in a minute than were allowed.
BACKGROUND_REQUESTS = 2
#: Polls beside them that only wait for Kafka. A transaction costs 1 ms, whatever is in it: where a provider answers
#: faster than transactions follow each other, this many share one.
POLLS_COMMITTING = 64
#: Bytes up to which what a poll has for Kafka may wait beside the polls that read: a page of long messages, and 8 MB
#: of all.
LIGHT_BYTES = 128 * 1024


class PollSlots:
    """The slots of one account that may have so many connections open."""

    def __init__(self, connections: int) -> None:
        self._reading = asyncio.Semaphore(max(1, min(POLLS_IN_FLIGHT, connections - BACKGROUND_REQUESTS)))
        self._committing = 0

    async def take(self) -> "Slot":
        """Wait until one more poll may begin to read."""
        await self._reading.acquire()
        return Slot(self)

    def give_back(self) -> None:
        """A poll that reads has ended."""
        self._reading.release()

    def moved(self) -> bool:
        """A poll that has read only waits for its commit now, and another may read: whether there is room for it."""
        if self._committing >= POLLS_COMMITTING:
            return False
        self._committing += 1
        self._reading.release()
        return True

    def committed(self) -> None:
        """One of those that only waited has ended."""
        self._committing -= 1


class Slot:
    """One poll's."""

    def __init__(self, slots: PollSlots) -> None:
        self._slots = slots
        self._moved = False

    def only_commits(self, size: int) -> None:
        """The poll asks for nothing more, and so many bytes of it wait for Kafka: another may read meanwhile."""
        self._moved = self._moved or (size <= LIGHT_BYTES and self._slots.moved())

    def end(self) -> None:
        """The poll is over, or never began. To be called once."""
        if self._moved:
            self._slots.committed()
        else:
            self._slots.give_back()
