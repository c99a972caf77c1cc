"""`python -m tests.benchmarks [--quick]`: every figure that the project quotes, with its goal beside it.

Tables on stderr for people, one JSON line for each benchmark on stdout. `--write FILE` renews their sections of a page.
"""

import argparse
import json
import logging
import subprocess
import sys
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from tests.benchmarks import budget, delay, document, http_cost, poll_cost, publish, restore
from tests.benchmarks.document import Line
from tests.benchmarks.scale import scale_lines
from tests.benchmarks.schedule.lines import decision_lines, schedule_lines
from tests.benchmarks.shards import shard_lines
from workers.broker import running_broker

#: Without a broker, and with one.
ALONE = ("schedule", "decisions", "http", "shards")
NAMES = (*ALONE, "poll", "publish", "restore", "scale", "delay", "budget")


def http_lines(quick: bool) -> tuple[object, list[Line]]:
    """CPU of one exchange: the engine, our transport over it, and the fetch room."""
    got = http_cost.measure(*((2, 100) if quick else (24, 750)))
    return got, [(name.replace("_", " "), f"{value}", "", None) for name, value in got.items()]


#: New messages of a poll for which the cost of an event has a goal.
FEW, MANY = 5, 45


def poll_lines(bootstrap: str, quick: bool) -> tuple[object, list[Line]]:
    """CPU of a steady poll, split."""
    got = poll_cost.measure(bootstrap, **({"rounds": 1, "count": 200} if quick else {}))
    meaning = {"same": "unchanged page", "stirred": "other bytes, same rows"}
    lines: list[Line] = []
    for row in got:
        parts = f"({row['http_us']} µs; decode {row['decode_us']} µs)"
        figures = f"{row['poll_us']} µs = {row['poll_to_http']} x raw fetch {parts}"
        mode = str(row["page"])
        news = int(mode.removeprefix("new")) if mode.startswith("new") else 0
        most = 1.5 if mode == "same" else None
        lines.append(
            (
                f"poll of 50 messages, {meaning.get(mode, f'{news} new')}",
                figures,
                *_held(row["poll_to_http"], most=most),
            )
        )
        if news:
            what = f"an event from HTTP to its commit, {news} new a poll"
            lines.append((what, f"{row['event_us']} µs", *_held(row["event_us"], most=60.0 if news == FEW else None)))
            if news == MANY:
                for name, loop in (("raw_poll", "one poll a transaction"), ("raw", "eight polls a transaction")):
                    cost = f"{row[f'event_to_{name}']} x {row[f'{name}_event_us']} µs"
                    lines.append(
                        (f"{what}, beside a raw loop of {loop}", cost, *_held(row[f"event_to_{name}"], most=3.0))
                    )
    return got, lines


def publish_lines(bootstrap: str, quick: bool) -> tuple[object, list[Line]]:
    """Publishing against a raw loop of the same client."""
    options = {"rounds": 1, "seconds": 0.5} if quick else {}
    got = [publish.measure(bootstrap, shards=shards, **options) for shards in ((2,) if quick else (4, 12))]
    lines: list[Line] = []
    for row in got:
        for name, what, goals in (("publish", "publish", (0.5, 2.0)), ("encoded", "encode and publish", (None, None))):
            rates = f"{row[f'{name}_events_per_second']} / {row['raw_events_per_second']} events/s"
            costs = f"{row[f'{name}_cpu_us_per_event']} / {row['raw_cpu_us_per_event']} µs CPU an event"
            rate, cost = row[f"{name}_events_ratio"], row[f"{name}_cpu_ratio"]
            least, most = goals
            place = f"{row['shards']} shards, 50 new messages a poll"
            lines.append((f"{what} / raw loop, {place}", f"{rates} = {rate}", *_held(rate, least=least)))
            lines.append((f"{what} / raw loop, {place}", f"{costs} = {cost}", *_held(cost, most=most)))
    return got, lines


def _held(figure: float, least: float | None = None, most: float | None = None) -> tuple[str, bool | None]:
    """A goal as it is shown, and whether it is met; nothing where there is none."""
    if least is not None:
        return f"≥ {least:g}", figure >= least
    return (f"≤ {most:g}", figure <= most) if most is not None else ("", None)


def restore_lines(bootstrap: str, quick: bool) -> tuple[object, list[Line]]:
    """Taking shards with many cursors."""
    got = restore.measure(bootstrap, feeds=2000 if quick else 100_000)
    cursors = f"{got['feeds']} cursors of {restore.ROWS} rows"
    return got, [
        (f"restore of {cursors}", f"{got['seconds']} s ({got['cpu_seconds']} s CPU)", "≤ 5 s", got["seconds"] <= 5),
        ("memory of a cursor", f"{got['cursor_bytes_per_feed']} B", "≤ 2048 B", got["cursor_bytes_per_feed"] <= 2048),
        ("memory of a feed that is polled", f"{got['bytes_per_polled_feed']} B", "", None),
    ]


def delay_lines(bootstrap: str, quick: bool) -> tuple[object, list[Line]]:
    """The schedule through the running product, beside its simulation."""
    feeds, seconds = (300, 8.0) if quick else (delay.FEEDS, delay.SECONDS)
    got = delay.measure(bootstrap, feeds=feeds, seconds=seconds)
    where = f"delay through the running product, W1, {feeds} conversations, {delay.SPEED:g} simulated seconds a second"
    ratio, cost = got["product_to_simulated"], got["carried_ms"]
    means = f"mean {got['product_mean']} s / simulation {got['simulated_mean']} s"
    tails = ", ".join(f"p{p} {got[f'product_p{p}']} / {got[f'simulated_p{p}']} s" for p in (50, 95, 99))
    used = f"{got['budget_used']:.1%} of the budget used, {got['failed_polls']:g} polls failed"
    from_pick = f"{cost} ms: {got['picked_mean']} s without them = {got['picked_to_simulated']} x simulation"
    return got, [
        (f"{where}: message to commit", f"{means} = {ratio}", "0.85 to 1.15", abs(ratio - 1) <= delay.LEEWAY),
        (f"{where}: {got['messages']} messages", f"{tails}; {used}", "", None),
        (f"{where}: from a feed's turn to the commit (HTTP, 50 ms linger, transaction)", from_pick, "", None),
    ]


def budget_lines(bootstrap: str, quick: bool) -> tuple[object, list[Line]]:
    """Requests in any 60 s while workers come and go."""
    options = {"seconds": 24.0} if quick else {}
    got = [budget.measure(bootstrap, workers=workers, **options) for workers in ((2,) if quick else (1, 2, 5))]
    lines: list[Line] = []
    for row in got:
        where = f"requests in any 60 s, {row['workers']} workers, {row['moves']} replaced while they ran"
        met = row["most_in_60_s"] <= row["bound"]
        lines.append((where, f"{row['most_in_60_s']} at most, of {budget.RATE} allowed", f"≤ {row['bound']}", met))
    return got, lines


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[[], *NAMES], help="some of them; default: all")
    parser.add_argument("--quick", action="store_true", help="does it still run? The figures mean nothing then")
    parser.add_argument("--write", type=Path, metavar="FILE", help="renew their sections of this page")
    given = parser.parse_args()
    names = given.only or NAMES
    if len(names) > 1:
        return sum(not _ran_apart(name, given) for name in names)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    (name,) = names
    got, lines = _measured(name, given.quick)
    print(json.dumps({"benchmark": name, "result": got}), flush=True)
    _show(lines)
    if given.write:
        document.write(given.write, {name: lines})
    return 0


def _ran_apart(name: str, given: argparse.Namespace) -> bool:
    """Whether one of them ended well in a process of its own: what another left in memory would be in its figures."""
    flags = ["--quick"] * given.quick + (["--write", str(given.write)] if given.write else [])
    return subprocess.call([sys.executable, "-m", "tests.benchmarks", name, *flags]) == 0


def _measured(name: str, quick: bool) -> tuple[object, list[Line]]:
    if name in ALONE:
        alone = {"schedule": schedule_lines, "decisions": decision_lines, "http": http_lines, "shards": shard_lines}
        return alone[name](quick)
    measures = {
        "poll": poll_lines,
        "publish": publish_lines,
        "restore": restore_lines,
        "scale": scale_lines,
        "delay": delay_lines,
        "budget": budget_lines,
    }
    with running_broker() as broker:
        return measures[name](broker.bootstrap, quick)


def _show(lines: list[Line]) -> None:
    table = Table("what", "figure", "goal", title="Medians; ratios are taken round by round", title_justify="left")
    for what, figure, goal, met in lines:
        mark = "" if met is None else "[green]✔[/green] " if met else "[red]✘[/red] "
        table.add_row(what, figure, mark + goal)
    Console(stderr=True).print(table)


if __name__ == "__main__":
    sys.exit(main())
