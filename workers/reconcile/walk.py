"""One poll of a feed's newest end: which page to ask for next, and when enough has been seen.

A walk is a small machine without I/O: ask for `want`, give the page to `take`, until `want` is None. Page one is
always read; when anything in it is news, pages are read on until all rows of one are known and older than the settle
window. Pages shift while they are walked: rows are kept by id, a row seen twice counts as it was seen last, and where
rows may have slipped through between two pages the walk is owed once more.

Some providers need more than one response to show their newest rows. Pages that lead on are only the way there: they
are always followed, prove nothing, and "page one" is the first page that does not lead on.
"""

from collections.abc import Sequence
from typing import NamedTuple

from workers.model import BrokenRow, ConversationState, Page, PageRef, RawRow
from workers.reconcile import memory
from workers.reconcile.cursor import Cursor, Newest, WalkAgain, contacted
from workers.reconcile.doubt import Doubt, widens
from workers.reconcile.known import has_digest, identity
from workers.reconcile.page_end import ends_before, is_blank
from workers.reconcile.reach import Reach
from workers.reconcile.rules import Rules
from workers.reconcile.standing import Standing, identity_of, standing_of

Row = RawRow | BrokenRow

#: Place of rows without a time among their neighbours: before all others.
NO_TIME = -(1 << 62)
#: Rows that a page may hold at most, so that page and position make one place.
PLACES = 1_000_000


class _Look(NamedTuple):
    """One page as it stands against the cursor: times (ms) of its rows, and standings, those of broken rows last."""

    times: list[int]
    standings: list[Standing]

    @property
    def has_news(self) -> bool:
        return Standing.NEW in self.standings or Standing.CHANGED in self.standings


class LiveWalk:
    """The walk of one poll. `now` in ms, `cursor` as it stands when the walk begins (None: first contact)."""

    def __init__(self, cursor: Cursor | None, rules: Rules, first: PageRef, now: int) -> None:
        self.want: PageRef | None = first
        #: Pages read, those that only lead on apart.
        self.pages = 0
        self.skipped: dict[str, int] = {}
        self.reach = Reach()
        #: What the provider last said of the conversation as a whole.
        self.conversation: ConversationState | None = None
        #: How many entries the provider lists behind each row of page one, where it tells their number.
        self.beneath: dict[str, int] = {}
        #: True when the walk ended at its page limit, not for want of news.
        self.cut = False
        #: Whether the last page of a first contact reaches back before the start.
        self.reached_start = False
        #: The newest time (ms) on page one: what is newer appeared while the walk went on.
        self.newest: int | None = None
        #: Where the rows stand that were not known as they are, by identity, against `cursor`.
        self.standings: dict[bytes, Standing] = {}
        self.cursor = contacted(cursor)
        self._rules = rules
        self._now = now
        self._edge = now - rules.settle
        self._seen: dict[bytes, tuple[int, int, Row]] = {}
        self._widened = False
        self._doubt = Doubt(self.cursor)
        self._news = False
        #: Responses read, and whether all of them only led on.
        self._looks = 0
        self._opening = True
        #: Whether entries were put in behind the newest known row since the last poll.
        self._sunk = False
        #: Whether the settle window spans more than page one.
        self._wide = False
        #: The time (ms) behind which rows may have slipped through between two pages.
        self._torn: int | None = None
        again = self.cursor.again if self.cursor else None
        self._due = again if again and again.due <= now else None

    def take(self, page: Page) -> None:
        """One page, as answer to `want`."""
        asked = self.want
        if asked is None:
            raise ValueError("no page was asked for")
        standings = self._standings(page.rows)
        standings += [self._note(row, identity_of(row)) for row in page.broken]
        look = _Look([row.time for row in page.rows], standings)
        self._news = self._news or look.has_news
        self._looks += 1
        page = self._doubt.settled(asked, page, standings, widened=self._widened)
        self.pages += not page.leads_on
        for reason, count in page.skipped.items():
            self.skipped[reason] = self.skipped.get(reason, 0) + count
        self._note_reach(page, look)
        following = page.next if self._goes_on(asked, page, look) else None
        self.cut = following is not None and self._rules.numbered and self.pages >= self._rules.live_pages
        self.want = None if self.cut else following
        self._widened = following is not None and widens(asked, following)
        if self.want is not None and not self._widened and not page.leads_on:
            self._watch_the_seam(look)

    def times(self) -> list[int]:
        """The times (ms) of the rows that were not known as they are, ascending."""
        return sorted(time for time, _, _ in self._seen.values() if time != NO_TIME)

    def rows(self) -> list[Row]:
        """The rows that were not known as they are when the walk saw them, oldest first.

        Sorted by provider time, ties in the provider's own order; broken rows come first.
        """
        return [row for _, _, row in sorted(self._seen.values(), key=lambda seen: seen[:2])]

    @property
    def horizon(self) -> Newest | None:
        """How far back the walk saw: its oldest row; the moment of the walk where all it saw is one broken new row."""
        oldest = self.reach.oldest
        if oldest is not None:
            return Newest(id=oldest.id, time=oldest.time)
        hides = self.reach.reason == "last_message_only" and bool(self._seen)
        return Newest(id="", time=self._now) if hides else None

    @property
    def ran_out(self) -> bool:
        """Whether the provider's reach ended before known ground was met: rows may be hidden for ever."""
        ended = self.reach.ended or self._doubt.remains
        return ended and not self.reach.grounded and self.cursor is not None

    def again(self) -> WalkAgain | None:
        """The walk that is owed after this one, since polls look at page one only.

        Owed when the settle window spans more than page one (a late row may still appear behind it), and when new
        rows reached over the seam between two pages (a row that moved across it meanwhile was on neither).
        """
        owed = self.cursor.again if self.cursor and self._due is None else None
        depths = [self._edge] if self._wide else []
        if self._torn is not None and not self.cut:
            depths.append(self._torn)
        if self._due and self.cut and self.cursor and self.cursor.history:
            depths.append(self._due.depth)  # a history under way takes in what is newer, and does not go back
        if not depths:
            return owed
        if owed is not None:
            return WalkAgain(due=owed.due, depth=min(*depths, owed.depth))
        return WalkAgain(due=self._now + self._rules.settle, depth=min(depths))

    def depth(self) -> int | None:
        """How deep (ms) a walk that was due had to go; None where none was."""
        return self._due.depth if self._due else None

    def _standings(self, rows: Sequence[RawRow]) -> list[Standing]:
        """Where rows stand. Most rows of most pages are known as they are: they are found at once, in the tail."""
        if self.cursor is None:
            return [self._note(row, identity(row.id, row.conversation)) for row in rows]
        tail, seen, known = memory.index(self.cursor.tail), self._seen, Standing.KNOWN
        standings: list[Standing] = []
        for row in rows:
            row_id = identity(row.id, row.conversation)
            remembered = tail.get(row_id)
            if remembered is None or row_id in seen or not has_digest(remembered, row.digest):
                standings.append(self._note(row, row_id))
            else:
                standings.append(known)
        return standings

    def _note(self, row: Row, row_id: bytes) -> Standing:
        standing = self.standings[row_id] = standing_of(row, self.cursor, row_id)
        if standing is Standing.KNOWN:
            self._seen.pop(row_id, None)  # it changed, and changed back
        elif isinstance(row, RawRow):
            self._seen[row_id] = (row.time, -(self._looks * PLACES + row.position), row)
        else:
            self._seen[row_id] = (NO_TIME, -self._looks * PLACES, row)
        return standing

    def _note_reach(self, page: Page, look: _Look) -> None:
        self.reach.end_at(page)
        self.conversation = page.conversation or self.conversation
        opens = self._opening
        self._opening = opens and page.leads_on
        if opens or not page.leads_on:
            self.reach.ground(page, look.standings, widened=self._widened, alone=opens and not page.leads_on)
        if opens and look.times:
            self.newest = max(look.times) if self.newest is None else max(*look.times, self.newest)
        if opens and not page.leads_on:
            oldest = self.reach.oldest
            # A page one without a time tells nothing: one walk is owed, and not one more for each that was due.
            self._wide = page.next is not None and (oldest.time > self._edge if oldest else self._due is None)
            self._note_depth(page)

    def _note_depth(self, page: Page) -> None:
        """Rows that come in behind the newest known one show on no page that polls look at: their number tells."""
        if page.total is None:
            return
        self.beneath = {row.id: page.total - 1 - row.position for row in page.rows}
        if self.cursor is None or self.cursor.beneath is None or self.cursor.newest is None:
            return
        beneath = self.cursor.newest.among(self.beneath)
        self._sunk = beneath is not None and beneath > self.cursor.beneath

    def _goes_on(self, asked: PageRef, page: Page, look: _Look) -> bool:
        if page.next is None:
            return False
        if page.leads_on or self._sunk:
            return True
        if self.cursor is None:
            return self._first_contact_goes_on(page)
        if self._due is not None and not _is_deeper_than(self._due.depth, look):
            return True
        if not self._news:
            return False
        return is_blank(page) or not self._settled(look, widens=widens(asked, page.next))

    def _first_contact_goes_on(self, page: Page) -> bool:
        """A history of numbered pages is read from its other end, if it is one; `now` only needs its settle window."""
        whole = not self._rules.numbered or self._doubt.begins
        if self._rules.start == "beginning":
            return whole
        start = self._rules.first_start(self._now)
        self.reached_start = start is not None and ends_before(page.rows, start)
        return not self.reached_start and (whole or self._rules.start == "now")

    def _settled(self, look: _Look, *, widens: bool) -> bool:
        """Whether all rows of the page are known and older than the settle window.

        A wider page shows the same rows again and can never be all known: then the oldest rows stand for it.
        """
        if look.has_news and not widens:
            return False
        oldest = self.reach.oldest
        return all(
            standing is Standing.PENDING or (time < self._edge and not standing.is_news)
            for time, standing in zip(look.times, look.standings, strict=False)
            if not widens or (oldest and time == oldest.time)
        )

    def _watch_the_seam(self, look: _Look) -> None:
        """New rows at a page's old end: what moves up from the next page meanwhile is news that no page shows."""
        if self.reach.oldest is None:
            return
        oldest = self.reach.oldest.time
        if (oldest, Standing.NEW) in zip(look.times, look.standings, strict=False):
            self._torn = oldest if self._torn is None else min(oldest, self._torn)


def _is_deeper_than(depth: int, look: _Look) -> bool:
    return bool(look.times) and max(look.times) < depth and not look.has_news
