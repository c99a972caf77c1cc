"""The committed examples are what the code makes now, satisfy the schemas that they name, and are CloudEvents."""

import re
from pathlib import Path

import orjson
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator

from tests.examples import files
from tests.examples.reader import Reader
from tests.support.simulated import Simulated
from workers.events import schemas
from workers.model import MESSAGE_TYPES

DIRECTORY = Path(__file__).parents[3] / "schemas" / "examples"
COMMITTED = {path.relative_to(DIRECTORY).as_posix(): path.read_bytes() for path in sorted(DIRECTORY.glob("*/*"))}
#: Attributes of CloudEvents that our events have; names have lower-case letters and digits only.
ATTRIBUTES = {"specversion", "id", "source", "type", "subject", "time", "dataschema", "partitionkey"}


def test_the_committed_examples_are_what_the_code_makes():
    made = dict(files.files())
    assert sorted(COMMITTED) == sorted(made), "run `make schemas`"
    for name, content in made.items():
        assert COMMITTED[name] == content, f"schemas/examples/{name} differs: run `make schemas`"


@pytest.mark.parametrize("name", COMMITTED)
def test_the_data_satisfies_the_schema_that_the_event_names(name):
    # Given an example and the schema of its `dataschema`
    told = orjson.loads(COMMITTED[name])
    schema = re.fullmatch(r"urn:afluente:schema:([a-z-]+):v1", told["headers"]["ce_dataschema"])
    assert schema
    validator = Draft202012Validator(schemas.schema(schema[1]), format_checker=Draft202012Validator.FORMAT_CHECKER)
    # Then its data has every field of the contract, in its form
    validator.validate(told["data"])


@pytest.mark.parametrize("name", COMMITTED)
def test_the_headers_are_those_of_a_cloudevent(name):
    # Given an example as a record of Kafka
    told = orjson.loads(COMMITTED[name])
    headers = {header: value.encode() for header, value in told["headers"].items()}
    record = KafkaMessage(headers=headers, key=told["key"].encode(), value=orjson.dumps(told["data"]))
    # When others read it
    event = from_kafka(record, JSONFormat())  # refuses what is no valid event
    # Then it is what was meant
    assert {name.removeprefix("ce_") for name in headers} == ATTRIBUTES | {"content-type"}
    assert told["headers"]["ce_time"] == event.get_time().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    assert event.get_source() == f"/afluente/{told['data']['provider']}/{told['data']['account']}"
    assert event.get_extension("partitionkey") == told["key"]
    assert event.get_datacontenttype() == "application/json"
    assert event.get_data() == told["data"]


@pytest.mark.parametrize("name", COMMITTED)
def test_key_and_subject_are_those_of_the_contract(name):
    told = orjson.loads(COMMITTED[name])
    data, headers = told["data"], told["headers"]
    conversation = (data.get("conversation") or {}).get("id")
    if told["topic"] == "afluente.dead-letters":
        expected = (data["feed"]["key"], data["feed"]["key"])
    elif headers["ce_type"] == "afluente.feed.gap":
        expected = (conversation or data["feed"]["key"], data["feed"]["key"])
    elif headers["ce_type"] == "afluente.conversation.updated":
        expected = (conversation, conversation)
    else:
        expected = (conversation, data["message"]["id"])
        assert headers["ce_type"].endswith("updated" if data["changed"] else "created")
        assert (data["message"]["revision"] > 0) is bool(data["changed"])
    assert (told["key"], headers["ce_subject"]) == expected


@pytest.mark.parametrize("provider", files.SIMULATED)
def test_there_is_an_example_of_everything_that_a_simulated_provider_can_show(provider):
    # Given the provider in every reading of what is unknown about it
    shown = set()
    for switches in Simulated.readings(provider):
        # When its feeds are read
        simulated = Simulated(provider, switches=switches, history=60)
        shown |= set(files.most_telling(Reader(simulated).poll()))
    # Then each type that came has its example, and no type is out of the contract's list
    examples = {Path(name).stem for name in COMMITTED if name.startswith(f"{provider}/")}
    assert shown <= examples
    assert {"updated", "gap", "dead-letter"} <= examples
    assert examples <= {*MESSAGE_TYPES, *files.NAMES.values()}
