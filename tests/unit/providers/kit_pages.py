"""What a provider's tests must say of it, and what is lawful whatever a page says."""

import json
from typing import Any, ClassVar

import msgspec
import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from workers.errors import PollFailed, RowUnreadable
from workers.model import STATUS_ORDER, Feed, HttpResponse, Normalised, Page, RawRow
from workers.providers.base import Adapter
from workers.providers.reasons import ROW_REASONS

#: The types of the contract.
TYPES = {
    *("text", "image", "audio", "voice", "video", "document", "sticker", "location", "contacts", "interactive"),
    *("button_reply", "list_reply", "form_reply", "template", "reaction", "order", "call", "system", "unsupported"),
}
#: Any value of JSON and some of its neighbours: lone surrogates, NaN, numbers of any size.
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["", " ", "0", "1", "INBOUND", "image", "32.1,34.8", "https://x.example/y", "\ud83d", "{}", "-"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
#: A kit's test runs once for each provider, under one Hypothesis.
by_kit = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])


def written(value: Any) -> bytes:
    """JSON as careless programs write it: NaN stays bare, halves of surrogate pairs stay halves."""
    return json.dumps(value).encode()


class Pages:
    """How a provider's pages look, and ways to ask what becomes of them."""

    id_field: ClassVar[str]
    time_field: ClassVar[str]
    #: The field that holds what was said.
    words_field: ClassVar[str]
    secret: ClassVar[str]

    def adapter(self) -> Adapter:
        """An account with `secret`."""
        raise NotImplementedError

    def feed(self) -> Feed:
        """A feed of that account."""
        raise NotImplementedError

    def row(self, number: int) -> dict[str, Any]:
        """A sound row of that feed, 0 is the newest; each has its own identity and time, and says something."""
        raise NotImplementedError

    def envelope(self, rows: list[Any]) -> Any:
        """A page with these rows, as the provider documents it."""
        raise NotImplementedError

    def answered(self, body: bytes, status: int = 200, retry_after: str | None = None) -> Page:
        adapter = self.adapter()
        response = HttpResponse(status=status, body=body, content_type="application/json", retry_after=retry_after)
        return adapter.page(self.feed(), adapter.first(), response)

    def page(self, rows: list[Any]) -> Page:
        return self.answered(written(self.envelope(rows)))

    def page_with(self, field: str, token: str) -> Page:
        """Three rows; a field of the middle one holds this JSON token."""
        marked = {**self.row(1), field: "the marked place"}
        body = written(self.envelope([self.row(0), marked, self.row(2)]))
        return self.answered(body.replace(b'"the marked place"', token.encode()))

    def ids(self, *numbers: int) -> list[str]:
        return [self.row(number)[self.id_field] for number in numbers]


def assert_page_or_failure(kit: Pages, body: bytes) -> None:
    """Whatever the body is, nothing but the named errors comes out, and what comes out can be told."""
    try:
        page = kit.answered(body)
    except PollFailed:
        return
    for row in page.rows:
        assert_told(kit, row)
    msgspec.json.encode((page.rows, page.broken))


def assert_told(kit: Pages, row: RawRow) -> None:
    """The row is a message that keeps the contract, or a dead letter with a reason from the list."""
    told = outcome(kit.adapter(), kit.feed(), row)
    if isinstance(told, str):
        assert told in ROW_REASONS
    else:
        assert_lawful(kit.adapter(), told)


def outcome(adapter: Adapter, feed: Feed, row: RawRow) -> Normalised | str:
    """The row's message, or the reason of its dead letter."""
    try:
        return adapter.normalise(feed, row)
    except RowUnreadable as error:
        return error.reason


def assert_lawful(adapter: Adapter, normalised: Normalised) -> None:
    """A message that keeps the contract and can be encoded as it stands."""
    message, conversation = normalised.message, normalised.conversation
    encoded = orjson.loads(msgspec.json.encode(normalised))
    assert list(encoded["message"]) == [
        *("id", "wamid", "revision", "direction", "author", "from", "to", "sent_at", "type", "provider_type", "text"),
        *("media", "location", "contacts", "interactive", "template", "order", "call", "reaction", "reactions"),
        *("reply_to", "forwarded", "status"),
    ]
    assert message.type in TYPES
    assert message.direction in {"inbound", "outbound", "internal", "unknown"}
    assert message.author.kind in {"contact", "agent", "bot", "automation", "system", "unknown"}
    assert message.sent_at.endswith("Z")
    assert message.text != ""
    assert message.status.state in {None, *STATUS_ORDER}
    assert message.status.state is None or message.direction == "outbound"
    assert conversation.provider_id
    assert conversation.id.startswith(f"{adapter.account.name}/")
    assert "/" not in conversation.id.removeprefix(f"{adapter.account.name}/")
