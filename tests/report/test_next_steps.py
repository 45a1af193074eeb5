"""What to do next stands with every verdict that is open, and can be typed as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.results.decision import Verdict
from harness.engines.sizes import MODELS, stronger
from tests.analysis.prose import check
from tests.analysis.typed import check_line
from tests.report.ten import TEN, ended


@pytest.mark.parametrize("name", TEN)
def test_what_is_open_ends_with_a_step_that_can_be_typed(name: str, tmp_path: Path) -> None:
    results = ended(tmp_path, TEN[name])
    task = results.tasks["handbook"]
    steps = task.decision.next_steps
    assert steps or task.decision.status is Verdict.RECOMMENDED
    assert len(steps) <= 3
    failed = [row for row in task.validity if row.status in ("fail", "warn")]
    for step in (*steps, *(row.remedy for row in failed)):
        assert step
        if step.line:
            check_line(step.line)
        check(step)


def test_models_that_fit_are_larger_and_take_no_more_than_there_is() -> None:
    small, *_ = MODELS

    def names(gigabytes: float, dtype: str) -> set[str]:
        return {model.name for model in stronger(small.parameters, gigabytes * 1e9, dtype)}

    assert "qwen2.5-coder-0.5b-instruct" in names(8, "float32")
    assert names(4, "float32") == set()
    assert names(20, "bfloat16") > names(20, "float32") > names(8, "float32")
    assert stronger(small.parameters, None, "float32")[-1] == MODELS[-1]
