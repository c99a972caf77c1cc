"""One request from call to answer, without a socket: who calls, the limit, what goes wrong, what counts. Pure."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from workers.simulator.hostile import WIRE, Hostility
from workers.simulator.ledger import Ledger
from workers.simulator.limits import Limit, Meter, limit_headers
from workers.simulator.records import Account, Message
from workers.simulator.rooms import ROOMS, Room
from workers.simulator.rooms.base import Answer, Call
from workers.simulator.settings import SimulationSettings
from workers.simulator.switches import Board
from workers.simulator.world import World

#: A drift deletes among the newest rows of a list (rows): those that a walk over pages meets.
DRIFT_REACH = 100
OK = 200


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer on its way. `manner` is how it goes out (None: whole); only a `shown` one is recorded."""

    answer: Answer
    manner: str | None = None
    shown: bool = False


class Moment(NamedTuple):
    """The times of one request: simulated milliseconds, a steady clock's seconds, the real epoch's seconds."""

    world_ms: int
    steady_s: float
    wall_s: float


class Exchange:
    """All rooms over one world, with their limits, meters and luck."""

    def __init__(self, settings: SimulationSettings, world: World, board: Board, ledger: Ledger) -> None:
        self.world = world
        self.board = board
        self.ledger = ledger
        self.rooms = {
            name: ROOMS[name](settings.seed, [a for a in world.accounts.values() if a.provider == name], board)
            for name in settings.providers
        }
        self.meters = {name: Meter() for name in world.accounts}
        #: Requests with wrong or missing credentials, by provider.
        self.strangers = dict.fromkeys(self.rooms, 0)
        self._limits = {name: Limit() for name in world.accounts}
        self._hostility = Hostility(settings.seed, settings.burst_requests)

    def room_at(self, path: str) -> Room | None:
        """The room whose API lies at this path."""
        return next((room for room in self.rooms.values() if path.startswith(room.prefix + "/")), None)

    def meet(self, room: Room, call: Call, moment: Moment) -> Outgoing:
        """What goes out for this call at this moment."""
        self.world.advance(moment.world_ms)
        account = room.caller(call)
        if account is None:
            self.strangers[room.provider] += 1
            return Outgoing(room.refused(call))
        meter, switches = self.meters[account.name], self.board.of(account.name)
        meter.count(moment.steady_s)
        verdict = self._limits[account.name].ask(
            moment.steady_s,
            int(switches.number(f"{room.provider}.requests_per_minute")),
            sliding=switches.word(f"{room.provider}.rate_limit_window") == "sliding",
        )
        style = switches.word(f"{room.provider}.rate_limit_headers")
        headers = limit_headers(style, verdict, moment.wall_s)
        if not verdict.allowed:
            meter.too_many += 1
            return Outgoing(replace(room.too_many(account), headers=headers))
        answer = room.answer(account, replace(call, at_ms=moment.world_ms))
        return self._played(room, account, replace(answer, headers=headers) if headers else answer, moment.wall_s)

    def delivered(self, outgoing: Outgoing, wall_s: float) -> None:
        """The answer went out whole: its rows were shown."""
        if outgoing.shown:
            self.ledger.record(outgoing.answer.feed, outgoing.answer.rows, int(wall_s * 1000))

    def _played(self, room: Room, account: Account, answer: Answer, wall_s: float) -> Outgoing:
        """The answer with the troubles or twists that this request draws."""
        drawn = self._hostility.draw(account.name, self.board.of(account.name))
        meter = self.meters[account.name]
        if drawn.trouble is not None:
            meter.trouble(drawn.trouble)
            meter.too_many += drawn.trouble.startswith("too_many")
            broken = self._hostility.broken(drawn.trouble, room, account, answer, wall_s)
            return Outgoing(broken, drawn.trouble if drawn.trouble in WIRE else None)
        for twist in drawn.twists:
            meter.trouble(twist)
        if drawn.twists:
            answer = self._hostility.twisted(drawn.twists, account, answer)
        if "drift" in drawn.twists and answer.feed:
            self._drift(account, answer)
        manner = "slow_drip" if "slow_drip" in drawn.twists else None
        return Outgoing(answer, manner, answer.status == OK)

    def _drift(self, account: Account, answer: Answer) -> None:
        """Insert or delete a row of this list behind the caller's back: its next page has shifted."""
        hostility = self._hostility
        named = account.by_name.get(answer.feed[-1])
        messages = account.messages if named is None else named.messages
        if messages and not hostility.inserts(account.name):
            self.world.delete(_from_the_end(messages, hostility.any_of(account.name, DRIFT_REACH)))
            return
        into = named or account.conversations[hostility.any_of(account.name, len(account.conversations))]
        self.world.append(into, text=f"drifted in ({hostility.any_of(account.name, 10**6)})")


def _from_the_end(messages: list[Message], back: int) -> Message:
    return messages[-1 - min(back, len(messages) - 1)]
