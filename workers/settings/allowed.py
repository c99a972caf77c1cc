"""What a field allows, in words: for the lines about wrong fields and for the reference of the configuration."""

import types
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import AwareDatetime, BaseModel, SecretStr
from pydantic.fields import FieldInfo

#: How a secret is written: by the name of where it is.
REFERENCE_FORMS = '{ env = "NAME" } or { file = "/path" }'

_PLAIN: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    SecretStr: f"a secret: {REFERENCE_FORMS}",
    datetime: "a time with its zone, like 2026-01-05T12:00:00Z",
    AwareDatetime: "a time with its zone, like 2026-01-05T12:00:00Z",
}


def allowed(annotation: object, metadata: Iterable[object] = ()) -> str:
    """The values of an annotated type, in words: a whole number from 1 to 1000."""
    limits = _flat(metadata)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return allowed(args[0], [*args[1:], *limits])
    if origin in {Union, types.UnionType}:
        return " or ".join(allowed(branch, limits) for branch in args if branch is not types.NoneType)
    if origin is Literal:
        return one_of(str(value) for value in args)
    if origin is tuple:
        items = allowed(args[0]).replace("a table", "tables", 1).replace("text in", "texts in", 1)
        return f"a list of {items}{_size(limits)}"
    if annotation in _PLAIN:
        return _PLAIN[annotation] + _range(limits) + _size(limits)
    return _table(annotation)


def one_of(values: Iterable[str]) -> str:
    """One of some words, or the only one."""
    texts = [f'"{value}"' for value in values]
    return texts[0] if len(texts) == 1 else f"one of {', '.join(texts)}"


def field_allowed(field: FieldInfo) -> str:
    """The values of a field of a model."""
    return allowed(field.annotation, field.metadata)


def _table(annotation: object) -> str:
    if get_origin(annotation) in {dict, Mapping}:
        return f"a table of {allowed(get_args(annotation)[1]).replace('text in', 'texts in', 1)}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "a table"
    return f"a {getattr(annotation, '__name__', annotation)}"


def _flat(metadata: Iterable[object]) -> list[object]:
    """The limits, those inside a Field included."""
    limits: list[object] = []
    for limit in metadata:
        limits.extend(limit.metadata if isinstance(limit, FieldInfo) else [limit])
    return limits


def _size(limits: list[object]) -> str:
    told = ""
    for limit in limits:
        if isinstance(limit, MinLen) and limit.min_length:
            told += ", not empty"
        elif isinstance(limit, MaxLen):
            told += f", at most {limit.max_length} characters"
        elif getattr(limit, "pattern", None):
            told += f", of the form {limit.pattern}"  # type: ignore[attr-defined]  # pydantic does not export its class
    return told


def _range(limits: list[object]) -> str:
    low = next((limit for limit in limits if isinstance(limit, Ge | Gt)), None)
    high = next((limit for limit in limits if isinstance(limit, Le | Lt)), None)
    if isinstance(low, Ge) and isinstance(high, Le):
        return f" from {low.ge} to {high.le}"
    told = [f"at least {low.ge}" if isinstance(low, Ge) else f"above {low.gt}"] if low else []
    told += [f"at most {high.le}" if isinstance(high, Le) else f"below {high.lt}"] if high else []
    return f", {' and '.join(told)}" if told else ""
