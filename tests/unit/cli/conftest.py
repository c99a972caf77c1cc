"""The command line as a user has it, in this process, with a configuration of two accounts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workers.cli import afluente

KEY = "oapi_sk_live_0123456789abcdef"
OTHER_KEY = "99d/0123456789+abcdef=="

CONFIGURATION = """
[kafka]
bootstrap_servers = ["127.0.0.1:1"]

[accounts.loja]
provider = "ogmma"
api_key = { env = "LOJA_KEY" }
feeds = [{ channel_id = "66aa09", conversation_id = "66aa01" }]

[accounts.clinica]
provider = "99digital"
api_key = { env = "CLINICA_KEY" }
number = "972770000001"
states = { "1" = "sent" }
"""

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with an afluente.toml and its keys in the environment."""
    (tmp_path / "afluente.toml").write_text(CONFIGURATION)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AFLUENTE_CONFIG", raising=False)
    monkeypatch.setenv("LOJA_KEY", KEY)
    monkeypatch.setenv("CLINICA_KEY", OTHER_KEY)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """`run("check", "--offline")`: what the command wrote to stdout and stderr, and its exit code."""

    def run(*words: str, input: bytes | None = None) -> Result:  # noqa: A002 - click's name
        return CliRunner().invoke(afluente, words, prog_name="afluente", input=input, catch_exceptions=False)

    return run
