import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.histories import ids, opened, provider_of, published, read, walked
from workers.reconcile import history as histories
from workers.reconcile import memory, remembering
from workers.reconcile.cursor import History
from workers.reconcile.history import HistoryWalk


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(histories, "BATCH_PAGES", 2)
    monkeypatch.setattr(histories, "OVERLAP_PAGES", 3)


@pytest.mark.parametrize("count", [6, 9, 10, 11, 25, 50, 51, 137])
def test_a_history_is_published_ascending_and_once(count):
    # Given a feed of so many rows in pages of five
    provider = provider_of(count)
    # When
    outcomes = read(provider, opened(provider))
    # Then
    assert ids(outcomes) == [f"m{n}" for n in range(count)]
    assert {change.origin for outcome in outcomes for change in outcome.changes} == {"backfill"}
    assert all(outcome.durable for outcome in outcomes)
    assert not any(outcome.gaps for outcome in outcomes)
    assert outcomes[-1].cursor.count() == count
    # And the newest page is looked at anew: a row that was left to the history may have come behind its back
    assert outcomes[-1].cursor.page == b""


@given(st.lists(st.integers(0, 12), min_size=40, max_size=40))
@settings(max_examples=60, deadline=None)
def test_inserts_while_it_is_read_neither_lose_nor_repeat_a_row(inserts):
    # Given a history of forty rows into which messages come between any two requests
    provider = provider_of(40)
    coming = iter(inserts)

    def between(walk: HistoryWalk) -> None:
        for _ in range(next(coming, 0)):
            provider.insert()

    # When
    outcomes = read(provider, opened(provider), between=between)
    # Then what stood there is published, what came is left to live polls
    assert ids(outcomes) == [f"m{n}" for n in range(40)]


@given(st.lists(st.integers(0, 39), max_size=20, unique=True), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_deletions_between_batches_lose_nothing(gone, batch):
    # Given a history of forty rows, some of which go after so many batches
    provider = provider_of(40)
    cursor, outcomes = opened(provider), []
    for n in range(40):
        if n == batch:
            for index in gone:
                provider.sent[index].visible = False
        if cursor.history is None:
            break
        outcomes += published(walked(provider, cursor), cursor)
        cursor = outcomes[-1].cursor
    # Then all that stayed is published, once
    told = ids(outcomes)
    assert len(told) == len(set(told))
    assert {f"m{n}" for n in range(40) if n not in gone} <= set(told)


def test_deletions_while_a_batch_is_read_are_noticed_and_it_is_read_again():
    # Given a history of forty rows, and a newer row that goes after the first page of a batch was read
    provider = provider_of(40)
    cursor = opened(provider)
    cursor = published(walked(provider, cursor), cursor)[-1].cursor

    def between(walk: HistoryWalk) -> None:
        if walk.pages == 1:
            provider.listed()[0].visible = False

    # When
    walk = walked(provider, cursor, between=between)
    # Then the row that moved up across the seam is in the batch
    below = [row.id for row in walk.rows()]
    assert below == [f"m{n}" for n in range(int(below[0][1:]), int(below[-1][1:]) + 1)]


def test_a_row_that_moved_up_among_rows_of_its_own_second_is_in_the_batch():
    # Given a history whose rows are all of one second, and a newer row that goes after the first page was read
    provider = provider_of(40)
    for sent in provider.sent:
        sent.time = provider.sent[-1].time
    cursor = opened(provider)

    def between(walk: HistoryWalk) -> None:
        if walk.want is not None and walk.pages > 1 and walk.want.number == walk.begin + 1:
            provider.listed()[0].visible = False

    # When
    walk = walked(provider, cursor, between=between)
    # Then it is no proof that rows moved, and yet none of them is passed over
    newest = (walk.begin - 1) * provider.size
    shown = [sent.id for sent in provider.listed()[newest:]]
    assert [row.id for row in walk.rows() if row.id in shown] == shown[::-1]


def test_a_stop_between_two_batches_of_one_plan_loses_nothing(monkeypatch):
    # Given batches of three rows, and a stop after the first of them each time
    monkeypatch.setattr("workers.reconcile.batches.BATCH_ROWS", 3)
    provider = provider_of(40)
    cursor, told = opened(provider), []
    for _ in range(60):
        if cursor.history is None:
            break
        # When the walk begins anew from what was committed, and new messages come meanwhile
        outcomes = published(walked(provider, cursor), cursor)
        told += ids(outcomes[:1])
        cursor = outcomes[0].cursor
        if len(outcomes) > 1:
            provider.insert()
    # Then
    assert told == [f"m{n}" for n in range(40)]


def test_one_published_row_that_stands_higher_up_does_not_end_a_batch():
    # Given a history whose first batch published m0 to m9
    provider = provider_of(40)
    cursor = opened(provider)
    outcomes = published(walked(provider, cursor), cursor)
    # When the provider moves one of them up, among rows that have yet to be read, and a row slips down behind it
    provider.sent[2].time = provider.sent[13].time + 1
    outcomes += read(provider, outcomes[-1].cursor)
    # Then none is lost
    told = [change.normalised.message.id for one in outcomes for change in one.changes if change.kind == "created"]
    assert sorted(told) == sorted(f"m{n}" for n in range(40))


def test_a_batch_stays_bounded_however_much_came_before_it():
    # Given a history of which a part is published, and four hundred rows that a cut live walk left to it
    provider = provider_of(20)
    cursor = opened(provider)
    outcomes = published(walked(provider, cursor), cursor)
    for _ in range(400):
        provider.insert()
    cursor = outcomes[-1].cursor
    grown = msgspec.structs.replace(cursor.history, boundary=provider.listed()[0].time)
    cursor = msgspec.structs.replace(cursor, history=grown)
    # When
    most = 0

    def between(walk: HistoryWalk) -> None:
        nonlocal most
        most = max(most, len(walk.rows()))

    outcomes += read(provider, cursor, between=between)
    # Then each batch lies just before the part that is published, and no larger than its overlap allows
    assert ids(outcomes) == [f"m{n}" for n in range(420)]
    assert most <= 5 * (histories.BATCH_PAGES + histories.OVERLAP_PAGES)


def test_rows_known_already_prove_where_the_batch_before_ended():
    # Given a cut walk's history, whose first batches meet only rows that live polls published
    provider = provider_of(40)
    known = read(provider, opened(provider))[-1].cursor
    for _ in range(30):
        provider.insert()
    history = History(boundary=provider.listed()[0].time, after=provider.sent[5].time)
    cursor = msgspec.structs.replace(known, history=history)
    # When
    requests: list[int] = []
    outcomes = read(provider, cursor, between=lambda walk: requests.append(walk.pages))
    # Then the new ones follow, as live messages, without reading further back each time
    assert ids(outcomes) == [f"m{n}" for n in range(40, 70)]
    assert {change.origin for outcome in outcomes for change in outcome.changes} == {"live"}
    assert len(requests) < 50


def test_broken_rows_of_a_history_are_dead_letters_of_their_batch():
    # Given
    provider = provider_of(12)
    provider.sent[3].health = "broken"
    provider.sent[4].health = "unreadable"
    # When
    outcomes = read(provider, opened(provider))
    # Then
    assert sorted(letter.reason for outcome in outcomes for letter in outcome.letters) == ["no_id", "unreadable"]
    assert len(ids(outcomes)) == 10


def test_a_window_smaller_than_the_history_publishes_nothing_twice(monkeypatch):
    # Given a window of twelve rows
    monkeypatch.setattr(remembering, "HISTORY_WINDOW_ROWS", 12)
    provider = provider_of(60)
    # When
    outcomes = read(provider, opened(provider))
    # Then
    assert ids(outcomes) == [f"m{n}" for n in range(60)]
    assert outcomes[-1].cursor.floor == provider.sent[48].time


def test_the_window_of_a_history_that_goes_back_to_a_time_is_bounded_too(monkeypatch):
    # Given a window of twelve rows, and a worker that was away for two hundred messages
    monkeypatch.setattr(remembering, "HISTORY_WINDOW_ROWS", 12)
    provider = provider_of(200)
    away_since = provider.listed()[-1].time
    # When
    outcomes = read(provider, opened(provider, after=away_since))
    # Then all of them are published once, and the one record of the window never holds much more than that
    assert ids(outcomes) == [f"m{n}" for n in range(200)]
    windows = [outcome.cursor.history.rows for outcome in outcomes if outcome.cursor.history]
    assert len(windows) > 10
    assert max(map(memory.count, windows)) <= 12 + 10
