"""The world: the same seed and times give the same world; rows appear where and when they should."""

from hypothesis import given, settings
from hypothesis import strategies as st

from workers.simulator import SimulationSettings
from workers.simulator.records import STATES
from workers.simulator.world import World

START = 1_760_000_000_000
LIVELY = SimulationSettings(
    rate=20.0,
    conversations=9,
    history=4,
    limit=300,
    late_share=0.3,
    edit_share=0.2,
    delete_share=0.1,
    close_share=0.5,
    status_seconds=4,
    late_seconds=8,
)


def seen(world):
    return [
        (c.id, c.closed, m.id, m.kind, m.text, m.media, m.at_ms, m.updated_ms, m.status, m.inbound)
        for account in world.accounts.values()
        for c in account.conversations
        for m in c.messages
    ]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 5), steps=st.lists(st.integers(1, 9_000), max_size=25))
def test_a_world_is_the_same_in_whatever_steps_time_passes(seed, steps):
    # Given
    lively = SimulationSettings(**{**_given(LIVELY), "seed": seed})
    stepped, leapt = World(lively, START), World(lively, START)

    # When
    for end in _sums(steps):
        stepped.advance(START + end)
    leapt.advance(START + sum(steps))

    # Then
    assert seen(stepped) == seen(leapt)


def test_another_seed_is_another_world():
    worlds = [World(SimulationSettings(**{**_given(LIVELY), "seed": seed}), START) for seed in (1, 2)]
    for world in worlds:
        world.advance(START + 5_000)
    assert seen(worlds[0]) != seen(worlds[1])


def test_identities_depend_on_the_seed_alone_and_not_on_the_time():
    names = [
        [(a.name, a.api_key, c.id) for a in World(LIVELY, at).accounts.values() for c in a.conversations]
        for at in (START, START + 86_400_000)
    ]
    assert names[0] == names[1]


def test_what_is_put_in_from_outside_does_not_disturb_what_comes_by_itself():
    # Given
    alone, disturbed = World(LIVELY, START), World(LIVELY, START)
    alone.advance(START + 20_000)

    # When
    disturbed.advance(START + 5_000)
    account = disturbed.accounts["loja"]
    put = disturbed.append(account.conversations[0], text="from outside")
    disturbed.advance(START + 20_000)

    # Then
    assert [row for row in seen(disturbed) if row[2] != put.id] == seen(alone)


def test_lists_stay_in_order_of_time_whatever_becomes_visible_late():
    # Given
    world = World(LIVELY, START)

    # When / Then
    for second in range(60):
        world.advance(START + second * 1000)
        for account in world.accounts.values():
            everything = [m for c in account.conversations for m in c.messages]
            assert [m.order for m in account.messages] == sorted(m.order for m in everything)
            assert all(
                [m.order for m in c.messages] == sorted(m.order for m in c.messages) for c in account.conversations
            )
            assert all(m.visible and not m.gone for m in everything)


def test_a_late_row_appears_after_its_time_at_the_place_of_its_time():
    # Given
    world = World(SimulationSettings(rate=0, history=0), START)
    conversation = world.accounts["loja"].conversations[0]

    # When
    late = world.append(conversation, text="late", at_ms=START - 60_000, visible_ms=START + 10_000)
    soon = world.append(conversation, text="soon")

    # Then
    assert conversation.messages == [soon]
    world.advance(START + 9_999)
    assert conversation.messages == [soon]
    world.advance(START + 10_000)
    assert conversation.messages == [late, soon]


def test_a_share_of_the_traffic_is_late_and_none_later_than_the_longest_lag():
    # Given
    world = World(SimulationSettings(rate=50, limit=500, history=0, late_share=0.5, late_seconds=10), START)
    lags = {}

    # When
    for tick in range(250):
        moment = START + tick * 100
        world.advance(moment)
        for message in (m for a in world.accounts.values() for m in a.messages):
            lags.setdefault(message.id, moment - message.at_ms)

    # Then
    late = [lag for lag in lags.values() if lag > 900]
    assert len(lags) == 500
    assert 150 < len(late) < 350
    assert max(late) <= 10_100


def test_the_status_of_an_outbound_message_walks_forward_and_some_fail():
    # Given
    world = World(SimulationSettings(rate=20, limit=400, history=0, status_seconds=5), START)
    walks = {}

    # When
    for tick in range(400):
        world.advance(START + tick * 100)
        for message in (m for a in world.accounts.values() for m in a.messages if not m.inbound):
            walk = walks.setdefault(message.id, [])
            if not walk or walk[-1][0] != message.status:
                walk.append((message.status, message.updated_ms))

    # Then
    for walk in walks.values():
        assert [STATES.index(state) for state, _ in walk] == sorted(STATES.index(state) for state, _ in walk)
        assert [at for _, at in walk] == sorted(at for _, at in walk)
    assert {walk[-1][0] for walk in walks.values()} == {"sent", "failed", "delivered", "read"}
    assert world.quiet


def test_the_rate_is_that_of_the_whole_world_and_the_limit_ends_it():
    # Given
    world = World(SimulationSettings(rate=100, limit=3_000, history=0, status_seconds=0, late_share=0), START)

    # When
    world.advance(START + 20_000)
    after_20_s = world.arrived
    world.advance(START + 60_000)

    # Then
    assert 1_800 < after_20_s < 2_200
    assert world.arrived == 3_000
    assert world.quiet


def test_conversations_have_busy_times_and_quiet_ones():
    # Given
    world = World(SimulationSettings(rate=2, limit=2_000, history=0, conversations=90), START)

    # When
    world.advance(START + 1_000_000)

    # Then
    gaps = [
        later.at_ms - earlier.at_ms
        for account in world.accounts.values()
        for c in account.conversations
        for earlier, later in zip(c.messages, c.messages[1:], strict=False)
    ]
    assert sum(gap < 15_000 for gap in gaps) > len(gaps) / 2
    assert sum(gap > 60_000 for gap in gaps) > 50


def test_a_history_of_the_wanted_length_stands_there_at_the_start():
    world = World(SimulationSettings(rate=0, history=70, conversations=5), START)
    for account in world.accounts.values():
        for conversation in account.conversations:
            assert len(conversation.messages) == 70
            assert all(message.at_ms < START for message in conversation.messages)


def test_a_closed_conversation_goes_on_under_a_new_id_where_the_provider_never_reopens_one():
    # Given
    two = ("ogmma", "99digital")
    world = World(SimulationSettings(providers=two, rate=50, limit=2_000, close_share=1.0, conversations=8), START)

    # When
    world.advance(START + 120_000)

    # Then
    loja, clinica = world.accounts["loja"], world.accounts["clinica"]
    assert any(c.closed for c in loja.conversations)
    assert len({c.id for c in loja.conversations}) == len(loja.conversations) > 4
    assert len(clinica.conversations) == 4
    for closed in (c for c in loja.conversations if c.closed):
        assert any(c.contact is closed.contact and c is not closed for c in loja.conversations)


def test_the_oldest_messages_vanish_beyond_what_is_retained():
    # Given
    world = World(SimulationSettings(rate=100, limit=500, history=0, retain=100, late_share=0), START)

    # When
    world.advance(START + 30_000)

    # Then
    accounts = world.accounts.values()
    assert sum(a.existing for a in accounts) == 500
    assert sum(len(a.messages) for a in accounts) == 100
    assert sum(a.retired for a in accounts) == 400
    assert sum(len(a.by_id) for a in accounts) == 100


def test_deletions_and_edits_happen_as_often_as_they_should():
    # Given
    world = World(
        SimulationSettings(rate=100, limit=1_000, history=0, delete_share=0.2, edit_share=0.5, status_seconds=1), START
    )

    # When
    world.advance(START + 60_000)

    # Then
    messages = [m for a in world.accounts.values() for m in a.messages]
    texts = [m for m in messages if m.kind == "text"]
    assert 130 < sum(a.deleted for a in world.accounts.values()) < 270
    assert 0.35 < sum(m.text.endswith("✎") for m in texts) / len(texts) < 0.65


def _given(settings_of):
    return {name: getattr(settings_of, name) for name in SimulationSettings.__slots__}


def _sums(steps):
    total = 0
    for step in steps:
        total += step
        yield total
