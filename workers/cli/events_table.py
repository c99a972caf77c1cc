"""Events for a person: one line each, in a table that fits a terminal."""

from collections.abc import Iterable, Mapping, Sequence
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
#: Columns of a terminal below which times are told without year and seconds, and these cells are cut shorter.
_NARROW: Final = 100
_WIDEST_OF_NARROW: Final = {"conversation": 10, "who": 10, "type": 12, "status": 9}
#: Columns of the text at least, and between two cells.
_NARROWEST: Final = 15
_GAP: Final = 2
#: Where month, day, hour and minute stand in a time.
_SHORT_TIME: Final = slice(5, 16)


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
_HEADS_OF_NARROW: Final = {**_HEADS, "conversation": "chat"}
_COLUMNS: Final = Row._fields[:-1]


def events_table(events: Iterable[KafkaEvent], *, conversations: bool, columns: int) -> Table:
    """The events in their order, each on one line of so many columns; `conversations`: told apart in a column."""
    narrow = columns < _NARROW
    rows = [_shortened(_row(event)) if narrow else _row(event) for event in events]
    names = [name for name in _COLUMNS if conversations or name != "conversation"]
    widths = _widths(rows, names, columns, narrow=narrow)
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in names:
        table.add_column(_head(name, narrow=narrow), no_wrap=True, overflow="ellipsis", width=widths[name])
    for row in rows:
        cells = (_cut(printable(getattr(row, name)[:_LINE]), name, widths[name]) for name in names)
        table.add_row(*(Text(cell) for cell in cells), style=row.style)
    return table


def _widths(rows: Sequence[Row], names: Sequence[str], columns: int, *, narrow: bool) -> dict[str, int]:
    """Columns of each cell. The text gets what the others leave; left to itself, rich would shorten all alike."""
    most = _WIDEST_OF_NARROW if narrow else {}
    widths = {
        name: min(
            max(cell_len(cell) for cell in (_head(name, narrow=narrow), *(getattr(row, name) for row in rows))),
            most.get(name, _WIDEST),
        )
        for name in names
    }
    others = sum(width + _GAP for name, width in widths.items() if name != "text")
    return {**widths, "text": max(columns - others, _NARROWEST)}


def _shortened(row: Row) -> Row:
    return row._replace(time=row.time[_SHORT_TIME])


def _cut(text: str, name: str, width: int) -> str:
    """Of a conversation's long name the end tells most; all others are cut at their end, by rich."""
    if name != "conversation" or cell_len(text) <= width:
        return text
    return f"…{text[-(width - 1) :]}"


def _head(name: str, *, narrow: bool) -> str:
    return (_HEADS_OF_NARROW if narrow else _HEADS).get(name, name)


def _row(event: KafkaEvent) -> Row:
    told = msgspec.json.decode(event.value)
    content, time = told["data"], told["time"][:19].replace("T", " ")
    if event.kind == "gap":
        return Row(time, _conversation(content), type="gap", text=_gap(content["gap"]), style="yellow")
    if event.kind == "dead_letter":
        text = f"{content['reason']}: {content['detail']} (row {content['row_id']})"
        return Row(time, type="dead letter", text=text, style="red")
    if "message" not in content:
        return Row(time, _conversation(content), type=event.kind.replace("_", " "), text=_told(content), style="cyan")
    message = content["message"]
    author = message["author"]
    return Row(
        time,
        _conversation(content),
        _ARROWS.get(message["direction"], "?"),
        author["name"] or (author["kind"] if author["kind"] != "unknown" else ""),
        message["type"],
        in_words(message),
        _status(message),
    )


def _status(message: Mapping[str, Any]) -> str:
    """The state; in brackets the provider's own word for one whose meaning nobody knows."""
    status = message["status"]
    unknown = message["direction"] == "outbound" and status["provider"]
    return status["state"] or (f"({status['provider']})" if unknown else "")


def _told(content: Mapping[str, Any]) -> str:
    """What an event of a conversation says of it, beyond its names."""
    told = content["conversation"]
    return ", ".join(f"{name} {_plain(told[name])}" for name in ("state", "assigned_to", "unread") if told.get(name))


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever JSON can say
    return str(value["name"] or value["id"] or "nobody") if isinstance(value, dict) else str(value)


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
        *([_file(media, message["text"])] if media else []),
        *([_named("place", place["name"], f"{place['latitude']}, {place['longitude']}")] if place else []),
        *(_named("contact", card["name"]) for card in message["contacts"]),
        *([reaction["emoji"] or "[reaction removed]"] if reaction else []),
        *([_named("template", template["name"])] if template else []),
        *([_named("order", f"{len(order['items'])} items")] if order else []),
        *([_named("call", call["status"])] if call else []),
        *(each["emoji"] for each in message["reactions"] if each["emoji"]),
    ]


def _file(media: Mapping[str, Any], words: str | None) -> str:
    """The file by its name or kind, or, where there are no words that tell more, by the end of its link."""
    if not media["available"]:
        return "[file, not there yet]"
    end = (media["url"] or "").partition("?")[0].rpartition("/")[2]
    return _named("file", media["file_name"] or media["mime_type"] or (end if "." in end and not words else None))


def _named(thing: str, *names: str | None) -> str:
    return f"[{' '.join([thing, *(name for name in names if name)])}]"
