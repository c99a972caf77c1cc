"""Rows that are legal JSON, or nearly, and still break programs; and poison rows, which nobody can read. Pure.

Whether a row is bent is the row's own luck (`lot`): it looks the same at every request until the switch is
turned. A bent row still says everything that a straight one says, so it counts as shown; a poison row does not.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from workers.simulator.facts import common
from workers.simulator.records import Message, Row, ShownState
from workers.simulator.switches import AccountSwitches, Chance, lot

SWITCHES = (
    Chance("poison", "share of rows spoilt beyond reading: no id, no time, or no object at all"),
    Chance("nan", "share of rows with the bare word NaN as the value of a further field"),
    Chance("huge_number", "share of rows with an integer of 400 digits in a further field"),
    Chance("deep_nesting", "share of rows with an array nested 5000 deep in a further field"),
    Chance("broken_surrogate", "share of rows whose text ends in half of a surrogate pair (\\ud83d)"),
    Chance("duplicate_keys", "share of rows that name their text twice; the last one is true"),
    Chance(
        "echo_in_text", "share of rows whose text holds the account's key: plain, URL-quoted, JSON-escaped or base64"
    ),
)

#: Arrays inside arrays of a deeply nested value (levels): more than any fast decoder or call stack takes.
NESTING = 5000
#: Digits of a huge number (digits): far past 64 bits and past the range of a double.
HUGE_DIGITS = 400
#: Stands in a text for half of a surrogate pair until the row is encoded (a private use character).
HALF_PAIR = "\ue000"

#: Fields that are added to a row, as they stand in its JSON, by the name of their switch.
FURTHER_FIELDS = {
    "nan": b',"score":NaN}',
    "huge_number": b',"score":' + b"9" * HUGE_DIGITS + b"}",
    "deep_nesting": b',"trace":' + b"[" * NESTING + b"]" * NESTING + b"}",
}


@dataclass(frozen=True, slots=True)
class RowFields:
    """How a provider calls the fields that bending needs."""

    id: str
    time: str
    text: str


Render = Callable[[str | None], tuple[dict[str, Any], ShownState]]


def tricks_for(seed: int, message: Message, switches: AccountSwitches) -> tuple[str, ...]:
    """The row switches that this message's luck drew."""
    drawn = ((name, chance) for name, chance in switches.active if name in _NAMES)
    return tuple(name for name, chance in drawn if lot(seed, name, message.id) < chance)


def bend(row: Row, tricks: tuple[str, ...], fields: RowFields, render: Render, secret: str) -> Row:
    """The row with these tricks played on it. `render` makes it anew from another text."""
    message = row.message
    if not tricks or message is None:
        return row
    if "poison" in tricks:
        return _row_like(row, _poisoned(row.body, message.id, fields), None, ("poison",), poison=True)
    content, state = render(_bent_text(message, tricks, secret))
    body = orjson.dumps(content)
    done = [name for name in tricks if name in _ON_TEXT and state != row.state]
    if "broken_surrogate" in done and state.text is not None:
        body = body.replace(HALF_PAIR.encode(), rb"\ud83d")
        facts = state.facts.replace(HALF_PAIR.encode(), b"\xef\xbf\xbd")
        state = state._replace(text=state.text.replace(HALF_PAIR, "\ufffd"), facts=facts)
    if "echo_in_text" in done and row.state is not None:  # an event has something else in its place
        state = state._replace(facts=common(state.facts, row.state.facts))
    if "duplicate_keys" in tricks:
        body = b'{"%b":"not this one",%b' % (fields.text.encode(), body[1:])
        done.append("duplicate_keys")
    for name in (name for name in tricks if name in FURTHER_FIELDS):
        body = body[:-1] + FURTHER_FIELDS[name]
        done.append(name)
    return _row_like(row, body, state, tuple(done), poison=False)


def echoed(secret: str, thing: str) -> str:
    """The secret in one of the forms in which a provider may echo it, always the same for the same thing."""
    escaped = secret.replace("/", "\\/")
    forms = (secret, quote(secret, safe=""), escaped, b64encode(secret.encode()).decode())
    return forms[sum(thing.encode()) % len(forms)]


def _bent_text(message: Message, tricks: tuple[str, ...], secret: str) -> str | None:
    text = message.text
    if text is None or message.kind in _NO_WORDS:
        return text
    if "echo_in_text" in tricks:
        text = f"{text} {echoed(secret, message.id)}"
    return text + HALF_PAIR if "broken_surrogate" in tricks else text


def _poisoned(body: bytes, thing: str, fields: RowFields) -> bytes:
    content: Any = orjson.loads(body)
    kind = sum(thing.encode()) % 4
    if kind == 0:
        return orjson.dumps({**content, fields.id: None})
    if kind == 1:
        return orjson.dumps({**content, fields.time: "some time ago"})
    return orjson.dumps(f"spoilt {thing}" if kind == 2 else [thing, content])  # noqa: PLR2004  the third of four ways


def _row_like(row: Row, body: bytes, state: ShownState | None, bent: tuple[str, ...], *, poison: bool) -> Row:
    return Row(bytes(memoryview(body)), row.message, row.conversation, row.time_ms, state, bent, poison, row.revision)


#: Tricks on a row's words, and the kinds whose text is no words but coordinates or a number.
_ON_TEXT, _NO_WORDS = frozenset({"broken_surrogate", "echo_in_text"}), frozenset({"location", "contacts"})
_NAMES = frozenset(switch.name for switch in SWITCHES)
