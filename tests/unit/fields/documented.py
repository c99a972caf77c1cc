"""What each provider documents, copied from its pages: `<provider>.toml` beside this file.

A file lists calls. A call has documented `fields` and `request` parameters (name → the page's words), samples that
show them, and, for what comes to nothing, `left_out` with the reason. `other` gives another lawful value for a field
where a generic one would not be understood. `texts` are fields that hold JSON as text. A call may stand `inside` a
sample of another one, at `at` (Meta's message inside a row of WizeBot), be made `after` one was answered, or document
the `same_as` another one at another place.
"""

import json
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from tests.unit.fields.paths import with_at

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Sample:
    """A body that shows documented fields, and the HTTP status it comes with."""

    name: str
    body: Any
    status: int = 200


@dataclass(frozen=True)
class Call:
    """One documented call. Of `never` ones nobody asks: its fields are listed, and the reason says why."""

    name: str
    title: str
    source: str
    kind: Literal["page", "list", "never"] = "page"
    path: str = ""
    at: str = ""
    inside: str = ""
    after: str = ""
    why: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    request: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()

    def whole(self, path: str) -> str:
        """A field's path from the top of the body."""
        return f"{self.at}{'' if not self.at or not path or path.startswith('[') else '.'}{path}"


@dataclass(frozen=True)
class Provider:
    """Everything that a provider documents. `envelope` names the field whose list may also stand bare."""

    name: str
    title: str
    accounts: tuple[dict[str, Any], ...]
    feed: dict[str, str]
    texts: frozenset[str]
    calls: tuple[Call, ...]
    envelope: str = ""

    def body(self, call: Call, sample: Sample) -> Any:
        """The whole body of a sample."""
        if not call.inside:
            return sample.body
        around, base = self._sample(call.inside)
        return with_at(self.body(around, base), call.at, sample.body)

    def leading(self, call: Call) -> list[Any]:
        """The bodies that are answered before this call's."""
        if call.inside:
            return self.leading(self._sample(call.inside)[0])
        return [self.body(*self._sample(call.after))] if call.after else []

    def _sample(self, name: str) -> tuple[Call, Sample]:
        """`<call>/<sample>`."""
        outer, _, inner = name.partition("/")
        call = next(one for one in self.calls if one.name == outer)
        return call, next(one for one in call.samples if one.name == inner)

    def sent(self, body: Any) -> bytes:
        """A body as the provider writes it: JSON, with JSON as text inside."""
        return json.dumps(self._with_texts(body)).encode()

    def _with_texts(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._with_texts(item) for item in value]
        if not isinstance(value, dict):
            return value
        inner = {name: self._with_texts(item) for name, item in value.items()}
        return {
            name: json.dumps(item) if name in self.texts and isinstance(item, dict | list) else item
            for name, item in inner.items()
        }


@cache
def providers() -> tuple[Provider, ...]:
    """Every provider that has a file, in the order of their names."""
    return tuple(_provider(path) for path in sorted(HERE.glob("*.toml")))


def _provider(path: Path) -> Provider:
    told = tomllib.loads(path.read_text())
    calls: dict[str, Call] = {}
    for call in told["call"]:
        calls[call["name"]] = _call(call, calls)
    return Provider(
        name=told["provider"],
        title=told["title"],
        accounts=tuple(told["account"]),
        feed=told["feed"],
        texts=frozenset(told.get("texts", ())),
        calls=tuple(calls.values()),
        envelope=told.get("envelope", ""),
    )


def _call(told: dict[str, Any], before: dict[str, Call]) -> Call:
    """A call; one that is the `same_as` an earlier one documents the same at another place."""
    given = dict(told)
    samples = [Sample(one["name"], json.loads(one["body"]), one.get("status", 200)) for one in given.pop("sample", ())]
    if "same_as" in given:
        like = before[given.pop("same_as")]
        return replace(like, **given, after="", samples=(*like.samples, *samples))
    return Call(samples=tuple(samples), **given)
