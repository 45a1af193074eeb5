"""Examples that were found are held against the baseline's as passages are: what they come from, and which they are."""

from __future__ import annotations

from pathlib import Path

from harness.analysis.regression.findings import Outcome
from harness.spec.task import load_task
from tests.analysis.regression.reruns import fallen, judged
from tests.run.worlds import go, lines, make_tools, settings_of, train, write_task

NEAREST = "few-shot-nearest"


def run_on(folder: Path, rows: int) -> Path:
    """A run whose examples come from the first so many training questions."""
    path = write_task(folder / "tasks")
    lines(folder / "tasks" / "workshop" / "train.jsonl", train()[:rows])
    task = load_task(path)
    settings = settings_of(task, "base", NEAREST, use_cache=False)
    return go(settings, [task], make_tools(folder / "cache"), folder / "run")


def test_the_same_training_questions_give_the_same_examples(tmp_path: Path) -> None:
    found = judged(run_on(tmp_path / "a", 9), run_on(tmp_path / "b", 9))
    assert {(NEAREST, "index"), (NEAREST, "retrieved")} <= fallen(found, Outcome.PASS)
    assert ("base", "index") in fallen(found, Outcome.NOT_APPLICABLE)


def test_other_training_questions_and_other_examples_are_caught(tmp_path: Path) -> None:
    found = judged(run_on(tmp_path / "a", 6), run_on(tmp_path / "b", 9))
    assert {(NEAREST, "index"), (NEAREST, "retrieved")} <= fallen(found)
    (finding,) = (one for one in found.findings if (one.strategy, one.rule) == (NEAREST, "index"))
    assert "training questions: 9 → 6; the embedder is the same" in finding.detail
