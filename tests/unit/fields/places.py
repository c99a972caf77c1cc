"""Where a documented field goes: it is given another value, and what differs then in the outcome is its place."""

import re
from typing import Any

from tests.unit.fields.documented import Call, Provider, Sample
from tests.unit.fields.paths import Flat, at, below, with_at
from tests.unit.fields.runs import FAILURE, LETTER, PAGING, SKIPPED, made, outcome

#: A row that says so is another conversation's: the one reason of a dead letter that is a place and no mistake.
ELSEWHERE = frozenset({"other_conversation", "no_conversation"})
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_MINUTE = 15


class NotUnderstood(AssertionError):
    """The other value of a field is not lawful: the file must name one under `other`."""


def places(provider: Provider, call: Call, path: str) -> set[str] | None:
    """The places of a field in all samples that show it, for all accounts; None where no sample shows it."""
    samples = [sample for sample in call.samples if _has(sample.body, path)]
    if not samples:
        return None
    return {place for sample in samples for place in _of_sample(provider, call, sample, path)}


def _of_sample(provider: Provider, call: Call, sample: Sample, path: str) -> set[str]:
    found: set[str] = set()
    marked = Sample(sample.name, with_at(sample.body, path, _another(call, path, sample)), sample.status)
    for account in provider.accounts:
        of = made(provider, account)
        before = outcome(provider, call, of, provider.body(call, sample), sample.status)
        after = outcome(provider, call, of, provider.body(call, marked), sample.status)
        found |= _difference(before, after, path)
    return found


def _difference(before: Flat, after: Flat, path: str) -> set[str]:
    reason = after.get(LETTER, [None])[0]
    if reason is not None and before.get(LETTER) != after[LETTER]:
        if reason not in ELSEWHERE:
            raise NotUnderstood(f"{path}: its other value makes the row a dead letter ({reason})")
        return {LETTER}
    for whole in (FAILURE, SKIPPED):
        if before.get(whole) != after.get(whole):
            return {whole}
    changed = {place for place in {*before, *after} if before.get(place) != after.get(place)}
    if PAGING in changed and len(changed) > 1:
        changed -= {PAGING}
    return {place for place in changed if not any(below(other, place) and other != place for other in changed)}


def _has(body: Any, path: str) -> bool:
    try:
        at(body, path)
    except LookupError:
        return False
    return True


def _another(call: Call, path: str, sample: Sample) -> Any:
    value = at(sample.body, path)
    if path in call.other:
        return call.other[path]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return _another_text(value)
    return "marked" if value is None else {"marked": "marked"}


def _another_text(value: str) -> str:
    if _TIME.match(value):
        return f"{value[:_MINUTE]}{(int(value[_MINUTE]) + 1) % 10}{value[_MINUTE + 1 :]}"
    if value.isdecimal():
        return f"{value[:-1]}{(int(value[-1]) + 1) % 10}"
    return f"{value}-marked"
