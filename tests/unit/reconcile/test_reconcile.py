import msgspec
import pytest

from tests.support.model_provider import DAWN, normalise
from tests.support.rows import NO_SETTLE, NOW, broken, changed, created, knowing, row, rows, told
from workers.model import EmbeddedReaction, Normalised, RawRow, Reactor, Status
from workers.reconcile.cursor import Cursor, History
from workers.reconcile.reconcile import reconcile
from workers.reconcile.rules import Rules


def test_an_unknown_id_is_new_and_a_known_one_is_not():
    # Given / When
    cursor = knowing([row("a")])
    # Then
    assert created(told(cursor, row("a"), row("b", 5))) == ["b"]
    assert not told(cursor, row("a")).durable


def test_another_state_of_a_known_row_is_told_with_what_changed():
    # Given
    cursor = knowing([row("a", status="sent")])
    # When
    outcome = told(cursor, row("a", status="delivered", text=1))
    # Then
    assert changed(outcome) == [("status", "text")]
    assert outcome.changes[0].normalised.message.revision == 1
    assert outcome.changes[0].normalised.message.status.state == "delivered"


def test_revisions_count_the_published_updates_and_a_state_that_comes_back_is_a_new_one():
    # Given a message whose text changes, and changes back
    cursor = knowing([row("a")])
    revisions = []
    for version in (1, 0, 1):
        outcome = told(cursor, row("a", text=version))
        cursor = outcome.cursor
        revisions.append((outcome.changes[0].normalised.message.revision, outcome.changes[0].digest))
    # When / Then
    assert [revision for revision, _ in revisions] == [1, 2, 3]
    assert revisions[0][1] == revisions[2][1] != revisions[1][1]


def test_a_row_that_changed_in_nothing_we_tell_is_no_event():
    # Given a row whose raw form changes alone
    cursor = knowing([row("a")])
    touched = msgspec.structs.replace(row("a"), digest=b"other!")
    # When
    outcome = told(cursor, touched)
    # Then nothing is said, and the new form is known
    assert not outcome.changes
    assert not outcome.durable
    assert told(outcome.cursor, touched).cursor.tail is outcome.cursor.tail


@pytest.mark.parametrize("after", ["failed", "sent", "pending", None])
def test_a_status_that_steps_back_is_ignored_and_counted(after):
    # Given a delivered message
    cursor = knowing([row("a", status="delivered")])
    # When its provider shows an earlier state, or none
    outcome = told(cursor, row("a", status=after))
    # Then
    assert not outcome.changes
    assert outcome.left_out == {"status_regressed": 1}
    # And when it returns to what was published, nothing is new; when it goes on, that is the first update
    assert not told(outcome.cursor, row("a", status="delivered")).changes
    onwards = told(outcome.cursor, row("a", status="read"))
    assert changed(onwards) == [("status",)]
    assert onwards.changes[0].normalised.message.revision == 1


def test_an_edit_beside_a_step_back_is_told_with_the_state_that_stands():
    # Given
    cursor = knowing([row("a", status="read")])
    # When
    outcome = told(cursor, row("a", status="sent", text=1))
    # Then of the ignored step nothing is said but the provider's word
    assert changed(outcome) == [("text",)]
    assert outcome.changes[0].normalised.message.status == Status(state="read", provider="SENT")


def test_a_word_of_unknown_meaning_is_told_and_leaves_the_state():
    # Given
    cursor = knowing([row("a", status="delivered")])
    # When
    outcome = told(cursor, row("a", status="odd"))
    # Then
    status = outcome.changes[0].normalised.message.status
    assert changed(outcome) == [("status",)]
    assert (status.state, status.provider) == ("delivered", "ODD")
    assert outcome.left_out == {}
    assert outcome.cursor != cursor
    # And a later lower state is still a step back
    assert told(outcome.cursor, row("a", status="sent")).left_out == {"status_regressed": 1}


def test_events_of_one_batch_ascend_by_the_time_of_what_happened():
    # Given two messages, one of which was read between the times of two new ones
    cursor = knowing([row("a", 0, status="sent")])

    def read_later(one: RawRow) -> Normalised:
        normalised = normalise(one)
        if one.id != "a":
            return normalised
        status = Status(state="read", provider="READ", at="2025-10-09T08:53:25.000Z")
        return msgspec.structs.replace(normalised, message=msgspec.structs.replace(normalised.message, status=status))

    # When
    shown = [row("a", 0, status="read"), row("b", 4000), row("c", 9000)]
    outcome = reconcile(cursor, shown, read_later, NO_SETTLE, NOW)
    # Then
    assert [(change.kind, change.time - DAWN) for change in outcome.changes] == [
        ("created", 4000),
        ("updated", 5000),
        ("created", 9000),
    ]


def test_an_edit_happens_when_the_provider_touched_the_row_where_it_says_so():
    # Given a provider that tells when a row last changed, and one that tells when somebody reacted
    minute = "2025-10-09T08:54:20.000Z"

    def touched(one: RawRow) -> Normalised:
        message = msgspec.structs.replace(normalise(one).message, status=Status(at=minute))
        return msgspec.structs.replace(normalise(one), message=message, touched=True)

    def reacted(one: RawRow) -> Normalised:
        reaction = EmbeddedReaction(emoji="👍", by=Reactor(kind="contact"), at=minute)
        message = msgspec.structs.replace(normalise(one).message, reactions=(reaction,))
        return msgspec.structs.replace(normalise(one), message=message)

    # When
    cursor, shown = knowing([row("a")]), row("a", text=1)
    times = [reconcile(cursor, [shown], how, NO_SETTLE, NOW).changes[0].time for how in (touched, reacted)]
    # Then
    assert [time - DAWN for time in times] == [60_000, 60_000]


def test_an_edit_happens_when_it_is_seen_and_a_status_not_later():
    # Given / When no provider says when a text changed, and one has a clock that is fast
    edited = told(knowing([row("a")]), row("a", text=1))
    read = told(knowing([row("a", 9_000_000)]), row("a", 9_000_000, status="read"))
    # Then
    assert edited.changes[0].time == NOW
    assert read.changes[0].time == NOW


def test_an_unreadable_row_is_told_once_and_its_neighbours_go_on():
    # Given
    shown = [row("a"), row("b", 1, health="unreadable"), row("c", 2), broken("d")]
    # When
    outcome = told(Cursor(contact=DAWN), *shown)
    # Then
    assert created(outcome) == ["a", "c"]
    assert [(letter.reason, letter.row_id) for letter in outcome.letters] == [("unreadable", "b"), ("no_id", None)]
    assert outcome.durable
    again = told(outcome.cursor, *shown)
    assert not again.letters
    assert not again.durable


def test_another_unreadable_form_of_a_row_is_told_again():
    # Given
    cursor = knowing([row("a", health="unreadable")])
    # When / Then: it is another thing
    assert len(told(cursor, row("a", health="unreadable", text=1)).letters) == 1


def test_a_row_that_becomes_readable_is_created():
    # Given
    cursor = knowing([row("a", health="unreadable")])
    # When
    outcome = told(cursor, row("a"))
    # Then
    assert created(outcome) == ["a"]
    assert outcome.changes[0].normalised.message.revision == 0
    assert not told(outcome.cursor, row("a")).changes


def test_a_published_row_that_is_unreadable_for_a_while_keeps_its_story():
    # Given a message with one update
    cursor = told(knowing([row("a", status="sent")]), row("a", status="read")).cursor
    # When it cannot be read, and then can again
    lost = told(cursor, row("a", status="read", health="unreadable"))
    back = told(lost.cursor, row("a", status="read"))
    edited = told(lost.cursor, row("a", status="read", text=1))
    # Then
    assert len(lost.letters) == 1
    assert not back.changes
    assert edited.changes[0].normalised.message.revision == 2


def test_rows_that_stood_there_before_a_start_at_now_stay_silent():
    # Given a first contact that publishes nothing that stood there
    rules = Rules(settle=0, start="now")
    opened = Cursor(contact=DAWN, start=DAWN, opening=DAWN + 10)
    outcome = told(opened, row("a", 5), broken("b"), row("c", 11), row("old", -1), rules=rules)
    # When
    cursor = msgspec.structs.replace(outcome.cursor, opening=None)
    edited = told(cursor, row("a", 5, text=1), rules=rules)
    # Then not even their changes are told, and each is looked at once
    assert created(outcome) == ["c"]
    assert not outcome.letters
    assert outcome.left_out == {"before_start": 1}
    assert not edited.changes
    assert told(edited.cursor, row("a", 5, text=1), rules=rules).cursor.tail is edited.cursor.tail
    assert not told(cursor, broken("b"), rules=rules).letters


def test_rows_of_a_first_contact_and_imported_ones_are_backfill():
    # Given a first contact up to 10, and an adapter that knows imported history
    def imported(one: RawRow) -> Normalised:
        return msgspec.structs.replace(normalise(one), imported=one.id == "i")

    cursor = Cursor(contact=DAWN, opening=DAWN + 10)
    # When
    outcome = reconcile(cursor, [row("a", 10), row("i", 99), row("n", 11)], imported, NO_SETTLE, NOW)
    # Then
    assert {change.normalised.message.id: change.origin for change in outcome.changes} == {
        "a": "backfill",
        "i": "backfill",
        "n": "live",
    }


def test_rows_that_a_history_has_yet_to_reach_are_left_to_it():
    # Given a history that has reached 50
    cursor = Cursor(contact=DAWN, history=History(boundary=DAWN + 99, done=DAWN + 50, backfill=DAWN + 70))
    shown = [row("late", 49), row("a", 50), row("b", 70), row("c", 99), row("live", 100)]
    # When a live poll, and then the history, is shown them
    live = told(cursor, *shown)
    history = reconcile(cursor, shown[1:4], normalise, NO_SETTLE, NOW, history=True)
    # Then each publishes its own, and only what stood there at the first contact is backfill
    assert created(live) == ["late", "live"]
    assert [(change.normalised.message.id, change.origin) for change in history.changes] == [
        ("a", "backfill"),
        ("b", "backfill"),
        ("c", "live"),
    ]
    assert history.cursor.history.done == DAWN + 99


def test_the_loss_of_memory_is_said_once():
    # Given a feed that has forgotten
    rules = Rules(settle=0, remember=50)
    cursor = knowing(rows(200), rules)
    # When a forgotten row is shown twice
    first = told(cursor, row("r3", 3000), rules=rules)
    second = told(first.cursor, row("r3", 3000), row("r4", 4000), rules=rules)
    # Then
    assert [(gap.reason, gap.before.time) for gap in first.gaps] == [("memory", cursor.floor)]
    assert first.durable
    assert not second.gaps
    assert second.left_out == {"before_floor": 2}


def test_the_newest_message_is_remembered_by_its_id():
    # Given / When
    cursor = told(knowing([row("a", 5)]), row("late", 1), row("c", 9)).cursor
    # Then
    assert (cursor.newest.id, cursor.newest.time) == ("c", DAWN + 9)
