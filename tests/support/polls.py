"""Whole live polls of hand-made pages, for tests of plans and batches."""

import msgspec

from tests.support.model_provider import normalise
from tests.support.rows import FIRST, NO_SETTLE, NOW, page
from workers.model import Page
from workers.reconcile.batches import Batches
from workers.reconcile.cursor import Cursor
from workers.reconcile.outcome import Outcome
from workers.reconcile.plan import LivePlan
from workers.reconcile.rules import Rules
from workers.reconcile.walk import LiveWalk

DIGEST = b"page one"


class Sized:
    """An encoded batch of so many bytes."""

    def __init__(self, size: int) -> None:
        self.size = size


def polled(
    cursor: Cursor | None, *pages: Page, rules: Rules = NO_SETTLE, row_bytes: int = 0, stop_after: int = 99
) -> list[Outcome]:
    """The outcomes of one poll that is shown these pages."""
    walk = LiveWalk(cursor, rules, FIRST, NOW)
    for shown in pages:
        if walk.want is not None:
            walk.take(shown)
    batches = Batches(LivePlan(walk, cursor, rules, NOW, DIGEST), normalise, rules, NOW)
    outcomes: list[Outcome] = []
    while len(outcomes) < stop_after and (
        batch := batches.next(cursor, lambda base, outcome: Sized(row_bytes * len(outcome.changes)))
    ):
        outcomes.append(batch[0])
        cursor = batch[0].cursor
    return outcomes


def last(shown: list, *, exhausted: bool = False) -> Page:
    """A page behind which nothing can be asked for."""
    return msgspec.structs.replace(page(shown), exhausted=exhausted, next=None)


def gaps(outcomes: list[Outcome]) -> list[tuple]:
    """What is said to be missing: reason, ids of the bounds, lower bound of rows."""
    return [
        (gap.reason, gap.after and gap.after.id, gap.before and gap.before.id, gap.at_least)
        for outcome in outcomes
        for gap in outcome.gaps
    ]
