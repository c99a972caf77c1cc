"""schemas/asyncapi.yaml is made from the code, says what the encoder writes, and has the form of AsyncAPI 3.0.0."""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.asyncapi.document import EVENTS, document
from tests.asyncapi.written import written
from tests.examples.scenes import events
from workers.events import schemas
from workers.reconcile.cursor import Cursor
from workers.reconcile.cursor_records import records
from workers.settings.kafka import TopicNames
from workers.stream.topics import _wanted

DIRECTORY = Path(__file__).parents[3] / "schemas"
#: The fields that each object may have, and those that it must have: AsyncAPI 3.0.0, section "Schema".
ROOT = ({"asyncapi", "info", "defaultContentType", "channels", "operations", "components"}, {"asyncapi", "info"})
CHANNEL = ({"address", "messages", "description", "bindings"}, set())
OPERATION = ({"action", "channel", "description"}, {"action", "channel"})
MESSAGE = ({"name", "summary", "contentType", "headers", "payload", "bindings"}, set())
KAFKA_CHANNEL = ({"partitions", "topicConfiguration", "bindingVersion"}, set())
KAFKA_MESSAGE = ({"key", "bindingVersion"}, set())
#: Records of each type that are compared.
ENOUGH = 20


def test_the_committed_document_is_that_of_the_code():
    assert (DIRECTORY / "asyncapi.yaml").read_text() == written(document()), "run `make schemas`"


# --- its form ----------------------------------------------------------------------------------------------


def test_every_object_has_fields_of_the_specification_only():
    told = document()
    assert told["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(told["info"])
    shaped(told, ROOT)
    for channel in told["channels"].values():
        shaped(channel, CHANNEL)
        shaped(channel["bindings"]["kafka"], KAFKA_CHANNEL)
    for operation in told["operations"].values():
        shaped(operation, OPERATION)
        assert operation["action"] in {"send", "receive"}
    for message in told["components"]["messages"].values():
        shaped(message, MESSAGE)
        shaped(message["bindings"]["kafka"], KAFKA_MESSAGE)
        assert set(message["payload"]) == {"schemaFormat", "schema"}


def shaped(value, fields):
    may, must = fields
    assert must <= set(value) <= may


def test_every_reference_leads_somewhere():
    told = document()
    found = re.findall(r'"\$ref": "([^"]+)"', json.dumps(told))
    assert found
    for reference in found:
        if not reference.startswith("#/"):
            assert (DIRECTORY / reference).is_file()
            continue
        place = told
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


# --- it agrees with the code -------------------------------------------------------------------------------


def test_channels_are_the_topics_that_are_made():
    # Given the topics as `afluente topics create` makes them
    wanted = _wanted(TopicNames())
    # Then the document has these, under their default names and policies
    channels = {channel["address"]: channel for channel in document()["channels"].values()}
    assert set(channels) == set(wanted)
    for name, channel in channels.items():
        policies = channel["bindings"]["kafka"]["topicConfiguration"]["cleanup.policy"]
        assert policies == [wanted[name]["cleanup.policy"]]


def test_every_schema_has_its_messages():
    assert set(schemas.RECORDS) <= {event.schema for event in EVENTS}


@cache
def registry():
    made = {f"./{name}": Resource.from_contents(orjson.loads(content)) for name, content in schemas.files().items()}
    return Registry().with_resources(made.items())


def complaints(schema, value):
    validator = Draft202012Validator(schema, registry=registry(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(value)]


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_what_the_encoder_writes_is_what_the_document_says(mode):
    # Given everything that simulated accounts have to say, in this content mode
    told = document()["components"]["messages"]
    names = {event.type: event.name + ("Structured" if mode == "structured" else "") for event in EVENTS}
    seen = Counter()
    for record in (*events("ogmma", mode), *events("wegly", mode)):
        # When its record is held against the message of its type
        headers = {name: value.decode() for name, value in record.headers}
        value = orjson.loads(record.value)
        type_ = value["type"] if mode == "structured" else headers["ce_type"]
        seen[type_] += 1
        if seen[type_] > ENOUGH:
            continue
        message = told[names[type_]]
        # Then headers and value are as it says, and no header is missing in it
        assert set(headers) == set(message["headers"]["properties"])
        assert headers["content-type"] == message["contentType"]
        assert not complaints(message["headers"], headers)
        assert not complaints(message["payload"]["schema"], value)
        if mode == "structured":
            assert set(value) == set(message["payload"]["schema"]["properties"])
    assert set(seen) == {event.type for event in EVENTS}


def test_a_cursor_is_one_json_object():
    value = next(value for key, value in records("loja/c/v", None, Cursor(contact=1)) if key == b"loja/c/v")
    assert isinstance(orjson.loads(value), dict)
