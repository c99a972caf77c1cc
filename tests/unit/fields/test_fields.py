"""Every documented field has a place in an event or a reason, and docs/fields.md says which."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.simulated import Simulated, decoded
from tests.unit.fields.documented import providers
from tests.unit.fields.paths import below, shown
from tests.unit.fields.table import COMMAND, Unaccounted, accounted_fields, accounted_requests, table
from workers.providers import PROVIDERS
from workers.simulator.rooms import ROOMS

DOCUMENT = Path(__file__).parents[3] / "docs" / "fields.md"
OF = {provider.name: provider for provider in providers()}
CALLS = [
    pytest.param(provider, call, id=f"{provider.name}-{call.name}")
    for provider in providers()
    for call in provider.calls
]


def test_the_document_says_what_the_adapters_do():
    assert table() == DOCUMENT.read_text(), f"docs/fields.md differs from what the adapters do: run `{COMMAND}`"


def test_every_provider_has_its_documented_fields():
    assert set(OF) == set(PROVIDERS)


@pytest.mark.parametrize(("provider", "call"), CALLS)
def test_every_documented_field_has_a_place_or_a_reason(provider, call):
    assert set(accounted_fields(provider, call)) == set(call.fields)
    assert set(accounted_requests(provider, call)) == set(call.request)


@pytest.mark.parametrize(("provider", "call"), CALLS)
def test_reasons_and_other_values_are_of_documented_fields(provider, call):
    assert {*call.left_out, *call.other} <= {*call.fields, *call.request}


@pytest.mark.parametrize(("provider", "call"), CALLS)
def test_whatever_a_sample_shows_is_documented(provider, call):
    for sample in call.samples:
        assert not undocumented(provider, shown(provider.body(call, sample)))


def undocumented(provider, paths):
    """Of these paths those that no documented field is or holds; one whose parts are documented holds nothing else."""
    known = {call.whole(name) for call in provider.calls for name in call.fields}
    holders = {name for name in known if any(name != other and below(other, name) for other in known)}
    empty = {"", "[]"}  # a page without rows shows no field
    return {
        path
        for path in paths - known - empty
        if not any(below(path, name) for name in known - holders) and not any(below(name, path) for name in known)
    }


@pytest.mark.parametrize("provider", sorted(set(ROOMS) & set(OF)))
def test_whatever_a_simulated_page_shows_is_documented(provider):
    # Given the simulated provider in every reading of what is unknown about it
    documented = OF[provider]
    seen: dict[str, tuple[str, ...]] = {}
    for switches in Simulated.readings(provider):
        # When all its pages are asked for
        for page in Simulated(provider, switches=switches, history=40).pages():
            body = decoded(page, documented.texts | {"message"})
            if isinstance(body, list) and documented.envelope:
                body = {documented.envelope: body}
            seen |= dict.fromkeys(shown(body) - seen.keys(), switches)
    # Then no key of theirs is missing in the list
    missing = undocumented(documented, set(seen))
    assert not missing, {path: seen[path] for path in missing}


# --- the proof can fail ------------------------------------------------------------------------------------


def changed(call, **fields):
    return replace(call, **fields)


def history():
    return OF["99digital"], next(call for call in OF["99digital"].calls if call.name == "history")


def test_a_field_that_nobody_accounted_for_is_found():
    provider, call = history()
    sample = replace(call.samples[0], body=[{**call.samples[0].body[0], "new_field": "x"}])
    wider = changed(call, fields={"[].unique": "id", "[].new_field": "new"}, samples=(sample,))
    with pytest.raises(Unaccounted, match=r"new_field goes nowhere"):
        accounted_fields(provider, wider)


def test_a_reason_for_a_field_that_has_a_place_is_refused():
    provider, call = history()
    with pytest.raises(Unaccounted, match=r"unique is said to be left out and goes to `message\.id`"):
        accounted_fields(provider, changed(call, left_out={"[].unique": "because"}))


def test_a_field_that_no_sample_shows_is_found():
    provider, call = history()
    with pytest.raises(Unaccounted, match=r"no sample shows \[\]\.caption"):
        accounted_fields(provider, changed(call, fields={"[].caption": "words"}))


def test_a_key_that_a_page_shows_and_no_page_of_the_documentation_has_is_found():
    assert undocumented(OF["99digital"], {"[].unique", "[].edited_at"}) == {"[].edited_at"}
    content = "message[].message_content"
    assert undocumented(OF["wizebot"], {f"{content}.text.body", f"{content}.poll.options"}) == {
        f"{content}.poll.options"
    }


def test_a_parameter_that_is_never_sent_needs_a_reason():
    provider, call = history()
    with pytest.raises(Unaccounted, match=r"body\.since goes nowhere"):
        accounted_requests(provider, changed(call, request={"body.since": "a time"}))
