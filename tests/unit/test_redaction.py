"""A secret is removed however it was encoded, and nothing else is touched."""

import base64
import html
import json
import random
import time
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from workers.redaction import LAYERS, REMOVED, SHORTEST, Redactor

KEY = "oapi_sk_4f/9c+Q=z"

#: Characters of secrets, and of the text around them: none in common, so that the expected result is exact.
#: None begins as it ends (it could overlap itself) or ends in a backslash (it could be a part of what follows):
#: then more than the secret goes.
secrets = (
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7D), min_size=SHORTEST, max_size=24)
    | st.text('ab"\\/%+é😀 ', min_size=SHORTEST, max_size=12)
).filter(lambda text: not any(text.endswith(text[:n]) for n in range(1, len(text))) and text[-1] != "\\")
chances = st.integers(0, 2**32).map(random.Random)
around = st.text("~€☃\n\t", max_size=6)


def _percent(text: str, chance: random.Random) -> str:
    """URL-quoting with a free choice for each character; '%' and '+' must be quoted."""
    plus_for_space = chance.random() < 0.5
    pieces = []
    for character in text:
        ways = ["".join(f"%{b:02X}" for b in character.encode()), "".join(f"%{b:02x}" for b in character.encode())]
        if character not in "%+":
            ways.append("+" if character == " " and plus_for_space else character)
        pieces.append(chance.choice(ways))
    return "".join(pieces)


def _json(text: str, chance: random.Random) -> str:
    """The inside of a JSON text with a free choice for each character."""
    short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t"}
    pieces = []
    for character in text:
        units = character.encode("utf-16-be")
        long = "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
        ways = [long, long.upper().replace("\\U", "\\u")]
        ways += [short[character]] if character in short else []
        ways += [character] if character not in '"\\\n\t' else []
        pieces.append(chance.choice(ways))
    return "".join(pieces)


def _html(text: str, chance: random.Random) -> str:
    """HTML with a free choice for each character; '&' must be a reference."""
    names = {"&": "amp", '"': "quot", "<": "lt", ">": "gt", "'": "apos", "/": "sol", "+": "plus"}
    pieces = []
    for character in text:
        ways = [f"&#{ord(character)};", f"&#x{ord(character):x};", f"&#X{ord(character):04X};"]
        ways += [f"&{names[character]};"] if character in names else []
        ways += [character] if character != "&" else []
        pieces.append(chance.choice(ways))
    return "".join(pieces)


ENCODERS = st.lists(st.sampled_from([_percent, _json, _html]), max_size=LAYERS)


def _read(text: str, encoder) -> str:
    if encoder is _html:
        return html.unescape(text)
    return json.loads(f'"{text}"') if encoder is _json else unquote_plus(text)


@given(secrets, around, around, ENCODERS, chances)
@settings(max_examples=150, deadline=None)
def test_nothing_of_a_secret_survives_any_mix_of_encodings(secret, before, after, encoders, chance):
    # Given a text with a secret in it, encoded again and again, each character in a way of its own
    text = before + secret + after
    for encoder in encoders:
        text = encoder(text, chance)
    # When
    redacted = Redactor([secret]).redact(text)
    # Then undoing the encodings gives the text around it, and the mark
    for encoder in reversed(encoders):
        redacted = _read(redacted, encoder)
    assert redacted == before + REMOVED + after


@given(secrets, st.binary(max_size=8), st.binary(max_size=8), st.booleans(), chances)
@settings(max_examples=150, deadline=None)
def test_nothing_of_a_secret_survives_base64(secret, before, after, urlsafe, chance):
    # Given a secret anywhere inside bytes that are then written in base64
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    text = encode(before + secret.encode() + after).decode()
    encoder = chance.choice([None, _json, _percent, _html])
    # When
    redacted = Redactor([secret]).redact(encoder(text, chance) if encoder else text)
    # Then every character that holds a bit of it is gone, and at most two more
    head, tail = (_read(redacted, encoder) if encoder else redacted).split(REMOVED)
    first = 8 * len(before) // 6
    last = -(-8 * (len(before) + len(secret.encode())) // 6)
    assert text[:first].startswith(head)
    assert first - len(head) <= 2
    assert text[last:].endswith(tail)
    assert len(text) - last - len(tail) <= 2


@given(st.text(max_size=200) | st.from_regex(r"(?:%[0-9a-f]{0,2}|\\u?[0-9a-f]{0,4}|[a-z+/=]){0,40}", fullmatch=True))
@example("100% of C:\\users\\u00e7 %zz %E7 \\ud83d +")
def test_a_text_without_the_secret_is_unchanged(text):
    assert Redactor([KEY]).redact(text) == text


@given(st.lists(st.sampled_from([KEY, quote(KEY), base64.b64encode(b"u:" + KEY.encode()).decode(), "x", "\\", "%2"])))
def test_a_second_pass_changes_nothing(parts):
    redactor = Redactor([KEY])
    once = redactor.redact("".join(parts))
    assert redactor.redact(once) == once


@pytest.mark.parametrize("word", ["credential", "removed", "[credential removed]"])
def test_a_secret_that_is_a_word_of_the_mark_is_removed_once(word):
    # Given
    redactor = Redactor([word])
    # When
    once = redactor.redact(f"key={word};")
    # Then
    assert once == f"key={REMOVED};"
    assert redactor.redact(once) == once


def test_overlapping_secrets_leave_no_rest():
    assert Redactor(["abcdefgh", "efghijkl"]).redact("<abcdefghijkl>") == f"<{REMOVED}>"


def test_a_secret_inside_another_leaves_no_rest():
    assert Redactor(["abcdefghijkl", "cdefgh"]).redact("<abcdefghijkl>") == f"<{REMOVED}>"


def test_a_secret_that_overlaps_itself_leaves_no_rest():
    assert Redactor(["aXaXaX"]).redact("<aXaXaXaX>") == f"<{REMOVED}>"


def test_client_credentials_that_were_quoted_before_base64_are_removed():
    # Given what RFC 6749 section 2.3.1 makes of a secret with reserved characters
    header = base64.b64encode(f"loja:{quote_plus(KEY)}".encode()).decode()
    # When, Then
    assert len(Redactor([KEY]).redact(header).replace(REMOVED, "")) <= len("bG9qYT==")


def test_a_secret_too_short_to_tell_from_words_is_left_alone():
    assert Redactor(["x" * (SHORTEST - 1)]).redact("xxxxxxxx") == "xxxxxxxx"


def test_bytes_that_are_no_text_are_redacted_too():
    # Given
    content = b"\xff\xfe" + KEY.encode() + b"\x80"
    # When, Then
    assert Redactor([KEY]).redact_bytes(content) == b"\xff\xfe" + REMOVED.encode() + b"\x80"
    assert Redactor([KEY]).redact_bytes("é".encode() + KEY.encode()) == "é".encode() + REMOVED.encode()


@pytest.mark.parametrize("width", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_key_in_wide_characters_is_removed(width):
    # Given a body that its sender wrote in UTF-16 or UTF-32, and the same read as text
    content = f"<<{quote(KEY)}>>".encode(width)
    redactor = Redactor([KEY])
    # When
    clean = redactor.redact_bytes(content)
    # Then
    assert clean.replace(b"\0", b"").endswith(f"<<{REMOVED}>>".encode())
    assert redactor.may_contain(content)
    assert REMOVED in redactor.redact(content.decode("latin-1"))


def test_bytes_of_a_key_beyond_ascii_are_removed_among_bytes_that_are_no_text():
    content = b"\x80" + "senha-açaí".encode() + b"\xff"
    assert Redactor(["senha-açaí"]).redact_bytes(content) == b"\x80" + REMOVED.encode() + b"\xff"


def test_a_value_is_redacted_in_keys_texts_and_numbers_and_itself_left_as_it_was():
    # Given
    redactor = Redactor([KEY, "123456789"])
    value = {"a": [KEY, {"b": f"x{quote(KEY)}"}], KEY: 1, "n": 5511987654321, "t": (True, None, 1.5, "ok")}
    before = msgspec.json.encode(value)
    # When
    redacted = redactor.redact_value(value)
    # Then
    assert redacted == {
        "a": [REMOVED, {"b": f"x{REMOVED}"}],
        REMOVED: 1,
        "n": 5511987654321,
        "t": [True, None, 1.5, "ok"],
    }
    assert redactor.redact_value({"n": 12345678901}) == {"n": REMOVED}
    assert msgspec.json.encode(value) == before


def test_two_keys_that_differ_in_their_secret_stay_two():
    redacted = Redactor(["secret-one", "secret-two"]).redact_value({"secret-one": 1, "secret-two": 2})
    assert list(redacted.values()) == [1, 2]


def test_a_value_nested_deeper_than_calls_may_be_is_redacted():
    # Given
    value: object = KEY
    for _ in range(20_000):
        value = [value]
    # When
    redacted = Redactor([KEY]).redact_value(value)
    # Then
    for _ in range(20_000):
        redacted = redacted[0]
    assert redacted == REMOVED


def test_a_number_too_long_to_print_is_left_alone():
    assert Redactor([KEY]).redact_value(10**5000) == 10**5000


@given(secrets, around, around, ENCODERS, chances)
@settings(max_examples=150, deadline=None)
def test_the_fast_check_never_misses_what_would_be_removed(secret, before, after, encoders, chance):
    # Given an event with an encoded secret in one of its texts, or in a key
    text = before + chance.choice([secret, base64.b64encode(b"u:" + secret.encode()).decode()]) + after
    for encoder in encoders:
        text = encoder(text, chance)
    event = chance.choice([{"text": text}, {"a\\": "b\\", "list": ["\\", text, "\\u00"]}, {text: 1}])
    redactor = Redactor([secret])
    assume(redactor.redact_value(event) != event)
    # When, Then
    assert redactor.may_contain(msgspec.json.encode(event))
    assert redactor.may_contain(json.dumps(event, ensure_ascii=False).encode())
    assert redactor.may_contain(text.encode())


def test_the_fast_check_passes_ordinary_events():
    # Given
    text = 'Pedido "42" enviado\n100% certo \\o/ https://x.example/a%2Fb?c=d%20e'
    # When, Then
    assert not Redactor([KEY]).may_contain(msgspec.json.encode({"text": text}))


def test_a_secret_with_a_space_is_found_in_a_query():
    # Given
    redactor = Redactor(["correct horse"])
    # When, Then
    assert redactor.redact("?password=correct+horse&x=1") == f"?password={REMOVED}&x=1"
    assert redactor.may_contain(b'{"u":"?p=correct+horse"}')
    assert unquote(quote("correct horse")) == "correct horse"


@pytest.mark.parametrize(
    "escape", ['\\"', "\\\\", "\\u0041", "%41", "%C3%A9", '\\"%41x', "A\0", "&quot;", "&#x41;", "%41&amp;x"]
)
@pytest.mark.parametrize("holds", [False, True])
def test_a_megabyte_of_escapes_takes_less_than_seconds(escape, holds):
    # Given a text of nothing but escapes, with or without the secret at its end
    text = escape * (2**20 // len(escape)) + (f" {KEY} {escape}" if holds else "")
    begun = time.thread_time()
    # When
    clean = Redactor([KEY]).redact(text)
    # Then
    assert time.thread_time() - begun < 3.0
    assert clean == text.replace(KEY, REMOVED)
