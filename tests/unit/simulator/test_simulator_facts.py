"""What a row says, as facts: kept small, compared, and never more than the row shows."""

from workers.simulator.bending import HALF_PAIR, RowFields, bend
from workers.simulator.facts import common, packed, says_no_more, unpacked
from workers.simulator.records import Row, ShownState


def state(status="sent", **facts):
    return ShownState("text", status, "olá", None, packed(facts))


def test_the_same_facts_are_the_same_bytes_in_whatever_order():
    assert packed({"a": 1, "b": None}) == packed({"b": None, "a": 1})
    assert unpacked(packed({"a": [1]})) == {"a": [1]}
    assert unpacked(b"") == {}


def test_facts_that_two_rows_share_are_those_with_one_value():
    assert unpacked(common(packed({"a": 1, "b": 2, "c": 3}), packed({"a": 1, "b": 0}))) == {"a": 1}


def test_a_list_that_shows_less_of_a_message_shows_no_other_state():
    assert says_no_more(state(a=1), than=state(a=1, b=2))
    assert not says_no_more(state(a=1, b=2), than=state(a=1))
    assert not says_no_more(state(a=1), than=state(a=2))
    assert not says_no_more(state("read", a=1), than=state(a=1))


def bent(*tricks):
    """A row of one text, played with, and its facts."""

    class Message:
        id, text, kind = "m1", "olá", "text"

    def render(text):
        facts = {"text": text, "type": "text"}
        return {"id": "m1", "text": text}, ShownState("text", None, text, None, packed(facts))

    row = Row(b"{}", Message, state=render("olá")[1])
    return unpacked(bend(row, tricks, RowFields("id", "time", "text"), render, "a secret").state.facts)


def test_half_a_surrogate_pair_is_told_as_a_replacement():
    told = bent("broken_surrogate")["text"]
    assert told == "olá\ufffd"
    assert HALF_PAIR not in told


def test_words_that_hold_the_key_are_no_fact_since_an_event_has_something_else():
    assert bent("echo_in_text") == {"type": "text"}


def test_a_bent_row_without_other_words_says_all_that_a_straight_one_does():
    assert bent("nan") == {"text": "olá", "type": "text"}
