"""A small run's pictures, to be varied one figure at a time."""

from __future__ import annotations

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.report.pictures.gallery import views
from harness.report.pictures.plot import TaskView
from tests.analysis.runs import write_run


@pytest.fixture(scope="session")
def view(tmp_path_factory: pytest.TempPathFactory) -> TaskView:
    """Task `facts` of `tests/analysis/runs.py`: base, lora and rag, all timed and priced."""
    run = read_run(write_run(tmp_path_factory.mktemp("pictures") / "run"))
    return views(derive(run), run.timings)["facts"]
