"""What the first contact with a feed decides, once: where publishing starts, and what is left to a history. Pure."""

from workers.model import RawRow
from workers.reconcile.cursor import Cursor, History, Newest
from workers.reconcile.outcome import Gap
from workers.reconcile.rules import Rules
from workers.reconcile.walk import LiveWalk


class FirstContact:
    """The decisions after a finished first walk; `now` in ms."""

    def __init__(self, walk: LiveWalk, rules: Rules, now: int) -> None:
        self._walk, self._rules, self._now = walk, rules, now
        times = walk.times()
        #: The newest time (ms) that stood there; newer rows appeared while the walk went on.
        self._newest = now if walk.newest is None else walk.newest
        self._start = rules.first_start(now)
        self._limited = self._oldest_allowed(times)
        self.history = self._left_to_history()
        #: The oldest provider time (ms) that is published.
        self.start = self._limited if self._limited is not None and self.history is None else self._start
        self.gaps = () if self.history else self._gaps(times)

    def cursor(self, before: Cursor | None) -> Cursor:
        """The cursor before anything is published; of the one `before` only the page letters count."""
        known = before or Cursor(contact=0)
        return Cursor(
            contact=self._now,
            start=self.start,
            opening=self._newest,
            history=self.history,
            letters=known.letters,
            pages_told=known.pages_told,
        )

    def _oldest_allowed(self, times: list[int]) -> int | None:
        """A later start (ms) than the configured one; all rows of one time go or stay together.

        `history_limit` allows the newest rows only. A start at `now` publishes nothing that stood there: where the
        settle window was longer than the walk, not what the walk did not see either.
        """
        limit = self._rules.history_limit
        if self._rules.start == "now":
            return times[0] + 1 if self._walk.cut and times else None
        mine = [time for time in times if self._start is None or time >= self._start]
        return None if limit is None or len(mine) <= limit or mine[-limit] == mine[0] else mine[-limit]

    def _left_to_history(self) -> History | None:
        """A history of numbered pages that one walk does not reach is read from its old end."""
        walk, start = self._walk, self._start
        if not self._rules.numbered or self._rules.start == "now" or walk.reach.exhausted or walk.reach.ended:
            return None
        if walk.reached_start:
            return None
        return History(boundary=self._newest, after=start, backfill=self._newest)

    def _gaps(self, times: list[int]) -> tuple[Gap, ...]:
        walk, silent = self._walk, self._rules.start == "now"
        if self._limited is not None and not silent:
            beyond = sum((self._start is None or time >= self._start) and time < self._limited for time in times)
            return (Gap(reason="history_limit", before=self._oldest_since(self._limited), at_least=beyond),)
        wanted = self._newest if silent else self.start
        horizon = walk.horizon
        if not walk.reach.ended or horizon is None or (wanted is not None and horizon.time <= wanted):
            return ()
        return (Gap(reason=walk.reach.reason, before=horizon),)

    def _oldest_since(self, time: int) -> Newest | None:
        mine = (row for row in self._walk.rows() if isinstance(row, RawRow) and row.time >= time)
        return next((Newest(id=row.id, time=row.time) for row in mine), None)
