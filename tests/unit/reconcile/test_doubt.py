"""A page that is only short: when the one behind it is asked for, and when a gap is said."""

import msgspec
import pytest

from tests.support.rows import FIRST, NOW, knowing, page, row, rows
from workers.model import PageRef
from workers.reconcile.cursor import Cursor
from workers.reconcile.plan import LivePlan
from workers.reconcile.rules import Rules
from workers.reconcile.walk import LiveWalk

NUMBERED, WIDENING = Rules(settle=0, numbered=True), Rules(settle=0)
BEHIND, WIDE = PageRef(number=2, limit=50), PageRef(number=1, limit=500)


def short(shown, proof=BEHIND):
    """A page that is the last one by its shortness alone."""
    return msgspec.structs.replace(page(shown), short=True, proof=proof)


def walked(cursor, *pages, rules=NUMBERED):
    walk = LiveWalk(cursor, rules, FIRST, NOW)
    for shown in pages:
        assert walk.want is not None, "the walk wants no further page"
        walk.take(shown)
    return walk


def gaps(walk, cursor, rules):
    return [gap.reason for gap in LivePlan(walk, cursor, rules, NOW, b"").gaps]


# --- pages with numbers ---------------------------------------------------------------------------------


def test_a_poll_that_finds_nothing_new_asks_for_no_proof():
    shown = rows(8)
    assert walked(knowing(shown), short(shown[4:])).want is None


def test_news_above_all_that_is_remembered_asks_for_no_proof():
    # Given
    shown = rows(4)
    # When
    walk = walked(knowing(shown), short([*shown, row("new", 9000)]))
    # Then
    assert (walk.want, walk.reach.exhausted, walk.again()) == (None, True, None)


def test_news_above_fewer_rows_than_are_remembered_asks_for_what_lies_behind():
    # Given a page that shows half of what is known
    shown = rows(8)
    walk = walked(knowing(shown), short([*shown[4:], row("new", 9000)]))
    # When, Then
    assert (walk.want, walk.reach.exhausted) == (BEHIND, False)
    # And known ground ends the walk
    walk.take(short(shown[:4]))
    assert walk.want is None


@pytest.mark.parametrize("cursor", [None, Cursor(contact=1), knowing(rows(8))])
def test_where_nothing_known_is_met_what_lies_behind_is_asked_for(cursor):
    assert walked(cursor, short(rows(4, since=20))).want == BEHIND


def test_nothing_behind_a_short_page_is_the_end():
    # Given a feed whose known rows were all deleted, and a first contact
    for cursor in (knowing(rows(3)), None):
        walk = walked(cursor, short(rows(4, since=20)), page([]))
        # Then
        assert (walk.want, walk.reach.exhausted, walk.ran_out) == (None, True, False)


def test_the_same_rows_once_more_are_the_end():
    shown = rows(4, since=20)
    walk = walked(None, short(shown), short(shown, PageRef(number=3, limit=50)))
    assert (walk.want, walk.reach.exhausted) == (None, True)


def test_a_first_contact_that_finds_rows_behind_a_short_page_leaves_them_to_a_history():
    # Given
    walk = walked(None, short(rows(4, since=4)), short(rows(4), PageRef(number=3, limit=50)))
    # When
    plan = LivePlan(walk, None, NUMBERED, NOW, b"")
    # Then
    assert walk.want is None
    assert plan.open(None).history is not None


# --- a page that widens ---------------------------------------------------------------------------------


def test_a_wider_page_is_asked_for_where_nothing_known_is_met():
    # Given a page that should show all, and shows none of what is known
    cursor = knowing(rows(8))
    walk = walked(cursor, short(rows(4, since=20), WIDE), rules=WIDENING)
    assert walk.want == WIDE
    # When the wider one does, and when it does not
    for seen, said in ((rows(30), []), (rows(4, since=20), ["page_limit"])):
        walk = walked(cursor, short(rows(4, since=20), WIDE), short(seen, None), rules=WIDENING)
        # Then
        assert (walk.want, gaps(walk, cursor, WIDENING)) == (None, said)


def test_a_wider_page_is_not_asked_for_where_known_ground_was_met():
    shown = rows(8)
    assert walked(knowing(shown), short([*shown[4:], row("new", 9000)], WIDE), rules=WIDENING).want is None


@pytest.mark.parametrize(("count", "asked"), [(9, None), (39, None), (40, WIDE), (49, WIDE)])
def test_a_first_contact_asks_for_a_wider_page_behind_one_that_is_nearly_full(count, asked):
    for cursor in (None, Cursor(contact=1)):  # nor does the first look at a feed that was empty
        assert walked(cursor, short(rows(count), WIDE), rules=WIDENING).want == asked


def test_a_first_contact_that_a_wider_page_confirms_says_no_gap():
    shown = rows(45)
    walk = walked(None, short(shown, WIDE), short(shown, None), rules=WIDENING)
    assert (walk.want, gaps(walk, None, WIDENING)) == (None, [])
