"""`--learning-curve` in a whole run: nested parts, no contestants, resumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.engines.engine import AdapterRef
from harness.errors import InputError
from harness.report.planned import blocks
from harness.report.write import write_reports
from harness.run.compare import dry_run
from harness.run.manifest_file import read_manifest
from harness.run.plan import sample
from harness.run.speed import Speed
from harness.run.tuning.fewer import learns, part_of, sizes
from harness.spec.task import Task, load_task
from tests.fakes import RecordingEngine
from tests.run.worlds import (
    FallibleEngine,
    Killed,
    go,
    lines,
    make_task,
    make_tools,
    rows,
    settings_of,
    system,
)

TRAIN = 120


def world(tmp_path: Path) -> Task:
    task = make_task(tmp_path)
    more: list[dict[str, Any]] = [
        {"id": f"t{n}", "question": f"Is number {n} ready?", "answers": ["yes"], "gold_docs": ["drill"]}
        for n in range(TRAIN)
    ]
    lines(tmp_path / "workshop" / "train.jsonl", more)
    return load_task(task.path)


def reply(prompt: str, adapter: AdapterRef | None) -> str:
    return "drill 0" if "keeps the drill" in prompt else "no"


def run(tmp_path: Path, task: Task, *strategies: str, **options: Any) -> Path:
    settings = settings_of(task, *strategies, learning_curve=True, **options)
    return go(settings, [task], make_tools(tmp_path / "cache", RecordingEngine(reply)), tmp_path / "run")


def test_parts_double_and_are_nested(tmp_path: Path) -> None:
    task = world(tmp_path)
    nearest = system(task, "few-shot-nearest")
    assert sizes(task, nearest) == (25, 50, 100)
    assert sizes(task, part_of(nearest, 60)) == (25, 50)
    parts = [{question.id for question in sample(task.train, count, 0)} for count in sizes(task, nearest)]
    assert parts[0] < parts[1] < parts[2]


def test_a_part_is_the_same_system_with_fewer_examples(tmp_path: Path) -> None:
    task = world(tmp_path)
    lora, nearest = system(task, "lora"), system(task, "few-shot-nearest")
    small = part_of(lora, 50)
    assert small.name == "lora[n=50]"
    assert small.recipe
    assert small.recipe.max_examples == 50
    assert part_of(nearest, 50).nearest
    assert part_of(nearest, 50).id != nearest.id
    assert [learns(system(task, name)) for name in ("base", "few-shot", "rag", "oracle")] == [False] * 4


def test_the_curve_is_evidence_and_no_contestant(tmp_path: Path) -> None:
    task = world(tmp_path)
    folder = run(tmp_path, task, "base", "few-shot-nearest")
    learnt = rows(folder, "learning")
    assert [row["examples"] for row in learnt] == [25, 50, 100]
    assert all(len(row["scores"]) == len(task.test) for row in learnt)
    record = read_manifest(folder)
    assert set(record.systems_of(task.name)) == {"base", "few-shot-nearest"}
    result = derive(read_run(folder)).tasks[task.name]
    assert set(result.strategies) == {"base", "few-shot-nearest"}
    curve = result.effort.learning["few-shot-nearest"]
    assert [point.name for point in curve.points] == [
        "few-shot-nearest[n=25]", "few-shot-nearest[n=50]", "few-shot-nearest[n=100]", "few-shot-nearest",
    ]  # fmt: skip
    assert curve.points[-1].examples == TRAIN
    assert record.status == "complete"


def test_every_form_of_the_report_shows_it(tmp_path: Path) -> None:
    folder = run(tmp_path, world(tmp_path), "base", "few-shot-nearest")
    write_reports(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "few-shot-nearest[n=50]" in page
    assert "Accuracy against training questions" in page
    assert "few-shot-nearest needs no more labels" in (folder / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("batch", [5, 7])
def test_a_killed_curve_goes_on_where_it_was(tmp_path: Path, batch: int) -> None:
    task = world(tmp_path)
    settings = settings_of(task, "base", "few-shot-nearest", learning_curve=True, use_cache=False)
    engine = FallibleEngine(batch=batch)
    with pytest.raises(Killed):
        go(settings, [task], make_tools(tmp_path / "cache", engine), tmp_path / "run")
    done = rows(tmp_path / "run", "learning")
    go(settings, [task], make_tools(tmp_path / "cache"), tmp_path / "run", resume=True)
    after = rows(tmp_path / "run", "learning")
    assert after[: len(done)] == done
    assert [row["examples"] for row in after] == [25, 50, 100]


def test_a_dry_run_says_what_it_takes(tmp_path: Path) -> None:
    task = world(tmp_path)
    settings = settings_of(task, "base", "few-shot-nearest", learning_curve=True)
    planned = dry_run(settings, [task], make_tools(tmp_path / "cache"), None)
    (curve,) = planned.learning
    assert (curve.settings, curve.trainings, curve.requests) == (3, 0, 3 * len(task.test))
    assert curve.seconds is None
    quick = replace(make_tools(tmp_path / "cache"), measure=lambda *_: Speed(0.01, 0.1, 0.02, 0.2, {}))
    measured = dry_run(settings, [task], quick, None)
    (answered,) = (row.seconds for row in measured.jobs if row.system == "few-shot-nearest")
    assert answered
    assert [row.seconds for row in measured.learning] == [pytest.approx(3 * answered)]
    assert any("here" in block for block in blocks(measured) if "learning curve" in str(block))


def test_a_question_that_nobody_asked_is_damage(tmp_path: Path) -> None:
    folder = run(tmp_path, world(tmp_path), "base", "few-shot-nearest")
    path = folder / "learning.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("drill-0", "drill-9"), encoding="utf-8")
    with pytest.raises(InputError, match=r"questions\.jsonl lacks"):
        read_run(folder)


def test_scores_are_by_question(tmp_path: Path) -> None:
    folder = run(tmp_path, world(tmp_path), "base", "few-shot-nearest")
    scores: Mapping[str, float] = rows(folder, "learning")[0]["scores"]
    assert scores["drill-0"] == 1.0
    assert scores["drill-1"] == 0.0
