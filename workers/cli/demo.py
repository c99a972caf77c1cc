"""`afluente demo`: the whole product on this machine, and a count that would show if it broke a promise."""

import asyncio
import logging
import signal
import sys

import click
from rich.table import Table

from workers.broker import running_broker
from workers.cli.context import stderr, told
from workers.demo.judge import Verdict, as_json
from workers.demo.scene import Scene


@click.command()
@click.option("--seconds", type=click.FloatRange(min=10), help="End after this time; without it, on Ctrl-C.")
@told
def demo(seconds: float | None) -> None:
    """Show the whole product on this machine.

    Starts a real Kafka (or uses KAFKA_BOOTSTRAP_SERVERS), simulated providers and two workers; prints events as they
    are committed; kills one worker half-way. Ends with a count by an independent consumer against what the simulated
    providers say they showed; the same as a JSON line on stdout. Everything it started is stopped.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what a worker says of Kafka stands in its own log
    with running_broker(stderr.print) as broker:
        verdict = asyncio.run(_play(broker.bootstrap, seconds))
    stderr.print(_table(verdict))
    for fault in verdict.faults:
        stderr.print(f"[red]{fault}[/red]")
    click.echo(as_json(verdict))
    sys.exit(0 if verdict.clean else 1)


async def _play(bootstrap: str, seconds: float | None) -> Verdict:
    scene = Scene(bootstrap, seconds, stderr.print)
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()
    asked = 0

    def interrupted() -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            scene.end()
        elif main is not None:
            main.cancel()

    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, interrupted)
    try:
        return await scene.play()
    except asyncio.CancelledError:
        sys.exit(130)


def _table(verdict: Verdict) -> Table:
    table = Table(title="What was shown, and what came out", title_justify="left", show_header=False)
    delay = "—" if verdict.mean_delay_seconds is None else f"{verdict.mean_delay_seconds:.2f} s"
    rows = (
        ("shown", f"{verdict.shown}", "messages that the simulated providers showed to the workers"),
        ("published", f"{verdict.published}", "events of new messages that a read_committed consumer sees"),
        ("twice", f"{verdict.twice}", "published more than once"),
        ("lost", f"{verdict.lost}", "shown, and neither published nor dead-lettered"),
        ("invented", f"{verdict.invented}", "published, and never shown"),
        ("updates", f"{verdict.updates}", "events of changed messages"),
        ("dead-lettered", f"{verdict.dead_lettered}", "could not be normalised"),
        ("mean delay", delay, "from a live message's own time to its record in Kafka"),
    )
    for name, count, meaning in rows:
        bad = name in {"twice", "lost", "invented"} and count != "0"
        table.add_row(name, f"[{'bold red' if bad else 'bold green'}]{count}[/]", f"[dim]{meaning}[/dim]")
    return table
