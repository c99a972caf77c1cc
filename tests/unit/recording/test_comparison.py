"""Events against events: what differs, and where."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.recording.comparison import ABSENT, Field, differences


def event(subject="m1", kind="afluente.message.created", **fields):
    return orjson.dumps({"type": kind, "subject": subject, **fields})


def test_equal_events_differ_in_nothing():
    events = [event("m1"), event("m2")]
    assert differences(events, events) == ()


def test_the_order_of_fields_does_not_matter():
    assert differences([b'{"type":"t","subject":"s"}'], [b'{"subject":"s","type":"t"}']) == ()


def test_each_field_that_differs_is_told_with_its_path():
    # When
    stored = event(data={"text": "a", "status": {"state": "sent"}, "list": [{"x": 1}], "old": 1})
    now = event(data={"text": "a", "status": {"state": "read"}, "list": [{"x": 2}], "new": None})
    (found,) = differences([stored], [now])
    # Then
    assert (found.kind, found.subject) == ("changed", "m1")
    assert found.fields == (
        Field(path="data.status.state", stored="sent", now="read"),
        Field(path="data.list[0].x", stored=1, now=2),
        Field(path="data.old", stored=1, now=ABSENT),
        Field(path="data.new", stored=ABSENT, now=None),
    )


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), (1, 1.0), ("1", 1), ([1], [1, 2]), (None, {})])
def test_a_type_or_a_length_is_a_difference_too(one, other):
    (found,) = differences([event(x=one)], [event(x=other)])
    assert found.fields == (Field(path="x", stored=one, now=other),)


def test_events_that_are_gone_or_new_are_told():
    found = differences([event("m1"), event("m2")], [event("m2"), event("m3"), event("m2")])
    assert [(one.kind, one.subject) for one in found] == [("gone", "m1"), ("new", "m3"), ("new", "m2")]


def test_the_same_events_in_another_order_are_told():
    found = differences([event("m1"), event("m2")], [event("m2"), event("m1")])
    assert {one.kind for one in found} == {"moved"}


def test_a_changed_id_is_a_field_that_differs():
    (found,) = differences([event(id="1")], [event(id="2")])
    assert found.fields == (Field(path="id", stored="1", now="2"),)


@pytest.mark.parametrize("line", [b"", b"[]", b"{"])
def test_a_line_that_is_no_event_is_told(line):
    with pytest.raises(ValueError, match=r"."):
        differences([line], [])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@given(json_values, json_values)
@settings(max_examples=300, deadline=None)
def test_two_values_differ_exactly_where_their_json_does(one, other):
    found = differences([event(x=one)], [event(x=other)])
    assert bool(found) == (
        orjson.dumps(one, option=orjson.OPT_SORT_KEYS) != orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
    )
