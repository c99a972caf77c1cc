"""docs/configuration.md is what the settings are, and its examples load."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from workers.providers import PROVIDERS, adapter
from workers.settings.load import load
from workers.settings.reference import renewed, table

DOCUMENT = Path(__file__).parents[3] / "docs" / "configuration.md"
EXAMPLES = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


def test_the_reference_is_what_the_settings_are():
    document = DOCUMENT.read_text(encoding="utf-8")
    assert renewed(document, PROVIDERS) == document, (
        "renew it: python -m workers.settings.reference docs/configuration.md"
    )


def test_every_part_is_in_the_reference():
    document = DOCUMENT.read_text(encoding="utf-8")
    for part in ("[kafka]", "[kafka.tls]", "[kafka.sasl]", "[topics]", "[service]", "[output]", "[accounts.NAME]"):
        assert f"<!-- generated: {part} -->" in document
    for provider in PROVIDERS:
        assert f'provider = "{provider}"' in document


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_loads(tmp_path, number):
    # Given the secrets that the example names
    (tmp_path / "secrets").mkdir()
    text = EXAMPLES[number].replace("/run/secrets/", f"{tmp_path}/secrets/")
    for file in re.findall(r'file = "([^"]+)"', text):
        Path(file).write_text(f"secret of {Path(file).name}".replace(" ", "-"))
    path = tmp_path / "example.toml"
    path.write_text(text, encoding="utf-8")
    environ = defaultdict(str, {name: f"secret-{name}" for name in re.findall(r'env = "([^"]+)"', text)})
    # When, Then
    assert load(path, PROVIDERS, environ, adapter)


def test_a_field_without_a_description_is_refused():
    class Bare(BaseModel):
        field: int = 1

    with pytest.raises(ValueError, match=r"Bare\.field has no description"):
        table(Bare)


def test_defaults_are_written_as_in_toml_and_a_pipe_does_not_break_the_table():
    class Sample(BaseModel):
        text: str = Field("a", description="One | two.")
        flag: bool = Field(default=False, description="Flag.")
        needed: int = Field(description="Needed.")

    assert table(Sample).splitlines()[2:] == [
        '| `text` | text in quotes | `"a"` | One \\| two. |',
        "| `flag` | true or false | `false` | Flag. |",
        "| `needed` | a whole number | required | Needed. |",
    ]
