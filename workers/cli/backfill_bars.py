"""The bars of histories that are being read: one for each account."""

from collections.abc import Mapping

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from workers.cli.context import printable
from workers.cli.status_tables import lasting
from workers.cluster import Details

#: Columns of a bar: beside it the words of a line fit into a terminal of 80.
BAR_COLUMNS = 16


def backfill_bars(accounts: Mapping[str, Details]) -> Table | None:
    """A line for each account with histories left: bar, feeds, messages, rate, time left; None where there is none."""
    reading = {name: told["backfill"] for name, told in accounts.items() if told["backfill"]["feeds_left"]}
    if not reading:
        return None
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in ("history of", "", "feeds", "messages", "each s", "left"):
        table.add_column(name, no_wrap=True, justify="left" if name in {"history of", ""} else "right")
    for name, told in reading.items():
        share = share_done(told)
        table.add_row(
            printable(name),
            ProgressBar(total=1, completed=share or 0, width=BAR_COLUMNS, pulse=share is None, animation_time=0),
            f"{told['feeds_done']}/{told['feeds_done'] + told['feeds_left']}",
            f"{told['messages']:,}".replace(",", " "),
            f"{told['messages_per_second']:.0f}",
            Text("finding its end", "dim") if told["pages_left"] is None else _time_left(told["seconds_left"]),
        )
    return table


def share_done(told: Details) -> float | None:
    """How much is done, from 0 to 1, by pages; None while it is not known how many there are."""
    left, done = told["pages_left"], told["pages_done"]
    if left is None:
        return None
    return done / (done + left) if done + left else 1.0


def _time_left(seconds: float | None) -> str:
    return "…" if seconds is None else lasting(seconds)
