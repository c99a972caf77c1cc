"""What failed polls lead to, for their feed and for the whole account."""

from collections import Counter

import pytest

from tests.support.account_failures import Account
from workers.account.report import Tally
from workers.errors import CursorUnreadable, ParkFeed, ProviderFailed, RateLimited, Refused, Unreachable
from workers.polling.backoff import FAILED_FEED, FAILING_ACCOUNT, PARKED_FEED, REFUSED_ACCOUNT
from workers.polling.pause import FAILURES_IN_A_ROW


@pytest.fixture
def account() -> Account:
    return Account()


def test_one_feed_that_fails_waits_alone(account):
    # When one feed fails between neighbours that are well
    failed = account.poll(ProviderFailed("HTTP 500"))
    for _ in range(9):
        assert account.poll() != failed
    # Then the account is not paused, and the feed comes back after its own wait
    assert account.budget.reason is None
    account.now += FAILED_FEED.first
    assert account.poll() == failed


def test_a_feed_that_always_fails_never_makes_its_account_fail(account):
    # Given one broken feed among nine that are well
    broken = account.poll(ProviderFailed("HTTP 500"))
    # When an hour passes
    polls = 0
    for _ in range(3600):
        account.now += 1
        while (key := account.schedule.next(account.now)) is not None:
            if key == broken:
                polls += 1
                account.failures.failed(key, ProviderFailed("HTTP 500"), 0)
            else:
                account.schedule.done(key, account.now)
                account.failures.succeeded(key)
        assert account.budget.reason is None
    # Then it was asked a few times, at growing distances
    assert 8 <= polls <= 25


def test_a_provider_that_fails_for_all_feeds_is_only_probed(account):
    # When feed after feed fails
    for _ in range(FAILURES_IN_A_ROW):
        account.poll(Unreachable("connect", "no connection"))
    # Then the account counts as failing, and waits for a first probe
    assert account.budget.reason == "failing"
    assert account.budget.paused_for == FAILING_ACCOUNT.first


def test_the_first_answer_of_a_failing_account_lets_all_its_feeds_go_on(account):
    # Given an outage in which all ten feeds failed
    polled = {account.poll(Unreachable("connect", "no connection")) for _ in range(10)}
    assert len(polled) == 10
    # When a probe succeeds
    account.now += 60
    account.poll()
    # Then the nine others are due at once
    assert account.budget.reason is None
    assert len({account.poll() for _ in range(9)}) == 9


def test_while_an_account_is_probed_each_probe_may_be_of_another_feed(account):
    # Given an outage that goes on
    asked = []
    for _ in range(30):
        asked.append(account.poll(ProviderFailed("HTTP 502")))
        account.now += FAILING_ACCOUNT.limit
    # Then no feed was the only one to be asked: one that is broken for good cannot keep the account down
    assert len(set(asked)) == 10


def test_a_feed_that_is_not_there_is_parked_and_proves_that_the_account_is_well(account):
    # When
    for _ in range(10):
        account.poll(ParkFeed("HTTP 404"))
    # Then
    assert len(account.failures.parked) == 10
    assert account.budget.reason is None
    assert account.due_in() == PARKED_FEED.first


def test_a_feed_that_comes_back_after_an_outage_without_being_found_is_asked_again_soon(account):
    # Given a feed whose polls failed for long, and that is not found when the provider is back
    for _ in range(12):
        account.poll_of("feed-0", ProviderFailed("HTTP 502"))
        account.poll_of("feed-1")
    account.poll_of("feed-0", ParkFeed("HTTP 404"))
    # Then it waits as one does that is not found for the first time
    assert account.aside("feed-0") == PARKED_FEED.first
    assert (account.failures.failing, len(account.failures.parked)) == (0, 1)
    # And when it fails again, its series of failures goes on where it stood
    account.poll_of("feed-0", ProviderFailed("HTTP 502"))
    assert account.aside("feed-0") == FAILED_FEED.limit
    assert (account.failures.failing, len(account.failures.parked)) == (1, 0)


def test_too_many_requests_pause_the_account_and_cost_the_feed_nothing(account):
    # When
    key = account.poll(RateLimited("429", "7"))
    # Then the account waits, and goes on with the same feed
    assert account.budget.reason == "rate_limited"
    account.now += account.budget.paused_for
    assert account.poll() == key


def test_while_a_key_is_refused_each_probe_may_be_of_another_feed(account):
    # Given a key that is refused for every feed
    asked = []
    for _ in range(30):
        asked.append(account.poll(Refused("401")))
        assert account.budget.reason == "refused"
        account.now += REFUSED_ACCOUNT.limit
    # Then no feed was the only one to be asked
    assert len(set(asked)) == 10
    # And when the key is good again, all of them are due at once
    account.poll()
    assert account.budget.reason is None
    assert len({account.poll() for _ in range(9)}) == 9


def test_the_next_probe_of_a_refused_account_is_of_another_feed(account):
    # When
    refused = account.poll(Refused("401"))
    account.now += account.budget.paused_for
    # Then
    assert account.poll(Refused("401")) != refused


def test_one_feed_that_is_refused_does_not_take_its_account_down(account):
    # Given one feed that may not be read, among nine that may
    polls, refused_seconds = Counter[str](), 0
    for _ in range(3600):
        account.now += 1
        refused_seconds += account.budget.reason == "refused"
        while account.budget.paused_for == 0 and (key := account.schedule.next(account.now)) is not None:
            polls[key] += 1
            if key == "feed-3":
                account.failures.failed(key, Refused("403"), 0)
                break
            account.schedule.done(key, account.now)
            account.failures.succeeded(key)
    # Then the account was silent once, until another feed showed that the key is good
    assert refused_seconds <= REFUSED_ACCOUNT.first + 1
    # And the feed was asked as seldom as one that fails, its neighbours as if it were not there
    assert 8 <= polls["feed-3"] <= 25
    assert all(polls[f"feed-{number}"] > 1000 for number in range(10) if number != 3)


def test_many_feeds_that_are_broken_or_forbidden_do_not_take_the_account_from_the_others(account):
    # Given six feeds of ten that fail for ever, and that come one after another while the others rest
    for error in (ProviderFailed("HTTP 500"), Refused("403")):
        silent, polls = 0, Counter[str]()
        for _ in range(7200):
            account.now += 1
            silent += account.budget.reason is not None
            while account.budget.paused_for == 0 and (key := account.schedule.next(account.now)) is not None:
                polls[key] += 1
                account.ends(key, error if key < "feed-6" else None)
        # Then the account is silent for a part of the time in which it learns that, and no longer
        assert silent < 1200
        assert all(polls[f"feed-{number}"] > 5000 for number in range(6, 10))
        # And each of them is asked as seldom as one that fails
        assert all(20 <= polls[f"feed-{number}"] <= 40 for number in range(6))


def test_an_account_whose_forbidden_feeds_come_one_after_another_is_not_failing(account):
    # Given six feeds that are known to be refused alone, and four that are read
    for number in range(6):
        account.poll_of(f"feed-{number}", Refused("403"))
        account.poll_of("feed-9")
    # When they are asked one after another, with a page before each
    for number in range(6):
        account.poll_of("feed-9")
        account.poll_of(f"feed-{number}", Refused("403"))
    # Then
    counts = {"feeds": 10, "new": 0, "backfilling": 0, "failing": 6, "parked": 0, "unreadable": 0, "overdue": 0}
    assert account.report.details(Tally(**counts, longest_wait=0.0), account.budget.reason)["state"] != "failing"
    assert account.budget.reason is None


def test_a_key_that_is_refused_later_is_known_by_two_feeds_that_were_read_before(account):
    # Given a feed that is known to be refused alone
    account.poll_of("feed-0", Refused("403"))
    account.poll_of("feed-1")
    account.poll_of("feed-0", Refused("403"))
    account.poll_of("feed-1")
    account.poll_of("feed-0", Refused("403"))
    assert account.budget.reason is None
    # When the key is revoked
    account.poll_of("feed-1", Refused("401"))
    assert account.budget.reason is None
    account.poll_of("feed-2", Refused("401"))
    # Then
    assert account.budget.reason == "refused"


def test_an_account_of_one_feed_whose_key_is_revoked_again_is_refused_again():
    # Given
    account = Account(feeds=1)
    account.poll(Refused("401"))
    account.now += 16
    account.poll()
    # When
    for _ in range(2):
        account.now += 16
        account.poll(Refused("401"))
    # Then
    assert account.budget.reason == "refused"


def test_what_is_read_beside_the_polls_fails_in_a_count_of_its_own(account):
    # When a list is refused, a batch of a history fails, and a poll too
    account.failures.list_failed(Refused("403"), alone=False)
    account.failures.history_failed("feed-0", ProviderFailed("HTTP 500"), 0, 2.0)
    account.poll(ProviderFailed("HTTP 500"))
    # Then polls that failed are never more than polls
    assert account.failures_of("poll", "provider_error") == 1
    assert account.failures_of("poll", "refused") is None
    assert account.failures_of("background", "refused") == 1
    assert account.failures_of("background", "provider_error") == 1


def test_a_fault_of_the_program_stays_with_its_feed(account):
    # When
    broken = account.poll(ZeroDivisionError())
    # Then its neighbours are polled, and it waits as one that failed
    assert account.budget.reason is None
    assert broken not in {account.poll() for _ in range(9)}
    assert account.aside(broken) == FAILED_FEED.first


def test_a_feed_with_a_cursor_that_nobody_can_read_is_left_alone(account):
    # When
    account.failures.give_up("feed-3", CursorUnreadable("no cursor of ours"), 0)
    # Then
    assert "feed-3" not in {account.poll() for _ in range(9)}
    assert account.failures.unreadable == {"feed-3"}
    account.failures.forget("feed-3")
    assert not account.failures.unreadable


def test_a_feed_is_counted_once_whatever_is_wrong_with_it(account):
    # Given three feeds whose histories wait, of which one fails, one is not found and one cannot be read
    keys = dict.fromkeys(("feed-0", "feed-1", "feed-2", "feed-3")).keys()
    assert [account.poll(ProviderFailed("HTTP 500")), account.poll(ParkFeed("HTTP 404"))] == ["feed-0", "feed-1"]
    assert account.poll(ProviderFailed("HTTP 500")) == "feed-2"
    account.failures.give_up("feed-2", CursorUnreadable("no cursor of ours"), 0)
    # Then only the fourth is one whose history is being read
    assert account.failures.well(keys) == 1
    assert (account.failures.failing, len(account.failures.parked), len(account.failures.unreadable)) == (1, 1, 1)
