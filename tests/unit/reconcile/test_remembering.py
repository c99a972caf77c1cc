import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.model_provider import DAWN
from tests.support.rows import NO_SETTLE, NOW, broken, created, knowing, row, rows, told
from workers.reconcile import memory, remembering
from workers.reconcile.cursor import Cursor, History, WalkAgain, contacted
from workers.reconcile.known import Known, encode
from workers.reconcile.remembering import finish_history, forget, remember
from workers.reconcile.rules import Rules
from workers.reconcile.standing import identity_of


def known_ids(cursor: Cursor, of: list) -> set[str]:
    return {one.id for one in of if cursor.find(identity_of(one)) is not None}


def test_a_feed_with_few_rows_has_no_floor():
    # Given a cursor of as many rows as are remembered, and the slack
    shown = rows(50 + remembering.SLACK_ROWS)
    rules = Rules(settle=0, remember=50)
    cursor = knowing(shown, rules)
    # When a row much older than all of them is shown
    outcome = told(cursor, row("ancient", -99_000_000), rules=rules)
    # Then it is new: nothing was forgotten
    assert cursor.floor is None
    assert created(outcome) == ["ancient"]


def test_the_oldest_rows_are_forgotten_in_batches_and_leave_a_floor():
    # Given one row more than are remembered with the slack
    shown = rows(51 + remembering.SLACK_ROWS)
    # When
    cursor = knowing(shown, Rules(settle=0, remember=50))
    # Then the newest fifty stay, and the floor is the oldest of them
    assert known_ids(cursor, shown) == {one.id for one in shown[-50:]}
    assert cursor.floor == shown[-50].time


def test_rows_of_one_time_are_forgotten_together_or_not_at_all():
    # Given many rows of the time at which the floor falls
    shown = [*rows(100), *(row(f"tie{n}", 100_000) for n in range(60)), *rows(30, since=101)]
    # When
    cursor = knowing(shown, Rules(settle=0, remember=50))
    # Then they all stay, and an unknown row of that time is new
    assert cursor.floor == DAWN + 100_000
    assert cursor.count() == 90
    assert created(told(cursor, row("tie60", 100_000))) == ["tie60"]


def test_the_settle_window_is_remembered_whatever_its_size():
    # Given two hundred rows inside the window, and fifty to be remembered
    rules = Rules(settle=3_600_000 + 1000, remember=50)
    # When
    cursor = knowing(rows(200), rules)
    # Then
    assert cursor.count() == 200
    assert cursor.floor is None


def test_what_an_owed_walk_goes_back_to_is_remembered():
    # Given a walk owed as deep as the hundredth row
    again = WalkAgain(due=NOW, depth=DAWN + 100_000)
    # When more than fifty rows came after
    cursor = knowing(rows(200), Rules(settle=0, remember=50), again=again)
    # Then all from that depth on are known
    assert cursor.floor == DAWN + 100_000


def test_an_unknown_row_below_the_floor_is_left_out_and_a_known_one_is_not():
    # Given a cursor with a floor, which knows one row below it
    cursor = remember(
        Cursor(contact=DAWN, floor=DAWN + 5000),
        {identity_of(row("late", 10)): encode(Known(id=identity_of(row("late", 10)), raw=b"", time=DAWN))},
    )
    # When both are shown
    outcome = told(cursor, row("late", 10), row("other", 11), row("at", 5000))
    # Then
    assert outcome.left_out == {"before_floor": 1}
    assert created(outcome) == ["at"]


def test_full_tails_are_sealed_into_segments():
    # Given / When twice a segment's rows came, one after the other
    cursor = Cursor(contact=DAWN)
    for one in rows(2 * remembering.SEGMENT_ROWS):
        cursor = told(cursor, one, rules=Rules(settle=0, remember=5000)).cursor
    # Then one segment is sealed, and every row is found
    assert cursor.segments == (1,)
    assert cursor.count() == 2 * remembering.SEGMENT_ROWS
    shown = rows(2 * remembering.SEGMENT_ROWS)
    assert known_ids(cursor, shown) == {one.id for one in shown}


def test_a_change_of_a_sealed_row_rewrites_its_segment_only():
    # Given a cursor of several segments
    shown = rows(1500)
    cursor = knowing(shown, Rules(settle=0, remember=5000))
    # When one old row changes
    after = told(cursor, row("r300", 300_000, text=1), rules=Rules(settle=0, remember=5000)).cursor
    # Then
    assert sum(a is not b for a, b in zip(cursor.sealed, after.sealed, strict=True)) == 1
    assert after.tail is cursor.tail


def history_of(shown: list, **fields: object) -> Cursor:
    """A cursor in the middle of a first contact's history, which has published these rows."""
    history = History(boundary=DAWN + 10_000_000, backfill=DAWN + 10_000_000, **fields)
    known = {identity_of(one): encode(Known(id=identity_of(one), raw=b"", time=one.time)) for one in shown}
    history = remembering.remember_history(history, known, NOW)
    return Cursor(contact=DAWN, history=history)


def test_a_finished_history_joins_the_remembered_rows_in_segments():
    # Given a history of six hundred rows, and live rows beside it
    shown = rows(600)
    cursor = remember(history_of(shown), dict(memory.index(knowing([row("live", 99_000_000)]).tail)))
    # When it is out
    finished = finish_history(cursor)
    # Then all are known, in segments no larger than others, and there is no floor
    assert finished.history is None
    assert finished.floor is None
    assert known_ids(finished, [*shown, row("live", 99_000_000)]) == {*(one.id for one in shown), "live"}
    assert max(len(memory.index(segment)) for segment in finished.sealed) <= remembering.SEGMENT_ROWS
    assert finish_history(finished) == finished


def test_a_history_that_pushed_rows_out_leaves_a_floor(monkeypatch):
    # Given a window of fifty rows
    monkeypatch.setattr(remembering, "HISTORY_WINDOW_ROWS", 50)
    cursor = history_of(rows(80))
    # When a live poll meets a row that was pushed out, before and after the end of the history
    for known in (cursor, finish_history(cursor)):
        outcome = told(known, row("r10", 10_000))
        # Then it is not published again
        assert outcome.left_out == {"before_floor": 1}
        assert not outcome.changes


def test_rows_pushed_out_of_a_window_by_a_late_one_stay_unknown_but_forgotten(monkeypatch):
    # Given a window of fifty rows into which a late row of an early time came last
    monkeypatch.setattr(remembering, "HISTORY_WINDOW_ROWS", 50)
    cursor = history_of([*rows(55), row("late", 2500)])
    # When a pushed-out row newer than that late one is shown
    outcome = told(cursor, row("r4", 4000))
    # Then it is left out, not published twice
    assert outcome.left_out == {"before_floor": 1}


def test_what_a_cut_walks_history_goes_back_to_is_remembered():
    # Given a history that goes back to the fiftieth row, where a late one may lie
    history = History(boundary=NOW, after=DAWN + 50_000)
    # When more rows came than are remembered
    cursor = knowing(rows(40), Rules(settle=0, remember=50), history=history)
    cursor = told(cursor, *rows(300, since=4000), rules=Rules(settle=0, remember=50), now=NOW + 9_000_000).cursor
    # Then the floor does not pass it
    assert cursor.floor == DAWN + 50_000


def test_a_history_window_keeps_the_settle_window(monkeypatch):
    # Given a window of fifty rows
    monkeypatch.setattr(remembering, "HISTORY_WINDOW_ROWS", 50)
    known = memory.index(knowing(rows(80)).tail)
    # When rows since the tenth may still have late neighbours
    history = remembering.remember_history(History(boundary=NOW), known, DAWN + 10_000)
    # Then
    assert history.floor == DAWN + 10_000
    assert len(memory.index(history.rows)) == 70


def test_nothing_that_a_history_has_yet_to_pass_is_forgotten_while_it_is_read():
    # Given a history under way, and a late row that was published live among its unread part
    live = rows(300, since=100)
    cursor = knowing(
        [row("late", 5000)], history=History(boundary=DAWN + 10_000, backfill=DAWN + 10_000, done=DAWN + 6000)
    )
    # When live rows push the old ones out
    cursor = told(cursor, *live, rules=Rules(settle=0, remember=50)).cursor
    # Then the late row is still known, and what the history has not read is not forgotten
    assert cursor.floor == live[-50].time
    assert known_ids(cursor, [row("late", 5000)]) == {"late"}
    assert not cursor.forgot(DAWN + 9000)
    assert cursor.forgot(DAWN + 11_000)


def test_late_rows_among_an_unread_history_set_no_floor():
    # Given more rows than are remembered, all of them published late among what the history has yet to read
    history = History(boundary=NOW, backfill=NOW, done=NOW)
    # When
    cursor = knowing(rows(200), Rules(settle=0, remember=50), history=history)
    # Then
    assert cursor.count() == 200
    assert cursor.floor is None


def test_a_broken_row_is_remembered_by_its_content():
    # Given
    cursor = knowing([broken("b")])
    # When / Then
    assert not told(cursor, broken("b")).letters
    assert told(cursor, broken("c")).letters


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 10), st.integers(0, 45))
@settings(max_examples=150)
def test_the_floor_parts_the_known_from_the_forgotten(times, keep, keep_since):
    # Given rows of any times
    shown = [row(f"m{n}", time) for n, time in enumerate(times)]
    cursor = knowing(shown)
    # When some are forgotten
    after = forget(msgspec.structs.replace(cursor), keep, DAWN + keep_since)
    # Then everything from the floor on is known, nothing below it is, and no more went than may
    kept = known_ids(after, shown)
    floor = -(1 << 60) if after.floor is None else after.floor
    assert kept == {one.id for one in shown if one.time >= floor}
    assert len(kept) >= min(keep, len(shown))
    assert all(one.id in kept for one in shown if one.time >= DAWN + keep_since)


@pytest.mark.parametrize("cursor", [None, Cursor(contact=0, letters=("not_json",))])
def test_a_cursor_that_holds_page_letters_alone_is_no_contact(cursor):
    # Given / When / Then
    assert contacted(cursor) is None
    assert contacted(Cursor(contact=DAWN)) is not None
    assert NO_SETTLE.first_start(NOW) is None
