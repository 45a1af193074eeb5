"""What `diff` says: inputs, results, flipped questions, and no verdict."""

from __future__ import annotations

import json
from pathlib import Path

from harness.analysis.regression.diff import diff
from harness.files import to_json
from harness.report import diff as forms
from harness.report import plain
from tests.analysis.regression.reruns import made_up


def test_two_runs_are_named_and_shown_side_by_side(tmp_path: Path) -> None:
    times = {"base": [1.0] * 6, "rag": [1.5] * 6}
    before = made_up(tmp_path / "a", {"base": ["yes"] * 12, "rag": ["yes"] * 12}, times=times)
    after = made_up(
        tmp_path / "b", {"base": ["yes"] * 12, "rag": ["yes"] + ["no"] * 11}, about={"git_commit": "9" * 40},
        times=times,
    )  # fmt: skip
    found = diff(before, after)
    text = plain.sections(forms.report(found))
    assert f"From {before} to {after}." in text.replace("\n", " ")
    assert "- program: commit: null → 999999999999" in text
    rows = [" ".join(line.split()) for line in text.splitlines() if line.startswith("t ")]
    assert rows[0].startswith("t base 100.0 % +0.0 (")
    assert "100.0 % → 8.3 % −91.7 (" in rows[1]
    assert "0, 11 of 12 100 5.0 1.50 n/a" in rows[1]
    assert "t · rag: 11 lost, 0 won" in text
    assert "- … and 1 more question (--json has them all)" in text
    document = json.loads(to_json(found))
    assert [one["strategy"] for one in document["results"]] == ["base", "rag"]
    assert len(document["results"][1]["flips"]) == 11
    assert document["results"][1]["prompt_tokens"] == [100, 100]


def test_a_run_beside_itself_is_called_so(tmp_path: Path) -> None:
    run = made_up(tmp_path / "a", {"base": ["yes"] * 3})
    text = " ".join(plain.sections(forms.report(diff(run, run))).split())
    assert "Both are the same run." in text
    assert "Nothing that the manifests know" in text
    assert "Flipped" not in text
