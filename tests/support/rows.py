"""Rows and pages for tests of single rules, in one line each."""

from collections.abc import Iterable, Sequence

from tests.support.model_provider import DAWN, Sent, broken_row, normalise, raw_row
from workers.model import BrokenRow, Page, PageRef, RawRow
from workers.reconcile.cursor import Cursor
from workers.reconcile.outcome import Outcome
from workers.reconcile.reconcile import reconcile
from workers.reconcile.rules import Rules

#: Any moment after all rows of a test.
NOW = DAWN + 3_600_000
FIRST = PageRef(number=1, limit=50)
NO_SETTLE = Rules(settle=0)


def row(name: str, at: int = 0, position: int = 0, **said: object) -> RawRow:
    """A row `at` ms after DAWN. `said`: text (a version), status, health."""
    return raw_row(Sent(id=name, time=DAWN + at, tie=0.0, **said), position)


def rows(count: int, since: int = 0) -> list[RawRow]:
    """Rows r0, r1, ... a second apart, oldest first."""
    return [row(f"r{number}", number * 1000) for number in range(since, since + count)]


def broken(name: str) -> BrokenRow:
    """A row that has lost its identity."""
    return broken_row(Sent(id=name, time=DAWN, tie=0.0, health="broken"))


def page(shown: Sequence[RawRow], *, more: bool = False, broken: Sequence[BrokenRow] = ()) -> Page:
    """A page that shows these rows, given oldest first, newest first."""
    positions = {shown_row.id: place for place, shown_row in enumerate(reversed(shown))}
    placed = (
        RawRow(id=one.id, time=one.time, position=positions[one.id], digest=one.digest, raw=one.raw)
        for one in reversed(shown)
    )
    return Page(
        rows=tuple(placed), broken=tuple(broken), next=PageRef(number=2, limit=50) if more else None, exhausted=not more
    )


def told(cursor: Cursor, *shown: RawRow | BrokenRow, rules: Rules = NO_SETTLE, now: int = NOW) -> Outcome:
    """What these rows come to against the cursor."""
    return reconcile(cursor, shown, normalise, rules, now)


def knowing(shown: Iterable[RawRow | BrokenRow], rules: Rules = NO_SETTLE, **fields: object) -> Cursor:
    """A cursor that has published these rows."""
    return told(Cursor(contact=DAWN, **fields), *shown, rules=rules).cursor


def created(outcome: Outcome) -> list[str]:
    """Ids of the messages that an outcome creates, in its order."""
    return [change.normalised.message.id for change in outcome.changes if change.kind == "created"]


def changed(outcome: Outcome) -> list[tuple[str, ...]]:
    """What an outcome's updates say has changed."""
    return [change.changed for change in outcome.changes if change.kind == "updated"]
