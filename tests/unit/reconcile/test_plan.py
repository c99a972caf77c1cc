import msgspec
import pytest

from tests.support.model_provider import DAWN, normalise
from tests.support.polls import DIGEST, Sized, gaps, last, polled
from tests.support.rows import FIRST, NO_SETTLE, NOW, broken, created, knowing, page, row, rows
from workers.reconcile.batches import BATCH_BYTES, Batches
from workers.reconcile.cursor import Cursor, History, Newest, WalkAgain
from workers.reconcile.plan import LivePlan
from workers.reconcile.rules import Rules
from workers.reconcile.walk import LiveWalk


def test_a_reach_that_ends_before_known_ground_is_a_gap_with_its_bounds():
    # Given a feed that was known up to r9, and is shown from r30 on
    cursor = knowing(rows(10))
    # When
    outcomes = polled(cursor, last(rows(500, since=30)))
    # Then everything visible is published, and the hole is said
    assert gaps(outcomes) == [("page_limit", "r9", "r30", None)]
    assert sum(len(created(outcome)) for outcome in outcomes) == 500
    # And the next poll says nothing
    assert gaps(polled(outcomes[-1].cursor, last(rows(500, since=31)))) == []


def test_the_bound_of_a_gap_is_a_message_even_where_a_broken_row_is_listed():
    # Given / When
    shown = msgspec.structs.replace(page(rows(3, since=30), broken=[broken("b")]), exhausted=False)
    # Then
    assert gaps(polled(knowing(rows(3)), shown)) == [("page_limit", "r2", "r30", None)]


def test_what_a_broken_row_alone_hides_is_a_gap_up_to_that_moment():
    # Given a feed known up to r2, whose provider shows its last message only, and that one without a time
    spoilt = page([], broken=[broken("b")])
    shown = msgspec.structs.replace(spoilt, exhausted=False, reach="last_message_only")
    # When
    (outcome,) = polled(knowing(rows(3)), shown)
    # Then
    (gap,) = outcome.gaps
    assert (gap.after.id, gap.before) == ("r2", Newest(id="", time=NOW))
    # And it is said once: neither while that row stands there, nor where nothing does
    assert gaps(polled(outcome.cursor, shown)) == []
    assert gaps(polled(knowing(rows(3)), msgspec.structs.replace(shown, broken=()))) == []
    # And a page of many rows, all of them spoilt, is known ground's for all that anybody can tell
    assert gaps(polled(knowing(rows(3)), msgspec.structs.replace(shown, reach="page_limit"))) == []


def test_a_page_that_changed_in_nothing_is_kept_in_memory_only():
    # Given
    cursor = knowing(rows(3))
    # When
    (outcome,) = polled(cursor, page(rows(3)))
    # Then
    assert not outcome.durable
    assert outcome.cursor.page == DIGEST


def test_what_a_restart_must_not_forget_is_durable():
    # Given cursors that owe a walk, or have told of an unreadable page
    shown = rows(3)
    owing = msgspec.structs.replace(knowing(shown), again=WalkAgain(due=NOW, depth=DAWN))
    lettered = msgspec.structs.replace(knowing(shown), letters=("not_json",))
    # When a poll settles that without any news
    for cursor in (owing, lettered):
        (outcome,) = polled(cursor, page(shown))
        # Then
        assert outcome.durable
        assert (outcome.cursor.again, outcome.cursor.letters) == (None, ())


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_stop_between_two_batches_loses_and_repeats_nothing(monkeypatch, stop):
    # Given batches of two rows, at a first contact and later
    monkeypatch.setattr("workers.reconcile.batches.BATCH_ROWS", 2)
    for cursor in (None, knowing(rows(1), again=WalkAgain(due=NOW + 9, depth=5))):
        whole = [one for outcome in polled(cursor, page(rows(8))) for one in created(outcome)]
        # When the poll is stopped after some, and begun anew from the committed cursor
        before = polled(cursor, page(rows(8)), stop_after=stop)
        assert before[-1].cursor.page == b""
        after = polled(before[-1].cursor, page(rows(8)))
        # Then
        assert [one for outcome in [*before, *after] for one in created(outcome)] == whole
        origins = {change.origin for outcome in [*before, *after] for change in outcome.changes}
        assert origins == {"backfill" if cursor is None else "live"}
        assert after[-1].cursor.opening is None


def test_a_stop_after_the_first_batch_remembers_the_owed_walk(monkeypatch):
    # Given a settle window wider than page one
    monkeypatch.setattr("workers.reconcile.batches.BATCH_ROWS", 2)
    rules = Rules(settle=NOW, numbered=True)
    shown = [page(rows(3, since=3), more=True), page(rows(3))]
    # When
    outcomes = polled(knowing(rows(2), rules), *shown, rules=rules, stop_after=1)
    # Then
    assert outcomes[0].cursor.again == WalkAgain(due=2 * NOW, depth=0)


def test_batches_ascend_and_gaps_come_with_the_first(monkeypatch):
    # Given
    monkeypatch.setattr("workers.reconcile.batches.BATCH_ROWS", 3)
    # When
    outcomes = polled(knowing(rows(2)), last(rows(8, since=30)))
    # Then
    assert [created(outcome) for outcome in outcomes] == [["r30", "r31", "r32"], ["r33", "r34", "r35"], ["r36", "r37"]]
    assert [len(outcome.gaps) for outcome in outcomes] == [1, 0, 0]
    assert [outcome.cursor.page for outcome in outcomes] == [b"", b"", DIGEST]


def test_batches_that_are_done_hold_nothing_of_a_page():
    # Given / When: what waits for its commit had better be small
    walk = LiveWalk(None, NO_SETTLE, FIRST, NOW)
    walk.take(page(rows(8)))
    batches = Batches(LivePlan(walk, None, NO_SETTLE, NOW, DIGEST), normalise, NO_SETTLE, NOW)
    batches.next(None, lambda *_: Sized(1))
    # Then
    assert batches.done
    assert (batches._plan, list(batches._rows)) == (None, [])


def test_a_batch_that_is_too_big_is_halved_until_it_fits():
    # Given rows of which three fit
    outcomes = polled(None, page(rows(10)), row_bytes=BATCH_BYTES // 3)
    # When / Then
    assert [len(outcome.changes) for outcome in outcomes] == [2, 2, 2, 2, 2]
    assert [one for outcome in outcomes for one in created(outcome)] == [f"r{n}" for n in range(10)]


def test_a_single_row_that_is_too_big_goes_by_itself():
    # Given / When
    outcomes = polled(None, page(rows(3)), row_bytes=BATCH_BYTES * 2)
    # Then what to do with it is for the encoder to say
    assert [len(outcome.changes) for outcome in outcomes] == [1, 1, 1]


def test_a_cut_walk_leaves_its_new_rows_to_a_history_and_tells_changes_itself():
    # Given a feed away for long: more news than a walk reads, and a change of an old row among it
    rules = Rules(settle=1000, numbered=True, live_pages=2)
    cursor = knowing(rows(10))
    pages = [page([row("r1", 1000, text=1), *rows(3, since=40)], more=True), page(rows(3, since=37), more=True)]
    # When
    (outcome,) = polled(cursor, *pages, rules=rules)
    # Then it goes back to a little behind the newest known message
    assert [change.kind for change in outcome.changes] == ["updated"]
    assert outcome.cursor.history == History(boundary=DAWN + 42_000, after=DAWN + 8000)
    assert outcome.durable


def test_a_history_under_way_takes_in_what_a_cut_walk_leaves_behind():
    # Given a first contact's history
    rules = Rules(settle=0, numbered=True, live_pages=1)
    cursor = Cursor(contact=DAWN, history=History(boundary=DAWN + 5000, backfill=DAWN + 5000, done=DAWN + 3000, page=7))
    # When
    (outcome,) = polled(cursor, page(rows(5, since=40), more=True), rules=rules)
    # Then its other marks stay
    assert outcome.durable
    history = outcome.cursor.history
    assert (history.boundary, history.backfill, history.done, history.page) == (
        DAWN + 44_000,
        DAWN + 5000,
        DAWN + 3000,
        7,
    )


def test_rows_judged_while_another_commit_went_through_are_judged_right():
    # Given a walk that saw three rows as new
    cursor = knowing(rows(1))
    walk = LiveWalk(cursor, NO_SETTLE, FIRST, NOW)
    walk.take(page(rows(4)))
    batches = Batches(LivePlan(walk, cursor, NO_SETTLE, NOW, DIGEST), normalise, NO_SETTLE, NOW)
    # When another commit published one of them meanwhile
    other = knowing(rows(2))
    outcome, _ = batches.next(other, lambda base, outcome: Sized(0))
    # Then only the others are published, and the page is looked at again
    assert created(outcome) == ["r2", "r3"]
    assert outcome.cursor.page == b""
    assert batches.next(outcome.cursor, lambda base, outcome: Sized(0)) is None


def test_a_cursor_that_is_gone_is_told():
    # Given a walk against a cursor
    cursor = knowing(rows(1))
    walk = LiveWalk(cursor, NO_SETTLE, FIRST, NOW)
    walk.take(page(rows(2)))
    # When / Then: its rows are not all that there is to publish
    with pytest.raises(ValueError, match="gone"):
        LivePlan(walk, None, NO_SETTLE, NOW, DIGEST)
    assert cursor.newest == Newest(id="r0", time=DAWN)


def test_what_the_schedule_learned_goes_with_what_is_kept_anyway():
    # Given a schedule that remembers the times it is told
    def imprint(times):
        return b"".join(time.to_bytes(8, "big") for time in times) or b"quiet"

    def outcome_of(cursor, *shown):
        walk = LiveWalk(cursor, NO_SETTLE, FIRST, NOW)
        walk.take(page([*shown]))
        batches = Batches(LivePlan(walk, cursor, NO_SETTLE, NOW, DIGEST), normalise, NO_SETTLE, NOW, imprint)
        outcome, _ = batches.next(cursor, lambda base, outcome: Sized(0))
        return outcome

    # When there is news
    first = outcome_of(knowing(rows(1)), *rows(2))
    # Then it stands in the cursor
    assert first.cursor.imprint == (DAWN + 1000).to_bytes(8, "big")
    # And when there is none, nothing is written for its sake
    second = outcome_of(first.cursor, *rows(2))
    assert not second.durable
    assert second.cursor.imprint == first.cursor.imprint


def test_a_message_dated_in_the_future_hides_no_later_gap_and_bounds_none():
    # Given a feed that shows its last message only, and has shown one with a time that has yet to come
    cursor = knowing([*rows(2), row("ahead", 9_000_000)])
    # When others follow it with times of their own
    shown = msgspec.structs.replace(last([row("next", 60_000)]), reach="last_message_only")
    # Then what may lie between is said, without a bound that lies behind its end
    assert gaps(polled(cursor, shown)) == [("last_message_only", None, "next", None)]
    # And a message that is shown again because a newer one is gone still says nothing
    gone = msgspec.structs.replace(last([row("older", 500)]), reach="last_message_only")
    assert gaps(polled(knowing(rows(2)), gone)) == []
