"""One damaged page through the product, and what must hold of it whatever the damage is."""

import time
from collections import Counter
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any, NamedTuple

import orjson
from jsonschema import Draft202012Validator

from tests.fuzz.mutations import damaged_bytes, damaged_text
from tests.fuzz.pages import START, PageToDamage, ShownRow, Source, shown_row, stands_alone
from workers.cli.first_contact import FirstContact
from workers.errors import PageUnreadable, PollFailed
from workers.events import schemas
from workers.events.cloudevent import KafkaEvent
from workers.model import HttpResponse
from workers.providers.reasons import PAGE_REASONS, ROW_REASONS
from workers.redaction import Redactor

#: The largest event (bytes), as `[output] max_event_bytes` has it by default.
MAX_EVENT_BYTES = 900_000
#: CPU seconds that a page may take, and seconds more for each megabyte of it: a page is 10 KB, an odd one two.
PAGE_SECONDS, MEGABYTE_SECONDS = 0.5, 1.0
#: One in so many pages has its events held against their schemas, which takes longer than all the rest.
VALIDATED = 40
#: Shares of damage to one row, and to the whole page's structure; the rest goes to the whole page's bytes.
ROW_SHARE, PAGE_SHARE = 0.75, 0.15


class Broken(AssertionError):
    """What must hold did not."""


class Damage(NamedTuple):
    """A damaged page. `row` is the number of the only row that was touched, `alone` whether it still is one value."""

    body: bytes
    row: int | None = None
    alone: bool = False


class Result(NamedTuple):
    """What a page came to: counts by outcome, and the CPU seconds that it took."""

    counts: Counter[str]
    seconds: float


class Trials:
    """All trials with the pages of one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._redactor = Redactor(source.secrets)
        self._secrets = tuple(secret.encode() for secret in source.secrets)
        self._sound: dict[int, dict[str, dict[str, Any]]] = {}

    def run(self, name: str) -> Result:
        """The trial of this name: the same name, the same page and damage. Raises Broken."""
        number, page, damage = self.drawn(name)
        begun = time.thread_time()
        try:
            events, counts = self._events(page, damage.body)
        except PollFailed as error:
            self._fast_enough(time.thread_time() - begun, damage)
            return Result(self._refused(page, damage, error), time.thread_time() - begun)
        seconds = time.thread_time() - begun
        self._fast_enough(seconds, damage)
        self._no_secret(events)
        if damage.alone:
            self._neighbours(number, page, damage, events)
        if Random(name).randrange(VALIDATED) == 0:
            _validate(events)
        return Result(counts, seconds)

    def drawn(self, name: str) -> tuple[int, PageToDamage, Damage]:
        """The page of a trial by its number, and the damage done to it."""
        luck = Random(name)
        number = luck.randrange(len(self._source.pages))
        page = self._source.pages[number]
        return number, page, _damaged(page, luck)

    def _events(self, page: PageToDamage, body: bytes) -> tuple[list[KafkaEvent], Counter[str]]:
        contact = FirstContact(self._source.adapter(), page.feed, START)
        for each in (*page.preceding, body):
            contact.take(HttpResponse(status=200, body=each, content_type="application/json"))
        sight = contact.sight(self._redactor, MAX_EVENT_BYTES)
        counts = Counter(_name(event, page) for event in sight.events)
        told = counts["rows created"] + counts["rows dead_letter"] + sum(sight.left_out.values())
        if told != sight.rows:
            raise Broken(f"{sight.rows} rows came to {dict(counts)}, left out {dict(sight.left_out)}")
        for event in sight.events:
            if event.kind == "dead_letter" and _data(event)["reason"] not in ROW_REASONS:
                raise Broken(f"an unknown reason: {_data(event)['reason']}")
        counts["rows left out"] = sum(sight.left_out.values()) + sum(sight.skipped.values())
        counts["pages understood"] += 1
        return list(sight.events), counts

    def _refused(self, page: PageToDamage, damage: Damage, error: PollFailed) -> Counter[str]:
        if damage.alone and len(page.rows) > 1:
            raise Broken(f"one damaged row made its page unreadable: {error!r}") from error
        if isinstance(error, PageUnreadable) and error.letter not in PAGE_REASONS:
            raise Broken(f"an unknown reason: {error.letter}")
        if any(secret in str(error).encode() for secret in self._secrets):
            raise Broken("an error repeats a credential")
        return Counter({"pages refused": 1})

    def _neighbours(self, number: int, page: PageToDamage, damage: Damage, events: list[KafkaEvent]) -> None:
        """Rows that were not touched give the events that they gave before, unless the damage took their identity."""
        if number not in self._sound:
            self._sound[number] = _by_message(self._events(page, page.body())[0])
        sound, found = self._sound[number], _by_message(events)
        untouched = [row for place, row in enumerate(page.rows) if place != damage.row]
        named = _ids(damage.body, found)
        for message, event in sound.items():
            if found.get(message) == event or message in named:
                continue
            if any(message.encode() in row for row in untouched):
                raise Broken(f"an untouched row changed: {message}: {_first_difference(event, found.get(message))}")

    def _no_secret(self, events: list[KafkaEvent]) -> None:
        for event in events:
            if any(secret in event.value for secret in self._secrets):
                raise Broken(f"a {event.kind} event repeats a credential")

    def _fast_enough(self, seconds: float, damage: Damage) -> None:
        bound = PAGE_SECONDS + MEGABYTE_SECONDS * len(damage.body) / 2**20
        if seconds > bound:
            raise Broken(f"{seconds:.2f} s for {len(damage.body)} bytes; {bound:.2f} are allowed")


def _damaged(page: PageToDamage, luck: Random) -> Damage:
    kind = luck.random()
    if page.rows and kind < ROW_SHARE:
        return _with_row(page, luck.randrange(len(page.rows)), luck)
    if kind < ROW_SHARE + PAGE_SHARE:
        return Damage(damaged_text(page.body().decode(), luck).encode("utf-8", "surrogatepass"))
    return Damage(damaged_bytes(page.body(), luck))


def _with_row(page: PageToDamage, number: int, luck: Random) -> Damage:
    row: ShownRow = shown_row(page.rows[number])
    if luck.random() < 2 / 3:  # structure is where adapters differ; bytes mostly meet the decoder
        written = row.rewritten(damaged_text(row.text, luck))
    else:
        written = row.key + damaged_bytes(page.rows[number][len(row.key) :], luck)
    rows = [*page.rows[:number], written, *page.rows[number + 1 :]]
    return Damage(page.body(rows), number, stands_alone(row, written))


def _by_message(events: list[KafkaEvent]) -> dict[str, dict[str, Any]]:
    """What was published of each message."""
    return {told["subject"]: told for told in map(_told, events) if told["type"].startswith("afluente.message.")}


def _ids(body: bytes, found: Mapping[str, Any]) -> set[str]:
    """Identities that stand in the body more than once as a value of their own: the damage may have copied one."""
    return {
        message for message in found if body.count(f'"{message}"'.encode()) + body.count(f":{message},".encode()) > 1
    }


def _name(event: KafkaEvent, page: PageToDamage) -> str:
    """What an event is counted as. A conversation that fits no record is a dead letter under its own id."""
    if event.kind == "dead_letter" and str(_data(event)["row_id"]).startswith(f"{page.account}/"):
        return "conversations dead_letter"
    return "conversations" if event.kind == "conversation" else f"rows {event.kind}"


def _told(event: KafkaEvent) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(event.value)
    return told


def _data(event: KafkaEvent) -> Mapping[str, Any]:
    data: Mapping[str, Any] = _told(event)["data"]
    return data


def _first_difference(one: Any, other: Any, path: str = "") -> str:
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return f"{path} was {one!r:.200}, is {other!r:.200}"
    for name in one.keys() | other.keys():
        if one.get(name) != other.get(name):
            return _first_difference(one.get(name), other.get(name), f"{path}.{name}")
    return "nothing"


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schemas.schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER)


def _validate(events: list[KafkaEvent]) -> None:
    for event in events:
        told = _told(event)
        name = told["dataschema"].split(":")[3]
        for problem in _validator(name).iter_errors(told["data"]):
            raise Broken(f"{name}: {problem.json_path}: {problem.message[:200]}")
