"""The verdict under each further metric: the same code over comparisons of that metric, and one line of words."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from harness.analysis.accuracy import score_all
from harness.analysis.decision.other_metrics import in_words, verdicts
from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.run import TaskResult
from harness.analysis.results.verdict import Standing, Verdict
from harness.report.terminal import print_results
from harness.report.write import FORMS, Derived
from tests.analysis.expert.described import described
from tests.analysis.expert.evidence import write_described

OWN = Standing(Verdict.RECOMMENDED, "rag", "rag")
LORA = Standing(Verdict.RECOMMENDED, "lora", "lora")
OPEN = Standing(Verdict.UNDECIDED, None, "rag")


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({}, ""),
        ({"f1": OWN}, "The same under f1."),
        ({"f1": OWN, "exact_match": LORA}, "The same under f1; under exact_match lora is recommended."),
        ({"f1": OWN, "refusal": OWN}, "The same under f1 and refusal."),
        (
            {"f1": LORA, "exact_match": LORA, "refusal": OPEN},
            "Under f1 and exact_match lora is recommended; under refusal undecided, rag is ahead.",
        ),
    ],
)
def test_one_line_for_all_metrics(others: dict[str, Standing], text: str) -> None:
    assert in_words(verdicts(OWN, others)).text == text


def test_where_nothing_can_be_chosen_no_metric_is_told() -> None:
    assert verdicts(Standing(Verdict.NOT_COMPUTED, None, None, "Only rag ran."), {"f1": OWN}) == ()


def decided(folder: Path, evidence: str) -> TaskResult:
    write_described(folder, described(evidence))
    (task,) = derive(read_run(folder)).tasks.values()
    return task


DISAGREE = "right base 40, rag 150, lora 110, oracle 160; verbose rag, base, oracle"


def test_a_metric_as_a_further_one_decides_as_it_does_alone(tmp_path: Path) -> None:
    """rag writes a sentence round each answer, which `contains` does not mind and `exact_match` does."""
    both = decided(tmp_path / "both", f"metrics contains, exact_match; {DISAGREE}").decision
    alone = decided(tmp_path / "alone", f"metrics exact_match; {DISAGREE}").decision
    (row,) = both.by_metric
    assert (both.recommended, row.recommended, row.same) == ("rag", "lora", False)
    assert (row.status, row.favourite) == (alone.status, alone.favourite)
    assert both.other_metrics.text == "Under exact_match lora is recommended."
    assert alone.by_metric == ()


def test_a_check_of_contains_excludes_nobody_under_another_metric(tmp_path: Path) -> None:
    """A reply that lists six names is wrong by `exact_match` anyway, and partly right by `f1`."""
    evidence = "metrics contains, exact_match; right base 40, rag 180, lora 120, oracle 185; lists rag"
    decision = decided(tmp_path, evidence).decision
    assert list(decision.excluded) == ["rag"]
    (row,) = decision.by_metric
    assert (row.status, row.favourite) == (Verdict.RECOMMENDED, "lora")


@pytest.mark.parametrize("form", [".html", ".md"])
def test_every_form_tells_it(form: str, tmp_path: Path) -> None:
    write_described(tmp_path, described(f"metrics contains, exact_match; {DISAGREE}"))
    run = read_run(tmp_path)
    scores = score_all(run)
    results = derive(run, scores)
    text = FORMS[form](Derived(run, scores, results), None).decode()
    line = "Under exact_match lora is recommended."
    told = text.replace("\\_", "_")
    assert line in told
    assert "By other metrics:" in told
    out = io.StringIO()
    print_results(results, file=out, width=200)
    assert f"facts, by other metrics: {line}" in out.getvalue()
