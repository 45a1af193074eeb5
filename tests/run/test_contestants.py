"""Nearest examples, the whole corpus and the control of a fine-tune, through a run of two models and its report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import PromptTooLong
from harness.report.write import write_reports
from harness.run.manifest_file import read_manifest
from harness.spec.task import Task
from tests.fakes import ServedEngine
from tests.report.results import written
from tests.run.test_answer import World
from tests.run.worlds import (
    PAIR,
    FallibleEngine,
    Killed,
    answers_of,
    go,
    make_task,
    make_tools,
    manifest,
    names,
    pair_of_tools,
    reply,
    rows,
    settings_of,
)

STRATEGIES = ("few-shot-nearest", "few-shot-nearest+rag", "rag-on-train", "full-context", "lora", "rag")


def test_they_run_on_every_model_and_stand_in_the_report(task: Task, tmp_path: Path) -> None:
    settings = settings_of(task, *STRATEGIES, models=PAIR, latency_queries=2)
    folder = go(settings, [task], pair_of_tools(tmp_path / "c"), tmp_path / "run")
    assert len(answers_of(folder)) == 2 * len(STRATEGIES) * 24
    called = names(folder)
    timed = {called[row["system"]].partition("@")[0] for row in rows(folder, "timings")}
    assert timed == {*STRATEGIES} - {"rag-on-train"}
    facts = manifest(folder)
    assert facts["indexes"]["workshop"]["documents"] == 8, "the first index is of documents"
    (learnt,) = facts["other_indexes"]["workshop"]
    assert (learnt["documents"], learnt["passages"]) == (9, 9)
    (examples,) = facts["example_indexes"]["workshop"]
    assert examples["documents"] == 9
    write_reports(folder)
    strategies = written(folder)["tasks"]["workshop"]["strategies"]
    assert set(strategies) == {f"{name}@{label}" for name in STRATEGIES for label in ("small", "large")}
    control = strategies["rag-on-train@small"]
    assert control["system"]["control"]
    assert control["retrieval"]["n"] == 0
    assert set(control["retrieval"]["recall_at_k"].values()) == {None}
    assert strategies["rag@small"]["retrieval"]["n"] == 24


def test_answers_say_which_examples_stood_before_them(task: Task, tmp_path: Path) -> None:
    folder = go(settings_of(task, *STRATEGIES), [task], make_tools(tmp_path / "c"), tmp_path / "run")
    called = names(folder)
    shown = {(called[row["system"]], row["question_id"]): row["examples"] for row in rows(folder, "answers")}
    assert {name for (name, _), examples in shown.items() if examples} == {
        "few-shot-nearest", "few-shot-nearest+rag"
    }  # fmt: skip
    assert len(shown["few-shot-nearest", "saw-0"]) == task.spec.examples.k
    assert shown["few-shot-nearest", "saw-0"] == shown["few-shot-nearest+rag", "saw-0"]
    assert len({tuple(examples) for (name, _), examples in shown.items() if name == "few-shot-nearest"}) > 1


@pytest.mark.parametrize("batch", [1, 7, 12])
def test_killed_and_resumed_they_give_the_same_answers(task: Task, tmp_path: Path, batch: int) -> None:
    settings = settings_of(task, *STRATEGIES)
    whole = go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "whole")
    output = tmp_path / "run"
    with pytest.raises(Killed):
        go(settings, [task], make_tools(tmp_path / "d", FallibleEngine(batch=batch)), output)
    go(settings, [task], make_tools(tmp_path / "d"), output, resume=True)
    assert answers_of(output) == answers_of(whole)
    assert read_manifest(output).example_indexes.keys() == {"workshop"}


def test_a_prompt_that_loses_passages_keeps_its_examples(tmp_path: Path) -> None:
    world = World(tmp_path, make_task(tmp_path), "few-shot-nearest+rag")

    def trouble(prompt: str, before: int) -> None:
        if "Documents:" in prompt:
            raise PromptTooLong("the prompt is too long")

    engine = ServedEngine(reply, trouble=trouble)
    world.answer(engine)
    assert {text.count("[assistant]") for text in engine.asked} == {5}
    assert all(len(row["examples"]) == 4 for row in world.rows())


@pytest.mark.parametrize("method", ["dense", "bm25", "hybrid"])
def test_every_way_to_rank_passages_ends_in_a_report(task: Task, tmp_path: Path, method: str) -> None:
    """Scores of BM25 are no cosines."""
    retrieval = task.spec.retrieval.model_copy(update={"method": method})
    task = replace(task, spec=task.spec.model_copy(update={"retrieval": retrieval}))
    folder = go(settings_of(task, "base", "rag"), [task], make_tools(tmp_path / "c"), tmp_path / "run")
    scores = [found["score"] for row in rows(folder, "answers") for found in row["retrieved"]]
    assert (max(scores) > 1.01) == (method == "bm25")
    write_reports(folder)
    assert written(folder)["tasks"]["workshop"]["strategies"]["rag"]["retrieval"]["n"] == 24
