"""Which state of a message must have been published last, by what the simulator showed of it. Pure.

It knows the order of delivery states from the contract, and shares no table with the adapters.
"""

from collections.abc import Mapping
from typing import Any

from workers.model import Record

#: Delivery states, in the order in which they may only rise; a provider's word that is not among them has no order.
STATE_ORDER = {name: rank for rank, name in enumerate(("pending", "sent", "failed", "delivered", "read", "played"))}
#: What has no place in that order.
UNORDERED = -1

#: Types whose row holds nothing but words, so that what is shown is what must be published.
_WORDS_ONLY = frozenset({"text", "chat"})


class Due(Record, frozen=True, kw_only=True):
    """What must stand in the last event: the provider's word for the status, and a text; None where nothing must."""

    status: str | None = None
    text: str | None = None


def due(line: Mapping[str, Any]) -> Due:
    """What a line of the ledger demands. Rows that a switch bent demand nothing."""
    states = line["states"]
    if not states or line["bent"]:
        return Due()
    plain = states[-1]["type"] in _WORDS_ONLY
    return Due(status=_last_advance(line["direction"], states), text=states[-1]["text"] if plain else None)


def rank_of(word: str | None) -> int:
    """The place of a word among the delivery states, or UNORDERED."""
    return STATE_ORDER.get((word or "").casefold(), UNORDERED)


def _last_advance(direction: str, states: list[Mapping[str, Any]]) -> str | None:
    """The last status that is no step backwards. Only what was sent is delivered: other rows' words have no order."""
    last, furthest = None, UNORDERED
    for state in states:
        rank = rank_of(state["status"]) if direction == "outbound" else UNORDERED
        if rank == UNORDERED or rank >= furthest:
            last, furthest = state["status"], max(rank, furthest)
    return last
