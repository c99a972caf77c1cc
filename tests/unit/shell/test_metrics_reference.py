"""The page about metrics says what is exported."""

from pathlib import Path

from workers.metrics import Metrics
from workers.metrics_reference import COMMAND, document

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_the_page_is_made_of_the_metrics():
    assert PAGE.read_text(encoding="utf-8") == document(), f"run: {COMMAND}"


def test_every_metric_is_on_the_page_with_its_help():
    # Given what is exported, the process's and the interpreter's own metrics apart
    exported = [family for family in Metrics().registry.collect() if family.name.startswith("afluente_")]
    assert len(exported) > 25
    # Then
    for family in exported:
        assert f"`{family.name}" in document()
        assert family.documentation in document()
        assert family.documentation.endswith(".")
