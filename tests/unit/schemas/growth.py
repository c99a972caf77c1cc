"""Whether a schema only grew: everything that a consumer of the released one relies on is still so. Pure.

The rule in words, and from whose side it is seen, is in schemas/README.md. `python -m tests.unit.schemas.growth`
makes the present schemas the released ones, and refuses where they break the rule.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from workers.events.schemas import GROWS, files

RELEASED = Path(__file__).parents[3] / "schemas" / "released" / "v1"
#: Said to people, not to programs.
_REMARKS = frozenset({"title", "description", "$comment", "$schema", "$defs", "examples"})
_COMPARED_BY_PARTS = frozenset({"properties", "required", "anyOf", "enum", "const", "items", "additionalProperties"})

Schema = dict[str, Any]


def broken(old: Schema, new: Schema, *, taken: bool = False) -> tuple[str, ...]:
    """What the new schema breaks, one line each.

    `taken`: other services write such values and we read them; else we write them and others read.
    """
    return tuple(_Comparison(old, new, taken=taken).of(old, new, "$"))


class _Comparison:
    """Two whole schemas, in which `$ref` leads to `$defs`: a definition may be renamed or split."""

    def __init__(self, old: Schema, new: Schema, *, taken: bool) -> None:
        self._old, self._new, self._taken = old, new, taken

    def of(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        """What is broken below this path."""
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        for keyword in sorted({*old, *new} - _REMARKS - _COMPARED_BY_PARTS):
            if old.get(keyword) != new.get(keyword):
                yield f"{path}: {keyword} was {old.get(keyword)!r} and is {new.get(keyword)!r}"
        yield from self._words(old, new, path)
        yield from self._choices(old, new, path)
        yield from self._properties(old, new, path)
        for keyword in ("items", "additionalProperties"):
            yield from self._inner(old.get(keyword), new.get(keyword), f"{path}.{keyword}")

    def _words(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = _words_of(old), _words_of(new)
        if before is None or after is None:
            if before is not after:
                yield f"{path}: a list of words was put in or taken away"
            return
        if gone := sorted(map(str, before - after)):
            yield f"{path}: no longer {', '.join(gone)}"
        more = sorted(map(str, after - before))
        if more and not self._taken and old.get("$comment") != GROWS:
            yield f"{path}: a closed list has {', '.join(more)} beside what it had"

    def _choices(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("anyOf", []), new.get("anyOf", [])
        if len(before) != len(after):
            yield f"{path}: was one of {len(before)} shapes and is one of {len(after)}"
            return
        broken_by = {
            (one, other): tuple(self.of(before[one], after[other], f"{path}[{one}]"))
            for one in range(len(before))
            for other in range(len(after))
        }
        places = range(len(before))
        yield from dict.fromkeys(
            line
            for place in places
            for near in (
                min((broken_by[place, other] for other in places), key=len),  # what it was is still there
                min((broken_by[one, place] for one in places), key=len),  # and nothing else came in its place
            )
            for line in near
        )

    def _properties(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, shape in before.items():
            if name not in after:
                yield f"{path}.{name}: was taken away"
            else:
                yield from self.of(shape, after[name], f"{path}.{name}")
        must, may = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted((may - must) if self._taken else (must - may) & set(after)):
            yield f"{path}.{name}: {'must be given now' if self._taken else 'may be absent now'}"

    def _inner(self, old: Any, new: Any, path: str) -> Iterator[str]:
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self.of(old, new, path)
        elif old != new:
            yield f"{path}: was {old!r} and is {new!r}"


def _resolved(schema: Schema, whole: Schema) -> Schema:
    while "$ref" in schema:
        inner = whole["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        schema = {**inner, **{name: value for name, value in schema.items() if name != "$ref"}}
    return schema


def _words_of(schema: Schema) -> frozenset[Any] | None:
    if "const" in schema:
        return frozenset([schema["const"]])
    return frozenset(schema["enum"]) if "enum" in schema else None


def problems() -> list[str]:
    """What the present schemas break of the released ones."""
    present = {name: orjson.loads(content) for name, content in files().items()}
    found = []
    for path in sorted(RELEASED.glob("*.schema.json")):
        if path.name not in present:
            found.append(f"{path.name}: was taken away")
            continue
        lines = broken(
            orjson.loads(path.read_bytes()), present[path.name], taken=path.name.startswith("feed-definition")
        )
        found += [f"{path.name} {line}" for line in lines]
    return found


def main() -> None:
    """Release the present schemas."""
    if found := problems():
        sys.exit("\n".join([*found, "These are breaks within v1: make a v2, or take them back."]))
    RELEASED.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (RELEASED / name).write_bytes(content)


if __name__ == "__main__":
    main()
