"""The tables of `afluente status`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from rich.table import Table
from rich.text import Text

from workers.cli.context import printable
from workers.cluster import Details, WorkerStatus

_STYLES = {
    **dict.fromkeys(("serving", "polling", "idle"), "green"),
    **dict.fromkeys(("restoring", "joining", "draining", "backfilling", "rate_limited"), "yellow"),
    **dict.fromkeys(("fenced", "unreachable", "refused", "failing", "stuck"), "red"),
}
#: Seconds, and the letter of the unit, from which on a time is told in that unit.
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def workers_table(workers: Sequence[WorkerStatus]) -> Table:
    """Who there is, and who owns which shards."""
    table = _table("worker", "state", "shards", "address")
    for worker in workers:
        member = worker.member
        where = member.address or f"{member.host} (it does not say where it serves)"
        table.add_row(printable(member.worker), _state(worker.state), ranges(member.shards), printable(where))
    return table


def accounts_table(accounts: Mapping[str, Details]) -> Table:
    """What each account is at. `behind`: feeds not polled for longer than the account's greatest interval."""
    table = _table("account", "state", "for", "feeds", "behind", "longest wait", "last page", "last message", "notes")
    for name, account in accounts.items():
        feeds = account["feeds"]
        table.add_row(
            printable(name),
            _state(account["state"]),
            ago(account["since"]),
            str(sum(feeds.values())),
            Text(str(account["overdue"]), "red" if account["overdue"] else ""),
            lasting(account["longest_wait_seconds"]),
            ago(account["last_success"]),
            ago(account["last_message"]),
            _notes(account),
        )
    return table


def ranges(numbers: Sequence[int]) -> str:
    """`0-3 7 9-10` for the numbers 0, 1, 2, 3, 7, 9, 10, which ascend; `none`."""
    if not numbers:
        return "none"
    breaks = [at for at, (one, other) in enumerate(pairwise(numbers), 1) if other != one + 1]
    runs = [numbers[begin:end] for begin, end in pairwise([0, *breaks, len(numbers)])]
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def lasting(seconds: float) -> str:
    """A time as people tell it: `12 s`, `3 min`, `5 h`, `2 d`."""
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return "0 s"


def ago(moment: str | None) -> str:
    """How long ago an RFC 3339 time was; `never`."""
    if moment is None:
        return "never"
    return lasting((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())


def _notes(account: Details) -> str:
    feeds = account["feeds"]
    notes = [f"{feeds[state]} {state}" for state in ("backfilling", "parked", "unreadable") if feeds.get(state)]
    notes += [f"{account[name]} {name.replace('_', ' ')}" for name in ("gaps", "dead_letters") if account[name]]
    if account["paused_seconds"] > 0:
        notes.append(f"asks again in {lasting(account['paused_seconds'])}")
    return ", ".join(notes)


def _state(word: str) -> Text:
    return Text(word.replace("_", " "), _STYLES.get(word, ""))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, no_wrap=name not in {"address", "notes", "shards"}, overflow="fold")
    return table
