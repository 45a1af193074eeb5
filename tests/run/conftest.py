"""The task of most run tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.spec.task import Task
from tests.run.worlds import make_task


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path)
