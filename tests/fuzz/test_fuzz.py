"""A few dozen hostile inputs of each kind: no traceback, no hang, no memory without bounds.

`python -m benchmarks.fuzz` tries more of them.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.fuzz.__main__ import kinds

COUNT = {"model_folders": 5, "server_replies": 4}
"""Inputs of a kind that the tests try, where 20 take too long."""


@pytest.mark.parametrize("kind", kinds())
def test_hostile_inputs_of_a_kind_find_nothing(kind: str) -> None:
    command = [sys.executable, "-m", "benchmarks.fuzz", kind, "--count", str(COUNT.get(kind, 20))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
