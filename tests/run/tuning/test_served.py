"""`--tune` over a server: passages and examples are tuned, dollars are counted, and a limit holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.errors import NoAnswer, SpendingLimit
from harness.run.compare import dry_run
from harness.run.folder import RunFolder
from harness.run.manifest_file import read_manifest
from harness.run.spending import spent_before
from tests.fakes import ServedEngine
from tests.run.test_estimate import priced
from tests.run.tuning.test_tune import DEV, knowing, world
from tests.run.worlds import go, rows, settings_of


def served(text: str, adapter: object) -> str:
    return knowing(text, None)


def test_examples_are_tuned_and_paid_for_by_the_token(tmp_path: Path) -> None:
    task = world(tmp_path)
    settings = settings_of(task, "base", "few-shot", "lora", tune=3)
    folder = go(settings, [task], priced(tmp_path / "cache", ServedEngine(served)), tmp_path / "run")
    (tuned,) = read_manifest(folder).tuned
    assert tuned.settings == {"examples.k": 8}
    trials = rows(folder, "tuning")
    assert all(row["usd"] > 0 for row in trials)
    cost = derive(read_run(folder)).tasks[task.name].strategies["few-shot"].cost
    assert cost.components.tuning_usd == pytest.approx(sum(row["usd"] for row in trials))
    search = derive(read_run(folder)).tasks[task.name].effort.tuning["few-shot"]
    assert search.usd == pytest.approx(cost.components.tuning_usd)


def test_an_answer_that_cannot_be_had_scores_nothing(tmp_path: Path) -> None:
    def trouble(prompt: str, before: int) -> None:
        if "tool number 7 " in prompt.rsplit("[user]", 1)[-1]:
            raise NoAnswer("HTTP 500", 3)

    task = world(tmp_path)
    settings = settings_of(task, "few-shot", tune=2)
    engine = ServedEngine(served, trouble=trouble)
    folder = go(settings, [task], priced(tmp_path / "cache", engine), tmp_path / "run")
    assert all(len(row["scores"]) == DEV - 1 and "d7" not in row["scores"] for row in rows(folder, "tuning"))
    assert read_manifest(folder).tuned[0].questions == DEV - 1


def test_a_limit_stops_a_trial_and_what_it_cost_is_kept(tmp_path: Path) -> None:
    task = world(tmp_path)
    free = settings_of(task, "base", "few-shot", tune=3, use_cache=False)
    tools = priced(tmp_path / "cache", ServedEngine(served))
    planned = dry_run(free, [task], tools, None)
    most = planned.tuning[0].usd_most
    assert most
    settings = replace(free, max_usd=most / 2)
    engine = ServedEngine(served)
    with pytest.raises(SpendingLimit, match="--max-usd"):
        go(settings, [task], priced(tmp_path / "cache", engine), tmp_path / "run")
    trials = rows(tmp_path / "run", "tuning")
    assert [row["unfinished"] for row in trials][-1] is True
    assert sum(len(row["scores"]) for row in trials) == len(engine.answered)
    folder = RunFolder(tmp_path / "run", read_manifest(tmp_path / "run"))
    assert spent_before(folder) == pytest.approx(sum(row["usd"] for row in trials))
    go(
        replace(settings, max_usd=1.0), [task], priced(tmp_path / "cache", ServedEngine(served)),
        tmp_path / "run", resume=True,
    )  # fmt: skip
    run = read_run(tmp_path / "run")
    assert run.manifest.status == "complete"
    search = derive(run).tasks[task.name].effort.tuning["few-shot"]
    assert [trial.n for trial in search.trials] == [DEV] * 3
    assert search.usd == pytest.approx(sum(row["usd"] for row in rows(tmp_path / "run", "tuning")))
