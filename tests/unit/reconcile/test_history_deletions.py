"""Histories of which rows go while they are read: what is deleted moves what lies behind it against the reader."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.histories import ids, opened, provider_of, read, walked
from tests.support.model_provider import ModelProvider
from workers.reconcile import history as histories
from workers.reconcile.history import HistoryWalk


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(histories, "BATCH_PAGES", 4)
    monkeypatch.setattr(histories, "OVERLAP_PAGES", 3)


def read_while(provider: ModelProvider, happens) -> tuple[list[str], int]:
    """What is published of a history, and in how many requests; `happens` after each, with its number."""
    requests: list[int] = []

    def between(walk: HistoryWalk) -> None:
        requests.append(walk.pages)
        happens(len(requests))

    return ids(read(provider, opened(provider), between=between)), len(requests)


def test_a_row_deleted_further_in_than_the_newest_page_of_a_batch_loses_none_behind_it():
    # Given four hundred rows in pages of fifty
    provider = provider_of(400, size=50)
    gone = provider.listed()[70]

    def happens(walk: HistoryWalk) -> None:
        if walk.want is not None and walk.want.number == 6 and walk.pages > 8:
            gone.visible = False

    # When one of page two is deleted between the fifth page and the sixth
    outcomes = read(provider, opened(provider), between=happens)
    # Then what moved over that seam is published too, and what was deleted was shown
    assert ids(outcomes) == [f"m{n}" for n in range(400)]


@given(st.integers(1, 45), st.integers(0, 99), st.lists(st.integers(0, 6), max_size=45), st.booleans())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_deletion_loses_nothing_wherever_and_whenever_it_is(small_batches, after, place, inserts, seconds):
    # Given a history of a hundred rows, into which some come while it is read
    provider = provider_of(100, whole_seconds=seconds)

    def happens(request: int) -> None:
        provider.now += 1000
        for _ in range(inserts[request - 1] if request <= len(inserts) else 0):
            provider.insert()
        if request == after:
            provider.sent[place].visible = False

    # When one of its rows goes
    told, _ = read_while(provider, happens)
    # Then all others are published, once and in order, ties in the provider's own
    shown = sorted(
        (sent for n, sent in enumerate(provider.sent[:100]) if n != place), key=lambda sent: (sent.time, sent.tie)
    )
    assert [name for name in told if name != f"m{place}"] == [sent.id for sent in shown]


@pytest.mark.parametrize("coming", [0, 0.1])
@pytest.mark.parametrize("going", [0.02, 0.1])
@pytest.mark.parametrize("seed", range(10))
def test_many_deletions_lose_nothing(seed, going, coming):
    # Given a history of nine hundred rows, between whose requests rows come and go
    luck, provider = Random(seed), provider_of(900, size=50, whole_seconds=True)
    stood = {sent.id for sent in provider.sent}

    def happens(_: int) -> None:
        if luck.random() < coming:
            provider.insert()
        if luck.random() < going:
            luck.choice(provider.listed()).visible = False

    # When
    told, _ = read_while(provider, happens)
    # Then
    assert len(told) == len(set(told))
    assert {sent.id for sent in provider.listed() if sent.id in stood} <= set(told)


def test_what_proves_that_nothing_slipped_through_costs_two_requests_a_batch():
    # Given eighteen pages, quiet ones, and ones into which a row comes at each request
    quiet, busy = provider_of(890, size=50), provider_of(890, size=50)
    # When
    _, requests = read_while(quiet, lambda request: None)
    _, most = read_while(busy, lambda request: busy.insert())
    # Then the search for the old end, two batches of ten and eight pages, where each ends, and two looks each
    assert requests <= 8 + (10 + 2) + (8 + 1 + 2)
    # And however much happens no page is read more often than twice
    assert most <= 8 + 2 * (10 + 2) + 2 * (8 + 1 + 2)


def test_what_the_search_was_shown_of_a_batch_is_published_although_it_is_gone():
    # Given a history of one batch, whose oldest row goes as soon as the search has seen it
    provider = provider_of(400, size=50)

    def happens(walk: HistoryWalk) -> None:
        if walk.want is not None and walk.want.number == 1:
            provider.sent[0].visible = False

    # When
    walk = walked(provider, opened(provider), between=happens)
    # Then
    assert [row.id for row in walk.rows()] == [f"m{n}" for n in range(400)]


def test_larger_pages_in_the_middle_of_a_batch_lose_nothing():
    # Given pages that become larger at any request
    for request_of_change in range(1, 30):
        provider = provider_of(137)

        def happens(request: int, change: int = request_of_change, provider: ModelProvider = provider) -> None:
            provider.size = 8 if request >= change else 5

        # When / Then
        told, _ = read_while(provider, happens)
        assert sorted(told) == sorted(f"m{n}" for n in range(137))
