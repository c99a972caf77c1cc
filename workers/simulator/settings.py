"""Settings of a simulation: validated, frozen. Every wrong one is told at once."""

from dataclasses import dataclass, fields

from workers.errors import ConfigurationError
from workers.simulator.catalogue import SWITCHES
from workers.simulator.rooms import ROOMS
from workers.simulator.switches import Board, UnknownSwitchError, near_miss, setting_from_text

#: The least and the most of each number below.
BOUNDS: dict[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "accounts": (1, 1_000),
    "conversations": (1, 200_000),
    "history": (0, 100_000),
    "rate": (0, 100_000),
    "limit": (0, 10**9),
    "speed": (0.001, 100_000),
    "start_ms": (0, 253_402_300_799_999),
    "late_share": (0, 1),
    "late_seconds": (0, 86_400),
    "status_seconds": (0, 86_400),
    "edit_share": (0, 1),
    "delete_share": (0, 1),
    "close_share": (0, 1),
    "retain": (1, 10**7),
    "burst_requests": (1, 10_000),
    "hang_seconds": (0, 3_600),
    "drip_seconds": (0, 3_600),
    "oversized_bytes": (1, 2**33),
    "bomb_bytes": (1, 2**33),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulationSettings:
    """What is simulated. Raises ConfigurationError with one line for each wrong field.

    Shares are 0..1; seconds of the world (`late_seconds`, `status_seconds`) pass `speed` times as fast as real
    ones, those of the wire (`hang_seconds`, `drip_seconds`) do not.
    """

    seed: int = 1
    host: str = "127.0.0.1"
    #: 0 takes a free port.
    port: int = 0
    providers: tuple[str, ...] = tuple(ROOMS)
    #: Accounts of each provider.
    accounts: int = 1
    #: Conversations (contacts) of all accounts together.
    conversations: int = 24
    #: Messages that each conversation has when the simulation starts.
    history: int = 20
    #: New messages a second of all conversations together; 0 leaves the world still.
    rate: float = 2.0
    #: New messages after which the world goes quiet; None goes on for ever.
    limit: int | None = None
    #: Simulated seconds in a real one.
    speed: float = 1.0
    #: Simulated time at the start (epoch milliseconds); None takes the real time.
    start_ms: int | None = None
    #: Share of new messages that become visible only some time after their own timestamp, and the longest such time.
    late_share: float = 0.05
    late_seconds: float = 20.0
    #: About how long an outbound message takes until it is read.
    status_seconds: float = 20.0
    #: Shares of new messages that are edited, or deleted, some time later.
    edit_share: float = 0.0
    delete_share: float = 0.0
    #: Share of sessions at whose end the conversation is closed: whoever writes again gets a new one (Ogmma).
    close_share: float = 0.0
    #: Messages kept; beyond that the oldest vanish, and the ledger forgets the oldest. Bounds the memory.
    retain: int = 200_000
    #: `[ACCOUNT:]NAME=VALUE`, in order.
    switches: tuple[str, ...] = ()
    #: Requests that an error burst lasts.
    burst_requests: int = 5
    #: How long the `hang` switch keeps a request without an answer, and `slow_drip` spreads one.
    hang_seconds: float = 120.0
    drip_seconds: float = 20.0
    #: Decoded sizes of an oversized body and of a gzip bomb.
    oversized_bytes: int = 64 * 2**20
    bomb_bytes: int = 256 * 2**20

    def __post_init__(self) -> None:
        problems = [*self._wrong_numbers(), *self._wrong_providers()]
        if not problems and self.conversations < len(self.account_names()):
            problems.append(
                f"conversations: {self.conversations} is fewer than the {len(self.account_names())} accounts"
            )
        if not problems:
            problems = self._wrong_switches()
        if problems:
            raise ConfigurationError(problems)

    def account_names(self) -> dict[str, str]:
        """The simulated accounts' names, and the provider of each."""
        names = ((ROOMS[p].account_name(index), p) for index in range(self.accounts) for p in self.providers)
        return dict(names)

    def board(self) -> Board:
        """The switches as they stand at the start."""
        board = Board(SWITCHES, self.account_names())
        for text in self.switches:
            board.set([setting_from_text(text)])
        return board

    def _wrong_numbers(self) -> list[str]:
        whole = {field.name for field in fields(self) if field.type in {int, int | None}}
        return [wrong for name in BOUNDS if (wrong := self._wrong_number(name, whole=name in whole))]

    def _wrong_number(self, name: str, *, whole: bool) -> str | None:
        value, (least, most) = getattr(self, name), BOUNDS[name]
        if value is None and name in {"limit", "start_ms"}:
            return None
        kinds = (int,) if whole else (int, float)
        if isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= most:
            return None
        return (
            f"{name}: {value!r} is not allowed; it takes a {'whole ' if whole else ''}number from {least:g} to {most:g}"
        )

    def _wrong_providers(self) -> list[str]:
        there = ", ".join(ROOMS)
        wrong = [
            f"providers: no provider {name!r}{near_miss(name, ROOMS)}; there are {there}"
            for name in self.providers
            if name not in ROOMS
        ]
        if len(set(self.providers)) != len(self.providers):
            wrong.append("providers: one is named twice")
        return wrong or ([] if self.providers else [f"providers: name at least one of {there}"])

    def _wrong_switches(self) -> list[str]:
        board, problems = Board(SWITCHES, self.account_names()), []
        for text in self.switches:
            try:
                board.set([setting_from_text(text)])
            except UnknownSwitchError as error:
                problems.append(f"switches: {error}")
        return problems
