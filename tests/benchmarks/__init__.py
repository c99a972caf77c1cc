"""Measurements of the product on a real broker: `python -m tests.benchmarks`. Ratios hold within one run only."""
