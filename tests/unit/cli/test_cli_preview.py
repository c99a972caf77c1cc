"""`afluente preview` of an answer in a file, and how events look in a terminal."""

import io

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tests.unit.cli.conftest import KEY
from workers.cli.context import printable
from workers.cli.events_table import events_table, in_words
from workers.events.cloudevent import CloudEvent, kafka_event

ROW = {
    "id": "66aa12",
    "conversationId": "66aa01",
    "channelId": "66aa09",
    "direction": "INBOUND",
    "status": "READ",
    "type": "text",
    "content": {"text": "Cadê meu pedido?"},
    "createdAt": "2026-01-05T12:00:00.000Z",
}


def page(*rows: object) -> bytes:
    return orjson.dumps({"data": rows})


def lines(text: str) -> list[dict]:
    return [orjson.loads(line) for line in text.splitlines()]


# --- events of a file ------------------------------------------------------------------------------------


def test_a_page_in_a_file_becomes_complete_cloudevents_on_stdout(run, folder):
    # Given
    (folder / "page.json").write_bytes(page(ROW, {**ROW, "id": "66aa13", "createdAt": "2026-01-05T11:00:00.000Z"}))
    # When
    ended = run("preview", "loja", "--from-file", "page.json")
    # Then
    assert ended.exit_code == 0
    first, second = lines(ended.stdout)
    assert [first["subject"], second["subject"]] == ["66aa13", "66aa12"]
    assert second["type"] == "afluente.message.created"
    assert second["partitionkey"] == "loja/66aa01"
    assert second["dataschema"] == "urn:afluente:schema:message:v1"
    assert second["data"]["message"]["text"] == "Cadê meu pedido?"
    assert second["data"]["origin"] == "backfill"
    assert ended.stderr.splitlines() == [
        "2 events of loja channel_id=66aa09 conversation_id=66aa01: 2 created",
        "from 2 rows on 1 page",
    ]


def test_a_page_may_come_through_a_pipe(run):
    ended = run("preview", "loja", "--from-file", "-", input=page(ROW))
    assert len(lines(ended.stdout)) == 1


def test_a_feed_of_many_conversations_is_previewed_from_a_file(run, folder):
    # Given
    row = {
        "unique": "9",
        "direction": "in",
        "from": "972500000002",
        "to": "972770000001",
        "type": "text",
        "content": "hi",
    }
    (folder / "page.json").write_bytes(orjson.dumps([{**row, "timestamp": 1767614400}]))
    # When
    ended = run("preview", "clinica", "--from-file", "page.json")
    # Then
    (event,) = lines(ended.stdout)
    assert event["data"]["conversation"]["provider_id"] == "972500000002"


def test_a_row_that_makes_no_sense_is_shown_as_the_dead_letter_it_would_be(run):
    # Given a row without a time that repeats the key
    broken = {**ROW, "id": "66aa14", "createdAt": None, "content": {"text": f"key {KEY}"}}
    # When
    ended = run("preview", "loja", "--from-file", "-", input=page(ROW, broken))
    # Then
    letter = next(event for event in lines(ended.stdout) if event["type"] == "afluente.dead-letter")
    assert letter["data"]["reason"] == "no_time"
    assert "1 created, 1 dead letter" in ended.stderr
    assert KEY not in ended.output


def test_an_answer_that_nobody_can_read_is_shown_without_credentials(run):
    # When
    ended = run("preview", "loja", "--from-file", "-", input=f"<html>\x1b[2J {KEY} maintenance</html>".encode())
    # Then
    assert ended.exit_code == 1
    assert ended.stdout == ""
    assert "unreadable   loja channel_id=66aa09 conversation_id=66aa01" in ended.stderr
    assert "<html> [2J [credential removed] maintenance</html>" in ended.stderr


def test_an_error_inside_an_answer_is_told_as_what_it_means(run):
    ended = run("preview", "loja", "--from-file", "-", input=orjson.dumps({"message": "x", "code": "UNAUTHORIZED"}))
    assert ended.exit_code == 1
    assert ended.stderr.startswith("refused ")


def test_an_account_that_starts_now_shows_its_events_and_says_that_none_would_be_published(run, folder):
    # Given
    text = (folder / "afluente.toml").read_text()
    (folder / "afluente.toml").write_text(text.replace('"ogmma"', '"ogmma"\nstart = "now"'))
    # When
    ended = run("preview", "loja", "--from-file", "-", input=page(ROW))
    # Then
    assert len(lines(ended.stdout)) == 1
    assert 'start = "now": a worker would publish none of these' in ended.stderr


def test_rows_before_a_start_are_left_out_and_counted(run, folder):
    # Given
    text = (folder / "afluente.toml").read_text()
    (folder / "afluente.toml").write_text(text.replace('"ogmma"', '"ogmma"\nstart = 2026-01-05T11:30:00Z'))
    # When
    early = {**ROW, "id": "66aa13", "createdAt": "2026-01-05T11:00:00.000Z"}
    ended = run("preview", "loja", "--from-file", "-", input=page(ROW, early))
    # Then
    assert [event["subject"] for event in lines(ended.stdout)] == ["66aa12"]
    assert "rows left out: 1 before start" in ended.stderr


def test_a_missing_file_is_wrong_usage(run):
    ended = run("preview", "loja", "--from-file", "nowhere.json")
    assert ended.exit_code == 2
    assert "nowhere.json" in ended.stderr


# --- in a terminal ---------------------------------------------------------------------------------------


def event(kind: str = "created", **data: object):
    told = CloudEvent(
        id="1",
        source="/afluente/ogmma/loja",
        type="afluente.message.created",
        subject="1",
        time="2026-01-05T12:00:00.000Z",
        dataschema="urn:afluente:schema:message:v1",
        key="loja/1",
        data=msgspec.json.encode(data),
    )
    return kafka_event(told, topic="messages", kind=kind, mode="structured")


EMPTY = dict.fromkeys(("media", "location", "reaction", "template", "order", "call", "text")) | {
    "contacts": [],
    "reactions": [],
}


FILE = {"file_name": None, "mime_type": None, "url": None, "available": True}


def message(**fields: object) -> dict[str, object]:
    told = {"direction": "outbound", "type": "text", "author": {"kind": "bot", "name": None}}
    return EMPTY | told | {"status": {"state": "sent", "provider": "SENT"}} | fields


def shown(*events, width: int = 100, conversations: bool = False) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=False, emoji=False)
    console.print(events_table(events, conversations=conversations, columns=width))
    return console.file.getvalue().splitlines()


def of(told: dict[str, object]):
    return event(conversation={"provider_id": "551190000"}, message=told)


def test_every_event_is_one_line_however_long_its_text_is():
    # Given
    events = [of(message(text="palavra " * 100)), of(message(text="curta", direction="inbound"))]
    # When
    head, first, second = shown(*events)
    # Then only the text is shortened
    assert head.split() == ["time", "(UTC)", "who", "type", "text", "status"]
    assert len(first) == 100
    assert first.startswith("2026-01-05 12:00:00  →  bot  text  palavra palavra")
    assert first.endswith("…  sent  ")
    assert second.startswith("2026-01-05 12:00:00  ←  bot  text  curta ")


def test_conversations_are_told_apart_where_a_feed_has_many():
    head, first = shown(of(message(text="oi")), conversations=True)
    assert head.split()[2] == "conversation"
    assert "551190000" in first


@pytest.mark.parametrize("width", [80, 99, 140])
def test_nothing_but_the_text_and_long_names_is_cut_in_a_narrow_terminal(width):
    # Given the longest of everything
    told = message(text="palavra " * 50, type="button_reply", author={"kind": "automation", "name": None})
    long = event(conversation={"provider_id": "6650a1b2c3d4e5f6a7b8c9d1"}, message=told)
    # When
    head, first = shown(long, of(message(text="oi")), width=width, conversations=True)[:2]
    # Then
    assert len(first) <= width
    assert head.rstrip().endswith("status")
    for whole in ("01-05 12:00", "→", "automation", "button_reply", "sent", "f6a7b8c9d1"[-9:]):
        assert whole in first


def test_a_status_of_unknown_meaning_is_told_in_the_providers_word():
    _, first = shown(of(message(text="oi", status={"state": None, "provider": "3"})))
    assert first.rstrip().endswith("(3)")


def test_letters_and_gaps_stand_among_the_events():
    # Given
    letter = event("dead_letter", reason="no_time", detail="createdAt is missing", row_id="66aa12", conversation=None)
    bounds = {"after": {"sent_at": None}, "before": {"sent_at": "2026-01-05T12:00:00.000Z"}}
    gap = event("gap", conversation=None, gap={"reason": "page_limit", **bounds})
    # When
    _, first, second = shown(gap, letter, width=140)
    # Then
    assert "page_limit: messages between the beginning and 2026-01-05T12:00:00.000Z are not shown" in first
    assert "dead letter  no_time: createdAt is missing (row 66aa12)" in second


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": "oi"}, "oi"),
        ({"media": FILE | {"file_name": "nf.pdf", "mime_type": "application/pdf"}, "text": "oi"}, "[file nf.pdf] oi"),
        ({"media": FILE}, "[file]"),
        ({"media": FILE | {"url": "https://x.example/m/foto.jpg?sig=1"}}, "[file foto.jpg]"),
        ({"media": FILE | {"url": "https://x.example/m/4f2a"}}, "[file]"),
        ({"media": FILE | {"available": False}}, "[file, not there yet]"),
        ({"location": {"name": "Loja", "latitude": -23.5, "longitude": -46.6}}, "[place Loja -23.5, -46.6]"),
        ({"contacts": [{"name": "Ana"}, {"name": None}]}, "[contact Ana] [contact]"),
        ({"reaction": {"emoji": "👍"}}, "👍"),
        ({"reaction": {"emoji": None}}, "[reaction removed]"),
        ({"template": {"name": "aviso"}, "text": "Olá"}, "[template aviso] Olá"),
        ({"order": {"items": [1, 2]}}, "[order 2 items]"),
        ({"call": {"status": "missed"}}, "[call missed]"),
        ({"text": "oi", "reactions": [{"emoji": "❤️"}, {"emoji": None}]}, "❤️ oi"),
    ],
)
def test_what_is_no_text_is_told_in_words(fields, words):
    assert in_words(message(**fields)) == words


@given(st.text(max_size=40))
@settings(max_examples=200)
def test_no_text_of_a_stranger_moves_the_cursor_or_the_lines(text):
    # When
    told = printable(text)
    # Then
    assert len(told) == len(text)
    assert all(character.isprintable() or character == "\u200d" for character in told)
    assert "\x1b" not in "".join(shown(of(message(text=text))))
    assert len(shown(of(message(text=text)))) == 2


def test_a_poll_of_several_answers_is_read_from_several_files(run, folder):
    # Given a chat and its timeline, as Wegly shows them
    configuration = folder / "afluente.toml"
    configuration.write_text(
        configuration.read_text() + '\n[accounts.escola]\nprovider = "wegly"\napi_key = { env = "LOJA_KEY" }\n'
        'feeds = [{ chat_id = "0b6f0c1e-0000-4000-8000-000000000001" }]\n'
    )
    message = {
        "id": "0b6f0c1e-0000-4000-8000-0000000000a2",
        "type": "text",
        "origin": "INBOUND",
        "from_me": False,
        "sent_via": "CONTACT",
        "status": "sent",
        "body_text": "oi",
        "meta_timestamp": "2026-01-05T12:00:00Z",
    }
    chat = {"id": "0b6f0c1e-0000-4000-8000-000000000001", "status": "OPEN", "contact_number": "5511988880000"}
    record = {"id": "r", "event_type": "MESSAGE", "event_at": "2026-01-05T12:00:00Z", "message": message}
    (folder / "chat.json").write_bytes(orjson.dumps(chat))
    (folder / "timeline.json").write_bytes(orjson.dumps({"total": 1, "records": [record]}))
    # When
    ended = run("preview", "escola", "--from-file", "chat.json", "--from-file", "timeline.json")
    # Then
    assert ended.exit_code == 0, ended.stderr
    told = [event["data"] for event in lines(ended.stdout)]
    assert [event["message"]["text"] for event in told if "message" in event] == ["oi"]
