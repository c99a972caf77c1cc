"""`afluente simulate`: the providers' APIs, invented, on a port of this machine."""

import asyncio
import contextlib
import shlex
import signal
from pathlib import Path
from typing import Any

import click

from workers.cli.context import emit, epilog, finished, for_a_program, say, told
from workers.errors import ConfigurationError
from workers.simulator import Configuration, RunningSimulation, SimulationSettings, configuration, described, serve
from workers.simulator.rooms import ROOMS
from workers.simulator.settings import BOUNDS

#: Where the simulator listens unless told otherwise: beside the usual ports of Kafka, Prometheus and web servers.
DEFAULT_PORT = 8600

#: How a configuration begins that may be written over: somebody's real one must not be.
_MARK = "# Written by `afluente simulate`; the accounts and keys are invented.\n"


def _whole(name: str) -> click.IntRange:
    least, most = BOUNDS[name]
    return click.IntRange(int(least), int(most))


def _real(name: str) -> click.FloatRange:
    return click.FloatRange(*BOUNDS[name])


@click.command(
    epilog=epilog(
        "0 ended by Ctrl-C or SIGTERM, 1 the address is in use, 2 wrong usage",
        "afluente simulate --rate 5 --write-config sim.toml",
        "afluente simulate --switch too_many=0.05 --switch loja:hang=0.01",
        "afluente simulate --switches",
    )
)
@click.option("--listen", "host", default="127.0.0.1", show_default=True, metavar="HOST", help="Address to listen on.")
@click.option(
    "--port", type=_whole("port"), default=DEFAULT_PORT, show_default=True, help="Port to listen on; 0: any free one."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed invents the same people and texts.")
@click.option(
    "--provider",
    "providers",
    type=click.Choice(list(ROOMS)),
    multiple=True,
    help="Provider to simulate; may be given again.  [default: all]",
)
@click.option("--accounts", type=_whole("accounts"), default=1, show_default=True, help="Accounts of each provider.")
@click.option(
    "--conversations",
    type=_whole("conversations"),
    default=24,
    show_default=True,
    help="Conversations of all accounts.",
)
@click.option(
    "--history",
    type=_whole("history"),
    default=20,
    show_default=True,
    help="Messages that each conversation begins with.",
)
@click.option("--rate", type=_real("rate"), default=2.0, show_default=True, help="New messages a second, in all.")
@click.option("--messages", "limit", type=_whole("limit"), help="New messages after which the world goes quiet.")
@click.option("--speed", type=_real("speed"), default=1.0, show_default=True, help="Simulated seconds in a real one.")
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="[ACCOUNT:]NAME=VALUE",
    help="Turn a switch, for all accounts or one; may be given again.",
)
@click.option("--switches", "list_switches", is_flag=True, help="List the switches, and end.")
@click.option(
    "--write-config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write an afluente.toml for these accounts.",
)
@click.option(
    "--kafka", default="localhost:9092", show_default=True, metavar="HOST:PORT", help="Broker for --write-config."
)
@told
def simulate(*, list_switches: bool, file: Path | None, kafka: str, providers: tuple[str, ...], **wished: Any) -> None:  # noqa: ANN401 - the fields of SimulationSettings
    """Serve simulations of the providers' APIs.

    Invents accounts, conversations and messages, and answers as the providers do; hostile when switches say so.
    It keeps a ledger of what it showed, below /_simulator/ on the same port. It reads no configuration and touches
    no Kafka. Runs until Ctrl-C.
    """
    if list_switches:
        click.echo("\n".join(described()))
        return
    settings = SimulationSettings(providers=providers or tuple(ROOMS), **wished)
    finished(_simulate(settings, file, kafka))


async def _simulate(settings: SimulationSettings, file: Path | None, kafka: str) -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has none of this; Ctrl-C ends it all the same
            loop.add_signal_handler(number, ended.set)
    simulation = await serve(settings)
    try:
        _announce(simulation)
        if file is not None:
            _write(file, configuration(simulation.url, settings, kafka_bootstrap=kafka))
        await ended.wait()
    finally:
        await simulation.stop()
    say(("stopped", "dim"))


def _announce(simulation: RunningSimulation) -> None:
    say("simulated providers on ", (simulation.url, "bold"), f" (seed {simulation.settings.seed})")
    for account in simulation.control.accounts():
        address = simulation.url + account["base_url"]
        conversations = len(simulation.world.accounts[account["account"]].conversations)
        say(f"  {account['account']:<12}{account['provider']:<11}{address}  {conversations} conversations")
        if for_a_program():
            emit({**account, "base_url": address})
    say("what it showed: ", simulation.url, "/_simulator/stats (also ledger, accounts, switches)")


def _write(file: Path, written: Configuration) -> None:
    try:
        if file.exists() and not file.read_bytes().startswith(_MARK.encode()):
            raise ConfigurationError([f"--write-config {file}: is not of the simulator's making, and is left alone"])
        file.write_text(_MARK + written.text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError([f"--write-config {file}: cannot be written: {error.strerror}"]) from None
    say("configuration written to ", (str(file), "bold"), "; it needs these (invented) keys in the environment:")
    for name, key in written.environment.items():
        say(f"  export {name}={shlex.quote(key)}")
    say("then, in another terminal: ", (f"afluente -c {file} check", "bold"))
