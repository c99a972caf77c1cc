"""All switches there are: those of the rooms and the hostile ones."""

from collections.abc import Mapping

from workers.simulator import bending, hostile
from workers.simulator.rooms import ROOMS
from workers.simulator.switches import Switch

_ALL = (*bending.SWITCHES, *hostile.SWITCHES, *(switch for room in ROOMS.values() for switch in room.switches))

#: Every switch by name.
SWITCHES: Mapping[str, Switch] = {switch.name: switch for switch in _ALL}


def described() -> list[str]:
    """One line for each switch: its name, what it takes, its default and what it means."""
    return [f"{s.name} ({s.allowed}; {s.default}): {s.meaning}" for s in SWITCHES.values()]
