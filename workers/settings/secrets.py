"""Where secrets come from: `{ env = "NAME" }` or `{ file = "/path" }`, never the configuration itself.

No text of this file holds a secret, nor what might be one that was put in the wrong place.
"""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import msgspec

from workers.settings.allowed import REFERENCE_FORMS
from workers.settings.problem import near_miss, shown

#: The longest secret file that is read (bytes): tokens and passwords are far shorter, and /dev/zero has no end.
LONGEST_SECRET = 65_536
#: Names of variables that may be repeated in a message. Others may be a secret in the place of its name.
_USUAL_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
#: Cc: control characters, line breaks among them. Zl, Zp: line and paragraph separators. Cs: half a character.
_NOT_IN_A_LINE = frozenset({"Cc", "Zl", "Zp", "Cs"})


class SecretUnreadable(ValueError):
    """A secret cannot be had. The text says why and what to do."""


class SecretAbsent(SecretUnreadable):
    """Nothing is wrong with its reference: what it names is not on this machine."""


class SecretSources(msgspec.Struct, frozen=True):
    """The environment, and the folder that relative file names start from."""

    environ: Mapping[str, str]
    folder: Path

    def secret(self, reference: object, *, in_headers: bool) -> str:
        """The secret that a reference names. `in_headers`: it must fit an HTTP header. Raises SecretUnreadable."""
        if not isinstance(reference, Mapping):
            raise SecretUnreadable(f"a secret is never written into this file: write {REFERENCE_FORMS}")
        if len(reference) != 1 or not {"env", "file"}.issuperset(reference):
            raise SecretUnreadable(f"takes one of two forms: {REFERENCE_FORMS}")
        ((source, name),) = reference.items()
        if not isinstance(name, str) or not name:
            raise SecretUnreadable(f"{source} must be text in quotes: {REFERENCE_FORMS}")
        said, secret = self._of_variable(name) if source == "env" else self._of_file(name)
        _must_be_sound(said, secret, in_headers=in_headers)
        return secret

    def _of_variable(self, name: str) -> tuple[str, str]:
        if name in self.environ:
            return f"environment variable {shown(name)}", self.environ[name]
        if not _USUAL_NAME.fullmatch(name):
            raise SecretUnreadable(
                "no environment variable has the name given here (it is not shown: it may be the secret itself): "
                f"write {REFERENCE_FORMS}"
            )
        raise SecretAbsent(
            f"environment variable {name} is not set{near_miss(name, self.environ)}; set it, or write {REFERENCE_FORMS}"
        )

    def _of_file(self, name: str) -> tuple[str, str]:
        said = f"file {shown(str(Path(self.folder, name)))}"
        try:
            with Path(self.folder, name).open("rb") as file:
                content = file.read(LONGEST_SECRET + 1)
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            why = error.strerror if isinstance(error, OSError) else "not a file name"
            raise SecretAbsent(f"{said} cannot be read ({why}): mend its path or its rights") from None
        if len(content) > LONGEST_SECRET:
            raise SecretUnreadable(f"{said} is longer than {LONGEST_SECRET} bytes: it is no secret")
        try:
            return said, content.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            raise SecretUnreadable(f"{said} is not text in UTF-8") from None


def _must_be_sound(said: str, secret: str, *, in_headers: bool) -> None:
    if not secret.strip():
        raise SecretUnreadable(f"{said} is empty")
    for position, character in enumerate(secret, start=1):
        if unicodedata.category(character) in _NOT_IN_A_LINE:
            raise SecretUnreadable(f"{said} holds a line break or control character (character {position})")
        if in_headers and not character.isascii():
            raise SecretUnreadable(f"{said} holds what no HTTP header can carry (character {position}): only ASCII")
