"""`--tune` in a whole run: tried on dev, chosen, compared on test, kept as evidence, and resumed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harness.run.tuning.search as search_module
from harness.engines.engine import AdapterRef
from harness.errors import InputError
from harness.run.compare import dry_run
from harness.run.devsplit import LEAST_DEV
from harness.run.manifest_file import read_manifest
from harness.run.settings import Settings
from harness.run.tuning.choice import Choice, Finalist, Why
from harness.spec.task import Task
from tests.corpus.test_rerank import ByLength
from tests.fakes import FakeClock, RecordingEngine
from tests.run.worlds import (
    PAIR,
    FallibleEngine,
    Killed,
    answers_of,
    go,
    lines,
    make_task,
    make_tools,
    manifest,
    pair_of_tools,
    rows,
    settings_of,
)

DEV = 40


def world(tmp_path: Path, dev: int = DEV, **options: Any) -> Task:
    """A task with a dev file of so many questions."""
    asked = [
        {"id": f"d{n}", "question": f"Does tool number {n} work?", "answers": ["yes"], "gold_docs": ["drill"]}
        for n in range(dev)
    ]
    lines(tmp_path / "workshop" / "dev.jsonl", asked)
    task = make_task(tmp_path, **options)
    text = task.path.read_text(encoding="utf-8")
    task.path.write_text(
        text.replace("train.jsonl\n", "train.jsonl\n  dev: workshop/dev.jsonl\n"), encoding="utf-8"
    )
    from harness.spec.task import load_task

    return load_task(task.path)


def knowing(prompt: str, adapter: AdapterRef | None) -> str:
    """Right where at least five examples stand before the question."""
    return "yes" if prompt.count("[assistant]") > 5 else "no"


def test_the_best_setting_on_dev_is_compared_under_the_strategy_s_name(tmp_path: Path) -> None:
    task, engine = world(tmp_path), RecordingEngine(knowing)
    settings = settings_of(task, "base", "few-shot", tune=3)
    folder = go(settings, [task], make_tools(tmp_path / "cache", engine), tmp_path / "run")
    record = read_manifest(folder)
    (tuned,) = record.tuned
    assert tuned.settings == {"examples.k": 8}
    assert (tuned.why, tuned.tried, tuned.questions, tuned.from_train) == ("better", 3, DEV, False)
    assert (tuned.default_score, tuned.best_score) == (0.0, 1.0)
    few_shot = record.systems_of(task.name)["few-shot"]
    assert few_shot.id == tuned.chosen
    assert few_shot.examples
    assert few_shot.examples.k == 8
    assert {row["system"] for row in rows(folder, "answers")} == set(record.systems)
    assert record.status == "complete"


def test_trials_are_evidence_and_touch_no_test_question(tmp_path: Path) -> None:
    task, engine = world(tmp_path), RecordingEngine(knowing)
    settings = settings_of(task, "few-shot", tune=3)
    folder = go(settings, [task], make_tools(tmp_path / "cache", engine), tmp_path / "run")
    trials = rows(folder, "tuning")
    assert [row["settings"] for row in trials] == [{}, {"examples.k": 8}, {"examples.seed": 1}]
    assert all(set(row["scores"]) == {f"d{n}" for n in range(DEV)} for row in trials)
    assert all(row["prompt_tokens"] > 0 and row["completion_tokens"] == DEV for row in trials)
    assert all(row["seconds"] > 0 for row in trials)
    asked = {row["question_id"] for row in rows(folder, "answers")}
    assert not {f"d{n}" for n in range(DEV)} & asked


def test_with_few_dev_questions_the_default_stays_and_nothing_is_tried(tmp_path: Path) -> None:
    task, engine = world(tmp_path, LEAST_DEV - 1), RecordingEngine(knowing)
    tools = make_tools(tmp_path / "cache", engine)
    folder = go(settings_of(task, "few-shot", tune=4), [task], tools, tmp_path / "run")
    (tuned,) = read_manifest(folder).tuned
    assert (tuned.why, tuned.tried, tuned.chosen) == ("few", 0, tuned.default.id)
    assert not rows(folder, "tuning")
    assert any("the default stays: choosing takes 30 dev questions" in note for note in tools.progress.notes)  # type: ignore[attr-defined]


@pytest.mark.parametrize("batch", [2, 5, 8, 10])
def test_a_run_killed_in_its_search_goes_on_and_ends_the_same(tmp_path: Path, batch: int) -> None:
    task = world(tmp_path)
    settings = settings_of(task, "base", "few-shot", tune=3, use_cache=False)
    whole = go(settings, [task], make_tools(tmp_path / "a", RecordingEngine(knowing)), tmp_path / "whole")
    engine = FallibleEngine(batch=batch)
    engine._script = knowing
    with pytest.raises(Killed):
        go(settings, [task], make_tools(tmp_path / "b", engine), tmp_path / "run")
    done = len(rows(tmp_path / "run", "tuning"))
    again = RecordingEngine(knowing)
    go(settings, [task], make_tools(tmp_path / "b", again), tmp_path / "run", resume=True)
    assert answers_of(tmp_path / "run") == answers_of(whole)
    assert manifest(tmp_path / "run")["tuned"] == manifest(whole)["tuned"]
    trials, before = rows(tmp_path / "run", "tuning"), rows(whole, "tuning")
    assert [row["candidate"] for row in trials] == [row["candidate"] for row in before]
    assert done <= len(trials)
    dev_again = sum("tool number" in text.rsplit("[user]", 1)[-1] for one in again.batches for text in one)
    assert dev_again == DEV * (len(before) - done)  # a finished trial is not asked twice


def test_a_finished_search_is_kept_by_a_resumed_run_and_other_settings_are_refused(tmp_path: Path) -> None:
    task = world(tmp_path)
    settings = settings_of(task, "few-shot", tune=3)
    tools = make_tools(tmp_path / "cache", RecordingEngine(knowing))
    folder = go(settings, [task], tools, tmp_path / "run")
    before = (folder / "tuning.jsonl").read_bytes(), answers_of(folder)
    engine = RecordingEngine(knowing)
    go(settings, [task], make_tools(tmp_path / "cache", engine), folder, resume=True)
    assert ((folder / "tuning.jsonl").read_bytes(), answers_of(folder)) == before
    assert not engine.batches
    other = settings_of(task, "base", tune=3)
    with pytest.raises(InputError, match="what is compared has changed"):
        go(other, [task], make_tools(tmp_path / "cache", engine), folder, resume=True)


def test_answers_of_trials_come_from_the_cache_of_another_run(tmp_path: Path) -> None:
    task = world(tmp_path)
    settings = settings_of(task, "few-shot", tune=3)
    go(settings, [task], make_tools(tmp_path / "cache", RecordingEngine(knowing)), tmp_path / "one")
    folder = go(settings, [task], make_tools(tmp_path / "cache", RecordingEngine(knowing)), tmp_path / "two")
    trials = rows(folder, "tuning")
    assert [(row["cached"], row["seconds"]) for row in trials] == [(DEV, 0.0)] * 3


def test_passages_are_tuned_and_the_control_follows(tmp_path: Path) -> None:
    def by_passages(prompt: str, adapter: AdapterRef | None) -> str:
        return "yes" if prompt.rsplit("[user]", 1)[-1].count("# The") > 3 else "no"

    task = world(tmp_path)
    settings = settings_of(task, "rag", "oracle", "lora+rag", tune=2)
    folder = go(
        settings, [task], make_tools(tmp_path / "cache", RecordingEngine(by_passages)), tmp_path / "run"
    )
    record = read_manifest(folder)
    systems = record.systems_of(task.name)
    rag = next(row for row in record.tuned if row.default.name == "rag")
    assert rag.tried == 2
    assert systems["rag"].retrieved
    assert systems["oracle"].gold
    assert systems["oracle"].gold.k == systems["rag"].retrieved.k


def test_a_dry_run_says_what_the_search_takes_and_writes_nothing(tmp_path: Path) -> None:
    task, engine = world(tmp_path), RecordingEngine(knowing)
    settings = settings_of(task, "base", "few-shot", tune=3)
    planned = dry_run(settings, [task], make_tools(tmp_path / "cache", engine), None)
    (trials,) = planned.tuning
    assert (trials.system, trials.settings, trials.questions, trials.requests) == (
        "few-shot",
        3,
        DEV,
        3 * DEV,
    )
    assert trials.prompt_tokens > 0
    assert not engine.batches


def test_without_a_dev_file_questions_are_split_from_train(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    more = [
        {"id": f"t{n}", "question": f"Is number {n} ready?", "answers": ["yes"], "gold_docs": ["drill"]}
        for n in range(150)
    ]
    lines(tmp_path / "workshop" / "train.jsonl", more)
    from harness.spec.task import load_task

    task = load_task(task.path)
    tools = make_tools(tmp_path / "cache", RecordingEngine(knowing))
    folder = go(settings_of(task, "few-shot", tune=2), [task], tools, tmp_path / "run")
    (tuned,) = read_manifest(folder).tuned
    assert (tuned.from_train, tuned.questions) == (True, 30)
    split = {row["id"]: row["split"] for row in rows(folder, "training")}
    assert list(split.values()).count("dev") == 30
    held = {name for name, part in split.items() if part == "dev"}
    for row in rows(folder, "tuning"):
        assert set(row["scores"]) == held
    assert FakeClock()() == 0.0
    assert json.loads((folder / "run.json").read_text())["tasks"]["workshop"]["train_questions"] == 120


def test_each_model_of_a_run_is_tuned_by_itself(tmp_path: Path) -> None:
    small, large = FallibleEngine(), FallibleEngine()
    tools = pair_of_tools(tmp_path / "cache", small, large)
    small._script = knowing
    large._script = lambda _prompt, _adapter: "no"
    task = world(tmp_path)
    settings = settings_of(task, "base", "few-shot", tune=2, models=PAIR)
    folder = go(settings, [task], tools, tmp_path / "run")
    record = read_manifest(folder)
    assert {row.default.name: row.settings for row in record.tuned} == {
        "few-shot@small": {"examples.k": 8}, "few-shot@large": {},
    }  # fmt: skip
    examples = {name: one.examples.k for name, one in record.systems_of(task.name).items() if one.examples}
    assert examples == {"few-shot@small": 8, "few-shot@large": 4}


def test_two_tasks_with_the_same_system_are_tuned_apart(tmp_path: Path) -> None:
    """A system without an adapter has one id, whichever task it answers."""
    first = world(tmp_path)
    (tmp_path / "other").mkdir()
    lines(tmp_path / "other" / "hall" / "dev.jsonl", [
        {"id": f"d{n}", "question": f"Is hall {n} open?", "answers": ["never"]} for n in range(DEV)
    ])  # fmt: skip
    second = make_task(tmp_path / "other", "hall", with_corpus=False)
    text = second.path.read_text(encoding="utf-8").replace(
        "train.jsonl\n", "train.jsonl\n  dev: hall/dev.jsonl\n"
    )
    second.path.write_text(text, encoding="utf-8")
    from harness.spec.task import load_task

    tasks = [first, load_task(second.path)]
    settings = Settings(
        tasks=tuple(str(one.path) for one in tasks),
        strategies=("base", "few-shot"),
        latency_queries=0,
        tune=2,
    )
    folder = go(settings, tasks, make_tools(tmp_path / "cache", RecordingEngine(knowing)), tmp_path / "run")
    record = read_manifest(folder)
    assert {row.task: row.settings for row in record.tuned} == {"workshop": {"examples.k": 8}, "hall": {}}
    k = {
        task: one.examples.k
        for task in record.tasks
        for one in record.systems_of(task).values()
        if one.examples
    }
    assert k == {"workshop": 8, "hall": 4}


def test_the_tuned_adapter_shows_what_it_forgot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def second(finalists: Sequence[Finalist], *_: object) -> Choice:
        return Choice(1, Why.BETTER, 1, 0.01) if len(finalists) > 1 else Choice(0, Why.NOTHING_BETTER)

    monkeypatch.setattr(search_module, "choose", second)
    task = world(tmp_path)
    general = make_task(tmp_path, "general", probes="general", with_train=False, with_corpus=False)
    settings = Settings(
        tasks=(str(task.path), str(general.path)), strategies=("base", "lora"), latency_queries=0, tune=2
    )
    folder = go(settings, [task, general], make_tools(tmp_path / "cache"), tmp_path / "run")
    record = read_manifest(folder)
    (tuned,) = record.tuned
    assert list(tuned.settings) == ["finetune.learning_rate"]
    trained, shown = record.systems_of("workshop")["lora"], record.systems_of("general")["lora@workshop"]
    assert trained.recipe == shown.recipe != tuned.default.recipe
    assert {adapter.system for adapter in record.adapters} == {trained.id}
    assert record.status == "complete"
    again = make_tools(tmp_path / "cache", engine := RecordingEngine(knowing))
    go(settings, [task, general], again, folder, resume=True)
    assert not engine.batches


def test_settings_of_a_task_with_a_reranker_are_tried_with_it(tmp_path: Path) -> None:
    task = world(tmp_path, more="retrieval: {rerank: short}\n")
    reranker = ByLength()
    tools = replace(make_tools(tmp_path / "cache"), reranker=lambda _name: reranker)
    folder = go(settings_of(task, "base", "rag", tune=2), [task], tools, tmp_path / "run")
    (tuned,) = read_manifest(folder).tuned
    assert (tuned.why, tuned.tried) == ("nothing better", 2)
    assert reranker.asked
