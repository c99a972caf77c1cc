"""What a budget of requests can keep: how often so many feeds are visited, and how many feeds keep a bound. Pure.

The schedule visits busy feeds more often and quiet ones less, down to `LEAST_ROUNDS` rounds: a bound below that would
leave it no choice but to poll all in turn. So a bound is kept by as many feeds as its polls ÷ `LEAST_ROUNDS`.
A poll takes as many requests as its provider needs to show the newest end of a feed. Further pages of a poll, histories
and discovery take requests too: these figures are the best case.
"""

import math

from workers.schedule.ranking import LEAST_ROUNDS
from workers.times import span


def round_seconds(feeds: int, per_minute: float, requests_per_poll: int = 1) -> float:
    """Seconds in which each feed is polled once, on average; infinity without a budget."""
    if not feeds:
        return 0.0
    return 60 * feeds * requests_per_poll / per_minute if per_minute > 0 else math.inf


def feeds_kept(per_minute: float, max_interval: float, requests_per_poll: int = 1) -> int:
    """How many feeds are never left alone for longer than so many seconds."""
    return math.floor(per_minute / requests_per_poll / 60 * max_interval / LEAST_ROUNDS)


def shortfall(feeds: int, per_minute: float, max_interval: float, requests_per_poll: int = 1) -> str | None:
    """What is not kept, in a sentence; None: the bound is kept."""
    most = feeds_kept(per_minute, max_interval, requests_per_poll)
    if feeds <= most:
        return None
    each = round_seconds(feeds, per_minute, requests_per_poll)
    cost = f", {requests_per_poll} a poll," if requests_per_poll > 1 else ""
    return (
        f"{_grouped(feeds)} feeds at {per_minute:g}/min{cost} are visited every {span(each)}, quiet ones every "
        f"{span(LEAST_ROUNDS * each)}; at most {_grouped(most)} feeds keep {span(max_interval)}"
    )


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")
