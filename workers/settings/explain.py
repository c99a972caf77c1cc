"""Pydantic's findings as lines of ours."""

import re
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from workers.settings.allowed import allowed, field_allowed
from workers.settings.problem import Place, line, near_miss, words

#: A model validator says which field it means: `field: text`.
_NAMED_FIELD = re.compile(r"([a-z_]+): (.+)", re.DOTALL)


def explain(cls: type[BaseModel], table: Mapping[str, Any], place: Place, error: ValidationError) -> dict[Place, str]:
    """One line for each wrong field of a table, by the field's place in the file.

    Secrets stand in the table as `SecretStr`, which is shown as stars.
    """
    lines: dict[Place, str] = {}
    for finding in error.errors(include_url=False):
        path = _path(cls, table, finding["loc"])
        text, path = _text(cls, path, finding)
        value = _value(table, path) if finding["type"] not in {"missing", "extra_forbidden"} else None
        lines.setdefault(path, line(place + path, text, value))
    # A list whose items are wrong is not told again as a list that is too short.
    outer = {path[:length] for path in lines for length in range(len(path))}
    return {place + path: text for path, text in lines.items() if path not in outer or not path}


def unknown_key(key: str, known: Sequence[str]) -> str:
    """What is said of a key that nobody knows. Its value is never shown: it may be a secret under a wrong name."""
    return f"unknown key{near_miss(key, known) or f' (known: {words(known)})'}"


def _text(cls: type[BaseModel], path: Place, finding: Mapping[str, Any]) -> tuple[str, Place]:
    if finding["type"] == "extra_forbidden":
        model = _at(cls, path[:-1])
        return unknown_key(str(path[-1]), _keys(model)), path
    if finding["type"] == "missing":
        return f"is missing: must be {_allowed(cls, path)}", path
    if finding["type"] != "value_error":
        return f"must be {_allowed(cls, path)}", path
    text = str(finding["ctx"]["error"])
    named = _NAMED_FIELD.fullmatch(text)
    if named and named[1] in _keys(_at(cls, path)):
        return named[2], (*path, named[1])
    return text, path


def _path(cls: type[BaseModel], table: Mapping[str, Any], loc: Place) -> Place:
    """The part of pydantic's location that is a place in the file: without its names for branches of a union."""
    path: Place = ()
    here: Any = table
    for step in loc:
        if isinstance(here, Mapping) and (step in here or step in _keys(_at(cls, path))):
            here = here.get(step)
        elif isinstance(here, Sequence) and isinstance(step, int):
            here = here[step]
        else:
            break
        path = (*path, step)
    return path


def _value(table: Mapping[str, Any], path: Place) -> object:
    here: Any = table if path else None
    for step in path:
        here = here.get(step) if isinstance(here, Mapping) else here[step]
    return here


def _at(cls: type[BaseModel], path: Place) -> object:
    """The annotation (or the field) at a path below a model."""
    here: object = cls
    for step in path:
        here = _step(here, step)
    return here


def _step(here: object, step: str | int) -> object:
    model = model_of(here)
    if model is not None:
        return model.model_fields.get(str(step))
    annotation = here.annotation if isinstance(here, FieldInfo) else here
    args = get_args(annotation)
    return None if not args else args[0] if get_origin(annotation) is tuple else args[-1]


def model_of(here: object) -> type[BaseModel] | None:
    """The model behind an annotation, through `Annotated` and `| None`."""
    here = here.annotation if isinstance(here, FieldInfo) else here
    if get_origin(here) in {Union, types.UnionType, Annotated}:
        return next((model for model in map(model_of, get_args(here)) if model is not None), None)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _allowed(cls: type[BaseModel], path: Place) -> str:
    found = _at(cls, path)
    return field_allowed(found) if isinstance(found, FieldInfo) else allowed(found)


def _keys(found: object) -> list[str]:
    model = model_of(found)
    return [] if model is None else [name for name, field in model.model_fields.items() if not field.exclude]
