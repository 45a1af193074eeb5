"""A history is what the run folders say: stored results only where they fit, damage named, nothing written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.history.history import History, read_history
from harness.analysis.history.runs import Run, TaskRun, Unread
from harness.analysis.results.figures import Tokens
from harness.errors import InputError
from harness.files import to_json
from tests.analysis.histories import age, first, write_made
from tests.analysis.runs import write_run
from tests.fakes import Silent

RIGHT = {"base": first(10, 40), "rag": first(30, 40)}
RATIOS = {"base": 1.0, "rag": 2.0}


def read(folder: Path, **options: Any) -> tuple[History, list[str]]:
    progress = Silent()
    return read_history(folder, progress, **options), progress.notes


def only(folder: Path) -> Run:
    (run,) = read(folder)[0].runs
    assert isinstance(run, Run)
    return run


def facts_of(folder: Path) -> TaskRun:
    (task_run,) = read(folder)[0].tasks["facts"].runs
    return task_run


def unread(history: History) -> dict[str, str]:
    return {run.folder: run.reason for run in history.runs if isinstance(run, Unread)}


def names(history: History) -> list[str]:
    """Oldest first."""
    return [run.folder for run in reversed(history.runs)]


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


def test_figures_by_hand(tmp_path: Path) -> None:
    """A second costs $0.002; rag takes two, the prompt half of them; times vary by 3 % about that."""
    write_made(tmp_path, 0, RIGHT, ratios=RATIOS)
    rag, base = (facts_of(tmp_path).strategies[name] for name in ("rag", "base"))
    assert (rag.accuracy.mean, base.accuracy.mean, base.accuracy.n) == (0.75, 0.25, 40)
    assert (rag.cost.mean, rag.components.prompt_usd) == (pytest.approx(0.004), pytest.approx(0.002))
    assert rag.usd_per_hour_of_use == 7.2  # $3.60 at half use
    assert (rag.latency_ratio.mean, base.latency_ratio.mean) == (pytest.approx(2.0), None)
    assert rag.tokens == Tokens(100.0, 5.0)


def test_stored_results_and_evidence_give_the_same_history_and_no_run_is_written_into(tmp_path: Path) -> None:
    for number in range(3):
        age(write_made(tmp_path, number, RIGHT, ratios=RATIOS), 100)
    before = state(tmp_path)
    derived = read(tmp_path)[0]
    assert state(tmp_path) == before
    assert all(isinstance(run, Run) and run.derived for run in derived.runs)
    for number in range(3):
        write_made(tmp_path, number, RIGHT, ratios=RATIOS, report=True)
    before = state(tmp_path)
    stored = read(tmp_path)[0]
    assert state(tmp_path) == before
    assert not any(isinstance(run, Run) and run.derived for run in stored.runs)
    first_, second = (json.loads(to_json(history)) for history in (derived, stored))
    for one in (*first_["runs"], *second["runs"]):
        del one["derived"], one["page"]
    assert first_ == second


def _edit(place: Path, **values: Any) -> None:
    path = place / "results.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda place: age(place, -100) or os.utime(place / "results.json", ns=(0, 0)),
        lambda place: _edit(place, run_id="another"),
        lambda place: _edit(place, schema_version=0),
        lambda place: _edit(place, status="running"),
        lambda place: _edit(place, tasks={"facts": {"n": 1}}),
        lambda place: _edit(place, tasks=[1, 2]),
        lambda place: _edit(place, missing_answers="none"),
        lambda place: (place / "results.json").write_text(
            (place / "results.json").read_text().replace('"mean": 0.75', '"mean": 1e999')
        ),
        lambda place: (place / "results.json").write_text('{"run_id": NaN'),
        lambda place: (place / "results.json").write_text("[" * 100_000),
        lambda place: (place / "results.json").unlink(),
    ],
)
def test_results_that_do_not_fit_are_made_of_the_evidence(tmp_path: Path, spoil: Any) -> None:
    place = write_made(tmp_path, 0, RIGHT, ratios=RATIOS, report=True)
    assert not only(tmp_path).derived
    spoil(place)
    run = only(tmp_path)
    assert run.derived
    assert facts_of(tmp_path).strategies["rag"].accuracy.mean == 0.75


def test_folders_that_are_no_runs_are_passed_over(tmp_path: Path) -> None:
    write_made(tmp_path, 0, RIGHT)
    (tmp_path / "notes").mkdir()
    (tmp_path / ".half").mkdir()
    (tmp_path / ".half" / "run.json").write_text("{}")
    (tmp_path / "README.md").write_text("runs")
    history, notes = read(tmp_path)
    assert names(history) == ["000"]
    assert notes == []


def test_what_cannot_be_read_is_named_in_one_line_and_kept_as_such(tmp_path: Path) -> None:
    for number in (0, 4):
        write_made(tmp_path, number, RIGHT)
    torn, broken = tmp_path / "20260103T030405Z-abc", tmp_path / "3"
    manifests = {
        "1": '{"schema_version": 99}',
        torn.name: '{"schema',
        "5": '{"schema_version": 2, "plan": [3]}',
    }
    for name, text in manifests.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(text)
    write_run(broken)
    answers = broken / "answers.jsonl"
    answers.write_text("{torn\n" + answers.read_text())
    history, notes = read(tmp_path)
    said = unread(history)
    assert set(said) == {"1", "3", "5", torn.name}
    assert [run.folder for run in history.runs if run.read] == ["004", "000"]
    assert len(notes) == 4
    assert all("\n" not in note for note in notes)
    assert "newer version" in said["1"]
    assert "manifest cannot be read" in said[torn.name]
    assert "answers.jsonl:1: broken line" in said["3"]
    assert "is damaged: 'run_id' is missing" in said["5"]
    order = names(history)
    assert order.index("000") < order.index(torn.name) < order.index("004")  # by the time in its name


def test_json_too_deep_to_read_is_named_too(tmp_path: Path) -> None:
    write_made(tmp_path, 0, RIGHT)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "run.json").write_text("[" * 100_000)
    assert "nested too deeply" in unread(read(tmp_path)[0])["deep"]


def test_a_run_whose_results_fit_and_whose_answers_are_damaged_is_not_compared(tmp_path: Path) -> None:
    for number, right in enumerate((36, 10, 10)):
        write_made(tmp_path, number, {"base": first(right, 40)}, report=True)
    answers = tmp_path / "001" / "answers.jsonl"
    answers.write_text("{torn\n" + answers.read_text())
    os.utime(answers, ns=(0, 0))  # older than the results, which therefore are believed
    history, notes = read(tmp_path)
    assert history.tasks["facts"].changes == ()
    assert len(notes) == 1
    assert "broken line" in notes[0]
    aside = [(run.folder, run.reason) for run in history.runs if isinstance(run, Run) and not run.compared]
    assert [folder for folder, _ in aside] == ["001"]
    assert "broken line" in str(aside[0][1])


def test_order_and_last(tmp_path: Path) -> None:
    for number in (2, 0, 3, 1):
        write_made(tmp_path, number, RIGHT)
    assert names(read(tmp_path)[0]) == ["000", "001", "002", "003"]
    assert names(read(tmp_path, last=2)[0]) == ["002", "003"]
    (tmp_path / "undated").mkdir()
    (tmp_path / "undated" / "run.json").write_text("")
    assert names(read(tmp_path, last=1)[0]) == ["undated", "003"]


def test_times_of_other_zones_are_sorted_by_the_moment(tmp_path: Path) -> None:
    for number, made in enumerate(("2026-01-02T12:00:00+09:00", "2026-01-02T04:00:00Z", "tomorrow")):
        write_made(tmp_path, number, RIGHT, created=made)
    assert names(read(tmp_path)[0]) == ["002", "000", "001"]


def test_series_are_told_apart_by_questions_and_scoring_not_by_order(tmp_path: Path) -> None:
    write_made(tmp_path, 0, RIGHT)
    turned = list(
        reversed([json.loads(line) for line in (tmp_path / "000/questions.jsonl").read_text().splitlines()])
    )
    write_made(tmp_path, 1, RIGHT, questions=turned)
    write_made(tmp_path, 2, {name: hits[:20] for name, hits in RIGHT.items()})
    write_made(tmp_path, 3, RIGHT, questions=[{**one, "answers": [*one["answers"], "or"]} for one in turned])
    spec = json.loads((tmp_path / "000/run.json").read_text())["tasks"]["facts"]["spec"]
    write_made(tmp_path, 4, RIGHT, tasks={"facts": {"spec": {**spec, "metrics": ["f1"]}}})
    write_made(tmp_path, 5, RIGHT, tasks={"facts": {"spec": {**spec, "metrics": ["contains", "f1"]}}})
    task = read(tmp_path)[0].tasks["facts"]
    assert [run.series for run in reversed(task.runs)] == ["A", "A", "B", "C", "D", "A"]


def test_a_loss_is_found_from_disk(tmp_path: Path) -> None:
    for number, right in enumerate((120, 120, 90, 90)):
        write_made(tmp_path, number, {"base": first(50, 200), "rag": first(right, 200)}, ratios=RATIOS)
    (change,) = read(tmp_path)[0].tasks["facts"].changes
    assert (change.strategy, change.run) == ("rag", "002")
    assert change.size == pytest.approx(-0.15)


def test_wrong_folders_and_tasks_are_refused(tmp_path: Path) -> None:
    place = write_made(tmp_path, 0, RIGHT)
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "none")
    with pytest.raises(InputError, match="is a file"):
        read(place / "run.json")
    with pytest.raises(InputError, match="is itself a run; name the folder that holds it"):
        read(place)
    with pytest.raises(
        InputError, match=r"no run has the task 'fact' \(did you mean 'facts'\?\). Tasks: facts."
    ):
        read(tmp_path, tasks=["fact"])
    assert list(read(tmp_path, tasks=["facts"])[0].tasks) == ["facts"]


def test_an_empty_folder_is_an_empty_history(tmp_path: Path) -> None:
    history, notes = read(tmp_path, tasks=["facts"])
    assert (history.runs, history.tasks, notes) == ((), {}, [])


def test_a_run_stopped_before_its_first_question_is_shown_as_incomplete(tmp_path: Path) -> None:
    place = write_made(tmp_path, 0, RIGHT, status="running")
    for file in place.glob("*.jsonl"):
        file.unlink()
    run = only(tmp_path)
    assert run.incomplete
    assert not run.compared
    assert facts_of(tmp_path).strategies["rag"].accuracy.mean is None
