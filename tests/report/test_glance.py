"""The first screen of a task: its figures, its colour, and a line a strategy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.run import RunResult, TaskResult
from harness.report import glance
from tests.analysis.decided import elected

TASKS = {
    "facts": ("knowledge", {"base": 0.05, "rag": 0.6, "lora": 0.32, "oracle": 0.8}),
    "general": ("general", {"base": 0.7, "lora@facts": 0.4}),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return derive(read_run(elected(tmp_path_factory.mktemp("glance"), TASKS)))


@pytest.fixture
def facts(results: RunResult) -> TaskResult:
    return results.tasks["facts"]


def test_the_figures_name_the_choice_its_rival_and_how_sure_it_is(facts: TaskResult) -> None:
    right, against, chance = glance.tiles(facts)
    assert (right.title, right.value) == ("rag: right", "60.0 %")
    assert right.detail.endswith(", 120 questions")
    assert against.title == "against lora"
    assert against.detail.endswith(": significant")
    assert against.find == "#find?task=facts&is=right%3Arag&is=wrong%3Alora"
    assert chance.detail == "of 3 strategies"


def test_nothing_is_in_the_colour_of_right_that_is_wrong_more_often(facts: TaskResult) -> None:
    assert glance.tone(facts) == "good"
    rag = facts.strategies["rag"]
    weak = replace(rag, accuracy=replace(rag.accuracy, mean=0.5))
    assert glance.tone(replace(facts, strategies={**facts.strategies, "rag": weak})) == "recommended"


def test_the_most_accurate_stands_first_and_controls_last(facts: TaskResult) -> None:
    lines, _ = glance.strip(facts)
    assert [line.name for line in lines] == ["rag", "lora", "base", "oracle"]
    assert [line.state for line in lines] == ["taken", "", "", "control"]
    assert lines[0].under == "$4.00 per 1,000 · 2.00 s"


def test_of_many_strategies_the_choice_and_its_rivals_stand_beside_the_verdict(tmp_path: Path) -> None:
    right = {"base": 0.1, "few-shot": 0.12, "rag": 0.7, "few-shot+rag": 0.72, "lora": 0.2, "lora+rag": 0.74}
    tasks = {"facts": ("knowledge", {**right, "full-context": 0.3, "few-shot-nearest": 0.15, "oracle": 0.9})}
    task = derive(read_run(elected(tmp_path, tasks))).tasks["facts"]
    shown, others = glance.strip(task)
    assert (len(shown), len(others)) == (glance.MOST, 2)
    assert not {line.state for line in others} & {"taken", "rival"}
    assert [line.name for line in shown][:3] == ["lora+rag", "few-shot+rag", "rag"]


def test_what_nobody_timed_is_said_once(tmp_path: Path) -> None:
    task = derive(read_run(elected(tmp_path, TASKS, n=12, timed=0))).tasks["facts"]
    assert {line.under for line in glance.strip(task)[0]} == {""}
    assert "Nothing was timed" in glance.reading(task)


def test_a_task_without_a_choice_is_a_guard(results: RunResult) -> None:
    assert {name: task.is_guard for name, task in results.tasks.items()} == {"facts": False, "general": True}
