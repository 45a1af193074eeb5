"""Forgetting tasks: asked before and after each fine-tune, chosen by flag or by default, paired, and resumable."""

from __future__ import annotations

import argparse
import dataclasses
import html
from pathlib import Path
from typing import Any

import pytest

from harness.commands.run_flags import add_run_flags, settings_of
from harness.errors import InputError, InputErrors
from harness.lmeval.load import open_tasks
from harness.run.compare import forgetting_tasks, plan_run
from harness.run.manifest_file import read_manifest, write_manifest
from harness.run.plan import ONLY_FORGETTING, ForgettingTasks, Plan
from harness.run.settings import Settings
from harness.spec.strategy import DEFAULT_STRATEGIES
from harness.spec.task import Task, load_tasks
from tests.lmeval.worlds import config, write_config, write_data
from tests.report.results import written
from tests.run.worlds import (
    FallibleEngine,
    Killed,
    answers_of,
    go,
    make_task,
    make_tools,
    manifest,
    plan_of,
    rows,
    run_of,
    write_task,
)


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """A folder of tasks: `facts` can be fine-tuned, `general` cannot, `manners` can and probes behaviour."""
    folder = tmp_path / "tasks"
    write_task(folder, "facts")
    write_task(folder, "general", probes="general", with_train=False, with_corpus=False)
    write_task(folder, "manners", probes="behaviour", with_corpus=False)
    return folder


def asked(folder: Path, *argv: str) -> Settings:
    """The settings of `compare` with these arguments."""
    parser = argparse.ArgumentParser()
    add_run_flags(parser)
    return settings_of(parser.parse_args(argv), folder)


def chosen(folder: Path, *argv: str) -> tuple[list[str], list[str]]:
    """Names of the forgetting tasks, and of those that are asked for nothing else."""
    settings = asked(folder, *argv)
    found = forgetting_tasks(settings, load_tasks(settings.task_files, folder))
    return list(found.names), list(found.alone)


# Which tasks show forgetting


def test_without_a_flag_the_general_task_shows_forgetting(tasks: Path) -> None:
    assert chosen(tasks, "facts") == (["general"], ["general"])
    assert chosen(tasks) == (["general"], []), "it is one of the run's own tasks here, asked in full"
    assert chosen(tasks, "facts", "--strategies", "base,rag") == ([], []), "nothing is fine-tuned"
    assert chosen(tasks, "facts", "--guard", "none") == ([], [])
    assert chosen(tasks, "--guard", "none") == ([], [])


def test_a_general_task_of_the_users_own_takes_its_place(tasks: Path, tmp_path: Path) -> None:
    own = write_task(tmp_path, "exam", probes="general", with_train=False)
    assert chosen(tasks, "facts", str(own)) == (["exam"], [])
    namesake = write_task(tmp_path, "general", with_corpus=False)
    assert chosen(tasks, "facts", str(namesake)) == ([], []), "two tasks of one name cannot be in a run"


def test_without_a_general_task_nothing_shows_forgetting(tasks: Path) -> None:
    (tasks / "general.yaml").unlink()
    assert chosen(tasks, "facts") == ([], [])


@pytest.mark.parametrize(
    "flags", [("--guard", "manners,general"), ("--guard", "manners", "--guard", "general")]
)
def test_any_task_that_is_named_shows_forgetting(tasks: Path, flags: tuple[str, ...]) -> None:
    assert sorted(chosen(tasks, "facts", *flags)[1]) == ["general", "manners"]
    assert chosen(tasks, "facts", "manners", "--guard", "manners") == (["manners"], [])
    assert chosen(tasks, "facts", "general", "--guard", "manners") == (["general", "manners"], ["manners"])


def test_what_names_no_forgetting_task_is_refused(tasks: Path) -> None:
    with pytest.raises(InputErrors, match="did you mean 'manners'"):
        asked(tasks, "facts", "--guard", "maners")
    for flags in (("--guard", "none,general"), ("--guard", ","), ("--guard", "none", "--guard", "none")):
        with pytest.raises(InputError, match="--guard wants names of tasks, or none alone"):
            asked(tasks, "facts", *flags)


@pytest.mark.parametrize(
    ("flags", "stored"),
    [
        ((), ["../../tasks/general.yaml"]),
        (("--guard", "none"), None),
        (("--guard", "manners"), ["../../tasks/manners.yaml"]),
        (("--strategies", "base,rag"), []),
    ],
)
def test_settings_come_back_from_a_manifest(
    tasks: Path, tmp_path: Path, flags: tuple[str, ...], stored: list[str] | None
) -> None:
    run = tmp_path / "runs/one"
    run.mkdir(parents=True)
    settings = asked(tasks, "facts", *flags)
    write_manifest(run, dataclasses.replace(run_of(), settings=settings.stored_in(run)))
    assert read_manifest(run).settings.found_from(run) == settings
    assert manifest(run)["settings"]["forgetting"] == stored


# What is planned


def plan_for(tasks: Path, *argv: str) -> Plan:
    settings = asked(tasks, *argv)
    return plan_run(settings, load_tasks(settings.task_files, tasks), make_tools(tasks / "cache"))


def planned(tasks: Path, *argv: str) -> list[tuple[str, str]]:
    return [(job.task, job.system.name) for job in plan_for(tasks, *argv).jobs]


def test_what_only_shows_forgetting_is_answered_by_base_and_the_adapters_alone(tasks: Path) -> None:
    jobs = planned(tasks, "facts", "--guard", "manners", "--strategies", "base,rag,lora,lora+rag")
    assert [job for job in jobs if job[0] == "manners"] == [
        ("manners", "base"), ("manners", "lora@facts"), ("manners", "lora+rag@facts"),
    ]  # fmt: skip
    plan = plan_for(tasks, "facts", "--guard", "manners")
    assert [job.task for job in plan.trainings] == ["facts"]
    assert plan.not_applicable["manners"] == dict.fromkeys(DEFAULT_STRATEGIES[1:], ONLY_FORGETTING)


def test_base_answers_a_forgetting_task_even_where_it_is_no_strategy_of_the_run(tasks: Path) -> None:
    assert ("general", "base") in planned(tasks, "facts", "--strategies", "lora")


def test_a_forgetting_task_that_is_asked_in_full_keeps_its_strategies(tasks: Path) -> None:
    jobs = planned(tasks, "facts", "manners", "--guard", "facts,manners")
    assert [name for task, name in jobs if task == "manners"] == [
        "base", "few-shot", "few-shot-nearest", "lora", "rag-on-train", "lora@facts"
    ]  # fmt: skip
    assert [name for task, name in jobs if task == "facts"] == [*DEFAULT_STRATEGIES, "lora@manners"]


def test_a_forgetting_task_is_left_out_where_nothing_is_trained(tmp_path: Path) -> None:
    bare = make_task(tmp_path, "bare", with_train=False)
    other = make_task(tmp_path, "other", with_train=False, with_corpus=False)
    plan = plan_of([bare, other], ["base", "lora"], forgetting=ForgettingTasks(["other"], ["other"]))
    assert list(plan.tasks) == list(plan.not_applicable) == ["bare"]
    assert {job.task for job in plan.jobs} == {"bare"}
    assert plan.idle == ("other",)
    assert plan.forgetting == ForgettingTasks()


def test_a_task_of_lm_evals_shows_forgetting_as_any_other(tasks: Path, tmp_path: Path) -> None:
    lm_eval = tmp_path / "lm_eval"
    write_config(lm_eval / "rooms.yaml", config(write_data(lm_eval)))
    exam = tasks / "exam.yaml"
    exam.write_text("name: exam\nprobes: behaviour\nlm_eval: ../lm_eval/rooms.yaml\n", encoding="utf-8")
    settings = asked(tasks, "facts", "--guard", "exam")
    opened = open_tasks(load_tasks(settings.task_files, tasks), allow_code=False)
    plan = plan_run(settings, opened, make_tools(tmp_path / "cache"))
    assert (list(plan.forgetting.names), list(plan.forgetting.alone)) == (["exam"], ["exam"])
    assert [job.system.name for job in plan.jobs_of("exam")] == ["base", "lora@facts"]


# A run


def world(tasks: Path) -> tuple[Settings, list[Task]]:
    settings = asked(
        tasks,
        "facts",
        "--guard",
        "manners",
        "--strategies",
        "base,lora",
        "--latency-queries",
        "10",
        "--no-cache",
    )
    return settings, load_tasks(settings.task_files, tasks)


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = written(folder)["tasks"]
    return found


def test_a_run_tells_what_the_fine_tune_lost_on_its_forgetting_task(tasks: Path, tmp_path: Path) -> None:
    settings, loaded = world(tasks)
    run = go(settings, loaded, make_tools(tmp_path / "cache"), tmp_path / "run")
    assert manifest(run)["forgetting"] == ["manners"]
    assert {row["task"] for row in rows(run, "timings")} == {"facts"}, "a forgetting task is not timed"
    found = results(run)
    (row,) = found["manners"]["forgetting"]
    assert (row["system"], row["trained_for"], row["comparison"]["n"]) == (
        "lora@facts",
        "facts",
        len(loaded[1].test),
    )
    (check,) = [check for check in found["facts"]["validity"] if check["check"] == "forgetting"]
    assert check["status"] == "pass"
    assert check["detail"].startswith("lora against base on manners: ")


def test_a_run_without_a_forgetting_task_says_that_forgetting_was_not_measured(
    tasks: Path, tmp_path: Path
) -> None:
    settings = asked(
        tasks, "facts", "--guard", "none", "--strategies", "base,lora", "--latency-queries", "10"
    )
    loaded = load_tasks(settings.task_files, tasks)
    run = go(settings, loaded, make_tools(tmp_path / "cache"), tmp_path / "run")
    (check,) = [check for check in results(run)["facts"]["validity"] if check["check"] == "forgetting"]
    assert check["status"] == "not_applicable"
    assert check["detail"] in html.unescape((run / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("batch", range(1, 9))
def test_a_run_stopped_at_any_batch_ends_with_the_same_answers(
    tasks: Path, tmp_path: Path, batch: int
) -> None:
    settings, loaded = world(tasks)
    whole = go(settings, loaded, make_tools(tmp_path / "whole"), tmp_path / "run whole")
    engine, torn = FallibleEngine(batch=batch), tmp_path / "run torn"
    tools = make_tools(tmp_path / "torn", engine)
    with pytest.raises(Killed):
        go(settings, loaded, tools, torn)
    engine.fail_batch = None
    assert read_manifest(torn).settings.found_from(torn) == settings
    go(settings, loaded, tools, torn, resume=True)
    assert answers_of(torn) == answers_of(whole)
