import msgspec
import pytest

from workers.model import (
    STATUS_ORDER,
    Author,
    EmbeddedReaction,
    Location,
    Media,
    Message,
    Reactor,
    Reference,
    Status,
    StatusError,
    Template,
)
from workers.reconcile.parts import PARTS, differing, digests, rank_of, regresses, state_of

PLAIN = Message(
    id="m", direction="outbound", author=Author(kind="bot"), sent_at="2026-01-05T12:00:00.000Z", type="text", text="oi"
)


def named(**fields: object) -> tuple[str, ...]:
    """What is told when these fields of a plain message change."""
    return differing(digests(PLAIN), digests(msgspec.structs.replace(PLAIN, **fields)))


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"text": "ola"}, ("text",)),
        ({"text": None}, ("text",)),
        ({"status": Status(state="sent", provider="SENT")}, ("status",)),
        ({"media": Media(url="https://x/1")}, ("media",)),
        ({"location": Location(latitude=1.0)}, ("location",)),
        ({"template": Template(name="t")}, ("template",)),
        ({"reactions": (EmbeddedReaction(emoji="x", by=Reactor(kind="contact")),)}, ("reactions",)),
        ({"reply_to": Reference(id="q")}, ("reply_to",)),
        ({"wamid": "wamid.A"}, ("wamid",)),
        ({"forwarded": False}, ("forwarded",)),
        ({"author": Author(kind="agent", id="7")}, ("author",)),
        ({"type": "image"}, ("envelope",)),
        ({"text": "ola", "wamid": "w", "type": "image"}, ("envelope", "text", "wamid")),
        ({}, ()),
        ({"revision": 4}, ()),
    ],
)
def test_a_change_is_told_by_its_part(fields, names):
    # Given a plain message / When some of it changes / Then
    assert named(**fields) == names


def test_a_signed_address_that_is_signed_anew_is_no_change():
    # Given
    before = msgspec.structs.replace(PLAIN, media=Media(url="https://x/f?sig=1", sha256="s"))
    again = msgspec.structs.replace(PLAIN, media=Media(url="https://x/f?sig=2", sha256="s"))
    other = msgspec.structs.replace(PLAIN, media=Media(url="https://x/g?sig=1", sha256="s"))
    # When / Then
    assert differing(digests(before), digests(again)) == ()
    assert differing(digests(before), digests(other)) == ("media",)


def test_a_status_that_only_got_a_later_time_is_no_change():
    # Given
    before = msgspec.structs.replace(PLAIN, status=Status(state="sent", provider="SENT", at="2026-01-05T12:00:00.000Z"))
    later = msgspec.structs.replace(PLAIN, status=Status(state="sent", provider="SENT", at="2026-01-05T13:00:00.000Z"))
    failed = msgspec.structs.replace(
        PLAIN, status=Status(state="sent", provider="SENT", error=StatusError(code="1", message="m"))
    )
    # When / Then
    assert differing(digests(before), digests(later)) == ()
    assert differing(digests(before), digests(failed)) == ("status",)


def test_the_parts_of_a_message_are_told_in_one_order():
    # Given / When
    told = digests(msgspec.structs.replace(PLAIN, wamid="w", forwarded=True, status=Status(state="sent")))
    # Then
    assert list(told) == [name for name in PARTS if name in told]


def test_the_states_have_one_order():
    # Given / When
    ranks = [rank_of(state) for state in ("pending", "sent", "failed", "delivered", "read", "played")]
    # Then
    assert ranks == sorted(set(ranks))
    assert [state_of(rank) for rank in ranks] == list(STATUS_ORDER)
    assert rank_of(None) == rank_of("somewhere") == 0
    assert state_of(0) is None


@pytest.mark.parametrize(
    ("before", "after", "back"),
    [
        ("sent", Status(state="delivered", provider="D"), False),
        ("sent", Status(state="sent", provider="S"), False),
        ("delivered", Status(state="failed", provider="F"), True),
        ("read", Status(state="pending", provider="P"), True),
        ("read", Status(), True),
        ("read", Status(provider="17"), False),
        (None, Status(), False),
        (None, Status(state="pending"), False),
    ],
)
def test_a_lower_state_and_one_that_is_gone_are_steps_backwards(before, after, back):
    # Given / When / Then
    assert regresses(rank_of(before), after) is back
