"""The rows of a plan in batches that each fit one transaction. Pure.

Batches ascend, so a stop between two of them leaves nothing behind: what is not published yet is still unknown to
the cursor, and the next walk finds it. Each batch is judged against the cursor as it stands then.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from workers.errors import RowUnreadable
from workers.model import Normalised, RawRow
from workers.reconcile.conversation import tell
from workers.reconcile.cursor import Cursor, contacted
from workers.reconcile.outcome import Outcome
from workers.reconcile.plan import Plan
from workers.reconcile.reconcile import reconcile
from workers.reconcile.reconciler import Normalise
from workers.reconcile.rules import Rules
from workers.reconcile.walk import Row

#: Rows of one batch. With group commit a transaction holds several; 500 events are about half a megabyte.
BATCH_ROWS = 500
#: Encoded bytes above which a batch is cut in half (unless it is one row): a transaction of 4 MiB is sent in well
#: under a second, far from its deadline.
BATCH_BYTES = 4 * 1024 * 1024


class EventsTooLarge(Exception):
    """Messages of a batch whose events no record can hold; `sizes` says by their ids what was too large."""

    def __init__(self, sizes: Mapping[str, str]) -> None:
        super().__init__(f"{len(sizes)} events are too large for a record")
        self.sizes = sizes


class Encoded(Protocol):
    """What an outcome becomes on its way to Kafka; only its size in bytes matters here."""

    @property
    def size(self) -> int:
        """Bytes, as an upper bound."""
        ...


E = TypeVar("E", bound=Encoded)

#: What the schedule will know of the feed once messages of these times (ms) are news no more; None: nothing yet.
Imprint = Callable[[Sequence[int]], bytes | None]


class Batches:
    """The batches of one plan, oldest rows first: call `next` until it gives None.

    Once it is `done` it holds nothing of the plan any more.
    """

    def __init__(
        self, plan: Plan, normalise: Normalise, rules: Rules, now: int, imprint: Imprint = lambda _: None
    ) -> None:
        self._readable, self._rules, self._now, self._imprint = normalise, rules, now, imprint
        #: None once its last batch was given.
        self._plan: Plan | None = plan
        self._rows: Sequence[Row] = plan.rows
        self._size = BATCH_ROWS
        self._begun = False
        self._expected = plan.base
        self._disturbed = False
        #: What was too large to be told of messages, by their ids: they go to the dead letters.
        self._too_large: dict[str, str] = {}

    @property
    def done(self) -> bool:
        """Whether the last batch was given."""
        return self._plan is None

    def next(self, cursor: Cursor | None, encode: Callable[[Cursor, Outcome], E]) -> tuple[Outcome, E] | None:
        """The next batch against the cursor as it stands now, with its encoded form; None after the last.

        `encode` may raise EventsTooLarge: it is asked again for the batch in which those messages are dead letters.
        """
        plan = self._plan
        if plan is None:
            return None
        self._disturbed = self._disturbed or contacted(cursor) != self._expected
        base = cursor if self._begun and cursor is not None else plan.open(cursor)
        outcome, encoded = self._fitting(plan, base, encode, before=contacted(cursor))
        self._rows = self._rows[self._size :]
        self._plan, self._begun, self._expected = plan if self._rows else None, True, outcome.cursor
        return outcome, encoded

    def _fitting(
        self, plan: Plan, base: Cursor, encode: Callable[[Cursor, Outcome], E], *, before: Cursor | None
    ) -> tuple[Outcome, E]:
        while True:
            outcome = self._outcome(plan, base, self._rows[: self._size], before)
            try:
                encoded = encode(base, outcome)
            except EventsTooLarge as error:
                if error.sizes.keys() <= self._too_large.keys():
                    raise
                self._too_large.update(error.sizes)
                continue
            if encoded.size <= BATCH_BYTES or self._size <= 1:
                return outcome, encoded
            self._size = max(1, min(self._size, len(self._rows)) // 2)

    def _normalise(self, row: RawRow) -> Normalised:
        """The message of a row, as far as it can be published. Raises RowUnreadable.

        What was not told of a row is not remembered as told: when it becomes smaller, it is created then, or updated
        by one revision.
        """
        if (told := self._too_large.get(row.id)) is not None:
            raise RowUnreadable("too_large", told)
        return self._readable(row)

    def _outcome(self, plan: Plan, base: Cursor, rows: Sequence[Row], before: Cursor | None) -> Outcome:
        judged = {} if self._begun or self._disturbed else plan.standings
        normalise = self._normalise if self._too_large else self._readable
        outcome = reconcile(base, rows, normalise, self._rules, self._now, history=plan.history, judged=judged)
        gaps = outcome.gaps if self._begun else (*plan.gaps, *outcome.gaps)
        cursor, conversation = outcome.cursor, None
        if len(rows) == len(self._rows):
            cursor, conversation = tell(plan.close(cursor), plan.conversation)
        if self._disturbed:
            cursor = msgspec.structs.replace(cursor, page=b"")
        said = outcome.durable or bool(gaps) or conversation is not None
        durable = said or before is None or _must_be_kept(before, cursor)
        if durable and not plan.history and (imprint := self._imprint(outcome.times)):
            cursor = msgspec.structs.replace(cursor, imprint=imprint)
        return msgspec.structs.replace(outcome, cursor=cursor, gaps=gaps, conversation=conversation, durable=durable)


def _must_be_kept(before: Cursor, after: Cursor) -> bool:
    """Whether the cursor changed in something that a restart must not forget, or that has a record of its own."""
    return (
        before.letters != after.letters
        or before.history != after.history
        or before.again != after.again
        or before.opening != after.opening
        or before.sealed != after.sealed
    )
