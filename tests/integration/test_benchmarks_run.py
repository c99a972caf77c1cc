"""The benchmarks still run; their figures are judged by people, never by a test."""

import json
import os
import subprocess
import sys

import pytest

from tests.benchmarks.__main__ import NAMES
from workers.broker.given import VARIABLE

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_runs_and_tells_its_figures(name, broker):
    # When
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", name]
    there = {**os.environ, VARIABLE: broker.bootstrap}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=there)
    # Then
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [result["benchmark"] for result in results] == [name]
    assert results[0]["result"]
