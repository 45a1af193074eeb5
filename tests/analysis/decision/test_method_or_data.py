"""Retrieval over what a fine-tune was trained on tells a better method from more data, in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.reason import Reason
from tests.analysis.decided import elected


def told(folder: Path, right: dict[str, float]) -> list[Reason]:
    task = derive(read_run(elected(folder, {"facts": ("knowledge", right)}))).tasks["facts"]
    assert "rag-on-train" not in task.decision.candidates
    return [reason for reason in task.decision.reasons if "rag-on-train" in reason.text]


@pytest.mark.parametrize(
    ("lora", "control", "begins"),
    [
        (0.8, 0.4, "Better method, not only more data: lora wins +40.0 points ("),
        (0.4, 0.8, "More data, not the better method: retrieval over the text that it was trained on (rag-on-train)"),
        (0.5, 0.5, "Whether lora is the better method or only saw more is not shown: over retrieval"),
    ],
)  # fmt: skip
def test_it_says_which_of_the_two_won(tmp_path: Path, lora: float, control: float, begins: str) -> None:
    (reason,) = told(tmp_path, {"base": 0.1, "rag": 0.5, "lora": lora, "rag-on-train": control})
    assert reason.text.startswith(begins)
    assert reason.figures["delta"] == pytest.approx(lora - control)
    if lora < control:
        assert "is +40.0 points ahead of lora (+" in reason.text


def test_nothing_is_said_without_both(tmp_path: Path) -> None:
    assert told(tmp_path / "a", {"base": 0.1, "rag": 0.5, "lora": 0.6}) == []
    assert told(tmp_path / "b", {"base": 0.1, "rag": 0.5, "rag-on-train": 0.6}) == []
