"""The cursor of a feed: what of it has been published. Frozen; every operation (remembering.py) returns a new one."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from workers.reconcile import memory
from workers.reconcile.known import identity


class HistoryPages(NamedTuple):
    """How far a history has come: pages published since its old end, and pages left, as they were numbered then."""

    done: int
    left: int


class History(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A long history on its way out, read from its old end in batches of pages.

    Rows up to `boundary` (ms) belong to it, newer ones are live. `done` is the newest time (ms) that it has reached,
    `page` the page number where the part behind it began when it was read, `pages` where the search found the old
    end. `rows` is the window of rows published last, `met` holds the identities of those that its last batch found
    known already, and of what stood on page `page` where no row did; unknown rows below `floor` (ms) were published and
    pushed out of the window. `after` (ms) is where it stops going back, where that is set. Rows up to `backfill` (ms)
    stood there at the first contact.
    """

    boundary: int
    done: int | None = None
    page: int | None = None
    pages: int | None = None
    rows: bytes = b""
    met: bytes = b""
    floor: int | None = None
    after: int | None = None
    backfill: int | None = None
    published: int = 0

    def covers(self, time: int) -> bool:
        """Whether a row of this time (ms) belongs to it, not to the live end."""
        return time <= self.boundary and (self.after is None or time >= self.after)

    def progress(self) -> HistoryPages | None:
        """How far it has come; None while its old end is being looked for."""
        if self.page is None or self.pages is None:
            return None
        return HistoryPages(done=max(0, self.pages - self.page + 1), left=self.page - 1)


#: In a stored id, what stands behind it is its identity (known.py), and a credential is gone from it. No row has such.
_KNOWN_AS = "\0"


class Newest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The newest message that a feed has shown: where a gap begins. `time` in ms; no `id` where only that is known."""

    id: str
    time: int

    @property
    def name(self) -> str:
        """The id as it may be told, if there is one."""
        return self.id.partition(_KNOWN_AS)[0]

    def among(self, places: Mapping[str, int]) -> int | None:
        """What these say of this message, by the ids of messages; None where it is not among them."""
        known_as = self.id.partition(_KNOWN_AS)[2]
        if not known_as:
            return places.get(self.id)
        return next((place for row_id, place in places.items() if identity(row_id).hex() == known_as), None)

    def without_secrets(self, redact: Callable[[str], str]) -> "Newest":
        """The same message as it may be stored, known by its identity where its id may not be."""
        name, mark, known_as = self.id.partition(_KNOWN_AS)
        clean = redact(name)
        if clean == name:
            return self
        return Newest(id=f"{clean}{_KNOWN_AS}{known_as if mark else identity(name).hex()}", time=self.time)


class WalkAgain(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A walk still owed: from `due` on, as deep as rows of the time `depth` (both ms)."""

    due: int
    depth: int


class Told(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was last told of a conversation as a whole: the digests of its parts, and how often it was told before."""

    parts: bytes
    revision: int = 0


class Cursor(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag_field="v", tag=1):
    """What of a feed has been published.

    `contact` is the time of the first successful poll (ms; 0: none yet); `page` the digest of the newest page's body
    at the last poll; unknown rows below `floor` (the oldest remembered time, once something was forgotten) or below
    `start` are left out. Rows up to `opening` (ms) stood there at a first contact that is not published to its end.
    `letters` holds the reasons of page letters that were written since the feed last succeeded. `segments` numbers
    the `sealed` segments, oldest first; number 0 is the window of a history. `beneath` is how many entries the
    provider listed behind the newest row at the last poll; `conversation` is what was last told of it as a whole.
    `pages_told` are the digests of the unreadable pages told last: the same page is not told twice. `imprint` is what
    the schedule has learned of the feed (imprint.py), so that its next owner need not begin from nothing.
    """

    contact: int
    page: bytes = b""
    newest: Newest | None = None
    tail: bytes = b""
    segments: tuple[int, ...] = ()
    sealed: tuple[bytes, ...] = ()
    next_segment: int = 1
    floor: int | None = None
    start: int | None = None
    opening: int | None = None
    history: History | None = None
    again: WalkAgain | None = None
    letters: tuple[str, ...] = ()
    memory_gap_said: bool = False
    beneath: int | None = None
    conversation: Told | None = None
    pages_told: tuple[bytes, ...] = ()
    imprint: bytes = b""

    def find(self, row_id: bytes) -> bytes | None:
        """The remembered row with this id, encoded; None where it is not known."""
        row = memory.index(self.tail).get(row_id)
        if row is not None:
            return row
        if self.sealed and row_id in memory.identities(self.sealed):
            for segment in self.sealed:
                if (row := memory.find(segment, row_id)) is not None:
                    return row
        return memory.find(self.history.rows, row_id) if self.history else None

    def count(self) -> int:
        """How many rows are remembered, the window of a history apart."""
        return len(memory.index(self.tail)) + sum(memory.count(segment) for segment in self.sealed)

    def forgot(self, time: int) -> bool:
        """Whether an unknown row of this time (ms) may have been published and forgotten."""
        history = self.history
        if history is not None and history.floor is not None and time < history.floor:
            return True
        unread = history is not None and history.backfill is not None and time <= history.backfill
        return not unread and self.floor is not None and time < self.floor


def contacted(cursor: Cursor | None) -> Cursor | None:
    """The cursor, once a page was ever read (before that it holds nothing but page letters)."""
    return cursor if cursor is not None and cursor.contact else None
