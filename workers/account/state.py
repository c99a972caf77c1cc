"""What an account is doing, in one word: silence is explained. Pure."""

from workers.model import Record

#: Seconds without a successful poll, beyond the greatest interval, after which feeds that should be polled are stuck.
STUCK_SECONDS = 120.0
#: Seconds for which Kafka may be away before silence is its fault: a rebalance or a re-opened shard takes less.
BLOCKED_SECONDS = 15.0


class Observation(Record, frozen=True, kw_only=True):
    """What is known of an account on one worker. Times are seconds of one monotonic clock; None: never.

    `blocked_since`: since when this worker is outside its group, or owns a shard that cannot commit.
    """

    feeds: int
    blocked_since: float | None
    backfilling: int
    paused_for: str | None
    failing: bool
    last_success: float | None
    polled_since: float
    max_interval: float


def state_of(seen: Observation, now: float) -> str:
    """The most telling state.

    `refused` and `rate_limited` come from the provider's own word. `stuck` is silence for which the provider is not to
    blame: Kafka is away, or feeds are owned and no poll has succeeded for longer than the schedule allows. `failing`:
    the last polls failed, of all feeds or of five, or the provider knows none of the feeds; without feeds, their list
    could not be read. `idle`: nothing to poll here, or nothing polled to its end yet, which takes an account of few
    requests minutes.
    """
    since = max(seen.polled_since, seen.last_success or seen.polled_since)
    blocked = seen.blocked_since is not None and now - seen.blocked_since > BLOCKED_SECONDS
    overdue = seen.feeds > 0 and now - since > seen.max_interval + STUCK_SECONDS
    states = (
        (seen.paused_for is not None, seen.paused_for or ""),
        (blocked or overdue, "stuck"),
        (seen.feeds == 0 and not seen.failing, "idle"),
        (seen.failing, "failing"),
        (seen.backfilling > 0, "backfilling"),
        (seen.last_success is not None, "polling"),
    )
    return next((state for holds, state in states if holds), "idle")
