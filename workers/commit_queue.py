"""What the feeds of one shard hand in for commit, in order, and how it comes together in transactions.

One producer makes about 60 transactions a second on a real broker, whatever is in them: so many feeds share one.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from workers.errors import TransactionFailed
from workers.model import Record
from workers.stream.record import KafkaRecord

#: Seconds to wait for company before a transaction begins: costs a message this much delay, saves a transaction for
#: every other feed that has news in the meantime.
LINGER_SECONDS = 0.05
#: Records that need no more company: what a transaction costs besides its records (1 ms) is 4 µs for each of them,
#: a fifth of what making them took.
COMPANY_RECORDS = 250
#: Records and bytes of one transaction at most: sent in about a second, far from the deadline of 15 s.
TRANSACTION_RECORDS = 5_000
TRANSACTION_BYTES = 8 * 1024 * 1024


class Submission(Record, frozen=True, kw_only=True):
    """A feed's records for one transaction, who waits for it, and until when (loop time) for company."""

    key: str
    records: Sequence[KafkaRecord]
    size: int
    due: float
    committed: asyncio.Future[float]


class CommitQueue:
    """The queue of shard `number`: polls hand in, and the shard's one publishing loop takes out and says the outcome.

    A submission is its own from `commit` to that, whatever becomes of the poll that handed it in.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._waiting: deque[Submission] = deque()
        self._under_way: list[Submission] = []
        self._records = 0
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        #: Whether nothing new is taken.
        self.closing = False
        self._dropped: list[Submission] = []

    @property
    def unfinished(self) -> int:
        """Submissions whose outcome is not known yet."""
        return len(self._under_way) + len(self._waiting)

    async def commit(self, key: str, records: Sequence[KafkaRecord], size: int) -> float:
        """Hand these records of a feed in, `size` bytes; when they were committed. Raises TransactionFailed."""
        loop = asyncio.get_running_loop()
        committed: asyncio.Future[float] = loop.create_future()
        due = loop.time() + LINGER_SECONDS
        self._waiting.append(Submission(key=key, records=records, size=size, due=due, committed=committed))
        self._records += len(records)
        self._some.set()
        if self._records >= COMPANY_RECORDS:
            self._enough.set()
        return await asyncio.shield(committed)

    async def next(self) -> list[KafkaRecord] | None:
        """The next transaction, once it has waited for company; None: closed, and all is taken.

        What becomes of it is to be said (`committed`, `drop`) before the next is asked for.
        """
        while not self._waiting:
            if self.closing:
                return None
            self._some.clear()
            await self._some.wait()
        await self._company()
        self._under_way = self._together()
        return [record for submission in self._under_way for record in submission.records]

    def committed(self, at: float) -> None:
        """What was taken out was committed at this time."""
        for submission in self._under_way:
            submission.committed.set_result(at)
        self._under_way = []

    def close(self) -> None:
        """Nothing new from now on, and nothing waits for company."""
        self.closing = True
        self._some.set()
        self._enough.set()

    def drop(self) -> None:
        """The shard goes down: what was taken out has an unknown outcome, and what waits will not be published."""
        for submission in (*self._under_way, *self._waiting):
            submission.committed.set_exception(
                TransactionFailed(f"shard {self._number} went down with it uncommitted", "state")
            )
            submission.committed.exception()  # its poll may be gone: nobody else needs to look
            if self.closing:
                self._dropped.append(submission)
        self._under_way = []
        self._waiting.clear()
        self._records = 0

    def lost(self) -> tuple[int, int]:
        """How many records, of how many feeds, were not committed since `close`."""
        left = [*self._dropped, *self._under_way, *self._waiting]
        return sum(len(submission.records) for submission in left), len({submission.key for submission in left})

    async def _company(self) -> None:
        """Let others join, until the first has waited its time or enough has come together."""
        wait = self._waiting[0].due - asyncio.get_running_loop().time()
        if wait <= 0 or self.closing or self._records >= COMPANY_RECORDS:
            return
        self._enough.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._enough.wait()

    def _together(self) -> list[Submission]:
        """As many as fit; the first always does (a single one is bounded where it is made).

        One of each feed at most: a live poll and a batch of the history are each in the order of time, not together.
        """
        taken: dict[str, Submission] = {}
        records = size = 0
        while self._waiting:
            head = self._waiting[0]
            records, size = records + len(head.records), size + head.size
            if taken and (head.key in taken or records > TRANSACTION_RECORDS or size > TRANSACTION_BYTES):
                break
            taken[head.key] = self._waiting.popleft()
        self._records -= sum(len(submission.records) for submission in taken.values())
        return list(taken.values())
