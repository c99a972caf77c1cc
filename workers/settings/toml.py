"""Reading the configuration file: bytes to a table, or one line that says where it stops being TOML."""

import re
import tomllib
from pathlib import Path
from typing import Any

from workers.errors import ConfigurationError

#: Largest configuration that is read (bytes): 100 000 feeds written out are about 10 MB.
LARGEST_FILE = 32 * 1024 * 1024

#: How tomllib says where; there is no other way to know.
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_toml(path: Path) -> dict[str, Any]:
    """The table in a file. Raises ConfigurationError with one problem: `file:line:column: what`."""
    text = _text(path, _content(path))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([_syntax(path, text, str(error))]) from None
    except (ValueError, RecursionError) as error:  # an integer of thousands of digits; thousands of brackets
        what = "a number is too long" if isinstance(error, ValueError) else "tables or lists are nested too deep"
        raise ConfigurationError([f"{path}: {what}"]) from None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        problem = f"{path}: no such file: write it, or name another with --config FILE or AFLUENTE_CONFIG"
        raise ConfigurationError([problem]) from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        why = error.strerror if isinstance(error, OSError) else "not a file name"
        raise ConfigurationError([f"{path}: cannot be read: {why}"]) from None
    if len(content) > LARGEST_FILE:
        raise ConfigurationError([f"{path}: larger than {LARGEST_FILE} bytes: it is no configuration"])
    return content


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        problem = f"{path}:{row}:{column}: not UTF-8 (byte 0x{content[error.start]:02x}): save the file as UTF-8"
        raise ConfigurationError([problem]) from None


def _syntax(path: Path, text: str, message: str) -> str:
    found = _POSITION.search(message)
    if not found:
        return f"{path}: {message}"
    what = message[: found.start()]
    row, column = found[1], found[2]
    if row is None:
        row, column = str(text.count("\n") + 1), str(len(text) - text.rfind("\n"))
        what += " at the end of the file"
    return f"{path}:{row}:{column}: {what}"
