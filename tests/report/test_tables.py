"""The tables of what was measured."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.results.comparison import Comparison, Forgetting
from harness.analysis.results.run import TaskResult
from harness.analysis.waterfall import BINS
from harness.report import tables
from tests.analysis.races import N, healthy
from tests.analysis.runs import QUESTIONS, answer, answers, manifest, timing, write_run
from tests.report.results import facts, results, results_of


def test_the_waterfall_step_by_step_and_why_answers_were_wrong(tmp_path: Path) -> None:
    task = results_of(write_run(tmp_path, **healthy())).tasks["facts"]
    steps, bins = tables.steps(task), tables.bins(task)
    assert steps is not None
    assert [row[0].partition(":")[0] for row in steps.rows] == ["base", "rag", "oracle", "all right"]
    assert [row[1:] for row in steps.rows] == [
        ("8.3 %", "n/a", str(N)),
        ("58.3 %", "+50.0 points over base", str(N)),
        ("83.3 %", "+25.0 points over rag", str(N)),
        ("100.0 %", "+16.7 points over oracle", str(N)),
    ]
    assert bins is not None
    assert bins.headers[0] == "Why rag was wrong"
    assert [row[1:] for row in bins.rows] == [
        ("4", "40.0 %"), ("0", "0.0 %"), ("6", "60.0 %"), ("0", "0.0 %"), ("0", "0.0 %"),
    ]  # fmt: skip
    assert tuple(tables.BINS) == BINS


def test_a_task_without_retrieval_has_no_waterfall(tmp_path: Path) -> None:
    general = results(tmp_path).tasks["general"]
    assert (tables.steps(general), tables.bins(general)) == (None, None)


def test_seeds_have_a_table_only_where_there_are_several(tmp_path: Path) -> None:
    assert tables.seeds(facts(tmp_path / "one")).rows == ()
    again = [{**r, "seed": 1, "prediction": "Paris 42"} for r in answers() if r["strategy"] == "lora"]
    table = tables.seeds(facts(tmp_path / "two", rows={"answers": answers() + again}))
    (row,) = table.rows
    assert row[:4] == ("lora", "seed 0: 50.0 %, seed 1: 50.0 %", "4", "0.0 points")
    assert len(row) == len(table.headers)


def test_what_few_questions_cannot_claim_says_how_few(tmp_path: Path) -> None:
    table = tables.speed(facts(tmp_path))
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(rows) == ["base", "lora", "lora, unmerged", "rag"]
    assert rows["rag"][:2] == ("2", "n/a (n=2 < 10)")
    assert rows["rag"][6] == "n/a (n=2 < 10)"
    assert rows["base"][6] == "no retrieval"
    assert rows["rag"][7] == "2.00 (n=1)"


def test_lm_evals_figures_of_all_answers_stand_beside_the_metrics(tmp_path: Path) -> None:
    task = facts(tmp_path)
    base = replace(task.strategies["base"], aggregates={"perplexity": 12.345})
    table = tables.metrics(replace(task, strategies={**task.strategies, "base": base}))
    assert table is not None
    assert [row[-1] for row in table.rows] == ["12.3", "n/a", "n/a", "–", "–"]  # two constants below
    assert table.headers[-1].startswith("perplexity ")


def test_partly_answered_says_of_how_many(tmp_path: Path) -> None:
    table = tables.answers(facts(tmp_path, rows={"answers": answers()[1:]}))
    assert [row[1] for row in table.rows] == ["3 of 4", "4", "4"]


def pair(verdict: str, *, b: str = "rag", reason: str | None = None) -> Comparison:
    return Comparison(
        "base", b, "contains", 72, -0.2, -0.3, -0.1, 0.01, 0.1, 20, 17, 3, 72, reason, 0.1, 0.01, verdict
    )


def task(folder: Path, **replaced: Any) -> TaskResult:
    return results_of(write_run(folder, **replaced)).tasks["facts"]


def many(right: dict[str, int], n: int = 40) -> dict[str, Any]:
    """A run of n questions, of which each strategy answers the first so many right."""
    asked = [
        {**QUESTIONS[0], "id": f"q{i}", "question": f"Capital {i}?", "cluster": f"q{i}", "gold_docs": []}
        for i in range(n)
    ]
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
    table = tables.comparisons(task(tmp_path, **many({"base": 10, "rag": 30, "oracle": 32})))
    assert table.rows[0] == (
        "base → rag", "+50.0 points (+35.2 to +64.8)", "40", "20 (0 : 20)", "< 0.001", "31.3 points",
        "2.00× (2.00×–2.00×, n=12)", "rag is better",
    )  # fmt: skip
    assert table.rows[2] == (
        "rag → oracle", "+5.0 points (−4.2 to +16.5)", "40", "2 (0 : 2)", "0.500 (by itself)", "17.2 points",
        "1.50× (1.50×–1.50×, n=12)",
        "inconclusive: only two questions tell them apart, and at least six must",
    )  # fmt: skip


def test_verdict_in_words() -> None:
    assert tables.in_words(pair("inconclusive")) == "inconclusive"
    assert tables.in_words(pair("inconclusive", reason="too few")) == "inconclusive: too few"
    assert tables.in_words(replace(pair("a better"), in_family=True)) == "base is better"
    assert tables.in_words(replace(pair("b better"), in_family=True)) == "rag is better"
    assert tables.in_words(pair("b better")) == "rag is better (by itself)", "no verdict rests on it"


def test_pairs_that_a_verdict_rests_on_stand_first(tmp_path: Path) -> None:
    table = tables.comparisons(task(tmp_path, **many({"base": 4, "few-shot": 10, "rag": 30, "lora": 22})))
    assert [row[0] for row in table.rows] == [
        "base → rag", "few-shot → rag", "rag → lora", "base → few-shot", "base → lora", "few-shot → lora",
    ]  # fmt: skip
    assert ["by itself" in row[4] for row in table.rows] == [False] * 3 + [True] * 3


def test_a_strategy_that_failed_a_check_is_neither_better_nor_beaten(tmp_path: Path) -> None:
    """No passage that rag found is of a gold document: the retriever finds nothing."""
    run = many({"base": 10, "rag": 30})
    run["questions"] = [{**row, "gold_docs": ["elsewhere"]} for row in run["questions"]]
    table = tables.comparisons(task(tmp_path, **run))
    assert table.rows[0][-1] == "does not count: rag failed a check (see validity)"


def test_no_report_claims_that_strategies_are_alike(tmp_path: Path) -> None:
    table = tables.comparisons(task(tmp_path, **many({"base": 20, "rag": 20})))
    text = f"{tables.PAIRS} {table}".lower()
    assert "inconclusive" in text
    for claim in ("no difference", "the same accuracy", "equally good", "equivalent"):
        assert claim not in text


def test_repeated_questions_are_named(tmp_path: Path) -> None:
    first, second, *others = QUESTIONS
    repeated = [first, {**second, "question": f" {first['question'].upper()}"}, *others]
    said = tables.clusters_in_words(results_of(write_run(tmp_path, questions=repeated)).tasks["facts"])
    assert "these 4 fall into 3 clusters" in said
    assert (
        f"1 question repeats an earlier one word for word ({first['id']} and {second['id']}) and counts once"
        in said
    )


def test_ties_between_questions_are_named_where_there_are_any(tmp_path: Path) -> None:
    assert tables.clusters_in_words(task(tmp_path / "apart")) == ""
    tied = [{key: value for key, value in row.items() if key != "cluster"} for row in QUESTIONS]
    said = tables.clusters_in_words(task(tmp_path / "tied", questions=tied))
    assert re.findall(r"\d+", said) == ["4", "3", "2"]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("a better", "worse than base"),
        ("b better", "better than base"),
        ("inconclusive", "inconclusive"),
    ],
)
def test_forgetting_in_words(tmp_path: Path, verdict: str, words: str) -> None:
    row = Forgetting("lora@x", "lora", "x", 0.7, 0.5, pair(verdict, b="lora@x"))
    table = tables.forgetting(replace(task(tmp_path), forgetting=(row,)))
    assert table.rows[0][-1] == words
