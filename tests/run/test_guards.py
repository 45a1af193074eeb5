"""Guards: tasks asked before and after each fine-tune, chosen by flag or by default, paired, and resumable."""

from __future__ import annotations

import argparse
import html
import json
from pathlib import Path
from typing import Any

import pytest

from harness.commands.compare import add_run_flags, settings_of
from harness.errors import InputError, InputErrors
from harness.lmeval.load import open_tasks
from harness.run.compare import guards_of, plan_run
from harness.run.plan import ONLY_GUARDS, Guards, make_plan
from harness.run.settings import Settings
from harness.spec.strategy import DEFAULT_STRATEGIES, parse_strategies
from harness.spec.task import Task, load_tasks
from tests.lmeval.worlds import config, write_config, write_data
from tests.report.results import written
from tests.run.worlds import (
    FallibleEngine,
    Killed,
    go,
    make_task,
    make_tools,
    manifest,
    plant_adapter,
    rows,
    said,
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


def guarding(folder: Path, *argv: str) -> tuple[list[str], list[str]]:
    """Names of the guards, and of those that are asked for nothing else."""
    settings = asked(folder, *argv)
    found = guards_of(settings, load_tasks(settings.task_files, folder))
    return list(found.names), list(found.alone)


# Which tasks guard


def test_without_a_flag_the_general_task_guards(tasks: Path) -> None:
    assert guarding(tasks, "facts") == (["general"], ["general"])
    assert guarding(tasks) == (["general"], []), "it is one of the run's own tasks here, asked in full"
    assert guarding(tasks, "facts", "--strategies", "base,rag") == ([], []), "nothing is fine-tuned"
    assert guarding(tasks, "facts", "--guard", "none") == ([], [])
    assert guarding(tasks, "--guard", "none") == ([], [])


def test_a_general_task_of_the_users_own_takes_its_place(tasks: Path, tmp_path: Path) -> None:
    own = write_task(tmp_path, "exam", probes="general", with_train=False)
    assert guarding(tasks, "facts", str(own)) == (["exam"], [])
    namesake = write_task(tmp_path, "general", with_corpus=False)
    assert guarding(tasks, "facts", str(namesake)) == ([], []), "two tasks of one name cannot be in a run"


def test_without_a_general_task_nothing_guards(tasks: Path) -> None:
    (tasks / "general.yaml").unlink()
    assert guarding(tasks, "facts") == ([], [])


@pytest.mark.parametrize(
    "flags", [("--guard", "manners,general"), ("--guard", "manners", "--guard", "general")]
)
def test_any_task_guards_that_is_named(tasks: Path, flags: tuple[str, ...]) -> None:
    assert sorted(guarding(tasks, "facts", *flags)[1]) == ["general", "manners"]
    assert guarding(tasks, "facts", "manners", "--guard", "manners") == (["manners"], [])
    assert guarding(tasks, "facts", "general", "--guard", "manners") == (["general", "manners"], ["manners"])


def test_what_guards_nothing_is_refused(tasks: Path) -> None:
    with pytest.raises(InputErrors, match="did you mean 'manners'"):
        asked(tasks, "facts", "--guard", "maners")
    for flags in (("--guard", "none,general"), ("--guard", ","), ("--guard", "none", "--guard", "none")):
        with pytest.raises(InputError, match="--guard wants names of tasks, or none alone"):
            asked(tasks, "facts", *flags)


def test_settings_come_back_from_a_manifest_old_ones_too(tasks: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs/one"
    for flags in ((), ("--guard", "none"), ("--guard", "manners")):
        settings = asked(tasks, "facts", *flags)
        stored = json.loads(json.dumps(settings.stored_in(run)))
        assert Settings.from_json(stored, run) == settings
    assert stored["guards"] == ["../../tasks/manners.yaml"]
    del stored["guards"]
    assert Settings.from_json(stored, run).guards == (), "a run from before goes on as it began"


# What is planned


def planned(tasks: Path, *argv: str) -> list[tuple[str, str]]:
    settings = asked(tasks, *argv)
    return [(job.task, job.name) for job in plan_run(settings, load_tasks(settings.task_files, tasks)).jobs]


def test_what_only_guards_is_answered_by_base_and_the_adapters_alone(tasks: Path) -> None:
    jobs = planned(tasks, "facts", "--guard", "manners", "--strategies", "base,rag,lora,lora+rag")
    assert [job for job in jobs if job[0] == "manners"] == [
        ("manners", "base"), ("manners", "lora@facts"), ("manners", "lora+rag@facts"),
    ]  # fmt: skip
    settings = asked(tasks, "facts", "--guard", "manners")
    plan = plan_run(settings, load_tasks(settings.task_files, tasks))
    assert [need.task for need in plan.adapters] == ["facts"]
    assert plan.not_applicable["manners"] == dict.fromkeys(["lora", "rag", "oracle"], ONLY_GUARDS)


def test_base_answers_a_guard_even_where_it_is_no_strategy_of_the_run(tasks: Path) -> None:
    assert ("general", "base") in planned(tasks, "facts", "--strategies", "lora")


def test_a_guard_that_is_asked_in_full_keeps_its_strategies(tasks: Path) -> None:
    jobs = planned(tasks, "facts", "manners", "--guard", "facts,manners")
    assert [name for task, name in jobs if task == "manners"] == ["base", "lora", "lora@facts"]
    assert [name for task, name in jobs if task == "facts"] == [*DEFAULT_STRATEGIES, "lora@manners"]


def test_a_guard_is_left_out_where_nothing_is_trained(tmp_path: Path) -> None:
    bare = make_task(tmp_path, "bare", with_train=False)
    guard = make_task(tmp_path, "guard", with_train=False, with_corpus=False)
    plan = make_plan([bare, guard], parse_strategies(["base", "lora"]), guards=Guards(["guard"], ["guard"]))
    assert list(plan.tasks) == list(plan.not_applicable) == ["bare"]
    assert plan.idle == ("guard",)
    assert plan.guards == Guards()


def test_a_task_of_lm_evals_guards_as_any_other(tasks: Path, tmp_path: Path) -> None:
    lm_eval = tmp_path / "lm_eval"
    write_config(lm_eval / "rooms.yaml", config(write_data(lm_eval)))
    exam = tasks / "exam.yaml"
    exam.write_text("name: exam\nprobes: behaviour\nlm_eval: ../lm_eval/rooms.yaml\n", encoding="utf-8")
    settings = asked(tasks, "facts", "--guard", "exam")
    plan = plan_run(settings, open_tasks(load_tasks(settings.task_files, tasks), allow_code=False))
    assert (list(plan.guards.names), list(plan.guards.alone)) == (["exam"], ["exam"])
    assert [job.name for job in plan.jobs_of("exam")] == ["base", "lora@facts"]


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


def test_a_run_tells_what_the_fine_tune_lost_on_its_guard(tasks: Path, tmp_path: Path) -> None:
    settings, loaded = world(tasks)
    tools = make_tools(tmp_path / "cache")
    plant_adapter(loaded[0], "lora", tools)
    run = go(settings, loaded, tools, tmp_path / "run")
    assert manifest(run)["guards"] == ["manners"]
    assert {row["task"] for row in rows(run, "timings")} == {"facts"}, "a guard is not timed"
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


def test_a_run_without_a_guard_says_that_forgetting_was_not_measured(tasks: Path, tmp_path: Path) -> None:
    settings = asked(
        tasks, "facts", "--guard", "none", "--strategies", "base,lora", "--latency-queries", "10"
    )
    loaded = load_tasks(settings.task_files, tasks)
    tools = make_tools(tmp_path / "cache")
    plant_adapter(loaded[0], "lora", tools)
    run = go(settings, loaded, tools, tmp_path / "run")
    (check,) = [check for check in results(run)["facts"]["validity"] if check["check"] == "forgetting"]
    assert check["status"] == "not_applicable"
    assert check["detail"] in html.unescape((run / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("batch", range(1, 9))
def test_a_run_stopped_at_any_batch_ends_with_the_same_answers(
    tasks: Path, tmp_path: Path, batch: int
) -> None:
    settings, loaded = world(tasks)
    answers = []
    for name, engine in (("whole", FallibleEngine()), ("torn", FallibleEngine(batch=batch))):
        tools = make_tools(tmp_path / name, engine)
        plant_adapter(loaded[0], "lora", tools)
        if engine.fail_batch:
            with pytest.raises(Killed):
                go(settings, loaded, tools, tmp_path / f"run {name}")
            engine.fail_batch = None
            run = tmp_path / f"run {name}"
            stored = Settings.from_json(manifest(run)["settings"], run)
            assert stored == settings
        resume = (tmp_path / f"run {name}").exists()
        answers.append(said(go(settings, loaded, tools, tmp_path / f"run {name}", resume=resume)))
    assert answers[0] == answers[1]
