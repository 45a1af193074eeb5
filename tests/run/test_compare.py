"""The main job end to end on fakes: whole evidence, and the same answers however often it was stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError, RunInterrupted
from harness.report.write import write_reports
from harness.run.manifest_file import read_manifest
from harness.spec.strategy import STRATEGIES
from harness.spec.task import Task
from tests.report.results import written
from tests.run.worlds import (
    FallibleEngine,
    answers_of,
    go,
    make_task,
    make_tools,
    manifest,
    names,
    rows,
    settings_of,
)

UNTRAINED = ("base", "rag", "oracle", "few-shot", "few-shot-nearest")


def test_a_run_leaves_whole_evidence_and_a_report_follows_from_it(task: Task, tmp_path: Path) -> None:
    settings = settings_of(task, *UNTRAINED, latency_queries=4)
    folder = go(settings, [task], make_tools(tmp_path / "cache"), tmp_path / "run")
    facts = manifest(folder)
    assert facts["status"] == "complete"
    assert facts["peak_memory_gb"] > 0
    assert facts["model"]["sha256"] == "f" * 64
    assert facts["embedder"] == {"name": "words", "sha256": "e" * 64, "max_tokens": 256}
    assert facts["indexes"]["workshop"]["documents"] == 8
    (examples,) = facts["example_indexes"]["workshop"]
    assert (examples["documents"], examples["reused"]) == (9, False)
    assert [names(folder)[entry["system"]] for entry in facts["plan"]] == list(UNTRAINED)
    assert facts["tasks"]["workshop"]["questions"] == 24
    assert read_manifest(folder).settings.found_from(folder) == settings
    assert facts["price_sheet"]
    assert facts["libraries"]["torch"]
    assert len(rows(folder, "questions")) == 24
    assert len(rows(folder, "answers")) == 24 * 5
    assert len(rows(folder, "timings")) == 4 * 4  # not the control
    results = written(folder)
    strategies = results["tasks"]["workshop"]["strategies"]
    assert set(strategies) == set(UNTRAINED)
    assert all(row["accuracy"]["n"] == 24 for row in strategies.values())
    assert strategies["few-shot-nearest"]["cost"]["assumptions"]["labels"] == 9
    assert strategies["few-shot-nearest"]["cost"]["components"]["index_usd"] > 0
    assert strategies["few-shot-nearest"]["retrieve_s"]["n"] == 4
    assert {"results.json", "report.md", "report.html", "summary.csv"} <= {p.name for p in folder.iterdir()}


def test_adapters_answer_their_task_and_the_general_one(tmp_path: Path) -> None:
    facts = make_task(tmp_path, "facts")
    general = make_task(tmp_path, "general", probes="general", with_train=False, with_corpus=False)
    tools = make_tools(tmp_path / "cache")
    settings = settings_of(facts, "base", "lora", latency_queries=2)
    folder = go(settings, [facts, general], tools, tmp_path / "run")
    (trained,) = manifest(folder)["adapters"]
    sha256 = trained["record"]["sha256"]
    known = read_manifest(folder).name
    by_pair = {
        (row["task"], known(row["task"], row["system"])): row["adapter"] for row in rows(folder, "answers")
    }
    assert by_pair == {
        ("facts", "base"): None,
        ("facts", "lora"): sha256,
        ("general", "base"): None,
        ("general", "lora@facts"): sha256,
    }
    data = manifest(folder)
    assert (trained["record"]["task"], known("facts", trained["system"]), trained["reused"]) == (
        "facts",
        "lora",
        False,
    )
    assert {(e["task"], known(e["task"], e["system"])): e["adapter"] for e in data["plan"]} == by_pair
    assert data["not_applicable"]["general"].keys() == {"lora"}
    assert {row["task"] for row in rows(folder, "timings")} == {"facts", "general"}
    timed = {known(row["task"], row["system"]) for row in rows(folder, "timings")}
    assert timed == {"base", "lora"}, "what shows forgetting is not timed"
    assert tools.model.engine.adapter is None, "the base weights are back at the end"  # type: ignore[attr-defined]
    write_reports(folder)


def test_prices_that_the_user_set_are_in_the_run_and_in_its_report(task: Task, tmp_path: Path) -> None:
    tools = make_tools(tmp_path / "cache")
    settings = settings_of(
        task, "base", "lora", "rag", latency_queries=2, usd_per_hour=7.2, utilisation=0.1, tuning_cycles=5,
        price_as=("gpt-4o-mini",), monthly_queries=700,
    )  # fmt: skip
    folder = go(settings, [task], tools, tmp_path / "run")
    facts = manifest(folder)
    assert [one["kind"] for one in facts["api_prices"]] == ["base", "fine-tuned"]
    assert facts["adapters"][0]["bytes"] > 0
    assert facts["indexes"]["workshop"]["bytes"] > 0
    results = written(folder)
    found = {name: block["cost"] for name, block in results["tasks"]["workshop"]["strategies"].items()}
    assert (found["lora"]["assumptions"]["tuning_cycles"], found["base"]["assumptions"]["utilisation"]) == (
        5,
        0.1,
    )
    assert found["lora"]["projections"][0]["kind"] == "fine-tuned"
    assert found["rag"]["storage_usd_per_month"] > 0
    assert {row["monthly_queries"] for row in results["tasks"]["workshop"]["cost_totals"]} >= {700, 1_000}


def test_what_the_user_needs_is_in_the_run_and_in_its_decision(task: Task, tmp_path: Path) -> None:
    needs = {"monthly_queries": 700, "citations": True, "refresh_days": 7.0}
    settings = settings_of(task, "base", "rag", latency_queries=2, monthly_queries=700, requirements=needs)
    folder = go(settings, [task], make_tools(tmp_path / "cache"), tmp_path / "run")
    assert read_manifest(folder).settings.found_from(folder) == settings
    results = written(folder)
    assert results["requirements"] == needs
    decision = results["tasks"]["workshop"]["decision"]
    assert (decision["setting"]["monthly_queries"], decision["setting"]["refresh_days"]) == (700, 7.0)
    assert decision["candidates"]["base"]["feasible"] is False


def test_base_and_lora_read_the_same_prompts_in_the_evidence(task: Task, tmp_path: Path) -> None:
    tools = make_tools(tmp_path / "cache")
    folder = go(settings_of(task, "base", "lora"), [task], tools, tmp_path / "run")
    hashes: dict[str, dict[str, str]] = {}
    for row in rows(folder, "answers"):
        hashes.setdefault(names(folder)[row["system"]], {})[row["question_id"]] = row["prompt_sha256"]
    assert hashes["base"] == hashes["lora"]


def test_a_second_run_takes_its_answers_from_the_cache_but_never_its_times(
    task: Task, tmp_path: Path
) -> None:
    settings = settings_of(task, "base", "rag", latency_queries=3)
    first = go(settings, [task], make_tools(tmp_path / "cache"), tmp_path / "first")
    engine = FallibleEngine(batch=1)
    second = go(settings, [task], make_tools(tmp_path / "cache", engine), tmp_path / "second")
    assert answers_of(second) == answers_of(first)
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


def test_several_seeds_train_an_adapter_each_and_the_first_is_timed(tmp_path: Path) -> None:
    facts = make_task(tmp_path, "facts")
    general = make_task(tmp_path, "general", probes="general", with_train=False, with_corpus=False)
    tools = make_tools(tmp_path / "cache")
    settings = settings_of(facts, "base", "lora", seeds=3, latency_queries=2)
    folder = go(settings, [facts, general], tools, tmp_path / "run")
    hashes = {one["seed"]: one["record"]["sha256"] for one in manifest(folder)["adapters"]}
    known = read_manifest(folder).name
    answers = rows(folder, "answers")
    for name, rows_of in (("lora", "facts"), ("lora@facts", "general")):
        given = [
            row for row in answers if (row["task"], known(row["task"], row["system"])) == (rows_of, name)
        ]
        assert len(given) == 3 * 24
        assert {(row["seed"], row["adapter"]) for row in given} == set(hashes.items())
        assert len({row["prediction"] for row in given}) == 3 * 24
    assert {row["seed"] for row in answers if known(row["task"], row["system"]) == "base"} == {0}
    assert [record["seed"] for record in manifest(folder)["adapters"]] == [0, 1, 2]
    timed = [row for row in rows(folder, "timings") if known(row["task"], row["system"]) == "lora"]
    assert len(timed) == 2 * 2, "two questions, merged and unmerged"
    assert written(folder)["incomplete"] is False


def test_a_run_of_several_seeds_resumes_at_the_seed_it_had_reached(task: Task, tmp_path: Path) -> None:
    tools = make_tools(tmp_path / "c", FallibleEngine(batch=4, error=KeyboardInterrupt))
    settings = settings_of(task, "base", "lora", seeds=2, use_cache=False)
    with pytest.raises(RunInterrupted):
        go(settings, [task], tools, tmp_path / "r")
    left = 3 * 24 - len(answers_of(tmp_path / "r"))
    assert written(tmp_path / "r")["missing_answers"] == left > 24, "all of seed 1 is among them"
    go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
    unbroken = go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "whole")
    assert len(answers_of(unbroken)) == 3 * 24
    assert answers_of(tmp_path / "r") == answers_of(unbroken)


def test_the_plan_is_said_before_anything_long_begins(task: Task, tmp_path: Path) -> None:
    bare = make_task(tmp_path, "bare", with_train=False, with_corpus=False)
    tools = make_tools(tmp_path / "cache", FallibleEngine(batch=1, error=KeyboardInterrupt))
    with pytest.raises(RunInterrupted):
        go(settings_of(task, "base", "lora", "rag"), [task, bare], tools, tmp_path / "run")
    notes = "\n".join(tools.progress.notes)  # type: ignore[attr-defined]
    assert "Model fake (float32 on cpu)" in notes
    assert "workshop · base: 24 questions, 0 cached" in notes
    assert "workshop · lora: adapter to be trained" in notes
    assert "workshop: index of 8 passages built" in notes
    assert "bare · rag: not applicable, the task names no corpus" in notes


def test_an_output_in_use_or_unwritable_is_refused_before_anything_runs(task: Task, tmp_path: Path) -> None:
    engine = FallibleEngine(batch=1)
    (tmp_path / "file").write_text("")
    for output in (tmp_path, tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(InputError, match="output"):
            go(settings_of(task, "base"), [task], make_tools(tmp_path / "c", engine), output)
    assert engine.batches == []


def test_where_nothing_applies_no_folder_is_made(tmp_path: Path) -> None:
    task = make_task(tmp_path, with_train=False, with_corpus=False)
    with pytest.raises(InputError, match="none of the strategies applies"):
        go(settings_of(task, "rag"), [task], make_tools(tmp_path / "c"), tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_every_strategy_runs(task: Task, tmp_path: Path) -> None:
    tools = make_tools(tmp_path / "cache")
    folder = go(settings_of(task, *STRATEGIES), [task], tools, tmp_path / "run")
    results = written(folder)
    assert set(results["tasks"]["workshop"]["strategies"]) == set(STRATEGIES)
