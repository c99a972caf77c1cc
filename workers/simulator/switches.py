"""Switches: what of a simulated API can be turned, and the board that holds every account's values. Pure.

A switch is a chance (0..1), a choice of words, or an amount. Rooms declare the switches of their own UNKNOWNs,
`hostile` and `bending` those that any provider may suffer. Values are set for all accounts or for one, at the
start (`[ACCOUNT:]NAME=VALUE`) or while the simulation runs.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

import xxhash

Value = str | float


class UnknownSwitchError(ValueError):
    """A switch, an account or a value that does not exist. The text lists what is allowed."""


@dataclass(frozen=True, slots=True)
class Switch(ABC):
    """One thing that can be turned. `provider` is None where every provider has it."""

    name: str
    meaning: str
    default: Value
    provider: str | None = None

    @property
    @abstractmethod
    def allowed(self) -> str:
        """What may be set, as words for an error or a help text."""

    @abstractmethod
    def parsed(self, given: object) -> Value:
        """The value that was given, checked. Raises UnknownSwitchError."""

    def refusal(self, given: object) -> UnknownSwitchError:
        """The error for a value that this switch does not take, with a near miss where there is one."""
        return UnknownSwitchError(f"switch {self.name}: {given!r} is not allowed; it takes {self.allowed}")


@dataclass(frozen=True, slots=True)
class Amount(Switch):
    """A number between two bounds."""

    least: float = 0.0
    most: float = 1.0

    @property
    def allowed(self) -> str:
        """The bounds."""
        return f"a number from {self.least:g} to {self.most:g}"

    def parsed(self, given: object) -> float:
        """The number. Raises UnknownSwitchError."""
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise self.refusal(given)
        try:
            number = float(given)
        except ValueError:
            raise self.refusal(given) from None
        if not self.least <= number <= self.most:
            raise self.refusal(given)
        return number


@dataclass(frozen=True, slots=True)
class Chance(Amount):
    """A share of requests or rows, from 0 (never) to 1 (always)."""

    default: Value = 0.0


@dataclass(frozen=True, slots=True)
class Choice(Switch):
    """One of a few words."""

    choices: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """The words."""
        return "one of " + ", ".join(self.choices)

    def parsed(self, given: object) -> str:
        """The word. Raises UnknownSwitchError."""
        if isinstance(given, str) and given in self.choices:
            return given
        refusal = self.refusal(given)
        raise UnknownSwitchError(f"{refusal}{near_miss(str(given), self.choices)}")


class Setting(NamedTuple):
    """One wish: this switch to this value, for one account or (None) for all that have it."""

    account: str | None
    name: str
    value: object


def near_miss(given: str, allowed: Iterable[str]) -> str:
    """`; did you mean x?`, or nothing where no allowed word is near."""
    close = get_close_matches(given, list(allowed), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def setting_from_text(text: str) -> Setting:
    """`[ACCOUNT:]NAME=VALUE` as a setting. Raises UnknownSwitchError."""
    target, equals, value = text.partition("=")
    if not equals:
        raise UnknownSwitchError(f"switch {text!r}: write NAME=VALUE or ACCOUNT:NAME=VALUE")
    account, colon, name = target.rpartition(":")
    return Setting(account.strip() if colon else None, name.strip(), value.strip())


class AccountSwitches:
    """The values of one account. `revision` grows with every change; `active` are the chances above zero."""

    __slots__ = ("_values", "active", "revision")

    def __init__(self, values: Mapping[str, Value], chances: tuple[str, ...], revision: int) -> None:
        self._values = values
        self.revision = revision
        self.active = tuple((name, float(values[name])) for name in chances if values.get(name))

    def number(self, name: str) -> float:
        """The value of a chance or an amount."""
        return float(self._values[name])

    def word(self, name: str) -> str:
        """The value of a choice."""
        return str(self._values[name])

    def all(self) -> dict[str, Value]:
        """Every value by name."""
        return dict(self._values)


class Board:
    """All switches of all accounts. `providers` names each account's provider."""

    def __init__(self, switches: Mapping[str, Switch], providers: Mapping[str, str]) -> None:
        self._switches = switches
        self._providers = providers
        self._values = {account: self._defaults(provider) for account, provider in providers.items()}
        self._compiled = {account: self._compile(account, 0) for account in providers}

    def of(self, account: str) -> AccountSwitches:
        """The values of one account."""
        return self._compiled[account]

    def set(self, settings: Iterable[Setting]) -> None:
        """Apply all of these, or none: raises UnknownSwitchError before anything changes."""
        checked = [self._checked(setting) for setting in settings]
        for accounts, name, value in checked:
            for account in accounts:
                self._values[account][name] = value
                self._compiled[account] = self._compile(account, self._compiled[account].revision + 1)

    def _defaults(self, provider: str) -> dict[str, Value]:
        return {s.name: s.default for s in self._switches.values() if s.provider in {None, provider}}

    def _compile(self, account: str, revision: int) -> AccountSwitches:
        chances = tuple(name for name, switch in self._switches.items() if isinstance(switch, Chance))
        return AccountSwitches(dict(self._values[account]), chances, revision)

    def _checked(self, setting: Setting) -> tuple[list[str], str, Value]:
        switch = self._switches.get(setting.name)
        if switch is None:
            hint = near_miss(setting.name, self._switches)
            names = ", ".join(sorted(self._switches))
            raise UnknownSwitchError(f"no switch {setting.name!r}{hint}; there are {names}")
        return self._accounts(setting, switch), switch.name, switch.parsed(setting.value)

    def _accounts(self, setting: Setting, switch: Switch) -> list[str]:
        able = [name for name, of in self._providers.items() if switch.provider in {None, of}]
        if setting.account is None:
            return able
        if setting.account not in self._providers:
            hint = near_miss(setting.account, self._providers)
            there = ", ".join(self._providers)
            raise UnknownSwitchError(f"no account {setting.account!r}{hint}; there are {there}")
        if setting.account not in able:
            raise UnknownSwitchError(f"switch {switch.name} belongs to {switch.provider}, not to {setting.account}")
        return [setting.account]


def lot(seed: int, name: str, thing: str) -> float:
    """A number in [0, 1) that is always the same for this seed, switch and thing: a row's own luck."""
    return xxhash.xxh3_64_intdigest(f"{seed}/{name}/{thing}".encode()) / 2**64
