"""What a report says of two strategies: the figures of results.json, and never more than they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.report import comparisons
from harness.report.document import document
from tests.analysis.runs import QUESTIONS, answer, answers, manifest, timing, write_run

ROW = {"a": "base", "b": "rag", "verdict": "cannot be resolved", "reason": None}


def task(folder: Path, **replaced: Any) -> dict[str, Any]:
    found: dict[str, Any] = derive(read_run(write_run(folder, **replaced)))["tasks"]["facts"]
    return found


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
    assert table is not None
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
    assert comparisons.in_words(ROW) == "cannot be resolved"
    assert comparisons.in_words({**ROW, "verdict": "a better"}) == "base is better"
    assert comparisons.in_words({**ROW, "verdict": "b better"}) == "rag is better"


def test_a_strategy_that_failed_a_check_is_neither_better_nor_beaten(tmp_path: Path) -> None:
    """No passage that rag found is of a gold document: the retriever finds nothing."""
    run = many({"base": 10, "rag": 30})
    run["questions"] = [{**row, "gold_docs": ["elsewhere"]} for row in run["questions"]]
    table = comparisons.comparisons(task(tmp_path, **run))
    assert table is not None
    assert table.rows[0][-1] == "does not count: rag failed a check (see validity)"


def test_no_report_claims_that_strategies_are_alike(tmp_path: Path) -> None:
    found = document(derive(read_run(write_run(tmp_path, **many({"base": 20, "rag": 20})))))
    (part,) = [part for part in found.tasks["facts"] if part.title == "Comparisons"]
    text = " ".join(str(block) for block in part.blocks).lower()
    assert "cannot be resolved" in text
    for claim in ("no difference", "the same accuracy", "equally good", "equivalent"):
        assert claim not in text


def test_ties_between_questions_are_named_where_there_are_any(tmp_path: Path) -> None:
    assert comparisons.clusters(task(tmp_path / "apart")) == ""
    tied = [{key: value for key, value in row.items() if key != "cluster"} for row in QUESTIONS]
    said = comparisons.clusters(task(tmp_path / "tied", questions=tied))
    assert "these 4 fall into 3 clusters, the largest of 2" in said


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("a better", "worse than base"),
        ("b better", "better than base"),
        ("cannot be resolved", "cannot be resolved"),
    ],
)
def test_forgetting_in_words(verdict: str, words: str) -> None:
    row = {
        **ROW, "b": "lora@x", "verdict": verdict, "strategy": "lora", "trained_for": "x", "base": 0.7,
        "adapter": 0.5, "delta": -0.2, "ci_low": -0.3, "ci_high": -0.1, "n": 72, "p_adjusted": 0.01,
        "mde_adjusted": 0.1,
    }  # fmt: skip
    table = comparisons.forgetting({"forgetting": [row]})
    assert table is not None
    assert table.rows[0][-1] == words


def test_seeds_have_a_table_only_where_there_are_several(tmp_path: Path) -> None:
    assert comparisons.seeds(task(tmp_path / "one")) is None
    again = [{**r, "seed": 1, "prediction": "Paris 42"} for r in answers() if r["strategy"] == "lora"]
    table = comparisons.seeds(task(tmp_path / "two", answers=answers() + again))
    assert table is not None
    (row,) = table.rows
    assert row[:4] == ("lora", "seed 0: 50.0 %, seed 1: 50.0 %", "4", "0.0 points")
    assert len(row) == len(table.headers)
