"""Chats read by the real polls from the simulated API, under every reading of what nobody has documented."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.in_process import InProcess
from workers.simulator.catalogue import SWITCHES
from workers.simulator.switches import Chance, Choice
from workers.times import iso

#: Ways of paging in which every record can be had.
PAGED = ("page_from_1", "page_from_0", "offset", "skip", "everything")
ORDERS = ("newest_first", "oldest_first", "mixed")
#: Requests of a poll of 140 messages in which nothing changed, by their order: the chat, its pages, and an empty one.
QUIET = {"newest_first": 2, "oldest_first": 3, "mixed": 16}
#: Switches that decide whether everything can be had, or whether the account may be read at all.
DECISIVE = {"wegly.timeline", "wegly.timeline_paging"}


def school(*switches, **settings):
    """Two chats of 47 messages each, in pages of ten, in which people go on writing."""
    given = {"seed": 3, "history": 47, "rate": 0.3, "status_seconds": 15.0, "edit_share": 0.1}
    return InProcess("wegly", "wegly.timeline_rows=10", *switches, **{**given, **settings})


async def read_for_a_while(world, polls=12, seconds=9, **how):
    """Polls while people write, with a restart in their middle, and the walk that is owed at last."""
    for number in range(polls):
        await world.poll(**how)
        world.pass_time(seconds)
        if number == polls // 2:
            world.restart()
    for pause in (1, 400, 400):
        world.pass_time(pause)
        await world.poll(**how)
    for _ in range(10):  # rows of one time that change places may slip through between two pages, again and again
        if world.never_shown():
            world.pass_time(400)
            await world.poll(**how)


def assert_whole(world):
    """All that exists was shown, and told once, in order, in its last state; nothing is said to be missing."""
    verdict = world.verdict()
    assert verdict.clean, verdict
    assert world.never_shown() == 0
    assert verdict.published == world.account.existing
    assert (verdict.gaps, verdict.dead_lettered) == (0, 0)


# --- whatever a timeline is like, all of it is read ------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("paging", PAGED)
async def test_every_way_of_paging_in_every_order_is_learned_and_read_whole(paging, order):
    world = school(f"wegly.timeline_paging={paging}", f"wegly.timeline_order={order}")
    await read_for_a_while(world)
    assert_whole(world)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("turned", ["as_listed", "turned"])
@pytest.mark.parametrize("total", ["records", "messages", "page", "absent"])
async def test_totals_that_count_otherwise_or_not_at_all_hide_nothing(order, turned, total):
    world = school(f"wegly.timeline_order={order}", f"wegly.order={turned}", f"wegly.total={total}", "wegly.events=0.6")
    await read_for_a_while(world)
    assert_whole(world)


def any_reading(name, switch):
    """One value of a switch, by itself or for the whole account."""
    if isinstance(switch, Choice):
        return st.sampled_from([f"{name}={choice}" for choice in switch.choices])
    return st.sampled_from([f"{name}=0", f"{name}=0.3"] if isinstance(switch, Chance) else [f"{name}=0", f"{name}=30"])


READINGS = st.tuples(
    *(
        any_reading(name, switch)
        for name, switch in SWITCHES.items()
        if switch.provider == "wegly" and name not in DECISIVE | {"wegly.requests_per_minute"}
    ),
    st.sampled_from([f"wegly.timeline_paging={way}" for way in PAGED]),
)


@given(readings=READINGS, seed=st.integers(0, 99))
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_any_mixture_of_readings_is_read_whole(readings, seed):
    async def run():
        world = school(*readings, seed=seed)
        await read_for_a_while(world, polls=8)
        verdict = world.verdict()
        assert verdict.clean, verdict
        assert world.never_shown() == 0
        assert verdict.dead_lettered == 0

    drive(run())


def drive(work):
    """Run to the end what never waits for anything: Hypothesis calls no coroutines."""
    with pytest.raises(StopIteration):
        work.send(None)


async def test_rows_of_any_shape_and_answers_of_any_kind_lose_nothing():
    troubles = ("html=0.1", "wrong_shape=0.1", "error_burst=0.05", "duplicate_rows=0.2", "shuffle_rows=0.2")
    rows = ("poison=0.1", "nan=0.1", "deep_nesting=0.1", "broken_surrogate=0.1", "duplicate_keys=0.1")
    world = school(*troubles, *rows)
    await read_for_a_while(world, polls=30, failing=True)
    for name in (*troubles, *rows[:1]):
        world.turn(name.partition("=")[0], 0)
    for _ in range(8):  # what is left of a burst of errors
        world.pass_time(100)
        await world.poll(failing=True)
    await world.poll()
    verdict, created = world.verdict(), [event["message"]["id"] for event in world.told("message.created")]
    assert (verdict.lost, verdict.invented, verdict.disordered, verdict.outdated) == (0, 0, 0, 0), verdict
    assert len(set(created)) == len(created)
    assert verdict.dead_lettered > 0
    assert world.never_shown() == 0


# --- what it costs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "requests"), [("newest_first", 2), ("oldest_first", 3), ("mixed", 6)])
async def test_a_quiet_poll_costs_what_the_order_demands_and_is_recognised_before_it_is_parsed(order, requests):
    # Given a chat that is known
    world = school(f"wegly.timeline_order={order}", conversations=1, rate=0.0)
    for _ in range(2):
        await world.poll()
        world.pass_time(400)
    await world.poll()
    before, told = len(world.requests), len(world.seen)
    cursor = world.topic.cursor(world.feeds[0].key)
    # When
    await world.poll()
    # Then
    assert len(world.requests) - before == requests
    assert len(world.seen) == told
    assert world.topic.cursor(world.feeds[0].key) is cursor


async def test_a_change_in_either_document_is_seen():
    # Given a chat that is known
    world = school(conversations=1, rate=0.0)
    await world.poll()
    told = len(world.seen)
    # When an older message of the first page moves on, although the chat object stays as it is
    message = world.account.conversations[0].messages[-3]
    world.world.set_status(message, "failed" if message.status != "failed" else "read")
    await world.poll()
    # Then
    assert len(world.seen) > told


# --- imported history ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
async def test_history_that_is_imported_late_is_found_behind_what_is_known(order):
    # Given chats of which a third is imported an hour later, far behind their newest rows
    world = school(
        "wegly.imported=0.3", "wegly.import_seconds=3600", f"wegly.timeline_order={order}", rate=0.0, history=140
    )
    await world.poll()
    world.pass_time(1000)
    await world.poll()
    early = world.verdict().published
    assert early < world.account.existing
    # When
    world.pass_time(3000)
    await world.poll()
    # Then it is published, as history
    assert_whole(world)
    late = world.told("message.created")[early:]
    assert {event["origin"] for event in late} == {"backfill"}
    # Then polls are short again, once the walk that is owed was made
    world.pass_time(400)
    await world.poll()
    before = len(world.requests)
    await world.poll()
    assert len(world.requests) - before == QUIET[order] * len(world.feeds)


# --- what cannot be had is said --------------------------------------------------------------------------------


@pytest.mark.parametrize("there", ["not_found", "not_allowed"])
async def test_without_a_timeline_each_new_last_message_is_told_with_the_gap_before_it(there):
    # Given
    world = school(f"wegly.timeline={there}", conversations=1, rate=0.0)
    conversation = world.account.conversations[0]
    shown = [conversation.messages[-1].id]
    await world.poll()
    # When two messages come at once, then one, then none
    for count in (2, 1, 0):
        world.pass_time(5)
        for _ in range(count):
            world.world.append(conversation, text="oi")
        shown += [conversation.messages[-1].id] if count else []
        await world.poll()
    # Then
    gaps = [event["gap"] for event in world.told("feed.gap")]
    assert {gap["reason"] for gap in gaps} == {"last_message_only"}
    assert [(gap["after"]["id"], gap["before"]["id"]) for gap in gaps] == list(zip([None, *shown], shown, strict=False))
    assert [event["message"]["id"] for event in world.told("message.created")] == shown
    assert world.verdict().clean


async def test_without_a_timeline_a_last_message_that_moves_on_is_an_update_and_no_gap():
    world = school("wegly.timeline=not_found", conversations=1, rate=0.0)
    await world.poll()
    message = world.account.conversations[0].messages[-1]
    world.world.set_status(message, "read" if message.status != "read" else "failed")
    await world.poll()
    assert len(world.told("feed.gap")) == 1
    assert len(world.told("message.updated")) == 1


async def test_without_a_timeline_an_older_message_in_the_place_of_a_deleted_one_is_told_without_a_gap():
    world = school("wegly.timeline=not_found", conversations=1, rate=0.0)
    await world.poll()
    world.world.delete(world.account.conversations[0].messages[-1])
    await world.poll()
    assert len(world.told("message.created")) == 2
    assert len(world.told("feed.gap")) == 1


async def test_a_timeline_that_cannot_be_paged_is_told_to_end():
    # Given
    world = school("wegly.timeline_paging=none", conversations=1, rate=0.0)
    await world.poll()
    # When more comes than a page shows
    for _ in range(25):
        world.pass_time(1)
        world.world.append(world.account.conversations[0], text="oi")
    await world.poll()
    # Then
    created = [event["message"]["id"] for event in world.told("message.created")]
    gaps = [event["gap"] for event in world.told("feed.gap")]
    assert [(gap["reason"], gap["after"]["id"], gap["before"]["id"]) for gap in gaps] == [
        ("page_limit", None, created[0]),
        ("page_limit", created[9], created[10]),
    ]
    assert world.verdict().clean


async def test_where_only_the_oldest_page_can_be_had_the_last_message_is_told_and_the_gap_before_it():
    # Given
    world = school("wegly.timeline_paging=none", "wegly.timeline_order=oldest_first", conversations=1, rate=0.0)
    conversation = world.account.conversations[0]
    await world.poll()
    last = conversation.messages[-1].id
    # When
    world.pass_time(5)
    world.world.append(conversation, text="oi")
    await world.poll()
    await world.poll()
    # Then
    ids = [message.id for message in conversation.messages]
    assert [event["message"]["id"] for event in world.told("message.created")] == [*ids[:10], last, ids[-1]]
    gaps = [event["gap"] for event in world.told("feed.gap")]
    assert [(gap["reason"], gap["after"]["id"], gap["before"]["id"]) for gap in gaps] == [
        ("last_message_only", None, last),
        ("last_message_only", last, ids[-1]),
    ]


async def test_a_chat_that_does_not_exist_is_parked():
    world = school(conversations=1, rate=0.0)
    world.feeds = [world.adapter.feed({"chat_id": "0b6f0c1e-0000-4000-8000-00000000dead"})]
    with pytest.raises(Exception, match="404") as caught:
        await world.poll()
    assert type(caught.value).__name__ == "ParkFeed"


# --- from where on ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
async def test_a_start_at_a_time_publishes_all_since_then_and_nothing_before(order):
    # Given a start in the middle of the history
    world = school(f"wegly.timeline_order={order}", conversations=1, rate=0.0)
    messages = world.account.conversations[0].messages
    start = messages[20].at_ms
    world = school(f"wegly.timeline_order={order}", conversations=1, rate=0.0, account={"start": iso(start)})
    # When
    await world.poll()
    # Then
    created = [event["message"]["id"] for event in world.told("message.created")]
    assert created == [message.id for message in world.account.conversations[0].messages if message.at_ms >= start]


@pytest.mark.parametrize("order", ORDERS)
async def test_a_start_now_publishes_what_comes_and_nothing_that_stood_there(order):
    world = school(f"wegly.timeline_order={order}", conversations=1, rate=0.0, account={"start": "now"})
    await world.poll()
    assert world.told("message.created") == []
    assert len(world.told("conversation.updated")) == 1
    for _ in range(25):
        world.pass_time(2)
        world.world.append(world.account.conversations[0], text="oi")
    await world.poll()
    assert len(world.told("message.created")) == 25
