"""Schemas only ever grow within v1, and every kind of break is found."""

import copy

import orjson
import pytest

from tests.unit.schemas.growth import RELEASED, broken, problems
from workers.events import schemas
from workers.events.schemas import GROWS


def message():
    return copy.deepcopy(schemas.schema("message"))


def definition():
    return copy.deepcopy(schemas.feed_definition_schema())


def test_the_present_schemas_only_grew_out_of_the_released_ones():
    assert not problems()


def test_every_present_schema_was_released():
    released = {path.name for path in RELEASED.glob("*.json")}
    assert released == set(schemas.files()), "run `make release-schemas` and look at what changes"


def test_a_schema_breaks_nothing_of_itself():
    for content in schemas.files().values():
        assert not broken(orjson.loads(content), orjson.loads(content))


# --- mutants -----------------------------------------------------------------------------------------------


def nodes(value, path=()):
    """Every schema inside a schema, with the way to it."""
    if isinstance(value, dict):
        if value.keys() & {"type", "enum", "anyOf", "properties", "$ref"} and path[-1:] not in {
            ("properties",),
            ("$defs",),
        }:
            yield path, value
        for name, inner in value.items():
            yield from nodes(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from nodes(inner, (*path, number))


def mutants(schema):
    """Every schema that breaks this one in one place, with a word for how."""
    written = orjson.dumps(schema)
    for path, node in nodes(schema):
        for how, change in changes(node):
            mutant = place = orjson.loads(written)
            for step in path:
                place = place[step]
            place.clear()
            place.update(change)
            yield f"{how} at {'/'.join(map(str, path)) or 'the top'}", mutant


def changes(node):
    for name in node.get("properties", {}):
        rest = {key: shape for key, shape in node["properties"].items() if key != name}
        yield f"{name} taken away", {**node, "properties": rest}
    for name in node.get("required", ()):
        yield f"{name} optional", {**node, "required": [other for other in node["required"] if other != name]}
    for word in node.get("enum", ()):
        yield f"without {word}", {**node, "enum": [other for other in node["enum"] if other != word]}
    if "enum" in node and node.get("$comment") != GROWS:
        yield "another word", {**node, "enum": [*node["enum"], "another"]}
    if "type" in node:
        wider = node["type"] if isinstance(node["type"], list) else [node["type"]]
        yield "another type", {**node, "type": "boolean" if node["type"] != "boolean" else "string"}
        yield "one type more", {**node, "type": [*wider, "boolean"]}
    if "format" in node:
        yield "without its format", {key: value for key, value in node.items() if key != "format"}
    if "anyOf" in node:
        yield "one shape more", {**node, "anyOf": [*node["anyOf"], {"type": "array"}]}
        yield "one shape less", {**node, "anyOf": node["anyOf"][1:]}
        yield "another shape", {**node, "anyOf": [{"type": "array"}, *node["anyOf"][1:]]}


@pytest.mark.parametrize("name", list(schemas.RECORDS))
def test_each_kind_of_break_is_found_wherever_it_is_made(name):
    schema, count = schemas.schema(name), 0
    for how, mutant in mutants(schema):
        assert broken(schema, mutant), how
        count += 1
    assert count > 20


def test_the_sentence_of_a_break_names_its_place():
    mutant = message()
    del mutant["$defs"]["Status"]["properties"]["provider"]
    assert broken(message(), mutant) == ("$.message.status.provider: was taken away",)


def test_what_others_write_may_not_be_asked_for_more():
    needs_more = definition()
    needs_more["required"] = [*needs_more["required"], "state"]
    assert broken(definition(), needs_more, taken=True) == ("$.state: must be given now",)
    asks_less = definition()
    asks_less["required"] = ["account"]
    assert not broken(definition(), asks_less, taken=True)
    narrower = definition()
    narrower["properties"]["state"]["enum"] = ["active"]
    assert broken(definition(), narrower, taken=True) == ("$.state: no longer paused",)


# --- growth ------------------------------------------------------------------------------------------------


def test_a_new_property_is_growth_wherever_it_stands():
    grown = message()
    for where in (grown, grown["$defs"]["Message"], grown["$defs"]["Media"]):
        where["properties"]["further"] = {"type": "string"}
        where["required"] = [*where["required"], "further"]
    assert not broken(message(), grown)


def test_a_list_that_says_it_grows_may_grow():
    grown = message()
    grown["$defs"]["Message"]["properties"]["type"]["enum"].append("poll")
    grown["properties"]["changed"]["items"]["enum"].append("poll")
    assert not broken(message(), grown)


def test_a_list_that_was_closed_stays_closed_whatever_it_says_now():
    grown = message()
    state = grown["$defs"]["Status"]["properties"]["state"]
    state["enum"].append("seen")
    state["$comment"] = GROWS
    assert broken(message(), grown) == ("$.message.status.state: a closed list has seen beside what it had",)


def test_words_about_a_property_and_the_name_of_a_definition_are_nobodys_business():
    grown = message()
    grown["title"], grown["$defs"]["Media"]["description"] = "Another", "Other words."
    text = orjson.dumps(grown).replace(b"#/$defs/Media", b"#/$defs/File").replace(b'"Media":', b'"File":')
    assert not broken(message(), orjson.loads(text))


def test_a_definition_may_take_a_word_more():
    grown = definition()
    grown["properties"]["state"]["enum"].append("slow")
    grown["properties"]["priority"] = {"type": "integer"}
    assert not broken(definition(), grown, taken=True)
