"""The judge: what the simulator showed against what a `read_committed` consumer sees. It shares no code with either.

It holds the stream to what a consumer can hold it to: every message once, none that was never shown, each with its
updates in their order, none of whose last states is missing, each conversation under one key and in order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from workers.demo.due import UNORDERED, differing, due, rank_of
from workers.demo.order import Name, Order
from workers.demo.reading import Seen
from workers.model import Record
from workers.times import parse_iso

#: Faults of one kind that a verdict names.
_NAMED = 5


class Verdict(Record, frozen=True, kw_only=True):
    """The count. `lost`, `twice`, `invented`, `disordered` and `outdated` must be 0; `faults` names some that are not.

    `outdated` counts messages whose last event is not, field by field, what was shown last.
    """

    shown: int
    published: int
    twice: int
    lost: int
    invented: int
    disordered: int
    outdated: int
    updates: int
    gaps: int
    dead_lettered: int
    mean_delay_seconds: float | None
    faults: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.twice or self.invented or self.disordered or self.outdated)


def judge(shown: Iterable[Mapping[str, Any]], seen: Iterable[Seen]) -> Verdict:
    """The verdict on all of the ledger's lines and all records of the messages and dead-letter topics.

    `shown` must be at least as new as `seen`, or what is newest counts as invented.
    """
    court = _Court()
    for record in seen:
        court.hear(record)
    return court.verdict(list(shown))


class _Told:
    """What the stream says of one message."""

    def __init__(self) -> None:
        self.created = 0
        self.revision = -1
        self.furthest = UNORDERED
        self.status: str | None = None
        self.data: Mapping[str, Any] = {}
        self.words: set[str] = set()


class _Court:
    def __init__(self) -> None:
        self.told: dict[Name, _Told] = {}
        self.ids: Counter[str] = Counter()
        self.letters: set[tuple[str, str]] = set()
        self.letter_count = self.updates = self.gaps = 0
        self.delays: list[float] = []
        self.disorder: list[str] = []
        self.order = Order()

    def hear(self, seen: Seen) -> None:
        kind, run = seen.attributes["type"], self.order.pass_by(seen)
        self.ids[f"{seen.attributes['source']} {seen.attributes['id']}"] += 1
        if kind == "afluente.dead-letter":
            self.letter_count += 1
            if seen.data["row_id"] is not None:
                self.letters.add((seen.data["account"], seen.data["row_id"]))
        elif kind == "afluente.feed.gap":
            self.gaps += 1
        elif kind.startswith("afluente.message."):
            name = _name(seen)
            self.order.hear(name, seen, run)
            self._message(name, kind.rpartition(".")[2], seen)

    def _message(self, name: Name, kind: str, seen: Seen) -> None:
        told, message = self.told.setdefault(name, _Told()), seen.data["message"]
        expected = told.revision + 1
        if kind == "created":
            told.created += 1
            expected = 0
            if seen.data["origin"] == "live":
                self.delays.append(seen.timestamp_ms - parse_iso(message["sent_at"]))
        else:
            self.updates += 1
        if message["revision"] != expected or not told.created:
            self.disorder.append(f"{name}: {kind} {message['revision']} came where {expected} was due")
        told.revision, told.data = message["revision"], seen.data
        self._state(name, told, message)

    def _state(self, name: Name, told: _Told, message: Mapping[str, Any]) -> None:
        status = message["status"]
        rank = rank_of(status["state"])
        if rank < told.furthest:
            self.disorder.append(f"{name}: its status went backwards")
        told.furthest = max(rank, told.furthest)
        told.status = status["provider"]
        if status["provider"] is not None:
            told.words.add(status["provider"])

    # --- against the ledger -------------------------------------------------------------------------------

    def verdict(self, shown: list[Mapping[str, Any]]) -> Verdict:
        lines = {_shown_name(line): line for line in shown}
        readable = {name for name, line in lines.items() if line["first_shown_ms"] is not None}
        published = {name for name, told in self.told.items() if told.created}
        lost = {name for name in readable - published if (name[0], name[2]) not in self.letters}
        invented = {name for name, told in self.told.items() if _is_invented(told, lines.get(name))}
        outdated = {name: why for name in readable & published if (why := self._outdated(name, lines[name]))}
        created = [told.created for told in self.told.values()]
        # An event told twice has its id twice; a message created twice under two ids is worse, and counts too.
        again = sum(count - 1 for count in self.ids.values())
        disorder = [*self.disorder, *self.order.faults, *self._behind(lines)]
        twice = [name for name, told in self.told.items() if told.created > 1]
        named = {"lost": lost, "invented": invented, "twice": twice}
        return Verdict(
            shown=len(readable),
            published=sum(created),
            twice=max(again, sum(count - 1 for count in created if count)),
            lost=len(lost),
            invented=len(invented),
            disordered=len(disorder),
            outdated=len(outdated),
            updates=self.updates,
            gaps=self.gaps,
            dead_lettered=self.letter_count,
            mean_delay_seconds=round(sum(self.delays) / len(self.delays) / 1000, 3) if self.delays else None,
            faults=(
                *(f"{what}: {name}" for what, names in named.items() for name in sorted(names)[:_NAMED]),
                *(f"outdated: {name}: {'; '.join(outdated[name])}" for name in sorted(outdated)[:_NAMED]),
                *disorder[:_NAMED],
            ),
        )

    def _outdated(self, name: Name, line: Mapping[str, Any]) -> list[str]:
        """What its last event says otherwise than what was shown last."""
        if (name[0], name[2]) in self.letters:
            return []
        told, last = self.told[name], due(line)
        status = [] if last.status in {None, told.status} else [f"status is {told.status}, shown was {last.status}"]
        return status + differing(told.data, last.fields)

    def _behind(self, lines: Mapping[Name, Mapping[str, Any]]) -> list[str]:
        """Rows of a history behind younger ones, unless they were shown only after those were looked for."""
        return [
            f"{behind.name}: history came out of order"
            for behind in self.order.behind
            if behind.name in lines and (lines[behind.name]["first_shown_ms"] or 0) <= behind.observed
        ]


def _is_invented(told: _Told, line: Mapping[str, Any] | None) -> bool:
    """Nothing like it was shown: not the message, or not a status that it was published with."""
    if line is None:
        return True
    return not line["bent"] and not told.words <= {state["status"] for state in line["states"]}


def _name(seen: Seen) -> Name:
    data = seen.data
    return data["account"], data["conversation"]["provider_id"], data["message"]["id"]


def _shown_name(line: Mapping[str, Any]) -> Name:
    return line["account"], line["conversation"], line["message"]


def as_json(verdict: Verdict) -> bytes:
    """The verdict as one JSON line."""
    return msgspec.json.encode(verdict)
