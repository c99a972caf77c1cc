"""The command line as a whole: help, misspelt words, the configuration file, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from workers.cli import COMMANDS, afluente
from workers.cli import topics as topics_module
from workers.errors import BrokerUnreachable


def test_the_help_of_all_commands_imports_none_of_them():
    # Given what takes time to import
    heavy = {"pydantic", "aiokafka", "aiohttp", "httpx", "rich"}
    program = (
        "import sys; from workers.cli import afluente; afluente.main(['--help'], standalone_mode=False);"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    # When
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    # Then
    assert all(name in ended.stdout for name in COMMANDS)
    assert not heavy & set(ended.stderr.split())


def test_python_m_workers_is_the_same_command():
    ended = subprocess.run([sys.executable, "-m", "workers", "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("afluente ")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_of_a_command_what_the_command_says_of_itself(name):
    # Given
    command = afluente.get_command(click.Context(afluente), name)
    # When
    summary = command.get_short_help_str(limit=200)
    # Then
    assert summary == COMMANDS[name]


def test_a_misspelt_command_is_told_with_a_near_miss(run):
    ended = run("previw", "loja")
    assert ended.exit_code == 2
    assert 'No such command "previw"; did you mean "preview"?' in ended.stderr


def test_a_word_like_no_command_is_told_too(run):
    ended = run("zzz")
    assert ended.exit_code == 2
    assert "zzz" in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("-c", "other.toml", "check", "--offline"),
        ("check", "-c", "other.toml", "--offline"),
        ("--config", "afluente.toml", "check", "--config", "other.toml", "--offline"),
    ],
    ids=["before the command", "behind it", "behind it wins"],
)
def test_the_configuration_is_named_before_or_behind_the_command(run, folder, words):
    # Given
    (folder / "other.toml").write_text('[kafka]\ngroup = "other"\n')
    # When
    ended = run(*words, "--show")
    # Then
    assert json.loads(ended.stdout)["effective"]["kafka"]["group"] == "other"


def test_the_configuration_of_a_command_in_a_group_is_named_at_any_of_three_places(run, folder):
    for words in (
        ("-c", "no.toml", "topics", "check"),
        ("topics", "-c", "no.toml", "check"),
        ("topics", "check", "-c", "no.toml"),
    ):
        ended = run(*words)
        assert (ended.exit_code, "no.toml: no such file" in ended.stderr) == (2, True)


def test_the_environment_names_the_configuration_where_the_command_line_does_not(run, folder, monkeypatch):
    # Given
    (folder / "other.toml").write_text('[kafka]\ngroup = "other"\n')
    monkeypatch.setenv("AFLUENTE_CONFIG", "other.toml")
    # When / Then
    assert json.loads(run("check", "--offline", "--show").stdout)["effective"]["kafka"]["group"] == "other"


def test_a_missing_configuration_ends_with_2_and_says_what_to_do(run, folder):
    (folder / "afluente.toml").unlink()
    ended = run("check")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("error afluente.toml: no such file")
    assert "AFLUENTE_CONFIG" in ended.stderr
    assert ended.stdout == ""


def test_what_fails_at_run_time_ends_with_1_without_a_credential(run, monkeypatch):
    # Given a broker's refusal that repeats a key
    async def check(*_: object) -> None:
        raise BrokerUnreachable("no broker likes oapi_sk_live_0123456789abcdef [bold]")

    monkeypatch.setattr(topics_module.stream_topics, "check", check)
    # When
    ended = run("topics", "check")
    # Then
    assert ended.exit_code == 1
    assert ended.stderr == "error no broker likes [credential removed] [bold]\n"


def test_ctrl_c_ends_with_130(run, monkeypatch):
    # Given
    async def check(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(topics_module.stream_topics, "check", check)
    # When / Then
    assert run("topics", "check").exit_code == 130


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_stdout_that_is_full_is_told_in_one_line():
    # Given a disk without room
    with Path("/dev/full").open("wb") as full:
        # When
        command = [sys.executable, "-m", "workers", "simulate", "--switches"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    # Then
    assert ended.returncode == 1
    assert "stdout cannot be written: No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr
