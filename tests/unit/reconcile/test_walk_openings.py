"""Walks whose newest rows take more than one response, and rows that come in behind what is known."""

import msgspec
import pytest

from tests.support.polls import gaps, polled
from tests.support.rows import FIRST, NO_SETTLE, NOW, knowing, page, row, rows
from workers.model import Contact, ConversationState, Page, PageRef
from workers.reconcile.cursor import Newest
from workers.reconcile.rules import Rules
from workers.reconcile.walk import LiveWalk

SECOND = PageRef(number=2, limit=50)
STATE = ConversationState(id="a/c", provider_id="c", contact=Contact(address="1"))


def walk(*pages, cursor=None, rules=NO_SETTLE):
    """A walk after these pages, all of which it wanted."""
    made = LiveWalk(cursor, rules, FIRST, NOW)
    for shown in pages:
        assert made.want is not None
        made.take(shown)
    return made


def leading(shown=(), **fields):
    return msgspec.structs.replace(page(shown, more=True), leads_on=True, exhausted=False, **fields)


def last(shown, **fields):
    """A page behind which rows are hidden."""
    return msgspec.structs.replace(page(shown), exhausted=False, **fields)


# --- pages that lead on -----------------------------------------------------------------------------------------


def test_a_page_that_leads_on_is_followed_although_it_shows_no_news():
    known = rows(3)
    assert walk(leading(), cursor=knowing(known)).want == SECOND
    assert walk(leading(known), cursor=knowing(known)).want == SECOND
    assert walk(leading(), page(known, more=True), cursor=knowing(known)).want is None


def test_only_pages_that_prove_something_are_counted():
    assert walk(leading(), leading(), page(rows(3))).pages == 1


def test_what_a_page_that_leads_on_shows_is_published_too():
    shown = walk(leading(rows(2)), page(rows(2, since=5)))
    assert [one.id for one in shown.rows()] == ["r0", "r1", "r5", "r6"]


def test_page_one_is_the_first_page_that_does_not_lead_on():
    # Given the oldest rows on a page that leads on, and the newest ones behind it
    young = [row("young", 3_600_000 - 1000)]
    wide = walk(leading(rows(2)), page(young, more=True), cursor=knowing(rows(2)), rules=Rules(settle=60_000))
    # Then the newest time is that of either, and the settle window is that of page one
    assert wide.newest == young[0].time
    assert wide.again() is not None


def test_what_is_known_on_a_page_that_leads_on_hides_no_hole():
    # Given a page of old rows, and the newest row alone behind it
    (outcome,) = polled(knowing(rows(2)), leading(rows(2)), last([row("new", 60_000)], reach="last_message_only"))
    assert gaps([outcome]) == [("last_message_only", "r1", "new", None)]


def test_pages_in_no_order_are_bounded_by_all_that_they_showed():
    (first,) = polled(None, leading(rows(2, since=4)), leading(rows(2)), last([]))
    assert gaps([first]) == [("page_limit", None, "r0", None)]
    outcomes = polled(first.cursor, leading([*rows(2, since=4), row("new", 60_000)]), leading(rows(2)), last([]))
    assert gaps(outcomes) == []


def test_the_last_word_on_a_conversation_counts():
    told = walk(leading(conversation=STATE), page(rows(1)))
    assert told.conversation == STATE
    assert walk(page(rows(1))).conversation is None


def test_a_start_is_reached_by_the_page_that_is_read_and_not_by_one_that_led_on():
    # Given a start behind which the oldest rows lie that led on
    since = Rules(settle=0, start=rows(6)[4].time)
    shown = walk(leading(rows(2)), page(rows(1, since=8), more=True), rules=since)
    # Then the walk goes on to what lies between
    assert shown.want is not None
    shown.take(page(rows(4, since=3), more=True))
    assert shown.want is None


# --- rows that come in behind what is known ----------------------------------------------------------------------


def numbered(shown, total, **fields):
    return msgspec.structs.replace(page(shown, more=True), total=total, **fields)


def known_to(total):
    """The cursor after a poll that showed three of so many rows."""
    (outcome,) = polled(knowing(rows(3)), msgspec.structs.replace(page(rows(3)), total=total))
    return outcome.cursor


def test_a_cursor_knows_how_many_entries_lie_behind_its_newest_row():
    assert known_to(50).beneath == 49
    assert known_to(50).newest == Newest(id="r2", time=rows(3)[2].time)


@pytest.mark.parametrize(("total", "goes_on"), [(50, False), (49, False), (51, True), (80, True)])
def test_more_entries_behind_the_newest_known_row_are_looked_for(total, goes_on):
    shown = walk(numbered(rows(3), total), cursor=known_to(50))
    assert (shown.want is not None) is goes_on


@pytest.mark.parametrize(("total", "goes_on"), [(50, False), (51, True)])
def test_they_are_looked_for_also_where_the_newest_id_is_stored_without_a_credential(total, goes_on):
    # Given a newest row whose id holds what must not be stored
    known = known_to(50)
    stored = known.newest.without_secrets(lambda text: text.replace("r2", "[removed]"))
    assert stored.name == "[removed]"
    # When / Then
    shown = walk(numbered(rows(3), total), cursor=msgspec.structs.replace(known, newest=stored))
    assert (shown.want is not None) is goes_on


def test_new_entries_in_front_of_it_are_not_taken_for_that():
    shown = walk(numbered(rows(4), 51), page(rows(0)), cursor=known_to(50))
    assert shown.beneath["r2"] == 49


def test_they_are_looked_for_on_all_pages_up_to_the_last():
    shown = walk(numbered(rows(3), 60), page(rows(0), more=True), page(rows(0), more=True), cursor=known_to(50))
    assert shown.want is not None


def test_where_no_total_is_told_nothing_is_looked_for():
    assert walk(page(rows(3), more=True), cursor=known_to(50)).want is None
    assert polled(known_to(50), page(rows(3)))[0].cursor.beneath is None


def test_an_empty_page_says_nothing_of_where_the_reach_ended():
    (outcome,) = polled(None, page(rows(3), more=True), Page(exhausted=False))
    assert gaps([outcome]) == [("page_limit", None, "r0", None)]
