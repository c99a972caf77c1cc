"""Which page of a timeline to ask for next. No page documents how it is paged: it is learned from what comes back.

The first page is asked for without any parameter, which every server understands. Where more exists, the ways in
`WAYS` are tried in turn until one brings the page after it; a way that brings the same records, nothing, or a refusal
is not understood. No walk goes round in circles: it ends at a page without a record that is new to it.

The first page holds the newest records, or the oldest ones, or records in no order. The newest ones are recognised by
the chat's last message, or by the course of their times. Where it holds the oldest, the last page is sought by the
number of records; that it is newer is checked. Where nothing is certain, all pages are read at every poll.
"""

from msgspec.structs import replace

from workers.providers.wegly.chat import ChatRow
from workers.providers.wegly.steps import ChatRef, Counts, First, Holds, Lessons, Step, TimelineRef, to
from workers.providers.wegly.timeline import Records
from workers.providers.wegly.ways import WAYS, Way

#: Pages that one poll reads at most (pages): 10 000 messages at 20 a page, and an end where a server makes up pages.
MOST_PAGES = 500
#: Records that a page shows at least if there are more (records): no API has smaller pages by default. It matters where
#: neither a total is told nor any way is understood.
FEWEST = 10


def after(
    ref: TimelineRef, shown: Records, total: int | None, last: ChatRow | None, lessons: Lessons, *, refused: bool
) -> Step:
    """The step after a page. `last` is the chat's last message."""
    if ref.first is None:
        return _after_first(ref, shown, total, last, lessons)
    # What is deleted meanwhile is not missing, and what comes meanwhile is found by the next poll.
    known = ref.first.total
    first = replace(ref.first, total=known if known is None or total is None else min(known, total))
    if ref.turn == "trial":
        return _after_trial(ref, first, shown, last, refused=refused)
    return _go_on(ref, first, shown, last)


# --- the first page --------------------------------------------------------------------------------------


def _after_first(ref: TimelineRef, shown: Records, total: int | None, last: ChatRow | None, lessons: Lessons) -> Step:
    everything = _is_all(shown, total)
    if not shown.ids or (everything and (lessons.counts == "all" or len(shown.ids) < FEWEST)):
        return Step(None, exhausted=everything or not total, newest=True)
    following = _second(ref, shown, total, last, lessons.way)
    if everything and (lessons.counts == "unpaged" or _may_be_all(shown, last)):
        # That `total` is the whole is inferred only: it may count the page.
        proof = None if lessons.counts == "unpaged" else following
        return Step(None, exhausted=True, newest=True, short=True, proof=proof)
    newest = following.first is not None and following.first.holds == "newest"
    return Step(following, leads_on=not newest, newest=newest, counts=None if everything or total is None else "all")


def _second(
    ref: TimelineRef, shown: Records, total: int | None, last: ChatRow | None, learned: Way | None
) -> TimelineRef:
    """What to ask for after the first page."""
    ids = frozenset(shown.ids)
    first = First(ids=ids, total=total, holds=_holds(shown, total, last), newest=shown.newest)
    ways = WAYS if learned is None else (learned, *(way for way in WAYS if way != learned))
    index = 1 if learned is None or first.holds != "oldest" else _last_index(first, learned)
    return to(ref, index, turn="trial", first=first, ways=ways, seen=ids)


def _is_all(shown: Records, total: int | None) -> bool:
    """Whether the page shows everything: `total` counts records, or perhaps messages alone."""
    return total is not None and (total <= shown.messages or total == len(set(shown.ids)))


def _may_be_all(shown: Records, last: ChatRow | None) -> bool:
    """Whether records in order, with the chat's last message among them, may be all that there are."""
    missing = last is not None and last.id not in shown.ids and last.time >= (shown.newest or 0)
    return shown.course != "none" and not missing


def _holds(shown: Records, total: int | None, last: ChatRow | None) -> Holds:
    """Which records the page holds, as far as it can be told without doubt."""
    if shown.course == "none":
        return "anything"
    if last is not None and last.id in shown.ids:
        return "newest"
    if shown.course == "rises":
        return "anything" if total is None else "oldest"
    beyond = last is not None and last.time >= max((row.time for row in shown.rows), default=shown.newest or 0)
    return "anything" if beyond else "newest"


# --- trying ways -----------------------------------------------------------------------------------------


def _after_trial(ref: TimelineRef, first: First, shown: Records, last: ChatRow | None, *, refused: bool) -> Step:
    way = ref.ways[0]
    if not refused and _is_the_end(ref, first, way, shown):
        return _ended(ref, first, shown)._replace(learned=way)
    past_the_end = ref.index > 1 and not shown.ids
    if not refused and (past_the_end or _is_understood(ref, way, shown)):
        return _go_on(ref, first, shown, last)._replace(learned=None if past_the_end else way)
    if len(ref.ways) > 1:
        return Step(to(ref, 1, turn="trial", ways=ref.ways[1:]), leads_on=True)
    nothing_told = first.total is None and first.size < FEWEST
    every = first.total is not None and len(ref.seen) >= first.total
    if first.holds == "oldest" and not every:
        return Step(ChatRef(number=ref.number + 1, limit=ref.limit, closes=True), leads_on=True)
    newest = first.holds == "anything" or every
    counts: Counts | None = "unpaged" if every else None
    return Step(None, exhausted=nothing_told or every, newest=newest, short=every, counts=counts)


def _is_understood(ref: TimelineRef, way: Way, shown: Records) -> bool:
    """Whether other records came than before. A few may have come by themselves, and moved the others on."""
    new = sum(name not in ref.seen for name in shown.ids)
    return new > 0 and 2 * new >= len(shown.ids) and (way.counts == "pages" or ref.index != 1 or _joins(ref, shown))


def _is_the_end(ref: TimelineRef, first: First, way: Way, shown: Records) -> bool:
    """Whether the way was understood, and nothing lies behind the first page."""
    if ref.index != 1 or (first.total is not None and len(ref.seen) < first.total):
        return False
    if way.counts == "pages":
        return not shown.ids
    return 0 < len(shown.ids) < first.size and ref.seen.issuperset(shown.ids)


def _joins(ref: TimelineRef, shown: Records) -> bool:
    return not ref.seen.isdisjoint(shown.ids)


# --- going on --------------------------------------------------------------------------------------------


def _go_on(ref: TimelineRef, first: First, shown: Records, last: ChatRow | None) -> Step:
    if ref.number > MOST_PAGES:
        return Step(None, newest=first.holds == "anything")
    if first.holds != "oldest":
        return _forwards(ref, first, shown)
    return _backwards(ref, shown) if ref.turn == "on" else _to_the_newest(ref, first, shown, last)


def _forwards(ref: TimelineRef, first: First, shown: Records) -> Step:
    """To the next page, until one brings nothing new. Pages in no order prove nothing until the last is read."""
    unordered = first.holds == "anything"
    seen = ref.seen.union(shown.ids)
    known = first.total is not None and len(seen) >= first.total and len(shown.ids) < first.size
    if known or ref.seen.issuperset(shown.ids):
        return _ended(ref, first, shown)
    return Step(to(ref, ref.index + 1, turn="on", seen=seen), leads_on=unordered)


def _ended(ref: TimelineRef, first: First, shown: Records) -> Step:
    """No further pages: whether that is all is told by the number of records alone."""
    seen = len(ref.seen.union(shown.ids))
    exhausted = first.total is None or seen >= first.total
    return Step(None, exhausted=exhausted, newest=first.holds != "newest")


def _to_the_newest(ref: TimelineRef, first: First, shown: Records, last: ChatRow | None) -> Step:
    """To the last page, which is taken for the one with the newest records, and from there to older ones."""
    end = _last_index(first, ref.ways[0])
    if ref.turn == "trial" and ref.index < end:
        return Step(to(ref, end, turn="up", seen=ref.seen.union(shown.ids)), leads_on=True)
    fresh = bool(shown.ids) and (ref.turn == "down" or not ref.seen.issuperset(shown.ids))
    if not fresh:
        before = ref.index - 1
        return Step(to(ref, before, turn="down"), leads_on=True) if before else Step(None, exhausted=True, newest=True)
    if not _is_newer(first, shown):
        # The first page was not the oldest: then nothing is certain.
        unordered = replace(first, holds="anything")
        return Step(to(ref, 1, turn="on", first=unordered, seen=first.ids), leads_on=True)
    if ref.turn != "down" and _may_go_further(ref, first, shown, last):
        return Step(to(ref, ref.index + 1, turn="up", seen=ref.seen.union(shown.ids)), leads_on=True)
    return _backwards(ref, shown)._replace(newest=True)


def _backwards(ref: TimelineRef, shown: Records) -> Step:
    """To the page before, until the first one, which was read already."""
    if ref.index <= 1:
        return Step(None, exhausted=True)
    return Step(to(ref, ref.index - 1, turn="on", seen=ref.seen.union(shown.ids)))


def _is_newer(first: First, shown: Records) -> bool:
    return first.newest is None or (shown.newest is not None and shown.newest > first.newest)


def _may_go_further(ref: TimelineRef, first: First, shown: Records, last: ChatRow | None) -> bool:
    """Whether a full page may not be the last: `total` may count messages alone, or have grown.

    Then it is full where fewer records were due, or younger messages exist than it shows.
    """
    if len(shown.ids) < first.size:
        return False
    due = (first.total or 0) - ref.index * ref.ways[0].step(first.size)
    younger = last is not None and last.id not in shown.ids and last.time >= (shown.newest or 0)
    return len(shown.ids) != due or younger


def _last_index(first: First, way: Way) -> int:
    """The index of the last page, by the number of records; at least that of the second page."""
    return max(1, ((first.total or 0) - 1) // way.step(first.size))
