import msgspec
import pytest

from tests.support.model_provider import DAWN
from tests.support.rows import knowing, row, rows, told
from workers.errors import CursorUnreadable
from workers.reconcile import remembering
from workers.reconcile.cursor import Cursor, History, Newest, WalkAgain
from workers.reconcile.cursor_records import Restored, records
from workers.reconcile.rules import Rules

MANY = Rules(settle=0, remember=5000)
KEY = "loja/66aa/01"


def restored(log: list[tuple[bytes, bytes | None]]) -> dict[str, Cursor | CursorUnreadable]:
    """What a reader of this log finds."""
    found = Restored()
    for key, value in log:
        found.apply(key, value)
    return dict(found.cursors())


@pytest.mark.parametrize("count", [0, 1, 50, 511, 512, 1500])
def test_a_cursor_is_restored_as_it_was(count):
    # Given a cursor with everything in it
    cursor = msgspec.structs.replace(
        knowing(rows(count), MANY),
        page=b"\0\xff",
        newest=Newest(id="é", time=-5),
        floor=3,
        start=0,
        opening=7,
        again=WalkAgain(due=1, depth=-2),
        letters=("not_json",),
        memory_gap_said=True,
        history=History(boundary=9, done=8, page=3, pages=4, met=b"12345678", after=1, backfill=9, floor=2),
    )
    # When / Then
    assert restored(list(records(KEY, None, cursor))) == {KEY: cursor}


def test_no_record_of_a_cursor_holds_what_is_redacted_and_a_second_restart_changes_nothing():
    # Given a newest message whose id holds a key
    def redact(text: str) -> str:
        return text.replace("key", "[gone]")

    cursor = Cursor(contact=DAWN, newest=Newest(id="a-key-b", time=5))
    # When it is stored, restored and stored again
    first = list(records(KEY, None, cursor, redact))
    second = list(records(KEY, None, restored(first)[KEY], redact))
    # Then
    assert b"a-key" not in first[0][1]
    assert second == first
    # And it is found by the id that the provider shows
    assert restored(second)[KEY].newest.among({"other": 1, "a-key-b": 2}) == 2
    assert restored(second)[KEY].newest.among({"a-[gone]-b": 1}) is None


def test_a_history_window_lies_in_a_record_of_its_own():
    # Given a history with a window
    window = knowing(rows(40)).tail
    history = History(boundary=9, rows=window, published=40)
    cursor = Cursor(contact=DAWN, history=history)
    # When a live message comes beside it
    after = told(cursor, row("live", 99)).cursor
    log = list(records(KEY, None, cursor))
    change = list(records(KEY, cursor, after))
    # Then the window is not written again, and everything is restored
    assert [key for key, _ in change] == [KEY.encode()]
    assert restored([*log, *change]) == {KEY: after}
    # And when the history is out, the window's record goes
    done = remembering.finish_history(after)
    assert (f"{KEY}#0".encode(), None) in list(records(KEY, after, done))
    assert restored([*log, *change, *records(KEY, after, done)]) == {KEY: done}


def test_one_new_message_does_not_rewrite_a_large_cursor():
    # Given a cursor of five thousand rows
    cursor = knowing(rows(5000), MANY)
    whole = sum(len(value or b"") for _, value in records(KEY, None, cursor))
    # When one message comes
    after = told(cursor, row("new", 99_000_000), rules=MANY).cursor
    written = sum(len(value or b"") for _, value in records(KEY, cursor, after))
    # Then the tail is written, a tenth at most
    assert written < whole / 9
    assert written < 25_000


def test_a_large_cursor_stays_restorable_while_it_grows_and_forgets():
    # Given a feed of a thousand remembered rows
    rules = Rules(settle=0, remember=1000)
    log: list[tuple[bytes, bytes | None]] = []
    cursor: Cursor | None = None
    # When three thousand messages come, some of them change, and each step is written
    for n in range(0, 3000, 50):
        changes = [row(f"r{max(0, n - 30)}", max(0, n - 30) * 1000, text=n)]
        after = told(cursor or Cursor(contact=DAWN), *changes, *rows(50, since=n), rules=rules).cursor
        log += records(KEY, cursor, after)
        cursor = after
    # Then the log, compacted or not, gives the cursor back, and no segment is left over
    assert restored(log) == {KEY: cursor}
    compacted = {key: value for key, value in log if dict(log)[key] is value and value is not None}
    assert restored(list(compacted.items())) == {KEY: cursor}
    assert len(compacted) == 1 + len(cursor.segments)


def test_a_removed_cursor_leaves_no_record():
    # Given
    cursor = knowing(rows(1500), MANY)
    # When
    log = dict([*records(KEY, None, cursor), *records(KEY, cursor, None)])
    # Then
    assert set(log.values()) == {None}
    assert restored(list(log.items())) == {}


def torn(value: bytes) -> bytes:
    return value[: len(value) // 2]


@pytest.mark.parametrize(
    "damage",
    [
        lambda log: {**log, KEY.encode(): torn(log[KEY.encode()])},
        lambda log: {**log, KEY.encode(): b"{}"},
        lambda log: {**log, KEY.encode(): b'{"v":2,"contact":1}'},
        lambda log: {**log, KEY.encode(): b'{"v":1,"contact":1,"tail":"AAAA"}'},
        lambda log: {key: value for key, value in log.items() if key != f"{KEY}#2".encode()},
        lambda log: {**log, f"{KEY}#2".encode(): torn(log[f"{KEY}#2".encode()])},
        lambda log: {**log, f"{KEY}#2".encode(): b'{"v":1,"rows":"Bw=="}'},
        lambda log: {**log, KEY.encode(): b'{"v":1,"contact":1,"history":{"boundary":1,"published":3}}'},
    ],
)
def test_a_damaged_cursor_is_told_and_its_neighbours_are_restored(damage):
    # Given the records of two feeds
    cursor = knowing(rows(1500), MANY)
    log = damage(dict(records(KEY, None, cursor)))
    neighbour = knowing(rows(3))
    # When they are read
    found = restored([*log.items(), *records("loja/66aa/02", None, neighbour)])
    # Then
    assert isinstance(found[KEY], CursorUnreadable)
    assert KEY in str(found[KEY])
    assert found["loja/66aa/02"] == neighbour


def test_keys_that_are_none_of_ours_do_no_harm():
    # Given / When
    found = restored([(b"\xff#1", b"x"), (b"a#b", b"x"), (b"a#1", None), (b"gone", None)])
    # Then
    assert found == {}
