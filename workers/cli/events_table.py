"""Events for a person: one line each, in a table that fits a terminal."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from workers.cli.context import printable
from workers.events.cloudevent import KafkaEvent

_ARROWS: Final = {"inbound": "←", "outbound": "→", "internal": "·"}
#: Characters of a cell that are looked at: more than a line of any terminal shows.
_LINE: Final = 300
#: Columns that a cell other than the text takes at most: long names are cut, so that there is room for the text.
_WIDEST: Final = 24
#: Columns of the text at least, and between two cells.
_NARROWEST: Final = 20
_GAP: Final = 2


class Row(NamedTuple):
    """The cells of one event."""

    time: str
    conversation: str = ""
    direction: str = ""
    who: str = ""
    type: str = ""
    text: str = ""
    status: str = ""
    style: str = ""


_HEADS: Final = {"time": "time (UTC)", "direction": ""}
_COLUMNS: Final = Row._fields[:-1]


def events_table(events: Iterable[KafkaEvent], *, conversations: bool, columns: int) -> Table:
    """The events in their order, each on one line of so many columns; `conversations`: told apart in a column."""
    rows = [_row(event) for event in events]
    names = [name for name in _COLUMNS if conversations or name != "conversation"]
    widths = {
        name: max(cell_len(cell) for cell in (_head(name), *(getattr(row, name) for row in rows))) for name in names
    }
    widths = {name: min(width, _WIDEST) for name, width in widths.items()}
    # The text gets what the others leave; left to itself, rich would shorten all columns alike.
    others = sum(width + _GAP for name, width in widths.items() if name != "text")
    widths["text"] = max(columns - others, _NARROWEST)
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in names:
        table.add_column(_head(name), no_wrap=True, overflow="ellipsis", width=widths[name])
    for row in rows:
        cells = (printable(getattr(row, name)[:_LINE]) for name in names)
        table.add_row(*(Text(cell) for cell in cells), style=row.style)
    return table


def _head(name: str) -> str:
    return _HEADS.get(name, name)


def _row(event: KafkaEvent) -> Row:
    told = msgspec.json.decode(event.value)
    content, time = told["data"], told["time"][:19].replace("T", " ")
    if event.kind == "gap":
        return Row(time, _conversation(content), type="gap", text=_gap(content["gap"]), style="yellow")
    if event.kind == "dead_letter":
        text = f"{content['reason']}: {content['detail']} (row {content['row_id']})"
        return Row(time, type="dead letter", text=text, style="red")
    message = content["message"]
    author, outbound = message["author"], message["direction"] == "outbound"
    return Row(
        time,
        _conversation(content),
        _ARROWS.get(message["direction"], "?"),
        author["name"] or (author["kind"] if author["kind"] != "unknown" else ""),
        message["type"],
        in_words(message),
        message["status"]["state"] or (message["status"]["provider"] if outbound else "") or "",
    )


def _conversation(content: Mapping[str, Any]) -> str:
    conversation = content["conversation"]
    return str(conversation["provider_id"]) if conversation else ""


def _gap(gap: Mapping[str, Any]) -> str:
    after, before = gap["after"]["sent_at"] or "the beginning", gap["before"]["sent_at"] or "now"
    return f"{gap['reason']}: messages between {after} and {before} are not shown"


def in_words(message: Mapping[str, Any]) -> str:
    """A message's text, or what stands for it: a file, a place, people, an emoji."""
    return " ".join(part for part in (*_things(message), message["text"]) if part)


def _things(message: Mapping[str, Any]) -> list[str]:
    media, place, reaction = message["media"], message["location"], message["reaction"]
    template, call, order = message["template"], message["call"], message["order"]
    return [
        *([_named("file", media["file_name"] or media["mime_type"])] if media else []),
        *([_named("place", place["name"], f"{place['latitude']}, {place['longitude']}")] if place else []),
        *(_named("contact", card["name"]) for card in message["contacts"]),
        *([reaction["emoji"] or "[reaction removed]"] if reaction else []),
        *([_named("template", template["name"])] if template else []),
        *([_named("order", f"{len(order['items'])} items")] if order else []),
        *([_named("call", call["status"])] if call else []),
        *(each["emoji"] for each in message["reactions"] if each["emoji"]),
    ]


def _named(thing: str, *names: str | None) -> str:
    return f"[{' '.join([thing, *(name for name in names if name)])}]"
