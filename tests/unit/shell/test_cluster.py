"""What `status` makes of what several workers say."""

from workers import cluster
from workers.cli.status_tables import ranges
from workers.cluster import Cluster, WorkerStatus, merged
from workers.providers import PROVIDERS
from workers.settings.settings import Settings
from workers.stream.group import Group, Member
from workers.worker_report import state_of


def said(state: str = "polling", **told):
    """What one worker's `/readyz` says of an account."""
    return {
        "provider": "ogmma",
        "state": state,
        "since": "2026-01-05T12:00:00.000Z",
        "feeds": {"active": 2, "parked": 0, "backfilling": 0, "unreadable": 0},
        "overdue": 1,
        "longest_wait_seconds": 3.0,
        "max_interval_seconds": 3600,
        "requests_per_minute": 20.0,
        "paused_seconds": 0.0,
        "last_success": None,
        "last_message": None,
        "gaps": 1,
        "dead_letters": 2,
        "published": 30,
        "backfill": history(),
        **told,
    }


def history(**told):
    """What one worker says of the histories that it reads."""
    counts = {"feeds_left": 0, "feeds_done": 0, "messages": 0, "pages_left": 0, "pages_done": 0}
    return {**counts, "messages_per_second": 0.0, "seconds_left": 0.0, **told}


def test_counts_of_workers_are_summed_and_the_most_telling_state_wins():
    # When
    account = merged([said(), said("refused", last_success="2026-01-05T11:00:00.000Z", paused_seconds=9.0)])
    # Then
    assert account["state"] == "refused"
    assert account["feeds"]["active"] == 4
    assert (account["overdue"], account["gaps"], account["dead_letters"], account["published"]) == (2, 2, 4, 60)
    assert account["requests_per_minute"] == 40.0
    assert account["paused_seconds"] == 9.0
    assert account["last_success"] == "2026-01-05T11:00:00.000Z"


def test_an_account_is_asked_again_when_the_first_of_its_workers_asks():
    paused = [said("refused", paused_seconds=seconds) for seconds in (1080.0, 861.0, 0.0)]
    assert merged(paused)["paused_seconds"] == 861.0


def test_an_account_is_in_a_state_since_no_worker_has_one_that_tells_more():
    # Given a worker that polls since noon, and one that read a history until five past
    early, late = "2026-01-05T12:00:00.000Z", "2026-01-05T12:05:00.000Z"
    polls = said("polling", since=early, before="idle")
    assert merged([polls, said("polling", since=late, before="backfilling")])["since"] == late
    # And one that had nothing to poll until then
    assert merged([polls, said("polling", since=late, before="idle")])["since"] == early
    # And two that are refused, the second later
    refused = [said("refused", since=at, before="polling") for at in (early, late)]
    assert merged(refused)["since"] == early


def test_a_state_of_another_version_is_told_where_there_is_no_other():
    # Given workers of a version that has a state more
    assert merged([said("throttled"), said("polling")])["state"] == "polling"
    # Then
    alone = merged([said("throttled"), said("throttled", since="2026-01-05T11:00:00.000Z")])
    assert (alone["state"], alone["since"]) == ("throttled", "2026-01-05T11:00:00.000Z")


def test_a_worker_without_feeds_of_an_account_does_not_say_how_it_does():
    # Given a worker that polls, and one whose shards hold none of the feeds
    none = {"active": 0, "parked": 0, "backfilling": 0, "unreadable": 0}
    # Then
    assert merged([said(), said("stuck", feeds=none)])["state"] == "polling"
    assert merged([said("idle", feeds=none)])["state"] == "idle"


def test_histories_are_summed_and_the_slowest_worker_says_how_long_it_takes():
    # Given two workers that read, and one that has nothing left
    fast = history(feeds_left=1, pages_left=10, messages=50, messages_per_second=5.0, seconds_left=20.0)
    slow = history(feeds_left=2, feeds_done=3, pages_left=30, pages_done=4, messages_per_second=1.5, seconds_left=90.0)
    # When
    account = merged([said(backfill=fast), said(backfill=slow), said()])
    # Then
    assert account["backfill"] == history(
        feeds_left=3, feeds_done=3, messages=50, pages_left=40, pages_done=4, messages_per_second=6.5, seconds_left=90.0
    )


def test_what_one_worker_does_not_know_of_its_histories_is_not_known():
    unknown = history(feeds_left=1, pages_left=None, seconds_left=None)
    told = merged([said(backfill=unknown), said(backfill=history(feeds_left=1, pages_left=9, seconds_left=3.0))])
    assert (told["backfill"]["pages_left"], told["backfill"]["seconds_left"]) == (None, None)


def test_an_account_that_nobody_tells_of_is_empty():
    assert merged([]) == {}


def test_a_worker_that_does_not_answer_still_shows_by_its_shards():
    # Given
    member = Member(worker="w", address="http://10.0.0.1:1", host="10.0.0.1", shards=(0, 1))
    found = Cluster(
        group="g", state="Stable", workers=(WorkerStatus(member=member, told={}),), accounts={}, unowned=(2,)
    )
    # Then
    (worker,) = found.as_json()["workers"]
    assert (worker["state"], worker["shards"]) == ("unreachable", [0, 1])
    assert found.as_json()["unowned_shards"] == [2]


def test_numbers_in_a_row_are_told_as_a_range():
    assert ranges([0, 1, 2, 5, 7, 8]) == "0-2 5 7-8"
    assert ranges([4]) == "4"
    assert ranges([]) == "none"


def test_the_state_of_a_worker_is_the_most_telling_one():
    assert state_of(joined=True, draining=False, shards=[]) == "joined"
    assert state_of(joined=True, draining=False, shards=["serving", "restoring"]) == "restoring"
    assert state_of(joined=True, draining=False, shards=["failed"]) == "restoring"
    assert state_of(joined=True, draining=False, shards=["fenced", "restoring"]) == "fenced"
    assert state_of(joined=False, draining=False, shards=["fenced"]) == "joining"
    assert state_of(joined=False, draining=True, shards=[]) == "draining"


async def test_a_worker_of_another_version_leaves_out_what_it_does_not_tell(monkeypatch):
    # Given a worker that tells all, and one that tells less
    told = {"w1": said(), "w2": {"state": "polling"}}
    members = tuple(Member(worker=name, address=name, host="h", shards=(0,)) for name in told)

    async def described(_):
        return Group(state="Stable", members=members)

    async def ready(_, address):
        return {"accounts": {"loja": told[address]}}

    monkeypatch.setattr(cluster.group, "described", described)
    monkeypatch.setattr(cluster, "_ready", ready)
    loja = PROVIDERS["ogmma"](name="loja", provider="ogmma", api_key="a-key", requests_per_minute=60)
    # When
    found = await cluster.observed(Settings(accounts={"loja": loja}))
    # Then
    account = found.accounts["loja"]
    assert (account["requests_per_minute"], account["requests_per_minute_configured"]) == (20.0, 60)
    assert account["feeds"]["active"] == 2
