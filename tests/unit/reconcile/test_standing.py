import msgspec
import pytest

from tests.support.model_provider import DAWN
from tests.support.rows import broken, knowing, row
from workers.reconcile.cursor import Cursor, History
from workers.reconcile.standing import Standing, identity_of, standing_of


def standing(shown, cursor: Cursor | None) -> Standing:
    return standing_of(shown, cursor, identity_of(shown))


def test_identity_decides_and_never_a_time():
    # Given a message that is known
    cursor = knowing([row("a", 5000)])
    # When / Then an unknown id is new, however old, and a known one is known at any time
    assert standing(row("b", -9_999_999), cursor) is Standing.NEW
    assert standing(row("a", 5000), cursor) is Standing.KNOWN
    assert standing(row("a", 7000), cursor) is Standing.CHANGED
    assert standing(row("a", 5000, text=1), cursor) is Standing.CHANGED


def test_without_a_cursor_everything_is_new():
    # Given / When / Then
    assert standing(row("a"), None) is Standing.NEW
    assert standing(broken("a"), None) is Standing.NEW


def test_a_broken_row_is_new_until_it_is_known_whatever_the_cursor_leaves_out():
    # Given a cursor with a start and a floor
    cursor = msgspec.structs.replace(knowing([broken("a")]), start=DAWN + 5, floor=DAWN + 9)
    # When / Then
    assert standing(broken("a"), cursor) is Standing.KNOWN
    assert standing(broken("b"), cursor) is Standing.NEW


def test_no_message_id_is_taken_for_a_broken_row():
    # Given / When / Then
    assert identity_of(row(f"broken:{broken('a').digest.hex()}")) != identity_of(broken("a"))


@pytest.mark.parametrize(
    ("at", "expected"),
    [(99, Standing.BEFORE_START), (100, Standing.BEFORE_FLOOR), (199, Standing.BEFORE_FLOOR), (200, Standing.NEW)],
)
def test_the_start_and_the_floor_leave_out_what_lies_before_them(at, expected):
    # Given
    cursor = Cursor(contact=DAWN, start=DAWN + 100, floor=DAWN + 200)
    # When / Then
    assert standing(row("a", at), cursor) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (29, Standing.NEW),  # below what this history goes back to: a live walk's own
        (39, Standing.BEFORE_FLOOR),  # published by the history, and pushed out of its window
        (40, Standing.NEW),  # late: the history has passed
        (50, Standing.PENDING),
        (90, Standing.PENDING),
        (91, Standing.NEW),
    ],
)
def test_a_history_that_is_being_read_has_its_part(at, expected):
    # Given a history from 30 to 90 that has reached 50 and remembers from 40 on
    floor = DAWN + 40 if at >= 30 else None
    history = History(boundary=DAWN + 90, done=DAWN + 50, after=DAWN + 30, floor=floor)
    # When / Then
    assert standing(row("a", at), Cursor(contact=DAWN, history=history)) is expected


@pytest.mark.parametrize(("at", "expected"), [(50, Standing.PENDING), (70, Standing.BEFORE_FLOOR), (80, Standing.NEW)])
def test_what_live_polls_forgot_is_not_read_again_by_a_history_that_took_them_in(at, expected):
    # Given a first contact's history up to 60, grown to 99 by a cut walk, and a floor at 80 from live polls in between
    history = History(boundary=DAWN + 99, backfill=DAWN + 60, done=DAWN + 90)
    history = msgspec.structs.replace(history, done=DAWN + 40) if at == 50 else history
    # When / Then
    assert standing(row("a", at), Cursor(contact=DAWN, floor=DAWN + 80, history=history)) is expected
