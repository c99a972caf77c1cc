"""A provider in miniature: one feed of messages that appear, change, vanish and return, shown in pages."""

from dataclasses import dataclass, field
from random import Random
from typing import Literal

import orjson
from xxhash import xxh3_64_digest

from workers.errors import RowUnreadable
from workers.model import Author, BrokenRow, Contact, Conversation, Message, Normalised, Page, PageRef, RawRow, Status
from workers.times import iso

#: When the model begins, epoch ms.
DAWN = 1_760_000_000_000


@dataclass
class Sent:
    """One message at the provider. `late`: ms between its own time and its appearance; `steady`: never hidden."""

    id: str
    time: int
    tie: float
    late: int = 0
    text: int = 0
    status: str | None = None
    health: Literal["sound", "unreadable", "broken"] = "sound"
    visible: bool = True
    steady: bool = True
    jumped: int = 0

    @property
    def raw(self) -> dict[str, object]:
        said = {"id": self.id, "time": self.time, "text": self.text, "status": self.status}
        return said if self.health == "sound" else said | {"health": self.health}


@dataclass
class ModelProvider:
    """The feed. Pages are numbered rows of `size`, or one page that widens from `few` to `most` rows."""

    numbered: bool = True
    whole_seconds: bool = False
    size: int = 5
    few: int = 5
    most: int = 20
    now: int = DAWN
    sent: list[Sent] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(1))

    def insert(self, late: int = 0, **said: object) -> Sent:
        """A new message appears, `late` ms after its own time."""
        self.now += 7
        time = (self.now - late) // 1000 * 1000 if self.whole_seconds else self.now - late
        message = Sent(id=f"m{len(self.sent)}", time=time, tie=self.random.random(), late=late, **said)
        self.sent.append(message)
        return message

    def listed(self) -> list[Sent]:
        """What is visible, newest first; equal times in an order of the provider's own."""
        visible = (message for message in self.sent if message.visible)
        return sorted(visible, key=lambda message: (message.time, message.tie), reverse=True)

    def first(self) -> PageRef:
        """The page that every poll begins with."""
        return PageRef(number=1, limit=self.size if self.numbered else self.few)

    def page(self, ref: PageRef) -> Page:
        """What the provider shows now."""
        listed = self.listed()
        start = (ref.number - 1) * self.size if self.numbered else 0
        count = self.size if self.numbered else ref.limit
        mine = listed[start : start + count]
        raws = [(position, message) for position, message in enumerate(mine)]
        following = PageRef(number=ref.number + 1, limit=ref.limit)
        if not self.numbered:
            following = PageRef(number=1, limit=self.most) if ref.limit < self.most else None
        full = len(mine) == count
        return Page(
            rows=tuple(raw_row(message, at) for at, message in raws if message.health != "broken"),
            broken=tuple(broken_row(message) for _, message in raws if message.health == "broken"),
            next=following if full else None,
            exhausted=not full,
        )


def raw_row(message: Sent, position: int = 0) -> RawRow:
    """The row as an adapter reads it."""
    raw = message.raw
    return RawRow(id=message.id, time=message.time, position=position, digest=_digest(raw), raw=raw)


def broken_row(message: Sent) -> BrokenRow:
    """A row that has lost its identity."""
    raw = message.raw
    return BrokenRow(reason="no_id", detail="broken", digest=_digest(raw), payload=str(raw), row_id=None)


def normalise(row: RawRow) -> Normalised:
    """The message of a row."""
    raw = row.raw
    if "health" in raw:
        raise RowUnreadable("unreadable", "no sense in it")
    known = raw["status"] if raw["status"] != "odd" else None
    status = Status(state=known, provider=raw["status"] and raw["status"].upper(), at=iso(row.time))
    return Normalised(
        conversation=Conversation(id="a/c", provider_id="c", contact=Contact(address="5511")),
        message=Message(
            id=row.id,
            direction="outbound",
            author=Author(kind="bot"),
            sent_at=iso(row.time),
            type="text",
            text=f"version {raw['text']}",
            status=status,
        ),
    )


def _digest(raw: object) -> bytes:
    return xxh3_64_digest(orjson.dumps(raw))[:6]
