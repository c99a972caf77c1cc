import msgspec
import pytest

from tests.support.model_provider import DAWN
from tests.support.rows import FIRST, NO_SETTLE, NOW, broken, knowing, page, row, rows
from workers.model import Page, PageRef
from workers.reconcile.cursor import Cursor, History, Newest, WalkAgain
from workers.reconcile.rules import Rules
from workers.reconcile.walk import LiveWalk

NUMBERED = Rules(settle=0, numbered=True)
WIDE = PageRef(number=1, limit=500)


def walked(cursor: Cursor | None, *pages: Page, rules: Rules = NUMBERED, now: int = NOW) -> LiveWalk:
    """A walk that took as many of these pages as it wanted."""
    walk = LiveWalk(cursor, rules, FIRST, now)
    for shown in pages:
        if walk.want is None:
            break
        walk.take(shown)
    return walk


def ids(walk: LiveWalk) -> list[str]:
    return [one.id for one in walk.rows()]


def test_a_page_without_news_ends_the_walk():
    # Given
    shown = rows(4)
    # When
    walk = walked(knowing(shown), page(shown, more=True))
    # Then
    assert (walk.want, walk.rows(), walk.again()) == (None, [], None)


@pytest.mark.parametrize("news", [row("new", 9000), row("r5", 5000, text=1), row("r6", 6000, status="read")])
def test_with_news_pages_are_read_on_until_one_is_all_known(news):
    # Given page one with something new or changed
    shown = rows(8)
    first = [one for one in shown[4:] if one.id != news.id] + [news]
    # When
    walk = walked(knowing(shown), page(first, more=True), page(shown[:4], more=True), page([], more=True))
    # Then the second page, all known, ends it
    assert walk.pages == 2
    assert ids(walk) == [news.id]


def test_a_page_without_a_message_among_its_entries_is_no_end():
    # Given a page of deliveries between two messages that nobody has seen
    shown, third = rows(4), PageRef(number=3, limit=50)
    blank = Page(others=frozenset({"d1", "d2"}), skipped={"status": 2}, next=third, exhausted=False)
    behind = [page([*shown, row("new", 9000)], more=True), page(shown[:2], more=True)]
    # When
    walk = walked(knowing(shown), page([row("newer", 9500)], more=True), blank, *behind)
    # Then
    assert ids(walk) == ["new", "newer"]
    assert walk.skipped == {"status": 2}
    # And where it is page one, a poll without news goes on behind it once, when that is due
    quiet = walked(knowing(shown), blank, *behind)
    assert (quiet.pages, quiet.again()) == (1, WalkAgain(due=NOW, depth=NOW))
    due = walked(knowing(shown, again=quiet.again()), blank, page(shown, more=True), page(shown[:2], more=True))
    assert (due.pages, due.again()) == (2, None)


def test_a_page_inside_the_settle_window_does_not_end_the_walk():
    # Given a window that reaches back to row 3
    shown = rows(8)
    rules = Rules(settle=NOW - shown[3].time, numbered=True)
    # When page one has news, page two is known but young, page three is old
    pages = [page([*shown[6:], row("new", 9000)], more=True), page(shown[3:6], more=True), page(shown[:3], more=True)]
    # Then
    assert walked(knowing(shown, rules), *pages, rules=rules).pages == 3


def test_an_unreadable_or_broken_row_is_news_once():
    # Given
    shown = rows(3)
    # When / Then
    known = knowing([*shown, broken("b")])
    assert walked(knowing(shown), page(shown, more=True, broken=[broken("b")])).want is not None
    assert walked(known, page(shown, more=True, broken=[broken("b")])).want is None


def test_rows_are_kept_by_id_and_sorted_by_time_and_then_by_the_providers_order():
    # Given a page that shifts while it is walked: d is seen twice, the second time edited
    first = page([row("d", 3), row("e", 4)], more=True)
    second = page([row("a", 1), row("c", 2), row("b", 2), row("d", 3, text=1)], more=False)
    # When
    walk = walked(knowing([]), first, second)
    # Then it counts as it was seen last; of equal times the one listed below is older
    assert ids(walk) == ["a", "c", "b", "d", "e"]
    assert walk.rows()[3].raw["text"] == 1
    assert walk.reach.exhausted


def test_a_row_that_changes_back_while_it_is_walked_is_no_news():
    # Given
    shown = rows(2)
    # When page one shows it edited and page two as it was
    walk = walked(knowing(shown), page([row("r1", 1000, text=1)], more=True), page(shown, more=True))
    # Then
    assert walk.rows() == []


def test_a_walk_of_numbered_pages_is_cut_at_its_limit():
    # Given more news than a walk reads
    rules = Rules(settle=0, numbered=True, live_pages=2)
    pages = [page(rows(3, since=n), more=True) for n in (9, 6, 3)]
    # When
    walk = walked(knowing(rows(3)), *pages, rules=rules)
    # Then
    assert walk.cut
    assert walk.pages == 2
    # And a walk that ends there by itself is not cut
    assert not walked(knowing(rows(9)), *pages, rules=rules).cut


def test_a_wider_page_is_asked_for_only_when_the_oldest_row_is_news():
    # Given a provider whose one page widens
    shown = rows(6)
    narrow = msgspec.structs.replace(page(shown[2:], more=True), next=WIDE)
    # When one new row stands above known ones, and when the known ones are not reached
    met, missed = walked(knowing(shown[:5]), narrow), walked(knowing(shown[:2]), narrow)
    # Then
    assert met.want is None
    assert missed.want == WIDE


def test_a_reach_that_ends_before_known_ground_is_noticed():
    # Given a provider that shows no more than this
    last = msgspec.structs.replace(page(rows(4, since=5)), next=None, exhausted=False)
    # When / Then
    assert walked(knowing(rows(3)), last).ran_out
    assert not walked(knowing(rows(6)), last).ran_out
    assert not walked(None, last).ran_out
    # And an empty feed is known ground only where it is all there is
    assert walked(Cursor(contact=DAWN), last).ran_out
    assert not walked(Cursor(contact=DAWN), page(rows(4))).ran_out
    # And what lies before the start, or was forgotten, is known ground
    assert not walked(Cursor(contact=DAWN, start=DAWN + 6000), last).ran_out
    assert not walked(Cursor(contact=DAWN, floor=DAWN + 6000), last).ran_out


def test_a_broken_row_that_is_known_proves_no_overlap():
    # Given the same poison as ever among new rows
    last = msgspec.structs.replace(page(rows(4, since=5), broken=[broken("b")]), next=None, exhausted=False)
    # When / Then
    assert walked(knowing([*rows(3), broken("b")]), last).ran_out


def test_the_wide_page_alone_proves_the_overlap():
    # Given known rows on the narrow page, and so many new ones meanwhile that the wide page misses them
    narrow = msgspec.structs.replace(page([*rows(1, since=2), row("c", 2500, text=1)], more=True), next=WIDE)
    wide = msgspec.structs.replace(page(rows(9, since=20)), next=None, exhausted=False)
    cursor = knowing([*rows(2), row("c", 2500)])
    # When / Then
    assert walked(cursor, narrow, wide).ran_out


def test_a_window_wider_than_page_one_is_walked_once_more():
    # Given a settle window that spans more than page one
    shown = rows(8)
    rules = Rules(settle=NOW - shown[2].time, numbered=True)
    edge = NOW - rules.settle
    known = msgspec.structs.replace(knowing(shown, rules), newest=Newest(id="r7", time=shown[7].time))
    pages = [page([*shown[5:], row("new", 9000)], more=True), page(shown[1:5], more=True), page(shown[:1])]
    # When it has news, a walk is owed when the window has passed, as deep as its edge
    again = walked(known, *pages, rules=rules).again()
    assert again == WalkAgain(due=NOW + rules.settle, depth=edge)
    # Then a walk before that keeps what is owed, one that is due goes as deep without any news
    owing = msgspec.structs.replace(knowing([*shown, row("new", 9000)], rules), again=again)
    early = walked(owing, *pages, rules=rules, now=NOW + 1)
    assert (early.pages, early.again()) == (1, again)
    due = walked(owing, *pages, rules=rules, now=again.due)
    assert due.pages == 3
    # And when page one holds the window again, nothing is owed any more
    assert due.again() is None


def test_a_busy_feed_owes_a_walk_again_after_the_one_that_was_due():
    # Given a due walk of a feed whose window still spans more than page one, and no news
    shown = rows(8)
    rules = Rules(settle=NOW, numbered=True)
    owing = msgspec.structs.replace(knowing(shown, rules), again=WalkAgain(due=NOW, depth=DAWN + 3000))
    # When
    walk = walked(owing, page(shown[5:], more=True), page(shown[3:5], more=True), page(shown[:3]), rules=rules)
    # Then
    assert walk.again() == WalkAgain(due=2 * NOW, depth=0)


def test_a_due_walk_that_is_cut_while_a_history_is_read_stays_owed():
    # Given a walk due as deep as row 1, and a history that has passed there already
    shown = rows(8)
    rules = Rules(settle=1000, numbered=True, live_pages=1)
    history = History(boundary=shown[7].time, done=shown[6].time)
    owing = msgspec.structs.replace(knowing(shown[:7]), again=WalkAgain(due=NOW, depth=shown[1].time), history=history)
    # When it is cut at its limit of pages
    walk = walked(owing, page(shown[5:], more=True), rules=rules)
    # Then the history will not go back for it
    assert walk.cut
    assert walk.again() == WalkAgain(due=NOW + 1000, depth=shown[1].time)
    # And without a history under way the one that it leaves behind goes as deep
    alone = walked(msgspec.structs.replace(owing, history=None), page(shown[5:], more=True), rules=rules)
    assert (alone.again(), alone.depth()) == (None, shown[1].time)


def test_new_rows_over_the_seam_of_two_pages_owe_a_walk():
    # Given news down to the last row of page one: what moves up from page two meanwhile is on neither
    shown = rows(8)
    pages = [page(shown[5:], more=True), page(shown[2:5], more=True), page(shown[:2])]
    # When / Then it goes as deep as that seam
    assert walked(knowing(shown[:5]), *pages).again() == WalkAgain(due=NOW, depth=shown[5].time)
    # And where known rows lie at the seam nothing can hide behind it
    assert walked(knowing(shown[:6]), *pages).again() is None


@pytest.mark.parametrize(
    ("rules", "pages"),
    [
        (Rules(settle=0, numbered=True), 1),
        (Rules(settle=0, numbered=True, start=DAWN + 2500), 1),
        (Rules(settle=NOW - DAWN - 2500, numbered=True, start="now"), 2),
        (Rules(settle=0, numbered=True, start="now"), 1),
        (Rules(settle=0), 3),
        (Rules(settle=0, start=DAWN + 2500), 2),
    ],
)
def test_a_first_contact_reads_what_its_start_needs(rules, pages):
    # Given a feed of three pages; a history of numbered pages is read from its other end
    shown = rows(6)
    # When / Then
    listed = [page(shown[4:], more=True), page(shown[2:4], more=True), page(shown[:2])]
    assert walked(None, *listed, rules=rules).pages == pages


def test_a_cursor_of_page_letters_alone_is_a_first_contact():
    # Given / When
    walk = walked(Cursor(contact=0, letters=("not_json",)), page(rows(2)))
    # Then
    assert walk.cursor is None
    assert ids(walk) == ["r0", "r1"]


def test_pages_of_rows_left_to_a_history_are_not_read_on():
    # Given a history under way
    cursor = Cursor(contact=DAWN, history=History(boundary=DAWN + 5000))
    # When page two is all its own
    walk = walked(cursor, page(rows(3, since=5), more=True), page(rows(3, since=2), more=True), page(rows(2)))
    # Then
    assert walk.pages == 2


def test_what_is_no_message_is_counted():
    # Given
    first = msgspec.structs.replace(page(rows(2), more=True), skipped={"note": 2})
    second = msgspec.structs.replace(page([]), skipped={"note": 1, "call": 1})
    # When / Then
    assert walked(None, first, second, rules=NO_SETTLE).skipped == {"note": 3, "call": 1}


def test_a_page_that_was_not_asked_for_is_refused():
    # Given / When / Then
    walk = walked(knowing(rows(2)), page(rows(2)))
    with pytest.raises(ValueError, match="asked"):
        walk.take(page([]))
