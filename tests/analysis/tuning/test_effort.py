"""Trials of a run as a report tells them, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.evidence import Evidence
from harness.analysis.reading import read_run
from harness.analysis.results.tuning import Effort
from harness.analysis.tuning.effort import effort_of, in_short, seconds_of
from harness.engines.engine import AdapterRef
from harness.errors import InputError
from harness.records import TrialRow
from harness.report import effort as told
from harness.report.write import write_reports
from tests.fakes import RecordingEngine
from tests.run.tuning.test_tune import DEV, world
from tests.run.worlds import go, make_tools, settings_of

ROW = TrialRow("t", "s", "c", {}, 0, 10, {f"q{n}": 1.0 for n in range(10)}, 5.0, 0.0, 0.0, 100, 10, 0)


def knowing(prompt: str, adapter: AdapterRef | None) -> str:
    return "yes" if prompt.count("[assistant]") > 5 else "no"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tuned")
    task = world(place)
    settings = settings_of(task, "base", "few-shot", tune=3, latency_queries=2)
    return go(settings, [task], make_tools(place / "cache", RecordingEngine(knowing)), place / "run")


@pytest.fixture(scope="module")
def run(folder: Path) -> Evidence:
    return read_run(folder)


def test_each_trial_stands_in_the_effort(run: Evidence) -> None:
    effort = effort_of(run, "workshop")
    (search,) = effort.tuning.values()
    assert (effort.budget, search.tried, search.questions) == (3, 3, DEV)
    assert [(trial.label, trial.score, trial.n) for trial in search.trials] == [
        ("the default", 0.0, DEV), ("examples.k 8", 1.0, DEV), ("examples.seed 1", 0.0, DEV),
    ]  # fmt: skip
    assert [trial.chosen for trial in search.trials] == [False, True, False]
    assert search.seconds == sum(trial.seconds for trial in search.trials) > 0


def test_the_effort_is_said_in_short(run: Evidence) -> None:
    text = in_short(effort_of(run, "workshop"))
    assert text.startswith(
        "Tried on 40 dev questions: few-shot 3 settings, at most 3 each. Changed: few-shot: examples.k 8"
    )


def test_the_search_is_part_of_the_one_off_cost(run: Evidence) -> None:
    searched = derive(run).tasks["workshop"].strategies["few-shot"].cost
    free = derive(replace(run, trials={})).tasks["workshop"].strategies["few-shot"].cost
    assert searched.components.tuning_usd
    assert searched.fixed_usd
    assert free.fixed_usd
    assert searched.fixed_usd - free.fixed_usd == pytest.approx(searched.components.tuning_usd)


def test_every_form_of_the_report_tells_it(folder: Path) -> None:
    results = write_reports(folder)
    tables = told.task_blocks(results.tasks["workshop"])
    assert len(tables) == 4
    for name in ("report.md", "report.html"):
        assert "few-shot 3 settings" in (folder / name).read_text(encoding="utf-8")


def test_without_a_search_the_report_says_not_tuned(tmp_path: Path) -> None:
    task = world(tmp_path)
    settings = settings_of(task, "base", "few-shot", "rag")
    folder = go(settings, [task], make_tools(tmp_path / "cache", RecordingEngine(knowing)), tmp_path / "run")
    effort = effort_of(read_run(folder), "workshop")
    assert effort.untuned == ("few-shot", "rag")
    assert in_short(effort).startswith("Not tuned: few-shot and rag run with the settings of the task file.")


def test_nothing_is_said_of_a_run_without_anything_to_tune() -> None:
    assert in_short(Effort()) == ""


def test_answers_from_the_cache_count_as_long_as_the_others() -> None:
    assert seconds_of([ROW]) == 5.0
    assert seconds_of([replace(ROW, cached=5)]) == 10.0
    assert seconds_of([replace(ROW, seconds=0.0, cached=10)]) == 0.0
    assert seconds_of([replace(ROW, train_s=7.0, index_s=2.0)]) == 14.0


def test_a_trial_that_stands_there_twice_or_of_nobody_is_damage(folder: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    lines = (copy / "tuning.jsonl").read_text(encoding="utf-8").splitlines()
    (copy / "tuning.jsonl").write_text("\n".join([*lines, lines[0]]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="a second time"):
        read_run(copy)
    system = f'"system": "{read_run(folder).manifest.tuned[0].default.id}"'
    assert system in lines[0] or system.replace(": ", ":") in lines[0]
    foreign = lines[0].replace(read_run(folder).manifest.tuned[0].default.id, "0" * 16)
    (copy / "tuning.jsonl").write_text(foreign + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="does not plan"):
        read_run(copy)
