"""A configuration that makes Afluente read the simulated accounts. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workers.simulator.people import census
from workers.simulator.records import Account
from workers.simulator.rooms import ROOMS, Room
from workers.simulator.settings import SimulationSettings

#: A TOML value that `configuration` can write.
Written = str | bool | int | float | Sequence["Written"] | Mapping[str, "Written"]
#: Requests per minute of an account whose simulated provider keeps no limit.
UNLIMITED = 60


class Configuration(NamedTuple):
    """The text of an afluente.toml, and the environment variables that hold its keys."""

    text: str
    environment: dict[str, str]


def configuration(
    url: str,
    settings: SimulationSettings,
    *,
    kafka_bootstrap: str | Sequence[str],
    kafka: Mapping[str, Written] | None = None,
    topics: Mapping[str, str] | None = None,
    service: Mapping[str, Written] | None = None,
    account: Mapping[str, Written] | None = None,
    scope: str = "number",
) -> Configuration:
    """The configuration for the accounts of these settings, served at `url` (`http://127.0.0.1:8600`).

    `kafka`, `topics` and `service` are further lines of those tables; `account` of every account, where it goes
    before what the simulation itself would say (`requests_per_minute`). 99digital accounts read their whole
    number, or with `scope="contacts"` each contact that there is at the start.
    """
    servers = [kafka_bootstrap] if isinstance(kafka_bootstrap, str) else list(kafka_bootstrap)
    parts = [_table("kafka", {"bootstrap_servers": servers, **(kafka or {})})]
    parts += [_table(name, given) for name, given in (("topics", topics), ("service", service)) if given]
    environment: dict[str, str] = {}
    board, accounts = settings.board(), census(settings).accounts
    for provider in settings.providers:
        own = [one for one in accounts.values() if one.provider == provider]
        room = ROOMS[provider](settings.seed, own, board)
        for one in own:
            environment[key_variable(one.name)] = one.api_key
            written = {**_account(url, room, one, scope), **(account or {})}
            parts.append(_table(f"accounts.{one.name}", written))
    return Configuration("\n".join(parts), environment)


def key_variable(account: str) -> str:
    """The environment variable with the key of a simulated account."""
    return f"{account.upper().replace('-', '_')}_KEY"


def _account(url: str, room: Room, account: Account, scope: str) -> dict[str, Written]:
    limit = room.values(account).number(f"{room.provider}.requests_per_minute")
    written: dict[str, Written] = {
        "provider": account.provider,
        "base_url": url.rstrip("/") + room.prefix,
        "api_key": {"env": key_variable(account.name)},
        "requests_per_minute": int(limit) or UNLIMITED,
        **room.account_settings(account),
    }
    if room.whole_account and scope == "number":
        return {**written, "scope": scope}
    return {**written, **({"scope": scope} if room.whole_account else {}), "feeds": room.feeds(account)}


def _table(name: str, lines: Mapping[str, Written]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in lines.items()), ""])


def _toml(value: Written) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return "[" + ", ".join(_toml(inner) for inner in value) + "]"
