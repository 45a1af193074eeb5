"""The main job end to end on fakes: whole evidence, and the same answers however often it was stopped."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import harness.run.folder as folder_module
from harness.errors import InputError, InputErrors, RunInterrupted
from harness.report.write import write_reports
from harness.run.settings import Settings
from harness.spec.strategy import STRATEGIES
from harness.spec.task import Task, load_task
from tests.run.worlds import (
    FallibleEngine,
    Killed,
    go,
    make_task,
    make_tools,
    plant_adapter,
    questions,
    rows,
    said,
    settings_of,
    write_task,
)

UNTRAINED = ("base", "rag", "oracle", "few-shot")


def manifest(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return data


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path)


def test_a_run_leaves_whole_evidence_and_a_report_follows_from_it(task: Task, tmp_path: Path) -> None:
    settings = settings_of(task, *UNTRAINED, latency_queries=4)
    folder = go(settings, [task], make_tools(tmp_path / "cache"), tmp_path / "run")
    facts = manifest(folder)
    assert facts["status"] == "complete"
    assert facts["peak_memory_gb"] > 0
    assert facts["model"]["sha256"] == "f" * 64
    assert facts["embedder"] == {"name": "words", "sha256": "e" * 64}
    assert facts["indexes"]["workshop"]["documents"] == 8
    assert [entry["strategy"] for entry in facts["plan"]] == list(UNTRAINED)
    assert facts["tasks"]["workshop"]["questions"] == 24
    assert Settings.from_json(facts["settings"]) == settings
    assert facts["price_sheet"]
    assert facts["libraries"]["torch"]
    assert len(rows(folder, "questions")) == 24
    assert len(rows(folder, "answers")) == 24 * 4
    assert len(rows(folder, "timings")) == 4 * 4
    results = write_reports(folder)
    strategies = results["tasks"]["workshop"]["strategies"]
    assert set(strategies) == set(UNTRAINED)
    assert all(row["accuracy"]["n"] == 24 for row in strategies.values())
    assert {"results.json", "report.md", "report.html", "summary.csv"} <= {p.name for p in folder.iterdir()}


def test_adapters_answer_their_task_and_the_general_one(tmp_path: Path) -> None:
    facts = make_task(tmp_path, "facts")
    general = make_task(tmp_path, "general", probes="general", with_train=False, with_corpus=False)
    tools = make_tools(tmp_path / "cache")
    sha256 = plant_adapter(facts, "lora", tools)
    settings = settings_of(facts, "base", "lora", latency_queries=2)
    folder = go(settings, [facts, general], tools, tmp_path / "run")
    by_pair = {(row["task"], row["strategy"]): row["adapter"] for row in rows(folder, "answers")}
    assert by_pair == {
        ("facts", "base"): None,
        ("facts", "lora"): sha256,
        ("general", "base"): None,
        ("general", "lora@facts"): sha256,
    }
    data = manifest(folder)
    assert [(a["task"], a["strategy"], a["reused"]) for a in data["adapters"]] == [("facts", "lora", True)]
    assert {(e["task"], e["strategy"]): e["adapter"] for e in data["plan"]} == by_pair
    assert data["not_applicable"]["general"].keys() == {"lora"}
    assert not any("@" in row["strategy"] for row in rows(folder, "timings")), "guests are not timed"
    assert tools.engine.adapter is None, "the base weights are back at the end"  # type: ignore[attr-defined]
    write_reports(folder)


def test_base_and_lora_read_the_same_prompts_in_the_evidence(task: Task, tmp_path: Path) -> None:
    tools = make_tools(tmp_path / "cache")
    plant_adapter(task, "lora", tools)
    folder = go(settings_of(task, "base", "lora"), [task], tools, tmp_path / "run")
    hashes: dict[str, dict[str, str]] = {}
    for row in rows(folder, "answers"):
        hashes.setdefault(row["strategy"], {})[row["question_id"]] = row["prompt_sha256"]
    assert hashes["base"] == hashes["lora"]


def test_a_second_run_takes_its_answers_from_the_cache_but_never_its_times(task: Task, tmp_path: Path) -> None:
    settings = settings_of(task, "base", "rag", latency_queries=3)
    first = go(settings, [task], make_tools(tmp_path / "cache"), tmp_path / "first")
    engine = FallibleEngine(batch=1)
    second = go(settings, [task], make_tools(tmp_path / "cache", engine), tmp_path / "second")
    assert said(second) == said(first)
    assert {row["cached"] for row in rows(second, "answers")} == {True}
    assert rows(second, "batches") == []
    assert len(rows(second, "timings")) == len(rows(first, "timings")) == 6
    assert len(engine.timed) == 1 + 3 + 6
    write_reports(second)


def test_no_cache_neither_reads_nor_writes_it(task: Task, tmp_path: Path) -> None:
    settings = settings_of(task, "base", use_cache=False)
    for name in ("first", "second"):
        folder = go(settings, [task], make_tools(tmp_path / "cache"), tmp_path / name)
        assert {row["cached"] for row in rows(folder, "answers")} == {False}
    assert not list((tmp_path / "cache").glob("answers*"))


def test_the_plan_is_said_before_anything_long_begins(task: Task, tmp_path: Path) -> None:
    bare = make_task(tmp_path, "bare", with_train=False, with_corpus=False)
    tools = make_tools(tmp_path / "cache", FallibleEngine(batch=1, error=KeyboardInterrupt))
    with pytest.raises(RunInterrupted):
        go(settings_of(task, "base", "lora", "rag"), [task, bare], tools, tmp_path / "run")
    said_first = "\n".join(tools.progress.notes)  # type: ignore[attr-defined]
    assert "Model fake (float32 on cpu)" in said_first
    assert "workshop · base: 24 questions, 0 cached" in said_first
    assert "workshop · lora: adapter to be trained" in said_first
    assert "workshop: index of 8 passages built" in said_first
    assert "bare · rag: not applicable, the task names no corpus" in said_first


# Stopped and resumed


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str, str]]:
    """The answers of a run that nothing stopped; they do not depend on where the task lies."""
    folder = tmp_path_factory.mktemp("unbroken")
    task = make_task(folder)
    return said(go(settings_of(task, *UNTRAINED), [task], make_tools(folder / "cache"), folder / "run"))


def test_ctrl_c_says_how_to_go_on(task: Task, tmp_path: Path) -> None:
    output = tmp_path / "run"
    with pytest.raises(RunInterrupted, match=f"--resume {output}"):
        go(
            settings_of(task, "base"), [task],
            make_tools(tmp_path / "c", FallibleEngine(batch=2, error=KeyboardInterrupt)), output,
        )  # fmt: skip
    assert manifest(output)["status"] == "interrupted"
    go(settings_of(task, "base"), [task], make_tools(tmp_path / "c"), output, resume=True)
    assert manifest(output)["status"] == "complete"


def test_a_bug_keeps_its_traceback_and_the_run_can_go_on(task: Task, tmp_path: Path) -> None:
    output = tmp_path / "run"
    with pytest.raises(ZeroDivisionError):
        go(
            settings_of(task, "base"), [task],
            make_tools(tmp_path / "c", FallibleEngine(batch=2, error=ZeroDivisionError)), output,
        )  # fmt: skip
    assert manifest(output)["status"] == "failed"
    go(settings_of(task, "base"), [task], make_tools(tmp_path / "c"), output, resume=True)
    assert manifest(output)["status"] == "complete"


@pytest.mark.parametrize("error", [KeyboardInterrupt, Killed])
@pytest.mark.parametrize("batch", [1, 2, 3, 5, 8])
def test_stopped_at_any_batch_and_resumed_gives_the_same_answers(
    task: Task, tmp_path: Path, unbroken: list[Any], batch: int, error: type[BaseException]
) -> None:
    settings = settings_of(task, *UNTRAINED, use_cache=False)
    with pytest.raises((RunInterrupted, Killed)):
        go(settings, [task], make_tools(tmp_path / "c", FallibleEngine(batch=batch, error=error)), tmp_path / "r")
    assert said(tmp_path / "r") != unbroken
    go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
    assert said(tmp_path / "r") == unbroken
    write_reports(tmp_path / "r")


@pytest.mark.parametrize("timed", [1, 4, 5, 9])
def test_stopped_while_timing_and_resumed_has_every_time_once(task: Task, tmp_path: Path, timed: int) -> None:
    settings = settings_of(task, "base", "rag", latency_queries=4)
    with pytest.raises(Killed):
        go(settings, [task], make_tools(tmp_path / "c", FallibleEngine(timed=timed)), tmp_path / "r")
    first = manifest(tmp_path / "r").get("first_query_s")
    go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
    written = sorted((row["strategy"], row["block"]) for row in rows(tmp_path / "r", "timings"))
    assert written == [(name, block) for name in ("base", "rag") for block in range(4)]
    if first is not None:
        assert manifest(tmp_path / "r")["first_query_s"] == first
    write_reports(tmp_path / "r")


def tearing(at: int, share: float) -> Callable[[Path, Iterable[dict[str, Any]]], None]:
    """An `append_lines` that dies at its `at`-th call with only a share of the bytes on disk."""
    calls = 0
    whole = folder_module.append_lines

    def append(path: Path, lines: Iterable[dict[str, Any]]) -> None:
        nonlocal calls
        calls += 1
        if calls < at:
            return whole(path, lines)
        data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in lines).encode()
        with path.open("ab") as stream:
            stream.write(data[: int(len(data) * share)])
        raise Killed

    return append


@pytest.mark.parametrize("seed", range(10))
def test_killed_in_the_middle_of_a_write_and_resumed_gives_the_same_answers(
    task: Task, tmp_path: Path, unbroken: list[Any], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three kills in one run, each at a random write, each leaving a random share of it."""
    rng = random.Random(seed)
    settings = settings_of(task, *UNTRAINED, latency_queries=2)
    whole = folder_module.append_lines
    started = False
    for _ in range(3):
        monkeypatch.setattr(folder_module, "append_lines", tearing(rng.randint(1, 9), rng.random()))
        with pytest.raises(Killed):
            go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=started)
        monkeypatch.setattr(folder_module, "append_lines", whole)
        started = True
    go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
    assert said(tmp_path / "r") == unbroken
    timed = sorted((row["strategy"], row["block"]) for row in rows(tmp_path / "r", "timings"))
    assert timed == sorted((name, block) for name in UNTRAINED for block in range(2))
    kept = [(row["task"], row["chunk_id"]) for row in rows(tmp_path / "r", "passages")]
    assert len(kept) == len(set(kept))
    write_reports(tmp_path / "r")


def test_resuming_a_complete_run_changes_no_evidence(task: Task, tmp_path: Path) -> None:
    settings = settings_of(task, "base", "rag", latency_queries=2)
    folder = go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r")
    before = {path.name: path.read_bytes() for path in folder.glob("*.jsonl")}
    go(settings, [task], make_tools(tmp_path / "c", FallibleEngine(batch=1)), folder, resume=True)
    assert {path.name: path.read_bytes() for path in folder.glob("*.jsonl")} == before


# Refused


def interrupted(task: Task, tmp_path: Path) -> Settings:
    settings = settings_of(task, "base", "rag")
    with pytest.raises(Killed):
        go(settings, [task], make_tools(tmp_path / "c", FallibleEngine(batch=2)), tmp_path / "r")
    return settings


def test_resuming_with_changed_questions_is_refused(task: Task, tmp_path: Path) -> None:
    settings = interrupted(task, tmp_path)
    before = (tmp_path / "r" / "answers.jsonl").read_bytes()
    write_task(tmp_path, test=questions()[:-1])
    with pytest.raises(InputError, match="task 'workshop' has changed.*Start a new run"):
        go(settings, [load_task(task.path)], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
    assert (tmp_path / "r" / "answers.jsonl").read_bytes() == before


def test_resuming_with_a_changed_prompt_is_refused(task: Task, tmp_path: Path) -> None:
    settings = interrupted(task, tmp_path)
    task.path.write_text(task.path.read_text().replace("Answer shortly.", "Answer at length."))
    with pytest.raises(InputError, match="has changed"):
        go(settings, [load_task(task.path)], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)


def test_a_new_description_is_no_changed_task(task: Task, tmp_path: Path) -> None:
    settings = interrupted(task, tmp_path)
    task.path.write_text(task.path.read_text() + "description: Other words for people.\n")
    go(settings, [load_task(task.path)], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)


def test_resuming_with_a_changed_corpus_is_refused(task: Task, tmp_path: Path) -> None:
    """Half the answers would come from one corpus and half from another."""
    settings = interrupted(task, tmp_path)
    (tmp_path / "docs" / "drill.md").write_text("# The drill\n\nThe drill was sold.\n")
    with pytest.raises(InputError, match="the corpus of task 'workshop'.*has changed"):
        go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)


@pytest.mark.parametrize("field", ["sha256", "dtype"])
def test_resuming_with_another_model_is_refused(task: Task, tmp_path: Path, field: str) -> None:
    settings = interrupted(task, tmp_path)
    engine = FallibleEngine()
    engine.identity = dataclasses.replace(engine.identity, **{field: "other"})
    with pytest.raises(InputError, match=f"the model's {field}"):
        go(settings, [task], make_tools(tmp_path / "c", engine), tmp_path / "r", resume=True)


def test_resuming_a_newer_run_is_refused(task: Task, tmp_path: Path) -> None:
    settings = interrupted(task, tmp_path)
    path = tmp_path / "r" / "run.json"
    path.write_text(json.dumps({**manifest(tmp_path / "r"), "schema_version": 99}))
    with pytest.raises(InputError, match="newer version"):
        go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)


def test_an_output_in_use_or_unwritable_is_refused_before_anything_runs(task: Task, tmp_path: Path) -> None:
    engine = FallibleEngine(batch=1)
    (tmp_path / "file").write_text("")
    for output in (tmp_path, tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(InputError, match="output"):
            go(settings_of(task, "base"), [task], make_tools(tmp_path / "c", engine), output)
    assert engine.batches == []


def test_gold_documents_the_corpus_lacks_are_named_at_their_questions(tmp_path: Path) -> None:
    test = [{**row, "gold_docs": ["dril"]} for row in questions()[:2]]
    task = make_task(tmp_path, test=test)
    with pytest.raises(InputErrors) as caught:
        go(settings_of(task, "rag"), [task], make_tools(tmp_path / "c"), tmp_path / "r")
    assert len(caught.value.errors) == 2
    assert "test.jsonl:1" in str(caught.value)
    assert "'drill'" in str(caught.value)


def test_where_nothing_applies_no_folder_is_made(tmp_path: Path) -> None:
    task = make_task(tmp_path, with_train=False, with_corpus=False)
    with pytest.raises(InputError, match="none of the strategies applies"):
        go(settings_of(task, "rag"), [task], make_tools(tmp_path / "c"), tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_every_strategy_runs(task: Task, tmp_path: Path) -> None:
    tools = make_tools(tmp_path / "cache")
    for name in ("lora", "lora+rag"):
        plant_adapter(task, name, tools)
    folder = go(settings_of(task, *STRATEGIES), [task], tools, tmp_path / "run")
    results = write_reports(folder)
    assert set(results["tasks"]["workshop"]["strategies"]) == set(STRATEGIES)
