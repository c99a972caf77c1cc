"""The ledger: what the simulator showed to whom, and when. Pure: the caller says when a row went out.

Only rows of complete, readable answers with status 200 are recorded, after the last byte was handed to the
socket without an error. So everything in it must come out of whatever reads the simulator, and nothing else may.
Texts stand as they were shown, with an echoed (invented) key where a switch put one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from workers.simulator.facts import says_no_more, unpacked
from workers.simulator.records import Account, Message, Row, ShownState

#: Lines of one piece of the streamed ledger (lines): long enough to be cheap, short enough for the event loop.
LINES_AT_ONCE = 500


@dataclass(slots=True, eq=False)
class Entry:
    """What was shown of one message. Times of showing are real epoch milliseconds.

    `states` are the distinct states in the order in which they were shown, each with its first time.
    `first_shown_ms` is None while only a spoilt row was shown; `poison_ms` is when such a row first was.
    What must stand in the last event, field by field, are the facts of the last state (facts.py).
    `feed` names the list in which it first stood; `bent` the row switches that touched a readable showing.
    """

    message: Message
    conversation: str
    feed: tuple[str, ...]
    time_ms: int
    first_shown_ms: int | None = None
    states: list[tuple[int, ShownState]] = field(default_factory=list)
    poison_ms: int | None = None
    bent: tuple[str, ...] = ()
    last: Row | None = None

    @property
    def poison(self) -> bool:
        """Whether a spoilt row stood in its place at least once."""
        return self.poison_ms is not None

    def content(self) -> dict[str, Any]:
        """The entry as one JSON value."""
        message = self.message
        return {
            "account": message.account.name,
            "provider": message.account.provider,
            "feed": self.feed,
            "conversation": self.conversation,
            "message": message.id,
            "direction": "inbound" if message.inbound else "outbound",
            "time_ms": self.time_ms,
            "first_shown_ms": self.first_shown_ms,
            "states": [_state(at, state) for at, state in self.states],
            "facts": unpacked(self.states[-1][1].facts) if self.states else {},
            "poison": self.poison,
            "poison_first_shown_ms": self.poison_ms,
            "bent": self.bent,
        }


def _state(shown_ms: int, state: ShownState) -> dict[str, Any]:
    content = {"first_shown_ms": shown_ms, **state._asdict()}
    del content["facts"]
    return content


class Ledger:
    """Entries by message, at most `keep`: beyond that the oldest are forgotten and counted."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._entries: dict[int, Entry] = {}
        self.forgotten = 0
        self._shown: dict[str, int] = {}
        self._poisoned: dict[str, int] = {}

    def record(self, feed: tuple[str, ...], rows: Sequence[Row], shown_ms: int) -> None:
        """These rows went out in a complete answer at this real time."""
        entries = self._entries
        for row in rows:
            message = row.message
            if message is None:
                continue
            entry = entries.get(message.number)
            if entry is None:
                entry = self._opened(message, row, feed)
            elif entry.last is row:
                continue
            self._note(entry, row, shown_ms)

    def entries(self) -> Iterator[Entry]:
        """All entries, in the order of their first showing."""
        return iter(list(self._entries.values()))

    def entry(self, message: Message) -> Entry | None:
        """What was shown of this message; None where nothing was."""
        return self._entries.get(message.number)

    def shown(self, account: str) -> int:
        """Messages of this account that were shown readable at least once (forgotten ones included)."""
        return self._shown.get(account, 0)

    def poisoned(self, account: str) -> int:
        """Messages of this account that were shown spoilt at least once (forgotten ones included)."""
        return self._poisoned.get(account, 0)

    def never_shown(self, account: Account) -> int:
        """Messages of this account that are visible and were never shown in any form."""
        return sum(message.number not in self._entries for message in account.messages)

    def pieces(self) -> Iterator[bytes]:
        """The ledger as JSON lines, in pieces of `LINES_AT_ONCE`."""
        lines: list[bytes] = []
        for entry in self.entries():
            lines.append(orjson.dumps(entry.content(), option=orjson.OPT_APPEND_NEWLINE))
            if len(lines) == LINES_AT_ONCE:
                yield b"".join(lines)
                lines.clear()
        if lines:
            yield b"".join(lines)

    def _opened(self, message: Message, row: Row, feed: tuple[str, ...]) -> Entry:
        if len(self._entries) >= self._keep:
            del self._entries[next(iter(self._entries))]
            self.forgotten += 1
        entry = self._entries[message.number] = Entry(message, row.conversation, feed, row.time_ms)
        return entry

    def _note(self, entry: Entry, row: Row, shown_ms: int) -> None:
        entry.last = row
        account = entry.message.account.name
        if row.state is None:
            if entry.poison_ms is None:
                entry.poison_ms = shown_ms
                self._poisoned[account] = self.poisoned(account) + 1
            return
        if entry.first_shown_ms is None:
            entry.first_shown_ms = shown_ms
            self._shown[account] = self.shown(account) + 1
        self._note_state(entry, row.state, shown_ms)
        new = [name for name in row.bent if name not in entry.bent]
        if new:
            entry.bent = (*entry.bent, *new)

    @staticmethod
    def _note_state(entry: Entry, state: ShownState, shown_ms: int) -> None:
        """Another state than the last; one that only says more of it takes its place."""
        if not entry.states:
            entry.states.append((shown_ms, state))
            return
        at, last = entry.states[-1]
        if says_no_more(state, than=last):
            return
        if says_no_more(last, than=state):
            entry.states[-1] = (at, state)
        else:
            entry.states.append((shown_ms, state))
