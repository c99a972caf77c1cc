import msgspec
import pytest

from tests.support.model_provider import DAWN
from tests.support.polls import DIGEST, gaps, last, polled
from tests.support.rows import FIRST, NOW, broken, created, page, row, rows
from workers.reconcile.cursor import Cursor, History, Newest
from workers.reconcile.rules import Rules
from workers.reconcile.walk import LiveWalk

NUMBERED = Rules(settle=0, numbered=True)


def test_a_first_contact_publishes_what_stood_there_as_backfill_and_what_comes_later_as_live():
    # Given a small feed
    (first,) = polled(None, page(rows(3)))
    # When a message comes
    (second,) = polled(first.cursor, page(rows(4)))
    # Then
    assert created(first) == ["r0", "r1", "r2"]
    assert {change.origin for change in first.changes} == {"backfill"}
    assert (first.cursor.contact, first.cursor.page, first.cursor.opening) == (NOW, DIGEST, None)
    assert [(change.normalised.message.id, change.origin) for change in second.changes] == [("r3", "live")]


def test_a_feed_that_is_empty_at_first_contact_publishes_live_rows_later():
    # Given
    (empty,) = polled(None, page([]))
    # When
    (later,) = polled(empty.cursor, page([row("old", -9_000_000), *rows(2)]))
    # Then
    assert empty.durable
    assert {change.origin for change in later.changes} == {"live"}
    assert created(later) == ["old", "r0", "r1"]


def test_a_start_at_now_publishes_nothing_that_stood_there_and_everything_that_comes():
    # Given a window of two seconds before the contact
    rules = Rules(settle=NOW - DAWN - 3000, start="now")
    (first,) = polled(None, page(rows(6)), rules=rules)
    # When a row is edited, one becomes visible late, one comes, and an older one is shown
    shown = [*rows(3), row("late", 3500), row("r3", 3000, text=1), *rows(3, since=4)]
    (second,) = polled(first.cursor, page(shown), rules=rules)
    # Then
    assert not first.changes
    assert first.durable
    assert created(second) == ["late", "r6"]
    assert second.left_out == {"before_start": 3}
    assert not gaps([first, second])


def test_a_start_time_leaves_out_what_is_older_for_good():
    # Given
    rules = Rules(settle=0, start=DAWN + 2000)
    (first,) = polled(None, page(rows(5)), rules=rules)
    # When a row from before it is shown later
    (second,) = polled(first.cursor, page([row("late", 1500), *rows(5)]), rules=rules)
    # Then
    assert created(first) == ["r2", "r3", "r4"]
    assert second.left_out == {"before_start": 3}
    assert not second.changes


def test_page_letters_before_the_first_contact_change_nothing_of_it():
    # Given a feed whose first pages could not be read
    (first,) = polled(Cursor(contact=0, letters=("not_json",)), page(rows(2)), rules=Rules(settle=0, start="now"))
    # When / Then
    assert not first.changes
    assert first.cursor.contact == NOW
    assert first.cursor.letters == ()
    assert first.durable


def test_a_history_limit_keeps_the_newest_rows_and_all_of_one_time():
    # Given a page of eight rows, two of which share the time of the third newest
    shown = [*rows(5), row("tie1", 5000), row("tie2", 5000), row("tie3", 5000), *rows(2, since=6)]
    rules = Rules(settle=0, history_limit=3)
    # When
    (first,) = polled(None, page(shown), rules=rules)
    (second,) = polled(first.cursor, page([*shown, row("new", 9000)]), rules=rules)
    # Then the rest stays out, and that is said once
    assert set(created(first)) == {"tie1", "tie2", "tie3", "r6", "r7"}
    assert gaps([first]) == [("history_limit", None, first.gaps[0].before.id, 5)]
    assert first.gaps[0].before.time == DAWN + 5000
    assert created(second) == ["new"]
    assert not second.gaps


def test_a_limit_among_rows_of_one_time_leaves_nothing_out():
    # Given / When
    shown = [row(f"t{n}", 5) for n in range(5)]
    (first,) = polled(None, page(shown), rules=Rules(settle=0, history_limit=3))
    # Then
    assert len(created(first)) == 5
    assert not first.gaps


def test_page_one_is_all_that_a_numbered_feed_needs_where_it_holds_the_start_or_nothing_follows():
    # Given a start on page one, and a provider that has no further page
    started = polled(None, page(rows(5), more=True), rules=Rules(settle=0, numbered=True, start=DAWN + 2000))
    ended = polled(None, last(rows(5)), rules=NUMBERED)
    # When / Then no history is opened
    assert [outcome.cursor.history for outcome in (*started, *ended)] == [None, None]
    assert created(started[0]) == ["r2", "r3", "r4"]
    assert gaps(started) == []
    assert gaps(ended) == [("page_limit", None, "r0", None)]


@pytest.mark.parametrize(("start", "said"), [("beginning", 1), ("now", 0)])
def test_what_hides_behind_a_row_without_a_time_is_said_at_the_first_contact(start, said):
    # Given a provider that shows one row, which nobody can read
    spoilt = page([], broken=[broken("b")])
    shown = msgspec.structs.replace(spoilt, exhausted=False, reach="last_message_only")
    # When / Then
    (outcome,) = polled(None, shown, rules=Rules(settle=0, start=start))
    assert [gap.before for gap in outcome.gaps] == [Newest(id="", time=NOW)] * said


def test_a_limit_counts_only_what_the_start_allows():
    # Given / When
    rules = Rules(settle=0, history_limit=3, start=DAWN + 2000)
    # Then
    assert not gaps(polled(None, page(rows(5)), rules=rules))
    assert gaps(polled(None, page(rows(6)), rules=rules)) == [("history_limit", None, "r3", 1)]


def test_a_reach_that_ends_at_first_contact_is_a_gap_unless_the_start_lies_within_it():
    # Given a provider that shows five hundred rows and no more
    shown = last(rows(500))
    # When / Then
    assert gaps(polled(None, shown)) == [("page_limit", None, "r0", None)]
    assert gaps(polled(None, shown, rules=Rules(settle=0, start=DAWN))) == []
    assert gaps(polled(None, shown, rules=Rules(settle=0, start="now"))) == []
    assert gaps(polled(None, last(rows(500), exhausted=True))) == []


def test_a_stop_at_a_start_of_now_publishes_nothing_that_stood_there(monkeypatch):
    # Given a first contact with a start at now, stopped after its first batch
    monkeypatch.setattr("workers.reconcile.batches.BATCH_ROWS", 2)
    rules = Rules(settle=NOW, start="now")
    before = polled(None, page(rows(5)), rules=rules, stop_after=1)
    # When a message comes before it is begun anew
    after = polled(before[-1].cursor, page(rows(6)), rules=rules)
    # Then
    assert [one for outcome in [*before, *after] for one in created(outcome)] == ["r5"]


def test_a_long_first_contact_of_numbered_pages_is_left_to_a_history():
    # Given page one of many
    (outcome,) = polled(None, page(rows(5), more=True, broken=[broken("b")]), rules=NUMBERED)
    # When / Then
    newest = DAWN + 4000
    assert outcome.cursor.history == History(boundary=newest, backfill=newest)
    assert not outcome.changes
    assert len(outcome.letters) == 1
    assert outcome.durable


def test_a_first_page_of_broken_rows_alone_hides_no_history():
    # Given / When
    (outcome,) = polled(None, page([], more=True, broken=[broken("b")]), rules=NUMBERED)
    # Then
    assert outcome.cursor.history is not None


def test_a_start_at_now_in_a_window_longer_than_the_walk_starts_where_the_walk_ended():
    # Given a settle window of six rows, of which a walk sees four
    rules = Rules(settle=NOW - DAWN, numbered=True, start="now", live_pages=2)
    pages = [page(rows(2, since=4), more=True), page(rows(2, since=2), more=True)]
    # When
    (first,) = polled(None, *pages, rules=rules)
    # Then what it did not see, and cannot know again, is not published later
    assert first.cursor.start == DAWN + 2001
    (second,) = polled(first.cursor, page([*rows(6), row("new", 9000)]), rules=rules)
    assert created(second) == ["new"]


@pytest.mark.parametrize("last_on_page", [False, True])
def test_an_old_date_on_page_one_is_no_sign_that_the_start_was_reached(last_on_page):
    # Given a page of fifty rows since the start, one of which has a date from before it
    rules = Rules(settle=0, numbered=True, start=DAWN)
    shown = rows(49, since=200)
    old = row("old", -9_000_000)
    listed = page([old, *shown] if last_on_page else [*shown[:30], old, *shown[30:]], more=True)
    # When / Then what lies behind page one is left to a history
    (numbered,) = polled(None, listed, rules=rules)
    assert numbered.cursor.history == History(boundary=DAWN + 248_000, after=DAWN, backfill=DAWN + 248_000)
    # And a provider whose pages are not numbered is asked for more
    walk = LiveWalk(None, Rules(settle=0, start=DAWN), FIRST, NOW)
    walk.take(listed)
    assert walk.want is not None
    # And where more than a few rows at its end are older, the start is there
    (ended,) = polled(None, page([*(row(f"o{n}", n - 9000) for n in range(9)), *shown], more=True), rules=rules)
    assert ended.cursor.history is None
