"""The committed schemas, the records that are encoded, and what the encoder really writes agree."""

from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from workers.events import schemas
from workers.events.encoding import EventEncoder
from workers.events.payload import ConversationName
from workers.events.source import Source
from workers.model import (
    Assignee,
    Author,
    Contact,
    Conversation,
    ConversationState,
    Feed,
    Media,
    Message,
    Normalised,
    Reference,
    Status,
    StatusError,
)
from workers.reconcile.cursor import Cursor, Newest
from workers.reconcile.outcome import Change, ConversationChange, Gap, Letter, Outcome
from workers.redaction import Redactor

DIRECTORY = Path(__file__).parents[2] / "schemas"
FEED = Feed(key="loja/c/v", account="loja", values={"channel_id": "c", "conversation_id": "v"})


def encoder(**options):
    conversation = ConversationName(id="loja/v", provider_id="v")
    return EventEncoder(
        Source(provider="ogmma", account="loja", feed=FEED, conversation=conversation, **options), Redactor(())
    )


def change(**fields):
    message = Message(
        id="m1", direction="outbound", author=Author(kind="bot"), sent_at="2026-01-05T12:00:00.000Z", type="image",
        provider_type="image", text="oi", media=Media(url="https://x/y"), reply_to=Reference(id="m0"),
        status=Status(state="failed", provider="F", at="2026-01-05T12:00:01.000Z", error=StatusError(message="no")),
    )  # fmt: skip
    conversation = Conversation(id="loja/v", provider_id="v", contact=Contact(address="5511988880000"))
    normalised = Normalised(conversation=conversation, message=message)
    return Change(
        **({"kind": "created", "normalised": normalised, "time": 1_767_614_400_000, "origin": "live"} | fields)
    )


def test_the_committed_schemas_are_those_of_the_records():
    for name, content in schemas.files().items():
        assert DIRECTORY.joinpath(name).read_bytes() == content, f"{name} differs: run `make schemas`"


@pytest.mark.parametrize("name", [*schemas.RECORDS, "feed-definition"])
def test_every_schema_is_a_valid_schema(name):
    Draft202012Validator.check_schema(orjson.loads(schemas.files()[f"{name}.schema.json"]))


def outcomes():
    letter = Letter(scope="row", reason="no_id", detail="it has none", digest=b"123456", payload="{}")
    gap = Gap(reason="page_limit", after=Newest(id="m0", time=1), before=None)
    state = ConversationState(
        id="loja/v", provider_id="v", contact=Contact(address="5511988880000"), state="open",
        assigned_to=Assignee(id="a1", name="Bia"), unread=3, updated_at="2026-01-05T12:00:00.000Z",
    )  # fmt: skip
    told = ConversationChange(state=state, changed=("unread",), revision=1, digest=b"1")
    return {
        "message": Outcome(
            cursor=Cursor(contact=1), changes=(change(), change(kind="updated", changed=("status", "envelope")))
        ),
        "conversation": Outcome(cursor=Cursor(contact=1), conversation=told),
        "gap": Outcome(cursor=Cursor(contact=1), gaps=(gap,)),
        "dead-letter": Outcome(cursor=Cursor(contact=1), letters=(letter,)),
    }


@pytest.mark.parametrize("name", list(schemas.RECORDS))
def test_what_the_encoder_writes_satisfies_the_schema_that_it_names(name):
    # Given an outcome of this kind
    validator = Draft202012Validator(schemas.schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER)
    # When it is encoded
    events = encoder().events(outcomes()[name], 1_767_614_400_000)
    # Then each event names its schema and satisfies it, with every field of the contract present
    assert events
    for event in events:
        assert dict(event.headers)["ce_dataschema"].decode() == f"urn:afluente:schema:{name}:v1"
        validator.validate(orjson.loads(event.value))


def test_a_field_that_is_missing_is_refused_by_the_schema():
    data = orjson.loads(encoder().events(outcomes()["message"], 0)[0].value)
    del data["message"]["status"]
    assert not Draft202012Validator(schemas.schema("message")).is_valid(data)


def test_an_account_that_includes_raw_rows_still_satisfies_the_schema():
    outcome = Outcome(cursor=Cursor(contact=1), changes=(change(raw={"id": "m1"}),))
    event = encoder(include_raw=True).events(outcome, 0)[0]
    data = orjson.loads(event.value)
    assert data["raw"] == {"id": "m1"}
    Draft202012Validator(schemas.schema("message")).validate(data)
