"""Contents of every known shape, also of those that the simulator does not show, damaged at any depth."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.providers.kit_pages import assert_lawful, outcome, values, written
from tests.unit.providers.wizebot_samples import answered, feed, row, send_body, webhook, wizebot
from workers.providers.reasons import ROW_REASONS

MEDIA = {"id": "77", "mime_type": "image/jpeg", "sha256": "Zm9v", "caption": "olha", "voice": True, "filename": "a.pdf"}
CARD = {
    "name": {"formatted_name": "Ana"},
    "phones": [{"phone": "+5511", "wa_id": "5511"}],
    "emails": [{"email": "a@x"}],
}
FORM = {"type": "nfm_reply", "nfm_reply": {"name": "f", "body": "Sent", "response_json": '{"a":[1]}'}}
OFFER = {
    "type": "list",
    "header": {"type": "image", "image": {"link": "https://x.example/h"}},
    "body": {"text": "b"},
    "footer": {"text": "f"},
    "action": {"button": "v", "sections": [{"rows": [{"id": "1", "title": "t"}]}], "parameters": {"url": "u"}},
}
SENT_TEMPLATE = {
    "name": "t",
    "language": {"code": "pt_BR"},
    "components": [{"type": "body", "parameters": [{"type": "currency", "currency": {"fallback_value": "1"}}]}],
}
DEFINITION = {
    "name": "t",
    "language": "pt_BR",
    "components": [{"type": "BODY", "text": "Olá {{1}}"}, {"type": "BUTTONS", "buttons": [{"text": "Sim"}]}],
}
ORDER = {
    "catalog_id": "1",
    "text": "x",
    "product_items": [{"product_retailer_id": "s", "quantity": 1, "item_price": 2}],
}
ERRORS = [{"code": 131051, "title": "T", "error_data": {"details": "D"}}]
CONTENTS = [
    *(webhook(kind, MEDIA) for kind in ("image", "video", "audio", "document", "sticker")),
    webhook(context={"id": "wamid.8", "forwarded": True}),
    webhook("location", {"latitude": 1.5, "longitude": "2", "name": "n"}),
    webhook("contacts", [CARD]),
    webhook("interactive", FORM),
    webhook("interactive", {"type": "list_reply", "list_reply": {"id": "1", "title": "t", "description": "d"}}),
    webhook("button", {"payload": "p", "text": "t"}),
    webhook("reaction", {"message_id": "wamid.8", "emoji": "👍"}),
    webhook("order", ORDER),
    webhook("system", {"body": "changed", "type": "user_changed_number"}),
    webhook("unsupported", {"type": "poll_creation"}, errors=ERRORS),
    {"entry": [{"changes": [{"value": {"statuses": [{"id": "wamid.1", "timestamp": "1760000000"}]}}]}]},
    send_body(),
    send_body("interactive", OFFER),
    send_body("template", SENT_TEMPLATE),
    DEFINITION,
    {"text": "x", "type": "text"},
]


def places(value, here=()):
    """Every place inside a value, as a path of keys and numbers."""
    yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*here, key))


def put(value, path, other):
    """A copy with something else at this place."""
    if not path:
        return other
    changed = copy.deepcopy(value)
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    if other is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = other
    return changed


def text_of(content):
    return content if isinstance(content, str) else written(content).decode()


@st.composite
def damaged_contents(draw):
    """A content with one to three places replaced or gone, and perhaps cut short."""
    content = draw(st.sampled_from(CONTENTS))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(content))))
        content = put(content, path, draw(values | (st.just(...) if path else st.nothing())))
        if not isinstance(content, dict | list):
            break
    told = text_of(content) if draw(st.booleans()) else content
    return told[: draw(st.integers(0, len(told)))] if isinstance(told, str) and draw(st.booleans()) else told


def told(rows, body):
    """What the page comes to: each row's outcome by its id, where it has one."""
    shown = answered(written(body))
    assert len(shown.rows) + len(shown.broken) + sum(shown.skipped.values()) <= rows
    found = {}
    for one in shown.rows:
        found[one.id] = outcome(wizebot(), feed(), one)
        if isinstance(found[one.id], str):
            assert found[one.id] in ROW_REASONS
        else:
            assert_lawful(wizebot(), found[one.id])
    return found


@given(content=damaged_contents(), sender=st.sampled_from(["user", "bot", "system", "x", None]), data=st.data())
@settings(max_examples=400, deadline=None)
def test_a_damaged_content_is_a_message_or_a_dead_letter_and_its_neighbours_are_unharmed(content, sender, data):
    neighbours = row(0, webhook(), sender="user"), row(2, send_body())
    sound = told(2, {"status": "1", "message": list(neighbours)})
    # Given
    damaged = row(1, sender=sender) | {"message_content": content}
    rows = [neighbours[0], damaged, neighbours[1]]
    body = {"status": "1", "message": data.draw(st.sampled_from([rows, text_of(rows)]))}
    # When
    found = told(3, body)
    # Then
    assert {name: found[name] for name in ("9000", "8998")} == sound


@given(name=st.sampled_from([*row(), "read_time", "failed_time"]), strange=values, content=st.sampled_from(CONTENTS))
@settings(max_examples=300, deadline=None)
def test_a_damaged_field_is_a_message_or_a_dead_letter(name, strange, content):
    for sender in ("user", "bot"):
        told(1, {"status": "1", "message": [row(1, content, sender=sender) | {name: strange}]})
