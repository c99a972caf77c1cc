"""Pages with fewer rows than documented: whatever lies behind them is read, or said to be missing."""

import pytest

from tests.support.in_process import InProcess

#: Seconds after which everything that a provider shows has settled.
LONG = 7200


def read_by(provider, *switches, **settings):
    """An account with two feeds, in front of an API that pages as these switches say."""
    contacts = {"scope": "contacts"} if provider == "99digital" else None
    given = {"history": 170, "rate": 0.0, "status_seconds": 1.0, **settings}
    return InProcess(provider, f"{provider}.requests_per_minute=0", *switches, account=contacts, **given)


def write(world, count):
    """So many messages in each conversation."""
    for conversation in world.account.conversations:
        for number in range(count):
            world.world.append(conversation, text=str(number), at_ms=world.now - count + number)


async def settle(world):
    for _ in range(3):
        world.pass_time(LONG)
        await world.poll()


def assert_whole(world):
    """All that exists was told, once and in order."""
    verdict = world.verdict()
    assert verdict.clean, verdict
    assert verdict.published == world.account.existing
    assert verdict.gaps == 0


def assert_clean_without_gaps(world):
    """All that was shown was told, and nothing is said to be missing."""
    verdict = world.verdict()
    assert verdict.clean, verdict
    assert verdict.gaps == 0


# --- 99digital: pages that are documented to have 50 rows ------------------------------------------------


@pytest.mark.parametrize("past_end", ["empty", "fail", "null", "last_page"])
@pytest.mark.parametrize("rows", ["48", "20"])
@pytest.mark.parametrize("history", [5, 20, 48, 50, 170])
async def test_smaller_pages_hide_neither_a_history_nor_a_burst(rows, history, past_end):
    # Given an API whose pages have fewer rows than the 50 of its documentation
    world = read_by("99digital", f"99digital.page_rows={rows}", f"99digital.past_end={past_end}", history=history)
    # When it is read for the first time, and again after more came than a page holds
    await settle(world)
    write(world, 130)
    await settle(world)
    # Then
    assert world.never_shown() == 0
    assert_whole(world)


@pytest.mark.parametrize("history", [30, 170])
@pytest.mark.parametrize("provider", ["99digital", "wizebot"])
async def test_rows_that_are_left_out_of_a_page_hide_no_other_ones(provider, history):
    # Given an API that leaves rows out of the pages on which they count
    thin = f"{provider}.thin_pages"
    world = read_by(provider, f"{thin}=0.1", history=history)
    # When
    await settle(world)
    write(world, 130)
    await settle(world)
    # Then all that a page shows is told
    left_out = sum(world.room.by_luck(world.account, thin, one.id) for one in world.account.messages)
    assert left_out > 0
    assert world.never_shown() == left_out
    assert world.verdict().clean


async def test_a_first_contact_asks_once_more_behind_a_short_page_and_a_poll_with_news_does_not():
    # Given feeds of a few rows
    world = read_by("99digital", history=12)
    # When, Then
    await world.poll()
    assert len(world.requests) == 2 * len(world.feeds)
    # When somebody writes to each of them
    world.pass_time(LONG)
    write(world, 3)
    await world.poll()
    # Then
    assert len(world.requests) == 3 * len(world.feeds)
    assert_whole(world)


async def test_a_long_history_costs_one_request_more_than_where_a_short_page_is_the_end():
    # Given four pages, the last of them short
    world = read_by("99digital", history=170, conversations=1)
    # When
    await world.poll()
    # Then: page 1, its end sought at 2 and 4, pages 1 to 4, the proof behind them, page 1 again
    assert len(world.requests) == 1 + 2 + 4 + 1 + 1


# --- WizeBot: an empty page is the only end that was ever seen -------------------------------------------


@pytest.mark.parametrize("offset", ["page_or_zero", "page", "rows"])
@pytest.mark.parametrize("cap", ["5", "10", "20"])
@pytest.mark.parametrize("history", [3, 5, 47])
async def test_a_limit_that_nobody_documented_hides_neither_a_history_nor_a_burst(cap, offset, history):
    # Given
    world = read_by("wizebot", f"wizebot.limit_cap={cap}", f"wizebot.offset={offset}", history=history)
    # When
    await settle(world)
    write(world, 33)
    await settle(world)
    # Then
    assert world.never_shown() == 0
    assert_whole(world)


@pytest.mark.parametrize("offset", ["page_or_zero", "page", "rows"])
@pytest.mark.parametrize("seed", range(4))
async def test_deliveries_in_a_conversation_hide_no_message_between_them(seed, offset):
    # Given small pages, of which some list nothing but deliveries
    switches = ("wizebot.limit_cap=5", "wizebot.status_rows=0.5", f"wizebot.offset={offset}")
    world = read_by("wizebot", *switches, history=70, conversations=1, seed=seed)
    # When
    await settle(world)
    write(world, 33)
    await settle(world)
    # Then
    assert world.never_shown() == 0
    assert_whole(world)


# --- Ogmma: one page, of which a limit is documented ----------------------------------------------------


def gaps(world):
    return [gap["gap"]["reason"] for gap in world.told("feed.gap")]


async def test_a_page_that_leaves_rows_out_is_asked_for_with_the_largest_limit():
    # Given an API that leaves rows out of the pages on which they count
    world = read_by("ogmma", "ogmma.thin_pages=0.1")
    # When
    await settle(world)
    write(world, 130)
    await settle(world)
    # Then all that its largest page shows is told
    left_out = sum(world.room.by_luck(world.account, "ogmma.thin_pages", one.id) for one in world.account.messages)
    assert world.never_shown() == left_out
    assert_clean_without_gaps(world)


@pytest.mark.parametrize("meta", ["asked", "absent"])
@pytest.mark.parametrize("cap", ["50", "100"])
async def test_a_limit_that_is_kept_and_not_told_leaves_no_hole_unsaid(cap, meta):
    # Given an API that shows fewer rows than are asked for, and does not say so
    world = read_by("ogmma", f"ogmma.limit_cap={cap}", f"ogmma.meta={meta}", conversations=1)
    # When it is read for the first time
    await settle(world)
    # Then, as far as anybody can tell
    assert gaps(world) == ([] if (cap, meta) == ("100", "asked") else ["page_limit"])
    # When more came than it shows
    told = len(gaps(world))
    write(world, 130)
    await settle(world)
    # Then the hole is said once
    assert gaps(world)[told:] == ["page_limit"]


@pytest.mark.parametrize("meta", ["kept", "asked", "absent"])
async def test_more_news_than_the_smallest_page_shows_leaves_no_hole_unsaid(meta):
    # Given an API that shows twenty rows, and a feed that had as many
    world = read_by("ogmma", "ogmma.limit_cap=20", f"ogmma.meta={meta}", conversations=1, history=10)
    await settle(world)
    told = len(gaps(world))
    # When
    write(world, 33)
    await settle(world)
    # Then
    assert gaps(world)[told:] == ["page_limit"]


@pytest.mark.parametrize("history", [0, 4, 9, 30, 49, 51, 170])
async def test_a_documented_answer_says_no_hole(history):
    world = read_by("ogmma", history=history)
    await settle(world)
    write(world, 130)
    await settle(world)
    assert_whole(world)


# --- Wegly: nobody says what `total` counts --------------------------------------------------------------


@pytest.mark.parametrize("paging", ["page_from_1", "page_from_0", "offset", "skip"])
@pytest.mark.parametrize("history", [5, 20, 70])
async def test_a_total_that_counts_the_page_alone_hides_nothing(paging, history):
    # Given
    world = read_by("wegly", "wegly.total=page", f"wegly.timeline_paging={paging}", history=history)
    # When
    await settle(world)
    write(world, 45)
    await settle(world)
    # Then
    assert world.never_shown() == 0
    assert_whole(world)


async def test_news_that_fills_what_says_to_be_all_leaves_no_hole_unsaid():
    # Given a timeline of twenty records that is paged in no way, and a total that counts them
    world = read_by("wegly", "wegly.total=page", "wegly.timeline_paging=none", conversations=1, history=70)
    await settle(world)
    told = len(gaps(world))
    # When
    write(world, 45)
    await settle(world)
    # Then
    assert gaps(world)[told:] == ["page_limit"]


@pytest.mark.parametrize(("paging", "more"), [("everything", 4), ("page_from_1", 2)])
async def test_a_total_that_a_page_holds_is_looked_behind_once(paging, more):
    # Given chats of fewer messages than a page has records
    world = read_by("wegly", f"wegly.timeline_paging={paging}", history=15, conversations=4)
    chats = len(world.feeds)
    # When they are read for the first time
    await world.poll()
    # Then the ways to ask for more are tried: once where none is understood, else one request for each chat
    assert len(world.requests) == 2 * chats + (more if paging == "everything" else more + chats - 1)
    # And never by a poll that finds what is known
    asked = len(world.requests)
    world.pass_time(LONG)
    write(world, 3)
    await world.poll()
    assert len(world.requests) - asked == 2 * chats
    assert_whole(world)
