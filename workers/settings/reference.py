"""The tables of docs/configuration.md, made from the settings themselves.

`python -m workers.settings.reference docs/configuration.md` renews the file: what stands between the two marks of a
generated part is replaced, the rest is left as it is.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from workers.providers import PROVIDERS
from workers.providers.account import AccountSettings
from workers.settings.allowed import field_allowed
from workers.settings.explain import model_of
from workers.settings.settings import Settings

_PART = re.compile(r"(<!-- generated: ([^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)

#: Fields whose default each provider sets: how it is known.
_OF_PROVIDER = {"base_url": "default_base_url", "remember": "default_remember", "settle_seconds": "default_settle"}


def renewed(document: str, providers: Mapping[str, type[AccountSettings]]) -> str:
    """The document with its generated parts as the settings are now. Raises KeyError for an unknown part."""
    parts = {f"[{name}]": table(model) for name, model in _sections()}
    parts["[accounts.NAME]"] = table(AccountSettings, without={"name"})
    parts["providers"] = "\n".join(_provider(name, cls) for name, cls in providers.items())
    return _PART.sub(lambda part: f"{part[1]}\n{parts[part[2]]}\n{part[3]}", document)


def table(model: type[BaseModel], without: Iterable[str] = ()) -> str:
    """A Markdown table of a model's keys. Raises ValueError where a field has no description."""
    rows = ["| key | allowed | default | meaning |", "|---|---|---|---|"]
    left_out = set(without)
    for name, field in model.model_fields.items():
        if name in left_out:
            continue
        if not field.description:
            raise ValueError(f"{model.__name__}.{name} has no description")
        cells = (f"`{name}`", field_allowed(field), _default(model, name, field), field.description)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _sections() -> Iterable[tuple[str, type[BaseModel]]]:
    """The sections and the tables inside them, in the order of the file."""
    for name, field in Settings.model_fields.items():
        model = model_of(field)
        if model is None:
            continue
        yield name, model
        for inner, inner_field in model.model_fields.items():
            inner_model = model_of(inner_field)
            if inner_model is not None:
                yield f"{name}.{inner}", inner_model


def _provider(name: str, cls: type[AccountSettings]) -> str:
    known = set(AccountSettings.model_fields)
    own = [f'### `provider = "{name}"`\n', table(cls, without=known)]
    for inner, field in cls.model_fields.items():
        model = model_of(field) if inner not in known else None
        if model is not None:
            own += [f"`[accounts.NAME.{inner}]`\n", table(model)]
    defaults = ", ".join(f"`{key}` {_written(getattr(cls, attribute))}" for key, attribute in _OF_PROVIDER.items())
    return "\n".join([*own, f"Defaults: {defaults}.\n"])


def _default(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if issubclass(model, AccountSettings) and name in _OF_PROVIDER:
        return "by provider"
    return _written(field.get_default(call_default_factory=True, validated_data={}))


def _written(value: object) -> str:
    """A default as TOML writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, tuple | list):
        return "`[" + ", ".join(_written(item).strip("`") for item in value) + "]`"
    return "`{}`" if isinstance(value, Mapping) else f"`{value}`"


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(renewed(path.read_text(encoding="utf-8"), PROVIDERS), encoding="utf-8")
