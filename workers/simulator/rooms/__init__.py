"""The simulated providers. A new one is one file here and one line below."""

from workers.simulator.rooms.base import Room
from workers.simulator.rooms.ninetynine import NinetyNineRoom
from workers.simulator.rooms.ogmma import OgmmaRoom
from workers.simulator.rooms.wegly import WeglyRoom
from workers.simulator.rooms.wizebot import WizebotRoom

ROOMS: dict[str, type[Room]] = {room.provider: room for room in (OgmmaRoom, NinetyNineRoom, WizebotRoom, WeglyRoom)}

__all__ = ["ROOMS", "Room"]
