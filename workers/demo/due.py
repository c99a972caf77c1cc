"""Which state of a message must have been published last, by what the simulator showed of it. Pure.

It knows the order of delivery states from the contract, and shares no table with the adapters.
"""

from collections.abc import Mapping
from typing import Any

from workers.model import Record
from workers.times import iso

#: Delivery states, in the order in which they may only rise; a provider's word that is not among them has no order.
STATE_ORDER = {name: rank for rank, name in enumerate(("pending", "sent", "failed", "delivered", "read", "played"))}
#: What has no place in that order.
UNORDERED = -1

#: Where the delivery stands in an event's data: only a step forward must be told.
_STATUS = "message.status."


class Due(Record, frozen=True, kw_only=True):
    """What must stand in the last event: the provider's word for the status, and the fields that the row says.

    `status` is None where none must. `fields` are paths, from the event's data on, and their values.
    """

    status: str | None = None
    fields: Mapping[str, Any] = {}


def due(line: Mapping[str, Any]) -> Due:
    """What a line of the ledger demands. Of rows that a switch bent, the facts say what is left to demand."""
    states = line["states"]
    if not states:
        return Due()
    fields = {_path(name): value for name, value in line["facts"].items()}
    fields["message.sent_at"] = iso(line["time_ms"])
    if line["bent"]:
        return Due(fields={name: value for name, value in fields.items() if not name.startswith(_STATUS)})
    last = _last_advance(line["direction"], states)
    if last != states[-1]["status"]:
        fields = {name: value for name, value in fields.items() if not name.startswith(_STATUS)}
    return Due(status=last, fields=fields)


def differing(data: Mapping[str, Any], fields: Mapping[str, Any]) -> list[str]:
    """What stands otherwise in an event's data: a sentence for each field."""
    found = ((path, _at(data, path), value) for path, value in fields.items())
    return [f"{path} is {told!r}, shown was {value!r}" for path, told, value in found if told != value]


def _path(name: str) -> str:
    return name if name.startswith("conversation.") else f"message.{name}"


def _at(data: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    """The value at a path; None where there is nothing."""
    for part in path.split("."):
        if isinstance(data, list):
            data = data[int(part)] if int(part) < len(data) else None
        else:
            data = data.get(part) if isinstance(data, Mapping) else None
    return data


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
