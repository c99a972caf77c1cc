"""What speaks for a whole account, and what becomes of feeds and lists while it is only probed."""

import pytest

from tests.support.account_failures import Account
from workers.errors import ParkFeed, ProviderFailed, Refused
from workers.polling.backoff import FAILED_FEED, PARKED_FEED
from workers.polling.pause import FAILURES_IN_A_ROW


@pytest.fixture
def account() -> Account:
    return Account()


def test_a_list_that_always_fails_speaks_for_an_account_without_feeds_alone():
    # Given an account that has feeds beside its list
    account = Account()
    for _ in range(2 * FAILURES_IN_A_ROW):
        account.failures.list_failed(ProviderFailed("HTTP 500"), alone=False)
    assert account.budget.reason is None
    # When it has none, and the list fails as often as feeds would
    for _ in range(FAILURES_IN_A_ROW):
        assert account.budget.reason is None
        account.failures.list_failed(ProviderFailed("HTTP 500"), alone=True)
    # Then the provider is only probed
    assert account.budget.reason == "failing"


def test_a_feed_that_is_known_to_be_forbidden_takes_no_page_from_the_good_name_of_the_key(account):
    # Given a feed that was refused twice, with a page of another one before and behind: it is refused alone
    for _ in range(2):
        account.ends("feed-0", Refused("403"))
        account.failures.succeeded("feed-1")
    # When it is refused once more, and then a feed of which nothing is known yet
    account.ends("feed-0", Refused("403"))
    account.ends("feed-2", Refused("403"))
    # Then the page that was read before both still shows that the key is good
    assert account.budget.reason is None
    # And when the next one is refused without another page, it does no more
    account.ends("feed-3", Refused("403"))
    assert account.budget.reason == "refused"


def test_a_feed_that_was_forbidden_and_is_read_speaks_for_the_key_again(account):
    # Given a feed that was refused alone until somebody allowed it
    for _ in range(2):
        account.ends("feed-0", Refused("403"))
        account.failures.succeeded("feed-1")
    account.failures.succeeded("feed-0")
    # When it is refused, and another one behind it
    account.ends("feed-0", Refused("401"))
    assert account.budget.reason is None
    account.ends("feed-1", Refused("401"))
    # Then it is the key
    assert account.budget.reason == "refused"


def test_a_feed_that_is_not_found_while_the_account_is_probed_waits_on_when_the_account_is_well(account):
    # Given an outage in which every feed failed, the last of them while the account was only probed
    missing = [account.poll(ProviderFailed("HTTP 500")) for _ in range(10)][-1]
    account.now += 60
    # When a probe does not find that one, and the next probe brings a page
    account.schedule.poll_now(missing)
    assert account.poll(ParkFeed("HTTP 404")) == missing
    assert account.poll() != missing
    assert account.budget.reason is None
    # Then the eight others are due at once, and that one in its own time
    assert account.aside(missing) == PARKED_FEED.first
    assert missing not in {account.poll() for _ in range(8)}
    assert account.schedule.next(account.now) is None


def test_a_poll_that_fails_when_the_next_probe_is_due_leaves_it_to_another_feed(account):
    # Given a poll under way while the account begins to fail
    late = account.schedule.next(account.now)
    for _ in range(FAILURES_IN_A_ROW):
        account.poll(ProviderFailed("HTTP 500"))
    assert account.budget.reason == "failing"
    # When it fails too, at the moment of the first probe
    account.now += account.budget.paused_for
    account.ends(late, ProviderFailed("HTTP 500"))
    # Then it waits no less than any feed that failed
    assert account.aside(late) == FAILED_FEED.first
