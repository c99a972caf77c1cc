"""Histories with rows whose times are not where the provider lists them: identity decides, never a time watermark."""

from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.histories import ids, opened, read
from tests.support.model_provider import ModelProvider, Sent
from tests.support.model_worker import ModelWorker
from workers.reconcile import history as histories
from workers.reconcile.rules import Rules

DAY = 86_400_000


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(histories, "BATCH_PAGES", 4)
    monkeypatch.setattr(histories, "OVERLAP_PAGES", 3)


@dataclass
class AsTheyCame(ModelProvider):
    """A provider that lists messages in the order in which they came, whatever their times."""

    def listed(self) -> list[Sent]:
        """What is visible, the last to come first."""
        return [sent for sent in reversed(self.sent) if sent.visible]


def came(count: int, odd: dict[int, int], **fields: object) -> AsTheyCame:
    """A feed of messages m0, m1, ..., some of them so many ms from their time."""
    provider = AsTheyCame(**fields)
    for _ in range(count):
        provider.insert()
    for place, moved in odd.items():
        provider.sent[place].time += moved
    return provider


def polled_to_the_end(provider: ModelProvider, rules: Rules, *, more: int = 0, odd: int | None = None) -> ModelWorker:
    """A worker that has read all there is, then `more` that came, of which one may have a time ahead of all."""
    worker = ModelWorker(provider, rules)
    worker.poll()
    worker.read_history()
    for place in range(more):
        provider.insert(late=-DAY if place == odd else 0)
    worker.poll()
    worker.read_history()
    return worker


def published(worker: ModelWorker) -> set[str]:
    return set(worker.judge.published)


@given(st.dictionaries(st.integers(0, 94), st.sampled_from([-DAY, 250, DAY]), max_size=4))
@settings(max_examples=200, deadline=None)
def test_rows_behind_page_one_are_published_whatever_their_times(odd):
    # Given a history of a hundred rows, some of which are older or newer than all around them
    provider = came(100, odd)
    # When
    outcomes = read(provider, opened(provider))
    # Then each is published once, as what stood there at the first contact
    told = ids(outcomes)
    assert sorted(told) == sorted(sent.id for sent in provider.sent)
    assert {change.origin for outcome in outcomes for change in outcome.changes} == {"backfill"}


@given(st.integers(0, 94), st.integers(1, 40), st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_a_newer_row_first_on_its_page_is_told_from_those_that_came_since(place, request_number, coming):
    # Given a row that is newer than all of page one
    provider = came(100, {place: DAY})
    requests: list[int] = []

    def between(walk) -> None:
        requests.append(walk.pages)
        for _ in range(coming if len(requests) == request_number else 0):
            provider.insert()

    # When others come while its history is read
    outcomes = read(provider, opened(provider), between=between)
    # Then it is published, and they are left to live polls
    assert sorted(ids(outcomes)) == sorted(f"m{n}" for n in range(100))


def test_a_row_far_ahead_does_not_make_rows_before_it_live():
    # Given a history whose oldest batch holds a row newer than all
    provider = came(100, {3: DAY})
    worker = ModelWorker(provider, Rules(settle=0, numbered=True))
    # When its first batch is published, and then a live poll reads into what is left of it
    worker.poll()
    while not worker.judge.published:
        worker.history_step()
    while worker.past is not None:
        worker.history_step()
    # Then the history has come no further than its batch
    assert worker.cursor.history.done == provider.sent[19].time


@pytest.mark.parametrize("odd", [30, 90, 150])
def test_a_catch_up_publishes_rows_that_are_ahead_of_all_others(odd):
    # Given a feed that is known, then two hundred rows, more than a walk reads, one of them with a later time
    rules = Rules(settle=1000, numbered=True, live_pages=5)
    # When
    worker = polled_to_the_end(came(30, {}), rules, more=200, odd=odd)
    # Then
    assert published(worker) == {f"m{n}" for n in range(230)}
    assert not worker.judge.gaps


@pytest.mark.parametrize("listing", [AsTheyCame, ModelProvider])
@pytest.mark.parametrize("ahead", [700, DAY])
def test_a_message_dated_in_the_future_hides_nothing_that_comes_behind_it(listing, ahead):
    # Given a feed whose newest known message has a time that has yet to come
    provider = listing()
    worker = polled_to_the_end(provider, Rules(settle=50, numbered=True, live_pages=5), more=30)
    provider.insert(late=-ahead)
    for _ in range(3):
        worker.poll()
        provider.now += 60
    # When more rows come before the next poll than a walk reads
    for _ in range(200):
        provider.insert()
    worker.poll()
    worker.read_history()
    # Then all of them are published, once and ascending, without a gap
    assert published(worker) == {f"m{n}" for n in range(231)}
    assert not worker.judge.gaps


def test_an_old_row_in_front_does_not_end_a_history_that_goes_back_to_a_time():
    # Given a start behind three hundred rows, and rows from long before it among them, some of them last on a page
    provider = came(400, {395: -DAY, 389: -DAY, 280: -DAY, 150: -DAY}, size=50)
    start = provider.sent[100].time
    # When
    worker = polled_to_the_end(provider, Rules(settle=0, numbered=True, start=start))
    # Then all since then is published, and nothing from before it
    assert published(worker) == {f"m{n}" for n in range(100, 400)} - {"m395", "m389", "m280", "m150"}


def test_rows_from_before_a_history_are_judged_by_what_is_known():
    # Given a catch-up that goes back to a time, and a row from before it that nobody has seen
    provider = came(30, {})
    known = read(provider, opened(provider))[-1].cursor
    for _ in range(40):
        provider.insert()
    provider.sent[50].time = provider.sent[0].time - 5
    history = msgspec.structs.replace(opened(provider).history, after=provider.sent[28].time, backfill=None)
    # When
    outcomes = read(provider, msgspec.structs.replace(known, history=history))
    # Then it is published with the others
    assert sorted(ids(outcomes)) == sorted(f"m{n}" for n in range(30, 70))
