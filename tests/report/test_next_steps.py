"""What to do next stands with every verdict that is open, and can be typed as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.analysis.results.verdict import Verdict
from harness.engines.sizes import MODELS, stronger
from harness.report import decisions, plain
from tests.analysis.prose import check
from tests.analysis.typed import check_line
from tests.report.ten import TEN, ended
from tests.snapshots import Snapshots


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


def test_the_docs_name_the_same_models() -> None:
    table = (Path(__file__).parents[2] / "docs/models.md").read_text(encoding="utf-8")
    for model in MODELS:
        sizes = " / ".join(f"{model.memory_bytes(dtype) / 1e9:.1f}" for dtype in ("float32", "bfloat16"))
        assert f"| `{model.name}` | {model.parameters / 1e6:,.0f} | {sizes} |" in table


def test_the_first_screen_of_ten_verdicts_reads_plainly(tmp_path: Path, snapshots: Snapshots) -> None:
    screens = []
    for place, (name, ending) in enumerate(TEN.items()):
        decision = ended(tmp_path / str(place), ending).tasks["handbook"].decision
        text = plain.render(decisions.opening(decision))
        assert len(text.splitlines()) <= 30
        assert len(decision.why) <= 5
        said = sentences(text)
        assert len(said) == len(set(said)), "no sentence stands twice"
        screens.append(f"== {name}\n{text}\n")
    snapshots.check("first_screens.txt", "\n".join(screens))


def sentences(text: str) -> list[str]:
    """Of a text whose lines are wrapped: those of several words."""
    return [one for one in re.split(r"(?<=\.)\s+", " ".join(text.split())) if one.count(" ") > 2]
