"""A history read from a model provider, for tests: walks, plans and batches in one call."""

from tests.support.model_provider import DAWN, ModelProvider, normalise
from tests.support.rows import NOW
from workers.reconcile.batches import Batches
from workers.reconcile.cursor import Cursor, History
from workers.reconcile.history import HistoryWalk
from workers.reconcile.outcome import Outcome
from workers.reconcile.plan import HistoryPlan
from workers.reconcile.rules import Rules

RULES = Rules(settle=0, numbered=True)


class Size:
    """A batch that is never too big."""

    size = 0


def provider_of(count: int, **fields: object) -> ModelProvider:
    """A feed of messages m0, m1, ... in pages of five."""
    provider = ModelProvider(**fields)
    for _ in range(count):
        provider.insert()
    return provider


def opened(provider: ModelProvider, **fields: object) -> Cursor:
    """The cursor after a first contact that left everything to a history."""
    newest = provider.listed()[0].time
    history = History(boundary=newest, backfill=newest, **fields)
    return Cursor(contact=DAWN, history=history, start=history.after)


def walked(provider: ModelProvider, cursor: Cursor, rules: Rules = RULES, between=lambda walk: None) -> HistoryWalk:
    """One batch; `between` happens after each page."""
    walk = HistoryWalk(cursor, rules, provider.first())
    while walk.want is not None:
        walk.take(provider.page(walk.want))
        between(walk)
    return walk


def published(walk: HistoryWalk, cursor: Cursor, rules: Rules = RULES) -> list[Outcome]:
    """The outcomes of one batch."""
    batches = Batches(HistoryPlan(walk, cursor.history), normalise, rules, NOW)
    outcomes = []
    while batch := batches.next(cursor, lambda base, outcome: Size()):
        outcomes.append(batch[0])
        cursor = batch[0].cursor
    return outcomes


def read(provider: ModelProvider, cursor: Cursor, rules: Rules = RULES, between=lambda walk: None) -> list[Outcome]:
    """The outcomes of a whole history."""
    outcomes: list[Outcome] = []
    while cursor.history is not None:
        outcomes += published(walked(provider, cursor, rules, between), cursor, rules)
        cursor = outcomes[-1].cursor
    return outcomes


def ids(outcomes: list[Outcome]) -> list[str]:
    """Ids of the messages that these outcomes tell of, in order."""
    return [change.normalised.message.id for outcome in outcomes for change in outcome.changes]
