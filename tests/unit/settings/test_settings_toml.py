"""A file that is no TOML is told by where it stops being so."""

import pytest

from workers.errors import ConfigurationError
from workers.settings.load import load
from workers.settings.toml import LARGEST_FILE


@pytest.fixture
def refused(tmp_path, providers):
    def problem_of(content: bytes) -> str:
        path = tmp_path / "a.toml"
        path.write_bytes(content)
        with pytest.raises(ConfigurationError) as raised:
            load(path, providers, {})
        (problem,) = raised.value.problems
        return problem.removeprefix(str(path))

    return problem_of


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[kafka]\nshards 12\n", ":2:8: Expected '=' after a key in a key/value pair"),
        (b"[kafka]\n[kafka]\n", ":2:7: Cannot declare ('kafka',) twice"),
        (b"[kafka]\na = '''\nx", ":3:2: Expected \"'''\" at the end of the file"),
        (b'[kafka]\ngroup = "caf\xe9"\n', ":2:13: not UTF-8 (byte 0xe9): save the file as UTF-8"),
        (b"a = " + b"[" * 100_000, ": tables or lists are nested too deep"),
        (b"a = " + b"9" * 5000, ": a number is too long"),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_line_and_column(refused, content, told):
    assert refused(content) == told


def test_a_byte_order_mark_is_no_error(tmp_path, providers):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbf[kafka]\nshards = 3\n")
    assert load(path, providers, {}).kafka.shards == 3


def test_a_missing_file_a_folder_and_an_impossible_name_are_told(tmp_path, providers):
    for path, told in (
        (tmp_path / "absent.toml", "no such file: write it, or name another with --config FILE or AFLUENTE_CONFIG"),
        (tmp_path, "cannot be read: Is a directory"),
        (tmp_path / "a\0b", "cannot be read: not a file name"),
    ):
        with pytest.raises(ConfigurationError) as raised:
            load(path, providers, {})
        assert raised.value.problems == [f"{path}: {told}"]


def test_a_file_without_an_end_is_refused(refused):
    assert refused(b"#" * (LARGEST_FILE + 1)) == f": larger than {LARGEST_FILE} bytes: it is no configuration"
