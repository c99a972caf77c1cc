"""Rows against a cursor: what is new, what changed, what is left out, and the cursor that says so. Pure.

`reconcile` takes rows that are sorted oldest first and trusts nothing else about them: every row's standing is
judged against the cursor it is given, so rows collected while another commit went through are judged right.
"""

from collections.abc import Sequence

import msgspec

from workers.model import BrokenRow, RawRow
from workers.reconcile.cursor import Cursor, Newest
from workers.reconcile.outcome import Gap, Outcome
from workers.reconcile.reconciler import NONE_JUDGED, Normalise, Reconciler, Standings
from workers.reconcile.remembering import forget, remember, remember_history
from workers.reconcile.rules import Rules
from workers.reconcile.standing import Standing


def reconcile(
    cursor: Cursor,
    rows: Sequence[RawRow | BrokenRow],
    normalise: Normalise,
    rules: Rules,
    now: int,
    *,
    history: bool = False,
    judged: Standings = NONE_JUDGED,
) -> Outcome:
    """What these rows, oldest first, come to against the cursor.

    `history` says that the rows are a batch of the cursor's own history, which then counts them as its own. `judged`
    holds what is known already of where rows stand against this very cursor.
    """
    work = Reconciler(cursor, normalise, rules, now, history=history, judged=judged)
    for row in rows:
        work.take(row)
    gaps = _memory_gap(cursor, work)
    owed_since = _owed_since(cursor, now - rules.settle)
    after = _remembered(cursor, work, rows, owed_since) if history else remember(cursor, *work.split())
    after = msgspec.structs.replace(after, newest=work.newest, memory_gap_said=cursor.memory_gap_said or bool(gaps))
    return Outcome(
        cursor=forget(after, rules.remember, _kept_since(cursor, owed_since)),
        durable=bool(work.changes or work.letters or gaps or history),
        changes=tuple(sorted(work.changes, key=lambda change: change.time)),
        gaps=gaps,
        letters=tuple(work.letters),
        left_out=work.left_out,
        times=tuple(work.times),
    )


def _remembered(cursor: Cursor, work: Reconciler, rows: Sequence[RawRow | BrokenRow], owed_since: int) -> Cursor:
    """The cursor after a batch of its history: rows not known before stay in the history's window."""
    changed, fresh = work.split()
    after = remember(cursor, changed)
    if after.history is None:
        return remember(after, {}, fresh)
    history = remember_history(after.history, fresh, owed_since)
    reached = [row.time for row in rows if isinstance(row, RawRow)]
    done = max(reached if history.done is None else [*reached, history.done], default=None)
    return msgspec.structs.replace(after, history=msgspec.structs.replace(history, done=done))


def _owed_since(cursor: Cursor, window: int) -> int:
    """The time (ms) from which every row stays known: the settle window, and how deep a walk goes that is owed.

    Of a history's own rows no more than that stay, or a long one would outgrow its Kafka record.
    """
    return min(window, cursor.again.depth) if cursor.again else window


def _kept_since(cursor: Cursor, owed: int) -> int:
    """The same of all other rows: those that a history being read has yet to pass must be known then."""
    unread = cursor.history.after if cursor.history else None
    return owed if unread is None else min(owed, unread)


def _memory_gap(cursor: Cursor, work: Reconciler) -> tuple[Gap, ...]:
    """Rows below the floor may have been published and forgotten, or never: said once per feed."""
    if cursor.memory_gap_said or not work.left_out.get(Standing.BEFORE_FLOOR.value):
        return ()
    floors = [cursor.floor, cursor.history.floor if cursor.history else None]
    floor = max(floor for floor in floors if floor is not None)
    return (Gap(reason="memory", before=Newest(id="", time=floor)),)
