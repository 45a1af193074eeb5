"""What `diff` says: inputs, results, flipped questions, and no verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.analysis.regression.diff import diff
from harness.files import to_json
from harness.report import diff as forms
from harness.report import plain
from tests.analysis.regression.reruns import made_up
from tests.snapshots import Snapshots


def test_two_runs_are_shown_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshots: Snapshots
) -> None:
    monkeypatch.chdir(tmp_path)
    times = {"base": [1.0] * 6, "rag": [1.5] * 6}
    before = made_up(Path("a"), {"base": ["yes"] * 12, "rag": ["yes"] * 12}, times=times)
    after = made_up(
        Path("b"), {"base": ["yes"] * 12, "rag": ["yes"] + ["no"] * 11}, about={"git_commit": "9" * 40},
        times=times,
    )  # fmt: skip
    difference = diff(before, after)
    snapshots.check("diff.txt", plain.sections(forms.report(difference)) + "\n")
    document = json.loads(to_json(difference))
    assert [one["strategy"] for one in document["results"]] == ["base", "rag"]
    assert len(document["results"][1]["flips"]) == 11
    assert document["results"][1]["prompt_tokens"] == [100, 100]


def test_a_run_beside_itself_is_called_so(tmp_path: Path) -> None:
    run = made_up(tmp_path / "a", {"base": ["yes"] * 3})
    difference = diff(run, run)
    assert difference.same_run
    assert [section.title for section in forms.report(difference)] == [
        "Two runs side by side", "What changed in the inputs", "What changed in the results",
    ]  # fmt: skip
