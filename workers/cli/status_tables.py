"""The tables of `afluente status`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from rich.table import Table
from rich.text import Text

from workers.cli.amounts import counted
from workers.cli.context import printable
from workers.cluster import Details, WorkerStatus
from workers.times import span

_STYLES = {
    **dict.fromkeys(("joined", "polling", "idle"), "green"),
    **dict.fromkeys(("restoring", "joining", "draining", "backfilling", "rate_limited"), "yellow"),
    **dict.fromkeys(("fenced", "unreachable", "refused", "failing", "stuck"), "red"),
}
#: Part of its configured requests from which on an account counts as slowed: shares of shards are rounded.
_SLOWED = 0.95
#: States of feeds that a person wants to know of.
_TOLD_FEEDS = ("backfilling", "failing", "parked", "unreadable")


def workers_table(workers: Sequence[WorkerStatus]) -> Table:
    """Who there is, and who owns which shards."""
    table = _table("worker", "state", "shards", "address")
    for worker in workers:
        member = worker.member
        where = member.address or f"{member.host} (it does not say where it serves)"
        table.add_row(printable(member.worker), _state(worker.state), ranges(member.shards), printable(where))
    return table


def accounts_table(accounts: Mapping[str, Details]) -> Table:
    """What each account is at, in a terminal of 80 columns.

    `behind`: feeds of which no page came for longer than the account's greatest interval; `oldest`: since when the one
    waits that has waited longest; `page` and `message`: since the last successful poll, and since the newest message
    was written.
    """
    table = _table("account", "state", "for", "feeds", "behind", "oldest", "page", "message")
    for name, account in accounts.items():
        table.add_row(
            printable(name),
            _state(account["state"]),
            ago(account["since"]),
            str(sum(account["feeds"].values())),
            Text(str(account["overdue"]), "red" if account["overdue"] else ""),
            lasting(account["longest_wait_seconds"]),
            ago(account["last_success"]),
            ago(account["last_message"]),
        )
    return table


def notes(account: Details) -> str:
    """What of an account is out of the ordinary, in words; empty where nothing is."""
    feeds = account["feeds"]
    reads = account["state"] == "idle" and (feeds.get("new") or feeds.get("active"))
    words = ["reads its first feed"] if reads else []
    words += [f"{feeds['new']} not read yet"] if feeds.get("new") else []
    words += [f"{feeds[state]} {state}" for state in _TOLD_FEEDS if feeds.get(state)]
    words += [
        counted(account[name], name.removesuffix("s").replace("_", " "))
        for name in ("gaps", "dead_letters")
        if account[name]
    ]
    if account["paused_seconds"] > 0:
        words.append(f"asks again in {lasting(account['paused_seconds'])}")
    rate, configured = account["requests_per_minute"], account.get("requests_per_minute_configured", 0)
    if rate < _SLOWED * configured:
        words.append(f"at {rate:g} of {configured:g} requests a minute")
    return ", ".join(words)


def ranges(numbers: Sequence[int]) -> str:
    """`0-3 7 9-10` for the numbers 0, 1, 2, 3, 7, 9, 10, which ascend; `none`."""
    if not numbers:
        return "none"
    breaks = [at for at, (one, other) in enumerate(pairwise(numbers), 1) if other != one + 1]
    runs = [numbers[begin:end] for begin, end in pairwise([0, *breaks, len(numbers)])]
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def lasting(seconds: float) -> str:
    """A time as people tell it, in whole units: `0 s`, `90 s`, `12 min`, `5 h`, `3 days`."""
    return span(round(max(seconds, 0.0)))


def ago(moment: str | None) -> str:
    """How long ago an RFC 3339 time was; workers know of nothing before their own start."""
    if moment is None:
        return "none yet"
    return lasting((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())


def _state(word: str) -> Text:
    return Text(word.replace("_", " "), _STYLES.get(word, ""))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, no_wrap=name not in {"address", "shards"}, overflow="fold")
    return table
