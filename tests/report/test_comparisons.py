"""What a report says of two strategies: the figures of results.json, and never more than they show."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.results.figures import Comparison, Forgetting
from harness.analysis.results.run import TaskResult
from harness.report import comparisons
from tests.analysis.runs import QUESTIONS, answer, manifest, timing, write_run
from tests.report.results import results_of


def pair(verdict: str, *, b: str = "rag", reason: str | None = None) -> Comparison:
    return Comparison(
        "base", b, "contains", 72, -0.2, -0.3, -0.1, 0.01, 0.1, 20, 17, 3, 72, reason, 0.1, 0.01, verdict
    )


def task(folder: Path, **replaced: Any) -> TaskResult:
    return results_of(write_run(folder, **replaced)).tasks["facts"]


def many(right: dict[str, int], n: int = 40) -> dict[str, Any]:
    """A run of n questions, of which each strategy answers the first so many right."""
    asked = [{**QUESTIONS[0], "id": f"q{i}", "cluster": f"q{i}", "gold_docs": []} for i in range(n)]
    rows = [
        answer("facts", name, f"q{i}", "Paris" if i < count else "Rome")
        for name, count in right.items()
        for i in range(n)
    ]
    times = [
        {**timing(name, i, (1.0 + i / 100) * (1 + j), 0.1, 5), "question_id": f"q{i}"}
        for j, name in enumerate(right)
        for i in range(12)
    ]
    about = {**manifest(), "plan": [{"task": "facts", "strategy": name} for name in right]}
    return {"questions": asked, "answers": rows, "batches": [], "timings": times, "manifest": about}


def test_row_by_row(tmp_path: Path) -> None:
    table = comparisons.comparisons(task(tmp_path, **many({"base": 10, "rag": 30, "oracle": 32})))
    assert table.rows[0] == (
        "base → rag", "+50.0 points (+35.2 to +64.8)", "40", "20 (0 : 20)", "< 0.001", "36.2 points",
        "2.00× (2.00×–2.00×, n=12)", "rag is better",
    )  # fmt: skip
    assert table.rows[2] == (
        "rag → oracle", "+5.0 points (−4.2 to +16.5)", "40", "2 (0 : 2)", "0.500", "21.4 points",
        "1.50× (1.50×–1.50×, n=12)",
        "cannot be resolved: only 2 questions tell them apart, and at least 6 must",
    )  # fmt: skip


def test_verdict_in_words() -> None:
    assert comparisons.in_words(pair("cannot be resolved")) == "cannot be resolved"
    assert comparisons.in_words(pair("cannot be resolved", reason="too few")) == "cannot be resolved: too few"
    assert comparisons.in_words(pair("a better")) == "base is better"
    assert comparisons.in_words(pair("b better")) == "rag is better"


def test_a_strategy_that_failed_a_check_is_neither_better_nor_beaten(tmp_path: Path) -> None:
    """No passage that rag found is of a gold document: the retriever finds nothing."""
    run = many({"base": 10, "rag": 30})
    run["questions"] = [{**row, "gold_docs": ["elsewhere"]} for row in run["questions"]]
    table = comparisons.comparisons(task(tmp_path, **run))
    assert table.rows[0][-1] == "does not count: rag failed a check (see validity)"


def test_no_report_claims_that_strategies_are_alike(tmp_path: Path) -> None:
    table = comparisons.comparisons(task(tmp_path, **many({"base": 20, "rag": 20})))
    text = f"{comparisons.PAIRS} {table}".lower()
    assert "cannot be resolved" in text
    for claim in ("no difference", "the same accuracy", "equally good", "equivalent"):
        assert claim not in text


def test_ties_between_questions_are_named_where_there_are_any(tmp_path: Path) -> None:
    assert comparisons.clusters(task(tmp_path / "apart")) == ""
    tied = [{key: value for key, value in row.items() if key != "cluster"} for row in QUESTIONS]
    said = comparisons.clusters(task(tmp_path / "tied", questions=tied))
    assert re.findall(r"\d+", said) == ["4", "3", "2"]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("a better", "worse than base"),
        ("b better", "better than base"),
        ("cannot be resolved", "cannot be resolved"),
    ],
)
def test_forgetting_in_words(tmp_path: Path, verdict: str, words: str) -> None:
    row = Forgetting("lora@x", "lora", "x", 0.7, 0.5, pair(verdict, b="lora@x"))
    table = comparisons.forgetting(replace(task(tmp_path), forgetting=(row,)))
    assert table.rows[0][-1] == words
