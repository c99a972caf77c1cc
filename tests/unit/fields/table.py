"""The field table: `python -m tests.unit.fields.table docs/fields.md` writes it anew from what the adapters do."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.unit.fields.documented import Call, Provider, providers
from tests.unit.fields.places import places
from tests.unit.fields.request_parameters import origins
from tests.unit.fields.runs import FAILURE, FEEDS, LETTER, PAGING, SKIPPED

COMMAND = "python -m tests.unit.fields.table docs/fields.md"
#: More places than a person wants to read are told by their part of the event.
_MANY = 6
#: What every event begins with: where it came or went, the whole event did.
_WHOLE = ": provider"
#: Parts of a path that name a part of the event: `message.media`.
_PART = 2
_IN_WORDS = {
    FAILURE: "what the worker does next (go on, try again, pause, park the feed, stop the account)",
    PAGING: "which page is asked for next",
    FEEDS: "which feeds are polled",
    LETTER: "whose conversation it is: a row of another one becomes a dead letter",
    SKIPPED: "the row is no message and is counted",
}
_HEAD = f"""# Where each documented field goes

One row for every field that a provider documents. The places were found, not declared: each field of a sample was given
another value, the adapter, the reconciliation and the encoder ran over both, and what differed in the event is the
place. A field that changes nothing has its reason. Fields of the event are those of
[message.schema.json](../schemas/message.schema.json) and its neighbours.

This file is written by `{COMMAND}`; a test fails where it differs from what the adapters do,
and where a field has neither a place nor a reason, or both.
"""


class Unaccounted(AssertionError):
    """A documented field that has neither a place nor a reason, or both."""


def table() -> str:
    """The whole file."""
    return "\n".join([_HEAD, *(line for provider in providers() for line in _of_provider(provider))])


def _of_provider(provider: Provider) -> Iterator[str]:
    yield f"## {provider.title}\n"
    for call in provider.calls:
        yield f"### {call.title}\n"
        yield f"Documented in {call.source}.{f' {call.why}' if call.why else ''}\n"
        if call.request:
            yield from _rows("Parameter of the request", call.request, accounted_requests(provider, call))
        yield from _rows("Field", call.fields, accounted_fields(provider, call))


def _rows(title: str, documented: dict[str, str], accounted: dict[str, str]) -> Iterator[str]:
    yield f"| {title} | What its page says | Where it goes, or why it is left out |\n|---|---|---|"
    for name, says in documented.items():
        yield f"| `{name}` | {_cell(says)} | {_cell(accounted[name])} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def accounted_fields(provider: Provider, call: Call) -> dict[str, str]:
    """By documented field: its places, or its reason. Raises Unaccounted."""
    if call.kind == "never":
        return _never(call, call.fields)
    return {name: _account(call, name, _shown(provider, call, name)) for name in call.fields}


def accounted_requests(provider: Provider, call: Call) -> dict[str, str]:
    """By documented parameter: what it is made of, or why it is not sent. Raises Unaccounted."""
    if call.kind == "never":
        return _never(call, call.request)
    made = origins(provider, call)
    return {name: _account(call, name, made.get(name, [])) for name in call.request}


def _never(call: Call, documented: dict[str, str]) -> dict[str, str]:
    if not call.why or call.left_out:
        raise Unaccounted(f"{call.name}: a call that is never made has one reason, `why`")
    return dict.fromkeys(documented, "not asked for")


def _shown(provider: Provider, call: Call, name: str) -> list[str]:
    found = places(provider, call, name)
    if found is None:
        raise Unaccounted(f"{provider.name}, {call.name}: no sample shows {name}")
    return _named(found)


def _account(call: Call, name: str, found: list[str]) -> str:
    reason = call.left_out.get(name)
    if found and reason is not None:
        raise Unaccounted(f"{call.name}: {name} is said to be left out and goes to {', '.join(found)}")
    if not found and reason is None:
        raise Unaccounted(f"{call.name}: {name} goes nowhere, and no reason is given")
    return ", ".join(found) if reason is None else f"left out: {reason}"


def _named(found: set[str]) -> list[str]:
    """Places in words: fields of the event first, those of one part together where there are many."""
    told = {place.removesuffix(_WHOLE): place for place in found if place.endswith(_WHOLE)}
    inside = sorted(place for place in found if place not in _IN_WORDS and place.partition(":")[0] not in told)
    if len(inside) > _MANY:
        inside = sorted({_part_of(place) for place in inside})
    events = [f"whether a {event} is told" for event in sorted(told)]
    return (
        [_told(place) for place in inside] + events + [_IN_WORDS[place] for place in sorted(found & _IN_WORDS.keys())]
    )


def _told(place: str) -> str:
    event, colon, path = place.rpartition(": ")
    return f"`{path}` of the {event}" if colon else f"`{path}`"


def _part_of(place: str) -> str:
    return ".".join(place.replace("[]", "").split(".")[:_PART])


def main() -> None:
    """Write the file that is named."""
    Path(sys.argv[1]).write_text(table())


if __name__ == "__main__":
    main()
