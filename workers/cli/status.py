"""`afluente status`: what a running cluster is doing, for a person or a program."""

import click

from workers import cluster
from workers.cli.context import Configuration, configured, emit, epilog, finished, for_a_program, say, stderr, told
from workers.cli.status_tables import accounts_table, workers_table
from workers.cluster import Cluster

_CODES = "0 told, 1 Kafka did not answer, 2 wrong configuration"


@click.command(epilog=epilog(_CODES, "afluente status", "afluente status | jq '.accounts.loja.state'"))
@configured
@told
def status(configuration: Configuration) -> None:
    """Show what a running cluster is doing.

    Asks Kafka who owns which shard, and each worker what its accounts are at: states, feeds, how far the schedule is
    behind, gaps and dead letters since the workers started. A table for people on stderr, one JSON line on stdout.
    """
    found = finished(cluster.observed(configuration.settings()))
    if for_a_program():
        emit(found.as_json())
    _show(found)


def _show(found: Cluster) -> None:
    say(("group ", "dim"), (found.group, "bold"), (f"  {found.state.lower()}", "dim"))
    if not found.workers:
        say(("no worker is running: start one with `afluente run`", "yellow"))
        return
    stderr.print(workers_table(found.workers), soft_wrap=False)
    if found.unowned:
        shards = ", ".join(map(str, found.unowned))
        say(
            (f"nobody owns shards {shards}: a rebalance is under way, or kafka.shards differs from the workers'", "red")
        )
    told_of = {name: account for name, account in found.accounts.items() if account}
    if told_of:
        say("")
        stderr.print(accounts_table(told_of), soft_wrap=False)
    for name in sorted(found.accounts.keys() - told_of.keys()):
        say((f"{name}: no worker that can be reached from here knows this account", "yellow"))
