"""What is told of histories that are being read: how far, how fast, how long still."""

import pytest

from workers.account.histories import AccountHistories
from workers.metrics import Metrics
from workers.poll import Polled
from workers.reconcile.cursor import History, HistoryPages

LABELS = {"provider": "99digital", "account": "clinica"}


class Read:
    """Histories of an account whose time and whose published messages are set by hand."""

    def __init__(self):
        self.now, self.metrics = 1000.0, Metrics()
        self.histories = AccountHistories(*LABELS.values(), self.metrics, lambda: self.now)

    def publish(self, messages, seconds):
        self.metrics.backfill_messages.labels(*LABELS.values()).inc(messages)
        self.now += seconds
        self.histories.sample()

    @property
    def told(self):
        return self.histories.details()


@pytest.fixture
def read():
    return Read()


def test_an_account_without_histories_has_nothing_left(read):
    assert read.told == {
        "feeds_left": 0,
        "feeds_done": 0,
        "messages": 0,
        "pages_left": 0,
        "pages_done": 0,
        "messages_per_second": 0.0,
        "seconds_left": 0.0,
    }


def test_a_history_tells_how_far_it_is_how_fast_it_goes_and_how_long_it_takes(read):
    # Given two histories, of which one is known to the end
    read.histories.waits("a", None)
    read.histories.waits("b", HistoryPages(done=0, left=40))
    assert (read.told["pages_left"], read.told["seconds_left"]) == (None, None)
    # When the other's old end is found, and a batch of each was read in ten seconds
    read.histories.read("a", Polled(history=True, pages=HistoryPages(done=10, left=30)), 0)
    read.histories.read("b", Polled(history=True, pages=HistoryPages(done=10, left=30)), 0)
    read.publish(1000, seconds=10)
    # Then
    assert read.told == {
        "feeds_left": 2,
        "feeds_done": 0,
        "messages": 1000,
        "pages_left": 60,
        "pages_done": 20,
        "messages_per_second": 100.0,
        "seconds_left": 30.0,
    }


def test_a_history_that_was_read_counts_with_all_its_pages(read):
    # Given
    read.histories.waits("a", HistoryPages(done=10, left=10))
    read.histories.waits("b", HistoryPages(done=0, left=20))
    # When
    read.histories.read("a", Polled(), 0)
    # Then
    assert (read.told["feeds_left"], read.told["feeds_done"]) == (1, 1)
    assert (read.told["pages_left"], read.told["pages_done"]) == (20, 20)


def test_the_next_history_after_all_were_read_begins_a_new_bar(read):
    # Given
    read.histories.waits("a", HistoryPages(done=0, left=20))
    read.histories.read("a", Polled(), 0)
    assert read.told["feeds_done"] == 1
    # When
    read.histories.waits("b", HistoryPages(done=0, left=5))
    # Then
    assert (read.told["feeds_done"], read.told["pages_done"], read.told["pages_left"]) == (0, 0, 5)


def test_the_rate_is_that_of_the_last_minute(read):
    # Given a fast beginning
    read.histories.waits("a", HistoryPages(done=0, left=100))
    read.publish(60_000, seconds=1)
    # When it went slowly for longer than a minute
    for _ in range(70):
        read.publish(2, seconds=1)
    # Then
    assert read.told["messages_per_second"] == pytest.approx(2.0)


def test_a_feed_that_went_to_another_worker_is_neither_left_nor_done(read):
    read.histories.waits("a", HistoryPages(done=0, left=20))
    read.histories.forget("a")
    read.histories.read("a", Polled(), 0)
    assert (read.told["feeds_left"], read.told["feeds_done"], len(read.histories)) == (0, 0, 0)


def test_histories_are_read_in_turn(read):
    for key in ("a", "b"):
        read.histories.waits(key, None)
    # A live poll of a feed in the queue does not change its place.
    assert read.histories.turn() == "a"
    read.histories.waits("a", None)
    assert [read.histories.turn() for _ in range(3)] == ["b", "a", "b"]


def test_a_history_that_cannot_be_read_rests_longer_each_time_while_the_others_go_on(read):
    # Given
    for key in ("a", "b"):
        read.histories.waits(key, None)
    # When one fails
    assert read.histories.turn() == "a"
    assert read.histories.failed("a") == 2
    # Then the others have its turns until it has rested
    assert [read.histories.turn() for _ in range(3)] == ["b", "b", "b"]
    assert read.histories.rested_in() == 2
    read.now += 2
    assert [read.histories.turn() for _ in range(2)] == ["a", "b"]
    # And it rests for twice as long when it fails again, but not beside a batch that was read
    assert read.histories.failed("a") == 4
    read.histories.read("a", Polled(history=True), 0)
    assert read.histories.failed("a") == 2


def test_histories_need_not_rest_once_the_provider_is_well_again(read):
    read.histories.waits("a", None)
    read.histories.failed("a")
    assert read.histories.turn() is None
    read.histories.recall()
    assert (read.histories.rested_in(), read.histories.turn()) == (None, "a")


def test_a_history_that_failed_and_went_to_another_worker_is_waited_for_by_nobody(read):
    read.histories.waits("a", None)
    read.histories.failed("a")
    read.histories.forget("a")
    assert read.histories.rested_in() is None
    read.histories.failed("a")
    assert read.histories.rested_in() is None


def test_a_cursor_says_how_far_its_history_is_after_a_restart_too():
    assert History(boundary=1).progress() is None
    assert History(boundary=1, page=31, pages=40).progress() == HistoryPages(done=10, left=30)
    assert History(boundary=1, page=1, pages=40).progress() == HistoryPages(done=40, left=0)
