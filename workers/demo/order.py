"""The order that one conversation's events must keep, seen from outside: only places, keys and times. Pure.

A consumer sees no transactions, but their markers take offsets: two events of one conversation with no offset missing
between them were committed together. (A marker of another producer may part what belongs together: then the judge
is milder than the promise, never stricter.)
"""

from workers.demo.reading import Seen
from workers.model import Record
from workers.times import parse_iso

Name = tuple[str, str, str]


class Behind(Record, frozen=True, kw_only=True):
    """A row of a history that was published behind a younger one, which was looked for at `observed` (epoch ms)."""

    name: Name
    observed: int


class _Course:
    """How far one conversation has come. Times are epoch ms."""

    def __init__(self, seen: Seen) -> None:
        self.place = (seen.key, seen.topic, seen.partition)
        self.run = -1
        self.live = 0
        self.history = 0
        self.history_observed = 0


class Order:
    """Hears the message events of all partitions. `faults` are sentences; `behind` needs who knows when rows showed."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.behind: list[Behind] = []
        self._courses: dict[tuple[str, str], _Course] = {}
        self._runs: dict[tuple[str, int], tuple[int, int]] = {}

    def pass_by(self, seen: Seen) -> int:
        """Any record takes an offset: the number of the unbroken run that this one belongs to, in its partition."""
        place = (seen.topic, seen.partition)
        last, run = self._runs.get(place, (-1, 0))
        run += seen.offset != last + 1
        self._runs[place] = (seen.offset, run)
        return run

    def hear(self, name: Name, seen: Seen, run: int) -> None:
        """One event of a message, in the order of its partition."""
        course = self._courses.setdefault(name[:2], _Course(seen))
        if (seen.key, seen.topic, seen.partition) != course.place:
            self.faults.append(f"{name}: lies under {seen.key} in {seen.partition}, its conversation {course.place}")
        if seen.attributes["type"] != "afluente.message.created":
            return
        time = parse_iso(seen.data["message"]["sent_at"])
        if seen.data["origin"] == "backfill":
            self._hear_history(course, name, seen, time)
        else:
            self._hear_live(course, name, time, run)

    def _hear_history(self, course: _Course, name: Name, seen: Seen, time: int) -> None:
        if time < course.history:
            self.behind.append(Behind(name=name, observed=course.history_observed))
        else:
            course.history, course.history_observed = time, parse_iso(seen.data["observed_at"])

    def _hear_live(self, course: _Course, name: Name, time: int, run: int) -> None:
        if run == course.run and time < course.live:
            self.faults.append(f"{name}: is older than what stands before it in its transaction")
        course.run, course.live = run, time
