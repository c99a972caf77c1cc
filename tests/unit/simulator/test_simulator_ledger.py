"""The ledger tells what was shown, when, and in which states; never more."""

import orjson


def test_a_row_is_recorded_once_with_its_first_time_and_its_own_timestamp(bench):
    # Given
    world = bench(history=3)
    world.messages()

    # When
    world.seconds = 10.0
    world.messages()

    # Then
    entries = list(world.ledger.entries())
    assert len(entries) == 3
    for entry in entries:
        assert entry.first_shown_ms == 1_760_000_000_000
        assert [at for at, _ in entry.states] == [1_760_000_000_000]
        assert entry.time_ms == entry.message.at_ms
        assert entry.conversation == world.loja.conversations[0].id


def test_each_distinct_state_is_recorded_in_order_and_one_nobody_saw_is_not(bench):
    # Given
    world = bench(history=0)
    message = world.world.append(world.loja.conversations[0], text="hello", inbound=False, status="pending")
    world.messages()

    # When
    world.world.set_status(message, "sent")
    world.world.set_status(message, "delivered")
    world.seconds = 2.0
    world.messages()
    world.world.edit(message, "hello again")
    world.seconds = 3.0
    world.messages()

    # Then
    states = world.ledger.entry(message).states
    assert [(at - 1_760_000_000_000, s.status, s.text) for at, s in states] == [
        (0, "PENDING", "hello"),
        (2_000, "DELIVERED", "hello"),
        (3_000, "DELIVERED", "hello again"),
    ]


def test_a_state_that_is_shown_again_is_no_new_state_and_one_that_comes_back_is(bench):
    # Given
    world = bench(history=0)
    message = world.world.append(world.loja.conversations[0], text="hello", status="delivered")
    world.messages()

    # When
    for word in ("full", "extra", "full"):
        world.turn("loja", "ogmma.statuses", word)
        world.turn("loja", "ogmma.order", "newest_first")
        world.messages()
        world.messages()

    # Then
    assert [state.status for _, state in world.ledger.entry(message).states] == ["DELIVERED", "RECEIVED", "DELIVERED"]


def test_99digital_times_are_whole_seconds_and_files_are_links(bench):
    world = bench(history=60)
    world.history(1)
    for entry in world.ledger.entries():
        state = entry.states[0][1]
        assert entry.time_ms % 1000 == 0
        assert entry.feed == ("*",)
        assert (state.text is None) == (state.media is not None)


def test_messages_that_nobody_saw_are_counted_and_not_listed(bench):
    # Given
    world = bench(history=70, conversations=2)

    # When
    world.messages()

    # Then
    assert world.ledger.shown("loja") == 50
    assert world.ledger.never_shown(world.loja) == 20
    assert world.ledger.never_shown(world.clinica) == 70


def test_the_ledger_forgets_the_oldest_beyond_its_size_and_says_how_many(bench):
    # Given
    world = bench(history=40, conversations=2, retain=60)

    # When
    world.messages()
    world.history(1)

    # Then
    kept = len(list(world.ledger.entries()))
    assert kept <= 60
    world.ledger._keep = 10
    world.world.append(world.loja.conversations[0], text="one more")
    world.messages()
    assert world.ledger.forgotten > 0


def test_lines_are_json_with_all_that_a_judge_needs(bench):
    # Given
    world = bench(history=700, conversations=2, switches=("ogmma.requests_per_minute=0",))
    world.messages(limit="500")
    world.history(1)

    # When
    pieces = list(world.ledger.pieces())
    lines = [orjson.loads(line) for line in b"".join(pieces).splitlines()]

    # Then
    assert len(pieces) == 2
    assert len(lines) == 550
    assert set(lines[0]) == {
        "account",
        "provider",
        "feed",
        "conversation",
        "message",
        "direction",
        "time_ms",
        "first_shown_ms",
        "states",
        "poison",
        "poison_first_shown_ms",
        "bent",
        "facts",
    }
    assert set(lines[0]["states"][0]) == {"first_shown_ms", "type", "status", "text", "media"}
    assert lines[0]["facts"]["direction"] == lines[0]["direction"]
