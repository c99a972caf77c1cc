"""Hostile switches: each does what it says, seeded, and only readable rows count as shown."""

import json
from base64 import b64encode
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import orjson
import pytest

from workers.simulator import SWITCHES
from workers.simulator.hostile import ABSURD_WAITS, TRAP, TROUBLES, WIRE


def shown_ids(world):
    return {entry.message.id for entry in world.ledger.entries() if entry.first_shown_ms is not None}


def tolerant(body):
    return json.loads(body)["data"]


@pytest.mark.parametrize("name", [switch.name for switch in TROUBLES])
def test_nothing_that_a_trouble_touched_counts_as_shown(bench, name):
    # Given
    world = bench(switches=(f"{name}=1",))

    # When
    outgoing = [world.messages(), world.history(1)]

    # Then
    assert not any(one.shown for one in outgoing)
    assert not list(world.ledger.entries())
    assert all(one.manner == (name if name in WIRE else None) for one in outgoing)
    assert world.exchange.meters["loja"].troubles[name] == 1


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("too_many", 429),
        ("unauthorized", 401),
        ("forbidden", 403),
        ("html", 200),
        ("echo_in_error", 500),
        ("echo_in_page", 200),
        ("deep_page", 200),
        ("too_many_absurd", 429),
    ],
)
def test_a_trouble_has_its_status(bench, name, status):
    assert bench(switches=(f"{name}=1",)).messages().answer.status == status


def test_429_names_a_wait_in_seconds_as_a_date_or_not_at_all(bench):
    # Given
    world = bench()

    # When
    headers = {}
    for name in ("too_many", "too_many_seconds", "too_many_date"):
        world.turn("loja", name, 1)
        headers[name] = world.messages().answer.headers
        world.turn("loja", name, 0)

    # Then
    assert headers["too_many"] == {}
    assert 1 <= int(headers["too_many_seconds"]["Retry-After"]) <= 5
    wait = parsedate_to_datetime(headers["too_many_date"]["Retry-After"]).timestamp() - 1_760_000_000
    assert 1 <= wait <= 5
    assert world.exchange.meters["loja"].too_many == 3


def test_some_waits_are_none_that_anybody_could_keep_to(bench):
    # Given
    world = bench(switches=("too_many_absurd=1", "ogmma.requests_per_minute=0"))
    # When
    waits = {world.messages().answer.headers["Retry-After"] for _ in range(200)}
    # Then
    assert waits == set(ABSURD_WAITS)


def test_redirects_come_in_all_kinds_and_lead_into_the_trap(bench):
    # Given
    world = bench(switches=("redirect=1", "ogmma.requests_per_minute=0"))
    # When
    answers = [world.messages().answer for _ in range(100)]
    # Then
    assert {answer.status for answer in answers} == {301, 302, 303, 307, 308}
    assert {answer.headers["Location"] for answer in answers} == {TRAP}


def test_an_error_burst_runs_on_over_several_requests(bench):
    # Given
    lengths = set()
    for seed in range(20):
        world = bench(seed=seed, burst_requests=6, switches=("error_burst=1",))
        statuses = [world.messages().answer.status]

        # When
        world.turn("loja", "error_burst", 0)
        statuses += [world.messages().answer.status for _ in range(10)]

        # Then
        lengths.add(statuses.index(200))
        assert set(statuses[: statuses.index(200)]) <= {500, 502, 503}
        assert set(statuses[statuses.index(200) :]) == {200}
    assert lengths == {1, 2, 3, 4, 5, 6}


def test_an_echoed_key_stands_in_the_error_text(bench):
    world = bench(switches=("echo_in_error=1",))
    assert world.loja.api_key.encode() in world.messages().answer.body


def test_a_page_that_is_no_json_may_repeat_the_key_in_its_text_its_links_and_its_type(bench):
    answer = bench(switches=("echo_in_page=1",)).history().answer
    key = bench().clinica.api_key
    assert key.encode() in answer.body
    assert quote(key, safe="").encode() in answer.body
    assert key in answer.content_type


def test_a_page_may_be_nothing_but_depth(bench):
    body = bench(switches=("deep_page=1",)).messages().answer.body
    assert body == b"[" * 100_000 + b"]" * 100_000


def test_wrong_shapes_are_json_without_a_true_row(bench):
    # Given
    world = bench(switches=("wrong_shape=1", "ogmma.requests_per_minute=0"))

    # When
    bodies = {world.messages().answer.body for _ in range(80)} | {world.history(1).answer.body for _ in range(80)}

    # Then
    assert len(bodies) > 10
    for body in bodies:
        told = orjson.loads(body)
        assert not (isinstance(told, dict) and isinstance(told.get("data"), list))
        assert not any(message.id.encode() in body for message in world.loja.messages)


def test_an_empty_page_hides_rows_that_are_there(bench, rows):
    assert rows(bench(switches=("empty_page=1",)).messages()) == []


def test_trouble_comes_as_often_as_its_chance_and_the_same_for_the_same_seed(bench):
    # Given
    worlds = [bench(switches=("html=0.3", "ogmma.requests_per_minute=0")) for _ in range(2)]

    # When
    runs = [[world.messages().shown for _ in range(400)] for world in worlds]

    # Then
    assert runs[0] == runs[1]
    assert 80 < runs[0].count(False) < 160


# --- twists: every row stays readable --------------------------------------------------------------------


def test_duplicated_rows_stand_twice_on_a_page_and_once_in_the_ledger(bench, rows):
    # Given
    world = bench(history=20, switches=("duplicate_rows=1",))

    # When
    ids = [row["id"] for row in rows(world.messages())]

    # Then
    assert len(ids) == 23
    assert len(set(ids)) == 20
    assert shown_ids(world) == set(ids)


def test_shuffled_rows_are_the_same_rows(bench, rows):
    # Given
    world = bench(history=20, switches=("shuffle_rows=1",))

    # When
    ids = [row["id"] for row in rows(world.messages())]

    # Then
    newest = [message.id for message in reversed(world.loja.conversations[0].messages)]
    assert ids != newest
    assert sorted(ids) == sorted(newest)
    assert shown_ids(world) == set(ids)


def test_a_page_under_a_wrong_media_type_is_shown_all_the_same(bench):
    world = bench(switches=("wrong_content_type=1",))
    outgoing = world.messages()
    assert "json" not in outgoing.answer.content_type
    assert outgoing.shown


def test_drift_shifts_the_next_page_behind_the_walkers_back(bench, rows):
    # Given
    world = bench(history=100, switches=("drift=1",))

    # When
    walks = [[[row["unique"] for row in rows(world.history(page))] for page in (1, 2)] for _ in range(12)]

    # Then
    repeated = [set(first) & set(second) for first, second in walks]
    assert any(repeated)
    assert not all(repeated)
    assert world.clinica.deleted > 0
    assert world.clinica.existing > 200
    assert world.loja.existing == 200


# --- bent rows: legal or nearly, and still saying everything ---------------------------------------------


@pytest.mark.parametrize("name", ["nan", "huge_number", "deep_nesting", "broken_surrogate"])
def test_a_bent_page_is_refused_by_a_fast_decoder_and_still_counts_as_shown(bench, name):
    # Given
    world = bench(history=30, switches=(f"{name}=1",))

    # When
    outgoing = world.messages()

    # Then
    if name != "huge_number":
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(outgoing.answer.body)
    ids = {message.id for message in world.loja.conversations[0].messages}
    assert shown_ids(world) == ids
    assert {name} <= {bent for entry in world.ledger.entries() for bent in entry.bent}


def test_nan_and_huge_numbers_stand_in_a_further_field(bench):
    for name, expected in (("nan", "nan"), ("huge_number", "9" * 400)):
        told = tolerant(bench(switches=(f"{name}=1",)).messages().answer.body)
        assert {str(row["score"]) for row in told} == {expected}


def test_half_a_surrogate_pair_is_recorded_as_a_reader_repairs_it(bench):
    # Given
    world = bench(history=60, switches=("broken_surrogate=1",))

    # When
    told = tolerant(world.messages(limit="60").answer.body)

    # Then
    entries = {entry.message.id: entry for entry in world.ledger.entries()}
    broken = [row for row in told if row["content"].endswith("\ud83d")]
    assert broken
    for row in broken:
        repaired = row["content"].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert entries[row["id"]].states[-1][1].text == repaired


def test_what_holds_no_words_is_left_alone(bench):
    # Given
    straight, bent = bench(history=300), bench(history=300, switches=("broken_surrogate=1", "echo_in_text=1"))

    # When
    for world in (straight, bent):
        for page in range(1, 13):
            world.history(page)

    # Then
    before = {entry.message.id: entry.states[-1][1] for entry in straight.ledger.entries()}
    after = {entry.message.id: entry for entry in bent.ledger.entries()}
    without_words = [entry for entry in after.values() if entry.message.media or entry.message.kind == "location"]
    assert len(without_words) > 50
    assert all(entry.states[-1][1] == before[entry.message.id] and not entry.bent for entry in without_words)
    words = [entry for entry in after.values() if entry.message.kind == "text"]
    assert all(entry.bent == ("broken_surrogate", "echo_in_text") for entry in words)


def test_duplicate_keys_tell_the_truth_last(bench):
    # Given
    world = bench(switches=("duplicate_keys=1",))

    # When
    body = world.messages().answer.body

    # Then
    assert body.count(b'"content":') == 10
    texts = {message.id: message.text or "" for message in world.loja.messages}
    assert all(row["content"] == texts[row["id"]] for row in tolerant(body))


def test_an_echoed_key_stands_in_the_text_in_several_forms_and_in_the_ledger_as_it_was_shown(bench):
    # Given
    world = bench(history=80, switches=("echo_in_text=1",))
    key = world.clinica.api_key

    # When
    rows_told = [row for page in range(1, 5) for row in orjson.loads(world.history(page).answer.body)]

    # Then
    plain = [row for row in rows_told if key in row["message"]]
    quoted = [row for row in rows_told if "99d%2F" in row["message"]]
    assert plain
    assert quoted
    assert any("99d\\/" in row["message"] for row in rows_told)
    assert any(b64encode(key.encode()).decode() in row["message"] for row in rows_told)
    states = {entry.message.id: entry.states[-1][1] for entry in world.ledger.entries()}
    assert all(states[row["unique"]].text == row["message"] for row in plain + quoted)


def test_a_row_is_bent_by_its_own_luck_and_stays_so(bench):
    # Given
    world = bench(history=200, switches=("nan=0.2",))

    # When
    bodies = {world.messages(limit="200").answer.body for _ in range(3)}

    # Then
    assert len(bodies) == 1
    assert 20 < bodies.pop().count(b"NaN") < 60


def test_poison_rows_are_told_apart_from_shown_ones(bench):
    # Given
    world = bench(history=100, switches=("poison=0.2",))

    # When
    told = orjson.loads(world.messages(limit="100").answer.body)["data"]

    # Then
    readable = {row["id"] for row in told if isinstance(row, dict) and row["id"] and "T" in row["createdAt"]}
    poisoned = {entry.message.id for entry in world.ledger.entries() if entry.poison}
    assert len(told) == 100
    assert 8 < len(poisoned) < 35
    assert shown_ids(world) == readable
    assert not readable & poisoned
    assert len({orjson.dumps(row) for row in told}) == 100
    assert {type(row) for row in told} == {dict, str, list}


def test_a_poison_row_that_is_cured_is_shown_and_remembered_as_poison(bench):
    # Given
    world = bench(switches=("poison=1",))
    world.messages()

    # When
    world.turn(None, "poison", 0)
    world.messages()

    # Then
    entries = list(world.ledger.entries())
    assert len(entries) == 5
    assert all(entry.poison and len(entry.states) == 1 for entry in entries)
    assert world.ledger.shown("loja") == world.ledger.poisoned("loja") == 5


def test_every_switch_says_what_it_means():
    for switch in SWITCHES.values():
        assert switch.meaning
        assert switch.allowed
        assert switch.parsed(switch.default) == switch.default
