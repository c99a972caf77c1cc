"""Pages in, events out: what a worker makes of a feed, poll after poll, whatever the pages show."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import orjson
import pytest
from jsonschema import Draft202012Validator

from tests.unit.providers.kit_pages import Pages, written
from workers.errors import PollFailed
from workers.events import schemas
from workers.events.encoding import EventEncoder
from workers.events.source import source_of
from workers.model import HttpRequest, HttpResponse, PageRef
from workers.poll_means import rules_of
from workers.reconcile.batches import Batches
from workers.reconcile.cursor import Cursor
from workers.reconcile.history import HistoryWalk
from workers.reconcile.outcome import Outcome
from workers.reconcile.plan import HistoryPlan, LivePlan, Plan
from workers.reconcile.walk import LiveWalk
from workers.redaction import REMOVED, Redactor
from workers.times import iso

#: The time of the first poll (epoch ms), and what passes between two: more than any settle window.
NOW, LATER = 1_780_000_000_000, 7_200_000
#: The largest event of these polls (bytes).
MAX_EVENT_BYTES = 100_000
#: Requests after which a poll is taken to be endless.
ENDLESS = 400


class _Encoded:
    def __init__(self, events: tuple[Any, ...]) -> None:
        self.events = events
        self.size = sum(event.size for event in events)


class Reader:
    """One feed of a provider, read as a worker reads it. `answer` is the API: a request in, a body out."""

    def __init__(self, kit: Pages, answer: Callable[[HttpRequest], bytes]) -> None:
        self._adapter, self._feed, self._answer = kit.adapter(), kit.feed(), answer
        self._rules = rules_of(self._adapter)
        source = source_of(self._adapter, self._feed, "structured", MAX_EVENT_BYTES)
        self._encoder = EventEncoder(source, Redactor(self._adapter.account.secrets()))
        self._cursor: Cursor | None = None
        self._now = NOW
        #: Requests that were sent.
        self.requests = 0

    def poll(self) -> list[dict[str, Any]]:
        """The events of a live poll and of all the history it leaves behind."""
        live = LiveWalk(self._cursor, self._rules, self._adapter.first(), self._now)
        self._walk(live)
        events = self._published(LivePlan(live, self._cursor, self._rules, self._now, b""))
        while self._cursor is not None and self._cursor.history is not None:
            past = HistoryWalk(self._cursor, self._rules, self._adapter.first())
            self._walk(past)
            events += self._published(HistoryPlan(past, self._cursor.history))
        self._now += LATER
        return events

    def messages(self) -> list[dict[str, Any]]:
        """The message events of the next poll."""
        return [event for event in self.poll() if event["type"].startswith("afluente.message.")]

    def _walk(self, walk: LiveWalk | HistoryWalk) -> None:
        asked: list[HttpRequest] = []
        while walk.want is not None:
            request = self._adapter.request(self._feed, walk.want)
            if isinstance(walk, LiveWalk):  # a history may have reasons to look again
                assert request not in asked, "one page is asked for twice"
            asked.append(request)
            walk.take(self._page(walk.want, request))

    def _page(self, ref: PageRef, request: HttpRequest) -> Any:
        self.requests += 1
        assert self.requests < ENDLESS, "a poll without an end"
        body = self._answer(request)
        return self._adapter.page(self._feed, ref, HttpResponse(status=200, body=body, content_type="application/json"))

    def _published(self, plan: Plan) -> list[dict[str, Any]]:
        batches = Batches(plan, partial(self._adapter.normalise, self._feed), self._rules, self._now)
        events: list[dict[str, Any]] = []
        while batch := batches.next(self._cursor, self._encode):
            outcome, encoded = batch
            self._cursor = outcome.cursor
            events += [orjson.loads(event.value) for event in encoded.events]
        return events

    def _encode(self, _: Cursor, outcome: Outcome) -> _Encoded:
        return _Encoded(self._encoder.events(outcome, self._now))


class PollTests(Pages):
    """Tests of whole polls."""

    #: Rows of the history that is read in one go below: several pages of an API that shows them in pages.
    history_rows: ClassVar[int] = 130
    #: Errors that the provider states inside a success: the body, and what it means.
    errors_in_200: ClassVar[tuple[tuple[bytes, type[PollFailed]], ...]] = ()

    def served(self, request: HttpRequest, rows: list[Any]) -> bytes:
        """What the API answers to this request when it has these rows, newest first; here: all of them, always."""
        return written(self.envelope(rows))

    def reader(self, rows: list[Any]) -> Reader:
        """A worker in front of an API with these rows, newest first; the list may change between polls."""
        return Reader(self, lambda request: self.served(request, rows))

    def rows(self, *numbers: int) -> list[Any]:
        return [self.row(number) for number in numbers]

    # --- pages in, events out -----------------------------------------------------------------------------

    def test_a_page_becomes_events_that_satisfy_their_schema_oldest_first(self):
        events = self.reader(self.rows(0, 1, 2, 3, 4)).messages()
        assert [event["subject"] for event in events] == self.ids(4, 3, 2, 1, 0)
        assert [event["time"] for event in events] == sorted(event["time"] for event in events)
        assert len({event["id"] for event in events}) == 5
        validator = Draft202012Validator(schemas.schema("message"), format_checker=Draft202012Validator.FORMAT_CHECKER)
        for event in events:
            validator.validate(event["data"])
            assert event["type"] == "afluente.message.created"
            assert event["data"]["message"]["sent_at"] == event["time"]
            assert event["partitionkey"] == event["data"]["conversation"]["id"]

    def test_the_time_of_an_event_is_that_of_its_row(self):
        page = self.page(self.rows(0, 1, 2))
        times = {event["subject"]: event["time"] for event in self.reader(self.rows(0, 1, 2)).messages()}
        assert times == {row.id: iso(row.time) for row in page.rows}

    def test_the_same_page_says_nothing_twice(self):
        reader = self.reader(self.rows(0, 1, 2))
        assert reader.messages()
        assert reader.poll() == []

    def test_the_same_rows_are_the_same_events_for_whoever_reads_them(self):
        one, other = (self.reader(self.rows(0, 1, 2)).messages() for _ in range(2))
        assert [event["id"] for event in one] == [event["id"] for event in other]

    def test_a_row_that_comes_later_is_the_only_news(self):
        rows = self.rows(1, 2, 3)
        reader = self.reader(rows)
        reader.poll()
        rows.insert(0, self.row(0))
        (event,) = reader.messages()
        assert (event["subject"], event["type"]) == (self.ids(0)[0], "afluente.message.created")

    # --- identity -----------------------------------------------------------------------------------------

    def test_other_words_under_the_same_identity_are_an_update_of_one_message(self):
        # Given
        rows = self.rows(0, 1)
        reader = self.reader(rows)
        created = {event["subject"]: event for event in reader.messages()}
        # When
        rows[1] = {**rows[1], self.words_field: "other words"}
        (event,) = reader.messages()
        # Then
        before = created[event["subject"]]
        assert (event["subject"], event["type"]) == (self.ids(1)[0], "afluente.message.updated")
        assert event["data"]["message"]["revision"] == 1
        assert event["data"]["changed"] == ["text"]
        assert event["partitionkey"] == before["partitionkey"]
        assert event["id"] != before["id"]

    def test_a_row_that_goes_and_comes_back_says_nothing(self):
        rows = self.rows(0, 1, 2)
        reader = self.reader(rows)
        reader.poll()
        gone = rows.pop(1)
        assert reader.messages() == []
        rows.insert(1, gone)
        assert reader.messages() == []

    # --- paging -------------------------------------------------------------------------------------------

    def test_a_long_history_is_read_whole_and_each_row_once_oldest_first(self):
        reader = self.reader(self.rows(*range(self.history_rows)))
        subjects = [event["subject"] for event in reader.messages()]
        assert subjects == self.ids(*reversed(range(self.history_rows)))
        assert reader.messages() == []

    def test_news_of_several_pages_is_found_whole(self):
        # Given a feed that was away for long
        rows = self.rows(*range(90, self.history_rows))
        reader = self.reader(rows)
        reader.poll()
        # When
        rows[:0] = self.rows(*range(90))
        # Then
        assert [event["subject"] for event in reader.messages()] == self.ids(*reversed(range(90)))

    def test_an_api_that_shows_one_page_whatever_is_asked_is_not_asked_for_ever(self):
        # Given an API that ignores what it is asked for
        rows = self.rows(*range(self.history_rows))
        first = self.served(self.adapter().request(self.feed(), self.adapter().first()), rows)
        # When
        reader = Reader(self, lambda _: first)
        subjects = [event["subject"] for event in reader.messages()]
        # Then
        assert len(set(subjects)) == len(subjects)
        assert set(subjects) == {row.id for row in self.answered(first).rows}

    # --- what must not come out ---------------------------------------------------------------------------

    def test_a_key_that_is_echoed_stands_in_no_event(self):
        # Given a row that can be read and one that cannot, both with the key in them
        told = {**self.row(0), self.words_field: f"your key is {self.secret}"}
        broken = {**self.row(1), self.time_field: None, "spare": self.secret}
        # When
        events = self.reader([told, broken]).poll()
        # Then
        assert {event["type"] for event in events} >= {"afluente.message.created", "afluente.dead-letter"}
        assert self.secret not in orjson.dumps(events).decode()
        assert orjson.dumps(events).decode().count(REMOVED) >= 2

    def test_a_key_stands_neither_in_what_names_the_account_nor_in_an_error(self):
        adapter = self.adapter()
        assert self.secret in adapter.account.secrets()
        assert self.secret not in f"{adapter.account!r}{adapter.account.identity()}{self.feed()!r}"
        for status in (200, 400, 401, 404, 429, 500):
            for body in (f"<html>{self.secret}</html>", f'{{"message":"{self.secret}","error":"{self.secret}"}}'):
                with pytest.raises(PollFailed) as caught:
                    self.answered(body.encode(), status)
                assert self.secret not in str(caught.value)

    def test_a_message_that_fits_no_record_is_a_dead_letter_and_its_neighbours_are_events(self):
        events = self.reader(
            [self.row(0), {**self.row(1), self.words_field: "x" * MAX_EVENT_BYTES}, self.row(2)]
        ).poll()
        letters = [event["data"] for event in events if event["type"] == "afluente.dead-letter"]
        assert [(letter["reason"], letter["row_id"]) for letter in letters] == [("too_large", self.ids(1)[0])]
        assert [event["subject"] for event in events if event["type"].endswith("created")] == self.ids(2, 0)

    def test_an_error_inside_a_success_means_what_the_provider_says(self):
        for body, meaning in self.errors_in_200:
            with pytest.raises(meaning):
                self.answered(body)

    def test_what_stands_beside_an_error_is_not_repeated(self):
        for body, meaning in self.errors_in_200:
            told = orjson.loads(body)
            beside = {**told, "echo": self.secret} if isinstance(told, dict) else told
            with pytest.raises(meaning) as caught:
                self.answered(written(beside))
            assert self.secret not in str(caught.value)
