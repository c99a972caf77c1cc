"""The page about metrics says what is exported."""

from pathlib import Path

from prometheus_client import generate_latest

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


def test_a_worker_exports_no_name_that_is_not_on_the_page():
    # Given everything that is exported, as a scraper reads it, with the series of an account
    metrics = Metrics()
    metrics.known_account("ogmma", "loja", ("no_id",), ("timeout",))
    text = generate_latest(metrics.registry).decode()
    # When
    exported = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE afluente_")}
    # Then
    assert {name for name in exported if f"| `{name}` |" not in document()} == set()
    # And the values of labels are told of names that are exported
    told_of = {line.split("`")[1] for line in document().splitlines() if line.startswith("* `")}
    assert told_of <= exported
