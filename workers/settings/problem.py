"""One line for one wrong field: where it stands, what stands there (never a secret), what is allowed."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time

from pydantic import SecretStr

#: Keys and list positions from the top of the file to a value.
Place = tuple[str | int, ...]

#: What is shown in place of a secret.
STARS = "***"
#: Characters of a wrong value that are shown: enough to recognise it in the file.
SHOWN_CHARACTERS = 80
#: How alike two words must be (0 to 1) for one to be called a near miss of the other.
LIKENESS = 0.6

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_CREDENTIALS_IN_ADDRESS = re.compile(r"(?<=://).*@|(?<=[?#]).*", re.DOTALL)


def where(place: Place) -> str:
    """A place as TOML writes it: `accounts.loja.feeds[0].channel_id` (positions count from 0)."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _BARE_KEY.fullmatch(step) else _quoted(step))
    return text


def shown(value: object) -> str:
    """A value in short, on one line; credentials in addresses are starred, tables are not shown at all."""
    if isinstance(value, str):
        address = "://" in value
        return _cut(_quoted(_CREDENTIALS_IN_ADDRESS.sub(_starred, value) if address else value))
    if isinstance(value, SecretStr):
        return STARS
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, Sequence):
        return _cut("[" + ", ".join(shown(item) for item in value) + "]")
    return _cut(_scalar(value))


def line(place: Place, text: str, value: object = None) -> str:
    """`where = value: text`, without the value where it is None or a table."""
    known = value is not None and not isinstance(value, Mapping)
    return f"{where(place)} = {shown(value)}: {text}" if known else f"{where(place)}: {text}"


def near_miss(word: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` where one of the known words is like this one, else nothing."""
    by_folded = {_folded(name): name for name in known}
    found = difflib.get_close_matches(_folded(word), by_folded, n=1, cutoff=LIKENESS)
    return f'; did you mean "{by_folded[found[0]]}"?' if found else ""


def words(names: Iterable[str]) -> str:
    """Names in a row, as texts: `"a", "b"`."""
    return ", ".join(_quoted(name) for name in names)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | time) else str(value)  # a datetime is a date too


def _folded(word: str) -> str:
    return word.lower().replace("-", "_")


def _starred(found: re.Match[str]) -> str:
    return STARS + ("@" if found.group().endswith("@") else "")


def _quoted(text: str) -> str:
    printable = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text.replace("\\", "\\\\"))
    return '"' + printable.replace('"', '\\"') + '"'


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
