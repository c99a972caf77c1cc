"""The judge is proven: every way to break a promise is made by hand, and it must be condemned for it."""

from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.demo.due import Due, due
from workers.demo.judge import Verdict, as_json, judge
from workers.demo.reading import Seen
from workers.times import iso

#: Times of the world's messages: this (epoch ms), and ten seconds later for each further one.
BEGIN, STEP = 1_767_614_400_000, 10_000
STATUSES = ("PENDING", "SENT", "DELIVERED", "READ")


#: What every row of this world says, beside its words.
FACTS = {
    "direction": "outbound",
    "author.kind": "bot",
    "author.name": None,
    "from": "551130000000",
    "to": "551198123000",
    "type": "image",
    "provider_type": "image",
    "wamid": "wamid.1",
    "media.url": "https://files.example/1.jpg",
    "media.available": True,
    "location.latitude": -23.5,
    "contacts.0.name": "Ana",
    "contacts.0.phones.0.number": "5511",
    "interactive.title": "Sim",
    "order.items.0.product_id": "SKU-7",
    "call.duration_seconds": 61,
    "reaction.emoji": "👍",
    "reactions": [{"emoji": "❤️", "by": {"kind": "contact", "address": "5511"}, "at": None}],
    "reply_to.id": "m0",
    "status.error.message": None,
    "conversation.contact.address": "551198123000",
}


def event_of(facts: dict) -> dict:
    """An event's data that says these things."""
    data: dict = {"message": {}, "conversation": {}}
    for name, value in facts.items():
        *path, last = name.split(".") if name.startswith("conversation.") else ("message", *name.split("."))
        place = data
        for part, following in zip(path, [*path[1:], last], strict=True):
            new = [] if following.isdigit() else {}
            if isinstance(place, list):
                if not place:
                    place.append(new)
                place = place[0]
            else:
                place = place.setdefault(part, new)
        place[last] = value
    return data


# --- a world in which everything goes well ----------------------------------------------------------------


def line(message: int, *states: str, conversation: str = "c1", text: str = "olá", **other) -> dict:
    """A line of the ledger, shown a second after the message's own time."""
    at = BEGIN + message * STEP
    shown = [{"first_shown_ms": at + 1000, "type": "text", "status": s, "text": text, "media": None} for s in states]
    return {
        "account": "loja",
        "provider": "ogmma",
        "feed": ("ch", conversation),
        "conversation": conversation,
        "message": f"m{message}",
        "direction": "outbound",
        "time_ms": at,
        "first_shown_ms": at + 1000 if states else None,
        "states": shown,
        "poison": False,
        "poison_first_shown_ms": None,
        "bent": (),
        "facts": {**FACTS, "text": text},
        **other,
    }


class Stream:
    """The output topics, filled event by event; `gap` is the marker at the end of a transaction."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.offset = 0

    def marker(self) -> "Stream":
        self.offset += 1
        return self

    def put(self, kind: str, name: str, data: dict, *, key: str, at: int, partition: int = 0) -> "Stream":
        attributes = {"type": f"afluente.{kind}", "id": name, "source": "/afluente/ogmma/loja"}
        self.seen.append(
            Seen(
                attributes=attributes,
                data=data,
                key=key,
                topic="messages",
                partition=partition,
                offset=self.offset,
                timestamp_ms=at,
            )
        )
        self.offset += 1
        return self

    def created(self, message: int, status: str = "SENT", **other) -> "Stream":
        return self._told(message, 0, status, **other)

    def updated(self, message: int, revision: int, status: str, **other) -> "Stream":
        return self._told(message, revision, status, **other)

    def _told(
        self,
        message: int,
        revision: int,
        status: str,
        *,
        conversation: str = "c1",
        text: str = "olá",
        facts: dict | None = None,
        origin: str = "live",
        name: str | None = None,
        state: str | None = "",
        key: str = "",
        partition: int = 0,
        at: int | None = None,
    ) -> "Stream":
        kind = "updated" if revision else "created"
        says = event_of({**FACTS, "text": text, **(facts or {})})
        data = {
            "account": "loja",
            "conversation": {**says["conversation"], "provider_id": conversation},
            "message": {
                **says["message"],
                "id": f"m{message}",
                "revision": revision,
                "sent_at": iso(BEGIN + message * STEP),
                "status": {
                    **says["message"]["status"],
                    "state": status.lower() if state == "" else state,
                    "provider": status,
                },
            },
            "origin": origin,
            "observed_at": iso(BEGIN + message * STEP + 1500),
        }
        at = BEGIN + message * STEP + 2000 if at is None else at
        name = name or f"{message}/{revision}/{status}"
        return self.put(f"message.{kind}", name, data, key=key or f"loja/{conversation}", at=at, partition=partition)

    def letter(self, message: int | None) -> "Stream":
        data = {"account": "loja", "row_id": None if message is None else f"m{message}"}
        return self.put("dead-letter", f"letter {message}", data, key="loja/ch/c1", at=BEGIN)

    def gap(self) -> "Stream":
        return self.put("feed.gap", "gap", {"account": "loja"}, key="loja/ch/c1", at=BEGIN)


def verdict_of(shown: list[dict], stream: Stream) -> Verdict:
    return judge(shown, stream.seen)


def test_a_stream_that_keeps_every_promise_is_clean_and_counted():
    # Given
    shown = [line(1, "SENT", "READ"), line(2, "DELIVERED"), line(3, "SENT", conversation="c2"), line(4)]
    stream = Stream().created(1).created(2, "DELIVERED").marker().updated(1, 1, "READ")
    stream.created(3, conversation="c2").gap()
    # When
    verdict = verdict_of(shown, stream)
    # Then
    assert verdict.clean
    assert (verdict.shown, verdict.published, verdict.updates, verdict.gaps) == (3, 3, 1, 1)
    assert verdict.mean_delay_seconds == 2.0
    assert b'"shown":3' in as_json(verdict)


def test_nothing_shown_and_nothing_published_is_clean():
    assert judge([], []).clean


# --- every promise broken ---------------------------------------------------------------------------------


def test_a_message_that_was_shown_and_is_nowhere_is_lost():
    verdict = verdict_of([line(1, "SENT"), line(2, "SENT")], Stream().created(1))
    assert not verdict.clean
    assert verdict.lost == 1
    assert "m2" in verdict.faults[0]


def test_an_update_without_its_message_does_not_make_up_for_the_loss():
    verdict = verdict_of([line(1, "SENT", "READ")], Stream().updated(1, 1, "READ"))
    assert verdict.lost == verdict.disordered == 1


def test_a_dead_letter_stands_for_its_row_and_for_no_other():
    # Given two unreadable rows, of which one was told
    shown = [line(1, "SENT"), line(2, "SENT")]
    # Then
    verdict = verdict_of(shown, Stream().letter(1).letter(None))
    assert (verdict.lost, verdict.dead_lettered) == (1, 2)


@pytest.mark.parametrize("name", [None, "another id"])
def test_a_message_that_is_created_twice_is_told_twice_under_whatever_id(name):
    verdict = verdict_of([line(1, "SENT")], Stream().created(1).marker().created(1, name=name))
    assert not verdict.clean
    assert verdict.twice == 1


def test_an_update_that_comes_twice_is_told_twice_and_out_of_order():
    stream = Stream().created(1).updated(1, 1, "READ").marker().updated(1, 1, "READ")
    verdict = verdict_of([line(1, "SENT", "READ")], stream)
    assert (verdict.twice, verdict.disordered) == (1, 1)


def test_a_dead_letter_or_a_gap_that_comes_twice_is_told_twice():
    assert verdict_of([], Stream().letter(1).letter(1).gap().marker().gap()).twice == 2


def test_a_message_that_nobody_showed_is_invented():
    verdict = verdict_of([line(1, "SENT")], Stream().created(1).created(2))
    assert not verdict.clean
    assert verdict.invented == 1


def test_a_status_that_nobody_showed_is_invented():
    verdict = verdict_of(
        [line(1, "SENT", "READ")], Stream().created(1).updated(1, 1, "DELIVERED").updated(1, 2, "READ")
    )
    assert verdict.invented == 1


def test_a_message_under_another_conversation_is_invented_there_and_lost_here():
    verdict = verdict_of([line(1, "SENT")], Stream().created(1, conversation="c2"))
    assert (verdict.lost, verdict.invented) == (1, 1)


def test_an_update_before_its_message_is_out_of_order():
    verdict = verdict_of([line(1, "SENT", "READ")], Stream().updated(1, 1, "READ").marker().created(1))
    assert not verdict.clean
    assert verdict.disordered >= 1


@pytest.mark.parametrize("revisions", [(2,), (1, 1), (1, 3), (2, 1)])
def test_updates_that_are_not_numbered_one_after_the_other_are_out_of_order(revisions):
    # Given
    stream = Stream().created(1, "PENDING")
    for number, revision in enumerate(revisions, 1):
        stream.marker().updated(1, revision, STATUSES[number])
    # Then
    verdict = verdict_of([line(1, *STATUSES[: len(revisions) + 1])], stream)
    assert not verdict.clean
    assert verdict.disordered >= 1


def test_a_message_that_begins_with_another_revision_than_0_is_out_of_order():
    stream = Stream().put("message.created", "1", Stream().updated(1, 1, "SENT").seen[0].data, key="loja/c1", at=BEGIN)
    assert verdict_of([line(1, "SENT")], stream).disordered == 1


def test_a_status_that_goes_backwards_is_out_of_order():
    stream = Stream().created(1, "READ").marker().updated(1, 1, "DELIVERED")
    verdict = verdict_of([line(1, "READ", "DELIVERED")], stream)
    assert not verdict.clean
    assert any("backwards" in fault for fault in verdict.faults)


def test_a_status_that_is_forgotten_for_an_update_went_backwards():
    stream = Stream().created(1, "READ").marker().updated(1, 1, "READ", state=None)
    assert verdict_of([line(1, "READ")], stream).disordered == 1


@pytest.mark.parametrize("other", [{"key": "loja/other"}, {"partition": 1}])
def test_a_conversation_under_two_keys_or_in_two_partitions_is_out_of_order(other):
    verdict = verdict_of([line(1, "SENT"), line(2, "SENT")], Stream().created(1).created(2, **other))
    assert not verdict.clean
    assert verdict.disordered == 1


def test_live_messages_of_one_transaction_must_ascend():
    verdict = verdict_of([line(1, "SENT"), line(2, "SENT")], Stream().created(2).created(1))
    assert not verdict.clean
    assert verdict.disordered == 1


def test_a_message_that_showed_late_may_come_in_a_later_transaction():
    assert verdict_of([line(1, "SENT"), line(2, "SENT")], Stream().created(2).marker().created(1)).clean


def test_conversations_do_not_wait_for_each_other():
    shown = [line(1, "SENT"), line(2, "SENT", conversation="c2")]
    assert verdict_of(shown, Stream().created(2, conversation="c2").created(1)).clean


def test_a_history_ascends_across_transactions():
    # Given two old messages that were both shown before the younger one was looked for
    shown = [line(1, "SENT"), line(2, "SENT")]
    stream = Stream().created(2, origin="backfill").marker().created(1, origin="backfill")
    # Then
    verdict = verdict_of(shown, stream)
    assert not verdict.clean
    assert verdict.disordered == 1


def test_a_row_of_a_history_that_was_not_shown_yet_may_come_late():
    # Given an old message that appeared only while a younger one was being published
    shown = [line(1, "SENT", first_shown_ms=BEGIN + 2 * STEP + 1501), line(2, "SENT")]
    stream = Stream().created(2, origin="backfill").marker().created(1, origin="backfill")
    # Then
    assert verdict_of(shown, stream).clean


def test_live_messages_do_not_wait_for_the_history():
    shown = [line(number, "SENT") for number in (1, 2, 3)]
    stream = Stream().created(3).created(1, origin="backfill").created(2, origin="backfill")
    assert verdict_of(shown, stream).clean


# --- updates that never came ------------------------------------------------------------------------------


def test_a_message_whose_last_status_was_never_published_is_outdated():
    verdict = verdict_of([line(1, "SENT", "DELIVERED", "READ")], Stream().created(1).updated(1, 1, "DELIVERED"))
    assert not verdict.clean
    assert verdict.outdated == 1
    assert "m1" in verdict.faults[0]


def test_states_between_two_polls_need_not_be_published():
    assert verdict_of([line(1, "SENT", "DELIVERED", "READ")], Stream().created(1, "READ")).clean


def test_a_text_that_was_edited_must_come():
    # Given
    shown = line(1, "SENT")
    shown["states"].append({**shown["states"][0], "text": "olá (editado)"})
    shown["facts"]["text"] = "olá (editado)"
    # Then
    assert verdict_of([shown], Stream().created(1)).outdated == 1
    assert verdict_of([shown], Stream().created(1).updated(1, 1, "SENT", text="olá (editado)")).clean


def test_a_step_backwards_is_not_due():
    assert verdict_of([line(1, "READ", "SENT")], Stream().created(1, "READ")).clean


def test_what_was_sent_to_us_has_no_order_of_its_words():
    shown = line(1, "READ", "DELIVERED", direction="inbound")
    assert verdict_of([shown], Stream().created(1, "READ", state=None)).outdated == 1
    stream = Stream().created(1, "READ", state=None).updated(1, 1, "DELIVERED", state=None)
    assert verdict_of([shown], stream).clean


def test_codes_without_an_order_are_due_as_they_come():
    assert due(line(1, "1", "2", "1")).status == "1"
    assert due(line(1, "READ", "2", "SENT")).status == "2"


def test_of_a_row_that_was_never_readable_nothing_is_due():
    assert due(line(1, "SENT", states=[])) == Due()


def test_of_a_row_that_was_bent_all_is_due_but_its_delivery():
    told = due(line(1, "SENT", bent=("nan",)))
    assert told.status is None
    assert not any(name.startswith("message.status") for name in told.fields)
    assert told.fields["message.text"] == "olá"


# --- field by field ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*FACTS, "text"])
@pytest.mark.parametrize("wrong", [None, "something else"])
def test_a_single_field_that_says_something_else_is_found(name, wrong):
    # Given an event that is as it was shown, but for one field
    wrong = "nothing" if wrong is None and {**FACTS, "text": "olá"}[name] is None else wrong
    # When
    verdict = verdict_of([line(1, "SENT")], Stream().created(1, facts={name: wrong}))
    # Then it is named
    assert verdict.outdated == 1
    assert f"{name} is {wrong!r}" in verdict.faults[0]


def test_a_field_that_is_missing_altogether_is_found():
    stream = Stream().created(1)
    del stream.seen[0].data["message"]["media"]
    assert "message.media.url is None" in verdict_of([line(1, "SENT")], stream).faults[0]


def test_a_second_contact_card_that_was_shown_is_missed():
    shown = line(1, "SENT")
    shown["facts"]["contacts.1.name"] = "Bia"
    assert verdict_of([shown], Stream().created(1)).outdated == 1


def test_another_time_than_was_shown_is_found():
    verdict = verdict_of([line(1, "SENT", time_ms=BEGIN)], Stream().created(1))
    assert "message.sent_at" in verdict.faults[0]


def test_only_the_last_event_of_a_message_must_say_what_was_shown_last():
    stream = Stream().created(1, facts={"media.available": False, "media.url": None}).updated(1, 1, "READ")
    assert verdict_of([line(1, "SENT", "READ")], stream).clean


def test_a_dead_letter_excuses_the_state_that_nobody_could_read():
    assert verdict_of([line(1, "SENT", "READ")], Stream().created(1).letter(1)).clean


# --- any stream -------------------------------------------------------------------------------------------


@st.composite
def worlds(draw):
    """A ledger and a stream that keeps every promise: messages of two conversations, each with a part of its life."""
    shown, stream = [], Stream()
    for message in range(draw(st.integers(1, 6))):
        conversation = draw(st.sampled_from(("c1", "c2")))
        life = STATUSES[: draw(st.integers(1, len(STATUSES)))]
        shown.append(line(message, *life, conversation=conversation))
        stream.created(message, life[0], conversation=conversation)
        if draw(st.booleans()):
            stream.marker()
        for revision, status in enumerate(life[1:], 1):
            stream.updated(message, revision, status, conversation=conversation)
    return shown, stream.seen


@settings(max_examples=60, deadline=None)
@given(worlds(), st.data())
def test_any_stream_without_one_of_its_events_is_condemned(world, data):
    # Given a world that is clean
    shown, seen = world
    assert judge(shown, seen).clean
    # When any one event is taken out, then the verdict is not clean
    gone = data.draw(st.integers(0, len(seen) - 1))
    assert not judge(shown, [*seen[:gone], *seen[gone + 1 :]]).clean


@settings(max_examples=60, deadline=None)
@given(worlds(), st.data())
def test_any_stream_with_one_of_its_events_again_is_condemned(world, data):
    shown, seen = world
    again = data.draw(st.integers(0, len(seen) - 1))
    where = data.draw(st.integers(again + 1, len(seen)))
    assert not judge(shown, [*seen[:where], seen[again], *seen[where:]]).clean


@settings(max_examples=60, deadline=None)
@given(worlds(), st.data())
def test_any_two_events_of_one_message_the_other_way_round_are_condemned(world, data):
    # Given a message with an update
    shown, seen = world
    pairs = [
        (first, second)
        for first in range(len(seen))
        for second in range(first + 1, len(seen))
        if seen[first].data["message"]["id"] == seen[second].data["message"]["id"]
    ]
    if not pairs:
        return
    first, second = data.draw(st.sampled_from(pairs))
    # When the contents of two of its events change places
    swapped = list(seen)
    swapped[first], swapped[second] = seen[second], seen[first]
    # Then
    assert not judge(shown, swapped).clean


def test_the_ledger_may_be_any_mapping():
    assert judge([MappingProxyType(line(1, "SENT"))], Stream().created(1).seen).clean
