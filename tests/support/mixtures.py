"""Random lawful mixtures of a simulation's switches: every switch of a provider at once, always the same by seed."""

from collections.abc import Iterator, Mapping
from random import Random

from workers.simulator.bending import SWITCHES as BENDING
from workers.simulator.catalogue import SWITCHES
from workers.simulator.hostile import TROUBLES, TWISTS
from workers.simulator.switches import Amount, Chance, Choice, Switch

NOTHING: Mapping[str, tuple[str, ...]] = {}
#: The most that an amount is turned to: a run lasts seconds, and what appears after an hour would never be seen.
LONGEST = {"wegly.media_seconds": 4.0, "wegly.import_seconds": 6.0, "wizebot.lag_minutes": 0.1}
#: Chances of a row's or a request's bad luck: enough that each is met, and most of what is shown can be read.
ROW_LUCK, REQUEST_LUCK, TWIST_LUCK = (0.0, 0.02, 0.05), (0.0, 0.01, 0.02), (0.0, 0.05, 0.2)


def of_provider(rng: Random, provider: str, apart: Mapping[str, tuple[str, ...]] = NOTHING) -> tuple[str, ...]:
    """All of the provider's own switches, each in one of its readings; of those `apart` only in these, or in none."""
    own = (switch for switch in SWITCHES.values() if switch.provider == provider and apart.get(switch.name, True))
    return tuple(f"{switch.name}={_value(rng, switch, apart.get(switch.name))}" for switch in own)


def of_rows(rng: Random) -> tuple[str, ...]:
    """What may befall any provider's rows and pages, and leaves them readable or spoils single rows."""
    return (*_turned(rng, BENDING, ROW_LUCK), *_turned(rng, TWISTS, TWIST_LUCK))


def of_requests(rng: Random) -> tuple[str, ...]:
    """What may befall any request."""
    return tuple(_turned(rng, TROUBLES, REQUEST_LUCK))


def _turned(rng: Random, switches: tuple[Chance, ...], chances: tuple[float, ...]) -> Iterator[str]:
    return (f"{switch.name}={rng.choice(chances)}" for switch in switches)


def _value(rng: Random, switch: Switch, only: tuple[str, ...] | None = None) -> str | float:
    if isinstance(switch, Choice):
        return rng.choice(only or switch.choices)
    if isinstance(switch, Chance):
        return rng.choice((0.0, 0.2, 0.5))
    assert isinstance(switch, Amount)
    if switch.name.endswith("requests_per_minute"):
        return 0
    return round(rng.uniform(0, LONGEST[switch.name]), 3)
