"""The provider simulator: seeded, faithful to what is known of each API, hostile on request, with a ledger.

It shares no mapping code with the adapters: what it shows is written from the providers' documentation alone.
"""

from workers.simulator.catalogue import SWITCHES, described
from workers.simulator.configuration import Configuration, configuration
from workers.simulator.controls import ControlError
from workers.simulator.ledger import Entry, Ledger
from workers.simulator.server import RunningSimulation, run, serve
from workers.simulator.settings import SimulationSettings
from workers.simulator.switches import UnknownSwitchError

__all__ = [
    "SWITCHES",
    "Configuration",
    "ControlError",
    "Entry",
    "Ledger",
    "RunningSimulation",
    "SimulationSettings",
    "UnknownSwitchError",
    "configuration",
    "described",
    "run",
    "serve",
]
