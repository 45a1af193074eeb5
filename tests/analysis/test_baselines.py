"""Trivial baselines: the constants that a competent opponent would try, held against each system."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from harness.analysis.accuracy import score_all
from harness.analysis.baselines import trivial
from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.run import TaskResult
from harness.report.write import FORMS, Derived
from tests.analysis.runs import answer, write_run

Rows = list[dict[str, Any]]


def questions(*answers: str | None, **more: Any) -> Rows:
    """One question for each right answer; None: it cannot be answered."""
    return [
        {"task": "t", "id": f"q{i}", "question": f"Question {i}?", "answers": [] if a is None else [a],
         "answerable": a is not None, **more}
        for i, a in enumerate(answers)
    ]  # fmt: skip


def task(
    folder: Path,
    asked: Rows,
    replies: list[str] | None = None,
    train: Rows = (),
    **spec: Any,
) -> TaskResult:
    replies = ["?"] * len(asked) if replies is None else replies
    rows = [answer("t", "base", row["id"], reply) for row, reply in zip(asked, replies, strict=True)]
    learnt = [{**row, "id": f"train-{row['id']}", "split": "train"} for row in train]
    about = {"tasks": {"t": {"spec": {"name": "t", **spec}}}, "plan": [{"task": "t", "strategy": "base"}]}
    write_run(
        folder,
        manifest=about,
        questions=asked,
        answers=rows,
        training=learnt,
        batches=[],
        timings=[],
        passages=[],
    )
    return derive(read_run(folder)).tasks["t"]


def means(made: TaskResult) -> dict[str, tuple[str, float | None]]:
    return {row.name: (row.reply, row.estimate.mean) for row in made.baselines}


def test_the_most_frequent_answer_and_the_refusal(tmp_path: Path) -> None:
    made = task(
        tmp_path,
        questions("7 days", "7 days", "Lyon", None),
        answer={"type": "text", "refusal": "not in the documents"},
        metrics=["contains", "refusal"],
    )
    assert means(made) == {
        "constant_answer": ("7 days", 0.5),
        "constant_refusal": ("not in the documents", 0.25),
    }
    assert made.best_baseline is made.baselines[0]
    assert made.baselines[0].label == "always “7 days”"
    # By `refusal` a reply that never refuses is right on every answerable question.
    assert [row.metrics["refusal"].mean for row in made.baselines] == [0.75, 0.25]


def test_without_unanswerable_questions_nobody_would_always_refuse(tmp_path: Path) -> None:
    made = task(tmp_path, questions("a1", "b2"), answer={"type": "text", "refusal": "not in the documents"})
    assert means(made) == {"constant_answer": ("a1", 0.5)}


def test_the_answer_that_train_repeats_is_tried_too(tmp_path: Path) -> None:
    """By `contains` an answer of train may hold two of test's."""
    made = task(tmp_path, questions("Rome", "Lyon", "Paris"), train=questions("Rome or Lyon", "Oslo"))
    assert means(made)["constant_answer"] == ("Rome or Lyon", pytest.approx(2 / 3))


def test_the_majority_label_is_the_best_of_all_labels(tmp_path: Path) -> None:
    made = task(
        tmp_path,
        questions("yes", "no", "no"),
        answer={"type": "label", "labels": ["yes", "no", "perhaps"]},
        metrics=["label"],
    )
    assert means(made) == {"majority_label": ("no", pytest.approx(2 / 3))}


def test_the_most_frequent_object_of_json(tmp_path: Path) -> None:
    same = ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', '{"a": 0}')
    made = task(tmp_path, questions(*same), answer={"type": "json"}, metrics=["exact_json", "json_valid"])
    (row,) = made.baselines
    assert row.reply in same[:2]
    assert row.estimate.mean == pytest.approx(2 / 3)  # the order of keys does not count
    assert row.metrics["json_valid"].mean == 1.0


def test_of_choices_the_place_that_is_right_most_often(tmp_path: Path) -> None:
    asked = [
        {"task": "t", "id": f"q{i}", "question": f"Question {i}?", "answers": [right], "choices": options}
        for i, (right, options) in enumerate((("b", ["a", "b"]), ("d", ["c", "d"]), ("e", ["e", "f", "g"])))
    ]
    made = task(tmp_path, asked, answer={"type": "choice"}, metrics=["choice"])
    assert means(made) == {"constant_option": ("option 2", pytest.approx(2 / 3))}
    assert made.baselines[0].label == "always option 2"


def test_a_system_beats_the_best_constant_only_by_its_whole_interval(tmp_path: Path) -> None:
    """McNemar by hand: of 40 questions 10 accept the constant; the system is right on 12 others, and wrong on these."""
    asked = questions(*["same"] * 10, *(f"word{i}" for i in range(30)))
    right = [row["answers"][0] for row in asked]
    weak = (
        task(tmp_path / "weak", asked, ["?"] * 10 + right[10:22] + ["?"] * 18).strategies["base"].over_trivial
    )
    assert weak is not None
    assert weak.baseline == "constant_answer"
    assert (weak.n, weak.delta, weak.beats) == (40, 0.05, False)
    assert weak.p == pytest.approx(binomtest(10, 22).pvalue)
    strong = task(tmp_path / "strong", asked, right[:35] + ["?"] * 5).strategies["base"].over_trivial
    assert strong is not None
    assert strong.beats
    assert strong.delta == pytest.approx(25 / 40)


def test_how_many_more_questions_would_show_that_a_system_is_above_the_constant(tmp_path: Path) -> None:
    """12 right of 40 against 8, on 20 that differ: (1.96 + 0.84)² · 20/40 / 0.1² = 392 in all, so 352 more."""
    asked = questions(*["yes"] * 8, *[f"answer {i}" for i in range(32)])
    replies = ["?"] * 8 + [f"answer {i}" if i < 12 else "?" for i in range(32)]
    gap = task(tmp_path / "below", asked, replies).strategies["base"].over_trivial
    assert gap
    assert (gap.delta, gap.beats) == (pytest.approx(0.1), False)
    assert gap.questions_more == 360  # rounded up to two digits
    right = task(tmp_path / "above", asked, ["yes", *replies[1:8], *(f"answer {i}" for i in range(32))])
    above = right.strategies["base"].over_trivial
    assert above
    assert (above.beats, above.questions_more) == (True, None)


def test_baselines_are_no_systems_and_in_no_family(tmp_path: Path) -> None:
    made = task(tmp_path, questions("a1", "b2", "b2"))
    assert list(made.strategies) == ["base"]
    assert not made.comparisons
    assert list(made.decision.candidates) == ["base"]


def test_the_constant_does_not_depend_on_the_order_of_the_questions(tmp_path: Path) -> None:
    asked = questions("x1", "x2", "x3", "x4", None)
    shuffled = random.Random(1).sample(asked, len(asked))
    first, second = (task(tmp_path / str(i), rows) for i, rows in enumerate((asked, shuffled)))
    assert first.baselines == second.baselines


@pytest.mark.parametrize(("metric", "rows"), [("acc", ["constant_option"]), ("exact_match,none", [])])
def test_of_lm_evals_metrics_those_of_options_have_constants(
    metric: str, rows: list[str], tmp_path: Path
) -> None:
    """The others run the task's own code on what a model replied."""
    asked = [{**row, "choices": ["x", *row["answers"]]} for row in questions("a1", "b2")]
    replies = [{**answer("t", "base", row["id"], "?"), "metrics": {metric: 0.0}} for row in asked]
    about = {
        "tasks": {"t": {"spec": {"name": "t", "lm_eval": "t.yaml", "metrics": [metric]}}},
        "plan": [{"task": "t", "strategy": "base"}],
    }
    write_run(tmp_path, manifest=about, questions=asked, answers=replies, batches=[], timings=[], passages=[])
    run = read_run(tmp_path)
    found = trivial(run, "t", metric, run.clusters("t")).baselines
    assert [row.name for row in found] == rows
    assert [(row.label, row.estimate.mean) for row in found] == [("always option 2", 1.0)][: len(rows)]
    over = derive(run).tasks["t"].strategies["base"].over_trivial
    assert (over is None) == (not rows)


@pytest.mark.parametrize("form", [".html", ".md"])
def test_a_constant_is_text_in_every_form(form: str, tmp_path: Path) -> None:
    asked = questions(*["<b>7</b> | days"] * 3)
    task(tmp_path, asked)
    text = FORMS[form](derived_of(tmp_path), None).decode()
    assert "<b>7" not in text
    assert "7" in text


def derived_of(folder: Path) -> Derived:
    run = read_run(folder)
    scores = score_all(run)
    return Derived(run, scores, derive(run, scores))
