"""The way in: a configuration file becomes settings, or one error that tells everything wrong with it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from workers.errors import ConfigurationError
from workers.providers.account import AccountSettings
from workers.providers.base import Adapter
from workers.redaction import Redactor
from workers.settings.reading import Reading
from workers.settings.secrets import SecretSources
from workers.settings.settings import Settings
from workers.settings.toml import read_toml


def load(
    path: Path,
    providers: Mapping[str, type[AccountSettings]],
    environ: Mapping[str, str],
    adapter: Callable[[AccountSettings], Adapter] | None = None,
    *,
    keyless: bool = False,
) -> Settings:
    """The settings in a TOML file, secrets read from `environ` and files.

    `providers` gives the class of the accounts for each word that `provider` may be; with `adapter` the adapters
    check the listed feeds too. Relative file names start from the folder of the configuration. `keyless` takes accounts
    whose keys are not on this machine: no provider can be asked then. Raises ConfigurationError with a line for every
    wrong field.
    """
    table = read_toml(path)
    reading = Reading(SecretSources(environ, path.parent), providers, adapter, keyless=keyless)
    settings = reading.settings(table)
    if settings is None:
        redactor = Redactor(reading.credentials)  # a secret may also stand where none belongs
        raise ConfigurationError([redactor.redact(problem) for problem in reading.problems.values()])
    return settings
