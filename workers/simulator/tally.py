"""The simulation in numbers: what exists, what was shown, how often it was asked. Pure."""

from typing import Any

from workers.simulator.exchange import Exchange
from workers.simulator.records import Account


def tally(exchange: Exchange, steady_s: float) -> dict[str, Any]:
    """Counts by provider and by account, as the control plane tells them.

    `existing` counts every message ever made; `visible` those that stand in a list now; `never_shown` those of
    the visible ones that nobody has seen yet; `too_many` every 429.
    """
    world = exchange.world
    accounts = {name: _account(exchange, account, steady_s) for name, account in world.accounts.items()}
    return {
        "now_ms": world.now_ms,
        "arrived": world.arrived,
        "quiet": world.quiet,
        "ledger_forgotten": exchange.ledger.forgotten,
        "providers": {name: _provider(exchange, name, list(accounts.values())) for name in exchange.rooms},
        "accounts": accounts,
    }


#: The counts of accounts that add up to those of their provider.
_ADDED = ("existing", "visible", "deleted", "retired", "shown", "poisoned", "never_shown", "requests", "too_many")


def _provider(exchange: Exchange, name: str, accounts: list[dict[str, Any]]) -> dict[str, int]:
    own = [counts for counts in accounts if counts["provider"] == name]
    added = {count: sum(counts[count] for counts in own) for count in _ADDED}
    strangers = exchange.strangers[name]
    return {**added, "requests": added["requests"] + strangers, "strangers": strangers}


def _account(exchange: Exchange, account: Account, steady_s: float) -> dict[str, Any]:
    meter, ledger = exchange.meters[account.name], exchange.ledger
    return {
        "provider": account.provider,
        "existing": account.existing,
        "visible": len(account.messages),
        "deleted": account.deleted,
        "retired": account.retired,
        "shown": ledger.shown(account.name),
        "poisoned": ledger.poisoned(account.name),
        "never_shown": ledger.never_shown(account),
        "requests": meter.requests,
        "requests_last_60_s": meter.recent(steady_s),
        "requests_most_in_60_s": meter.most,
        "too_many": meter.too_many,
        "hostile": meter.troubles,
    }
