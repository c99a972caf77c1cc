"""Local times without a zone, and the hours of which a clock change makes two, or none."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby
from math import sqrt

from workers.errors import RowUnreadable
from workers.providers.decoding import Json
from workers.providers.fields import moment
from workers.providers.reasons import unreadable
from workers.times import LATEST_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

#: What a time may mean, in epoch ms, ascending: one moment, or two.
Moments = tuple[int, ...]


def moments(value: Json, name: str, zone: tzinfo) -> Moments:
    """The moments that a time may mean; two where a clock change repeats or skips the hour. Raises RowUnreadable.

    It is `YYYY-MM-DD HH:MM:SS` in that zone, with or without a fraction; a time that says its zone, and a number
    since the epoch, are taken at their word.
    """
    told = _local(value)
    if told is None:
        return (moment(value, name),)
    try:
        both = {(told.replace(tzinfo=zone, fold=fold) - _EPOCH) // _MILLISECOND for fold in (0, 1)}
    except OverflowError:
        both = {0}
    if not 0 < min(both) <= max(both) <= LATEST_MS:
        raise unreadable("bad_time", f"{name} is not a time at which a message can have been sent")
    return tuple(sorted(both))


def moment_after(value: Json, name: str, zone: tzinfo, earliest: int) -> int | None:
    """A time that the row can do without: of two moments the first that is not before `earliest` (ms)."""
    try:
        meant = moments(value, name, zone)
    except RowUnreadable:
        return None
    return next((one for one in meant if one >= earliest), meant[-1])


def _local(value: Json) -> datetime | None:
    if type(value) is not str or value.strip()[4:5] != "-":
        return None
    try:
        told = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return told if told.tzinfo is None else None


def resolved(meant: Sequence[Moments]) -> list[int]:
    """One moment for each of these, which are listed oldest first.

    A run of doubtful ones takes its earlier moments up to some row and its later ones from there on: where that puts
    the fewest rows before one that is listed as older, and else where it leaves rows nearest to their neighbours. A
    doubtful row that even so would stand before an older one is moved up to it, within the hour that is in doubt.
    """
    times: list[int] = []
    newest = 0
    for doubtful, run in groupby(enumerate(meant), key=lambda one: len(one[1]) > 1):
        places, members = zip(*run, strict=True)
        if doubtful:
            after = meant[places[-1] + 1][0] if places[-1] + 1 < len(meant) else None
            settled = _settled(members, times[-1] if times else None, after)
            times += _moved_up(settled, members, newest)
        else:
            times += [one[0] for one in members]
        newest = max(newest, *times[places[0] :])
    return times


def _settled(run: Sequence[Moments], before: int | None, after: int | None) -> list[int]:
    """The moments of one doubtful run between its neighbours, of which either may be missing."""
    early, late = [one[0] for one in run], [one[-1] for one in run]
    cost_early, cost_late, turn = _step(before, early[0]), _step(before, late[0]), 0
    for place in range(1, len(run)):
        turning = cost_early + _step(early[place - 1], late[place])
        cost_early += _step(early[place - 1], early[place])
        cost_late += _step(late[place - 1], late[place])
        if turning < cost_late:
            cost_late, turn = turning, place
    if cost_early + _step(early[-1], after) <= cost_late + _step(late[-1], after):
        return early
    return [*early[:turn], *late[turn:]]


#: What a row before an older one costs, in roots of milliseconds: more than any gap between two messages.
_DISORDER = 1e9


def _step(older: int | None, newer: int | None) -> float:
    """How unlikely it is that these two (ms) follow one another; one long silence is likelier than two shorter ones."""
    if older is None or newer is None:
        return 0.0
    return sqrt(newer - older) if newer >= older else _DISORDER + older - newer


def _moved_up(times: list[int], run: Sequence[Moments], newest: int) -> Iterator[int]:
    """These times, none before `newest` or one another by less than the hour that is in doubt."""
    for time, (early, late) in zip(times, run, strict=True):
        in_doubt = newest - late <= late - early
        moved = max(time, newest) if in_doubt else time
        newest = max(newest, moved)
        yield moved
