import itertools

import msgspec
import pytest

from tests.support.histories import RULES, ids, opened, provider_of, published, read, walked
from tests.support.model_provider import DAWN
from tests.support.rows import broken, row
from workers.model import Page, PageRef
from workers.reconcile import history as histories
from workers.reconcile.cursor import Cursor, History
from workers.reconcile.history import HistoryWalk
from workers.reconcile.old_end import FURTHEST
from workers.reconcile.rules import Rules


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(histories, "BATCH_PAGES", 2)
    monkeypatch.setattr(histories, "OVERLAP_PAGES", 3)


def test_the_old_end_is_found_with_few_requests():
    # Given ten thousand rows
    provider = provider_of(10_000, size=50)
    # When
    walk = walked(provider, opened(provider))
    # Then a search of 200 pages costs a doubling and a halving each, and the batch its own pages and a second look
    assert walk.pages <= 8 + 7 + 4
    assert walk.rows()[0].id == "m0"
    assert walk.end == 200


@pytest.mark.parametrize("limit", [1, 4, 5, 6, 10, 23, 39])
def test_a_limit_keeps_the_newest_rows_and_says_that_others_exist(limit):
    # Given forty rows, and fewer allowed
    provider = provider_of(40)
    rules = Rules(settle=0, numbered=True, history_limit=limit)
    # When
    outcomes = read(provider, opened(provider), rules)
    # Then
    assert ids(outcomes) == [f"m{n}" for n in range(40 - limit, 40)]
    gaps = [gap for outcome in outcomes for gap in outcome.gaps]
    if not gaps:  # the page that would tell lies beyond what was read
        assert limit % 5 == 0
        assert outcomes[-1].cursor.start is None
        return
    assert [(gap.reason, gap.before.id) for gap in gaps] == [("history_limit", f"m{40 - limit}")]
    # And what lies beyond stays left out when a later walk meets it
    assert outcomes[-1].cursor.start == provider.sent[40 - limit].time


@pytest.mark.parametrize("limit", [40, 41, 500])
def test_a_limit_that_is_not_reached_says_nothing(limit):
    # Given / When
    provider = provider_of(40)
    outcomes = read(provider, opened(provider), Rules(settle=0, numbered=True, history_limit=limit))
    # Then
    assert ids(outcomes) == [f"m{n}" for n in range(40)]
    assert not any(outcome.gaps for outcome in outcomes)


def test_a_limit_is_for_what_stood_there_at_the_first_contact():
    # Given a history that a cut live walk left behind
    provider = provider_of(40)
    history = History(boundary=provider.listed()[0].time, after=provider.sent[10].time)
    # When
    rules = Rules(settle=0, numbered=True, history_limit=3)
    outcomes = read(provider, Cursor(contact=DAWN, history=history), rules)
    # Then all of it is published
    assert ids(outcomes) == [f"m{n}" for n in range(10, 40)]
    assert not any(outcome.gaps for outcome in outcomes)


def test_a_start_time_ends_the_way_back():
    # Given
    provider = provider_of(40)
    # When
    outcomes = read(provider, opened(provider, after=provider.sent[13].time))
    # Then
    assert ids(outcomes) == [f"m{n}" for n in range(13, 40)]


def test_rows_newer_than_the_boundary_end_it():
    # Given five hundred live rows above a history of one batch
    provider = provider_of(10)
    cursor = opened(provider)
    for _ in range(500):
        provider.insert()
    # When
    requests: list[int] = []
    outcomes = read(provider, cursor, between=lambda walk: requests.append(walk.pages))
    # Then it does not read its way through them
    assert ids(outcomes) == [f"m{n}" for n in range(10)]
    assert len(requests) < 30


def test_a_boundary_that_moved_while_the_last_batch_was_read_is_not_the_end():
    # Given a last batch, during which a cut live walk left more to the history
    provider = provider_of(10)
    cursor = opened(provider)
    walk = walked(provider, cursor)
    moved = msgspec.structs.replace(cursor.history, boundary=cursor.history.boundary + 99_000)
    # When
    after = published(walk, msgspec.structs.replace(cursor, history=moved))[-1].cursor
    # Then
    assert after.history is not None
    assert after.history.page == 1


def test_a_provider_that_answers_every_number_with_its_last_page_is_not_read_for_ever():
    # Given
    provider = provider_of(23)
    walk = HistoryWalk(opened(provider), RULES, provider.first())
    # When
    while walk.want is not None:
        shown = provider.page(PageRef(number=min(walk.want.number, 4), limit=5))
        walk.take(msgspec.structs.replace(shown, exhausted=False, next=PageRef(number=9, limit=5)))
        assert walk.pages < 30
    # Then the last distinct page is the old end
    assert [row.id for row in walk.rows()] == [f"m{n}" for n in range(3, 13)]


@pytest.mark.parametrize("blank", [{2}, {4}, {3, 4}, {2, 3, 4, 6, 8}, {8}, {1}])
def test_pages_without_a_message_among_their_entries_hide_nothing_behind_them(blank):
    # Given a list in which whole pages tell of deliveries
    provider = provider_of(40)
    real = provider.page
    numbers = [number for number in range(1, 20) if number not in blank]

    def page(ref):
        if ref.number in blank:
            others = frozenset({f"d{ref.number}"})
            return Page(others=others, skipped={"status": 1}, next=PageRef(number=ref.number + 1), exhausted=False)
        return real(msgspec.structs.replace(ref, number=numbers.index(ref.number) + 1))

    provider.page = page
    # When
    outcomes = read(provider, opened(provider))
    # Then
    assert ids(outcomes) == [f"m{n}" for n in range(40)]


def test_deliveries_that_are_shown_again_past_the_end_are_not_read_for_ever():
    # Given an API that answers every number past the end with its last page, which tells of deliveries
    provider = provider_of(20)
    real = provider.page
    last = Page(others=frozenset({"d"}), skipped={"status": 1}, next=PageRef(number=9), exhausted=False)
    provider.page = lambda ref: real(ref) if ref.number <= 4 else last
    # When / Then
    assert ids(read(provider, opened(provider))) == [f"m{n}" for n in range(20)]


@pytest.mark.parametrize("count", [7, 30])
@pytest.mark.parametrize("spoilt", [False, True])
def test_many_pages_without_a_message_are_read_once(count, spoilt):
    # Given more such pages in a row than a batch has, or may read beyond its own
    provider = provider_of(40)
    real, hidden = provider.page, range(3, 3 + count)

    def page(ref):
        if ref.number not in hidden:
            return real(msgspec.structs.replace(ref, number=ref.number - count * (ref.number >= hidden.stop)))
        said = {"broken": (broken(f"b{ref.number}"),)} if spoilt else {"others": frozenset({f"d{ref.number}"})}
        return Page(next=PageRef(number=ref.number + 1), exhausted=False, **said)

    provider.page = page
    asked: list[int] = []
    # When
    outcomes = read(provider, opened(provider), between=lambda walk: asked.append(1))
    # Then the history ends, whole and in order
    assert ids(outcomes) == [f"m{n}" for n in range(40)]
    assert len(asked) < 8 * (count + 8)


def test_a_last_page_that_looks_different_each_time_is_not_read_for_ever():
    # Given an API that answers every number past the end with its last page, in which one spoilt row keeps changing
    provider = provider_of(22)
    real, answers = provider.page, itertools.count()

    def page(ref):
        shown = real(msgspec.structs.replace(ref, number=min(ref.number, 5)))
        spoilt = () if ref.number < 5 else (broken(f"b{next(answers)}"),)
        return msgspec.structs.replace(shown, broken=spoilt, next=PageRef(number=ref.number + 1), exhausted=False)

    provider.page = page
    # When / Then
    assert ids(read(provider, opened(provider))) == [f"m{n}" for n in range(22)]


def test_a_provider_that_never_shows_the_same_page_twice_is_not_searched_for_ever():
    # Given
    history = History(boundary=DAWN + 10**9, backfill=DAWN + 10**9)
    walk = HistoryWalk(Cursor(contact=DAWN, history=history), RULES, PageRef(number=1, limit=5))
    # When each number shows something else
    for _ in range(60):
        number = walk.want.number
        following = PageRef(number=number + 1, limit=5)
        walk.take(Page(rows=(row(f"x{number}", number),), next=following, exhausted=False))
        if walk.begin > 1:
            break
    # Then a batch begins at last
    assert 1 < walk.begin < 2 * FURTHEST


def test_one_insertion_between_two_short_pages_is_not_their_end():
    # Given pages that are shorter than documented, and in which each number skips one row
    provider = provider_of(20)

    def page(ref):
        shown = real(PageRef(number=1, limit=500)).rows[ref.number - 1 :][:5]
        placed = tuple(msgspec.structs.replace(one, position=place) for place, one in enumerate(shown))
        return Page(rows=placed, short=bool(placed), proof=PageRef(number=ref.number + 1) if placed else None)

    real, provider.page, provider.size = provider.page, page, 500
    came = iter([False, False, False, True] * 20)

    def between(walk):
        if next(came, False):
            provider.insert()

    # When a message comes in so that a page shows what the one before it showed
    outcomes = read(provider, opened(provider), between=between)
    # Then
    assert ids(outcomes)[:20] == [f"m{n}" for n in range(20)]


def test_a_reach_that_ends_is_said():
    # Given a provider that shows no more than four pages
    provider = provider_of(23)
    walk = HistoryWalk(opened(provider), RULES, provider.first())
    while walk.want is not None:
        shown = provider.page(walk.want) if walk.want.number <= 4 else Page()
        walk.take(msgspec.structs.replace(shown, next=None) if walk.want.number == 4 else shown)
    # When
    outcomes = published(walk, opened(provider))
    # Then
    assert [(gap.reason, gap.before.id) for gap in outcomes[0].gaps] == [("page_limit", "m3")]


def test_a_history_needs_a_cursor_that_has_one():
    # Given / When / Then
    with pytest.raises(ValueError, match="no history"):
        HistoryWalk(Cursor(contact=DAWN), RULES, PageRef(number=1, limit=5))
