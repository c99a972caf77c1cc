"""Nobody is left in a page whose people were removed, and an adapter reads it as before."""

import json
import re

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.errors import PageUnreadable
from workers.recording.people import People, left_over
from workers.recording.pseudonyms import Pseudonyms
from workers.redaction import REMOVED


def people(key: bytes = b"a key") -> People:
    return People(Pseudonyms(key))


def removed_from(value, key: bytes = b"a key"):
    return orjson.loads(people(key).page(json.dumps(value).encode()))


names = st.from_regex(r"[A-Z][a-zà-ú]{4,12} [A-Z][a-zà-ú]{5,12}", fullmatch=True)
numbers = st.from_regex(r"55[1-9]{2}9[0-9]{8}", fullmatch=True)
mails = st.from_regex(r"[a-z]{5,10}\.[a-z]{4,10}@[a-z]{5,10}\.com\.br", fullmatch=True)
links = st.from_regex(r"https://[a-z]{5,9}\.example/[a-z0-9]{8,20}\.jpg\?sig=[a-z0-9]{8,20}", fullmatch=True)
texts = st.from_regex(r"[A-Za-z]{4,9} [a-z]{4,9}, [a-z]{5,9} [0-9]{5}", fullmatch=True)
wamids = st.from_regex(r"wamid\.[A-Za-z0-9+/]{24,40}=", fullmatch=True)


@st.composite
def persons(draw):
    return {
        "name": draw(names),
        "number": draw(numbers),
        "mail": draw(mails),
        "link": draw(links),
        "text": draw(texts),
        "wamid": draw(wamids),
    }


def page_of(person):
    """One person in all the places in which providers put one."""
    number, name, text = person["number"], person["name"], person["text"]
    inner = {"profile": {"name": name}, "wa_id": number, "text": {"body": f"{text} {person['mail']}"}}
    return {
        "data": [
            {"id": 4711, "from": number, "to": f"+{number[:2]} ({number[2:4]}) {number[4:9]}-{number[9:]}"},
            {"from": int(number), "content": text, "mediaUrl": person["link"], "senderName": name},
            {"subscriber": f"{number}-42", "message_content": json.dumps(inner), "wa_message_id": person["wamid"]},
            {"contact": {"phone": number, "email": person["mail"]}, number: {"unexpected": [name, text]}},
            {"address": f"{number}@s.whatsapp.net", "note": f"{name} wrote: {text} ({person['link']})"},
            {"context": {"message_id": person["wamid"], "from": number}, "code": text, "status": name},
        ]
    }


@given(persons(), st.binary(min_size=1, max_size=32))
@settings(max_examples=150, deadline=None)
def test_nothing_of_a_person_is_left_wherever_it_stood(person, key):
    # Given
    remover = people(key)
    # When
    body = remover.page(json.dumps(page_of(person)).encode())
    # Then
    text = body.decode()
    decoded = text.replace("\\", "")
    for value in [*person.values(), *person["name"].split(), person["mail"].partition("@")[0]]:
        assert value not in text
        assert value not in decoded
    assert re.sub(r"\D", "", person["number"]) not in re.sub(r"[ ()+-]", "", text)
    assert not left_over(remover.removed, body)


@given(persons())
@settings(max_examples=50, deadline=None)
def test_the_same_person_is_the_same_everywhere(person):
    first, second, third, fourth, fifth, sixth = removed_from(page_of(person))["data"]
    number = first["from"]
    assert re.sub(r"\D", "", first["to"]) == number
    assert str(second["from"]) == number
    assert third["subscriber"] == f"{number}-42"
    assert fourth["contact"]["phone"] == number
    assert number in fourth
    assert fifth["address"] == f"{number}@s.whatsapp.net"
    assert sixth["context"]["message_id"] == third["wa_message_id"]
    inner = json.loads(third["message_content"])
    assert inner["profile"]["name"] == second["senderName"]
    assert inner["wa_id"] == number


def test_what_tells_the_adapters_how_to_read_is_kept():
    kept = {
        "type": "image",
        "direction": "INBOUND",
        "status": "READ",
        "sender": "bot",
        "sent_via": "CONTACT",
        "createdAt": "2026-01-05T12:00:00.000Z",
        "conversation_time": "2026-01-05 09:00:00",
        "timestamp": 1767614400,
        "updated_at": "1767614400",
        "mime_type": "audio/ogg; codecs=opus",
        "isForwarded": False,
        "quoteUnique": None,
        "size": 12345,
        "id": 4711,
        "message_id": "4711",
        "emoji": "👍🏽",
        "messaging_product": "whatsapp",
        "state": "3",
    }
    assert removed_from(kept) == kept


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Olá {{1}}, tudo bem? 🙂", r"\w{3} \{\{1\}\}, \w{4} \w{3}\? 🙂"),
        (f"key {REMOVED}", r"\w{3} \[credential removed\]"),
        ("-23.55052,-46.633308", r"-23\.\d{5},-46\.\d{6}"),
        ("https://media.example/a/b.pdf?x=1", r"https://removed\.example/.+\.pdf"),
        ("linha um\nlinha dois", r"\w{5} \w{2}\n\w{5} \w{4}"),
        ("🎤 Voice: https://files.example/a.ogg", r"🎤 Voice: https://removed\.example/.+\.ogg"),
        ("Maria: https://files.example/a.ogg", r"(?!Maria)\w{5}: https://removed\.example/.+\.ogg"),
        ("0b6f0c1e-0000-4000-8000-00000000001f", r"(?!0b6f)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("123456", r"(?!123456)\d{6}"),
    ],
)
def test_a_text_keeps_its_form(text, form):
    assert re.fullmatch(form, removed_from({"content": text})["content"])


def test_a_place_moves_within_its_degree():
    place = removed_from({"latitude": -23.55052, "longitude": -46.633308})
    assert str(place["latitude"]).startswith("-23.")
    assert place["latitude"] != -23.55052


def test_what_cannot_be_held_stays_absurd_and_says_nothing():
    # Given a value nested too deep with a name in it, and a number that no computer holds
    deep = '[{"nome":' * 300 + '"Maria Souza"' + "}]" * 300
    body = f'{{"trace":{deep},"score":NaN,"many":{"7" * 400}}}'.encode()
    # When
    page = people().page(body)
    # Then
    assert b"Maria" not in page
    assert b"NaN" in page
    assert b"9" * 400 in page


def test_a_body_that_is_no_json_is_refused():
    with pytest.raises(PageUnreadable):
        people().page(b"<html>Maria Souza</html>")


def test_texts_in_texts_that_go_deeper_than_anybody_reads_are_refused():
    # Given JSON inside JSON inside JSON, each as deep as a page may be
    value = "Maria"
    for _ in range(4):
        value = json.dumps(json.loads("[" * 190 + json.dumps(value) + "]" * 190))
    # When
    with pytest.raises(PageUnreadable, match="nested too deep"):
        people().page(json.dumps([value]).encode())


def test_the_account_keeps_what_is_no_telephone():
    # Given
    table = {"name": "clinica", "number": "972770000001", "timezone": "America/Sao_Paulo", "states": {"1": "sent"}}
    # When
    found = people().account(table)
    # Then
    assert found == table | {"number": found["number"]}
    assert found["number"] != "972770000001"
    assert found["number"] == people().feed({"contact": "972770000001"})["contact"]


def test_a_feed_of_everything_stays_one():
    assert people().feed({"contact": "*"}) == {"contact": "*"}


def test_a_text_that_stayed_is_found_in_any_spelling():
    assert left_over({'says "hello"'}, b'{"text":"says \\"hello\\""}')
    assert not left_over({"says hello"}, b'{"text":"says goodbye"}')
