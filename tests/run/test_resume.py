"""A run stopped at any moment and resumed: the same answers; and what cannot be resumed is refused."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import harness.run.folder as folder_module
from harness.errors import InputError, RunInterrupted
from harness.files import to_json
from harness.report.write import write_reports
from harness.run.settings import Settings
from harness.spec.task import Task, load_task
from tests.run.worlds import (
    FallibleEngine,
    Killed,
    answers_of,
    go,
    make_task,
    make_tools,
    manifest,
    names,
    questions,
    rows,
    settings_of,
    write_task,
)

UNTRAINED = ("base", "rag", "oracle", "few-shot-nearest")


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str, str]]:
    """The answers of a run that nothing stopped; they do not depend on where the task lies."""
    folder = tmp_path_factory.mktemp("unbroken")
    task = make_task(folder)
    return answers_of(go(settings_of(task, *UNTRAINED), [task], make_tools(folder / "cache"), folder / "run"))


def test_ctrl_c_says_how_to_go_on(task: Task, tmp_path: Path) -> None:
    output = tmp_path / "run"
    with pytest.raises(RunInterrupted, match=f"--resume {output}"):
        go(
            settings_of(task, "base"), [task],
            make_tools(tmp_path / "c", FallibleEngine(batch=2, error=KeyboardInterrupt)), output,
        )  # fmt: skip
    assert manifest(output)["status"] == "interrupted"
    tools = make_tools(tmp_path / "elsewhere")
    go(settings_of(task, "base"), [task], tools, output, resume=True)
    assert manifest(output)["status"] == "complete"
    notes: list[str] = tools.progress.notes  # type: ignore[attr-defined]
    assert "  workshop · base: 24 questions, 16 answered, 0 cached" in notes


def test_a_run_whose_examples_have_changed_does_not_go_on(task: Task, tmp_path: Path) -> None:
    """The questions to learn from are part of the task; the embedder that finds them is not."""
    output, tools = (
        tmp_path / "run",
        make_tools(tmp_path / "c", FallibleEngine(batch=2, error=KeyboardInterrupt)),
    )
    settings = settings_of(task, "few-shot-nearest")
    with pytest.raises(RunInterrupted):
        go(settings, [task], tools, output)
    other = make_tools(tmp_path / "c")
    embedder = other.embedder()
    embedder.sha256 = "d" * 64  # type: ignore[misc]
    with pytest.raises(
        InputError, match="the training questions of task 'workshop' or the embedder have changed"
    ):
        go(settings, [task], other, output, resume=True)


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
        go(
            settings,
            [task],
            make_tools(tmp_path / "c", FallibleEngine(batch=batch, error=error)),
            tmp_path / "r",
        )
    assert answers_of(tmp_path / "r") != unbroken
    go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
    assert answers_of(tmp_path / "r") == unbroken
    write_reports(tmp_path / "r")


@pytest.mark.parametrize("timed", [1, 4, 5, 9])
def test_stopped_while_timing_and_resumed_has_every_time_once(task: Task, tmp_path: Path, timed: int) -> None:
    settings = settings_of(task, "base", "rag", latency_queries=4)
    with pytest.raises(Killed):
        go(settings, [task], make_tools(tmp_path / "c", FallibleEngine(timed=timed)), tmp_path / "r")
    first = manifest(tmp_path / "r")["first_query_s"]
    go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
    written = sorted(
        (names(tmp_path / "r")[row["system"]], row["block"]) for row in rows(tmp_path / "r", "timings")
    )
    assert written == [(name, block) for name in ("base", "rag") for block in range(4)]
    if first is not None:
        assert manifest(tmp_path / "r")["first_query_s"] == first
    write_reports(tmp_path / "r")


def tearing(at: int, share: float) -> Callable[[Path, Iterable[Any]], None]:
    """An `append_lines` that dies at its `at`-th call with only a share of the bytes on disk."""
    calls = 0
    whole = folder_module.append_lines

    def append(path: Path, lines: Iterable[Any]) -> None:
        nonlocal calls
        calls += 1
        if calls < at:
            return whole(path, lines)
        data = "".join(f"{to_json(row)}\n" for row in lines).encode()
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
    assert answers_of(tmp_path / "r") == unbroken
    timed = sorted(
        (names(tmp_path / "r")[row["system"]], row["block"]) for row in rows(tmp_path / "r", "timings")
    )
    assert timed == sorted((name, block) for name in UNTRAINED if name != "oracle" for block in range(2))
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
    with pytest.raises(InputError, match=r"task 'workshop' has changed.*Start a new run"):
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
    assert json.loads((tmp_path / "r" / "run.json").read_text())["status"] == "complete"


def test_resuming_with_a_changed_corpus_is_refused(task: Task, tmp_path: Path) -> None:
    """Half the answers would come from one corpus and half from another."""
    settings = interrupted(task, tmp_path)
    (tmp_path / "docs" / "drill.md").write_text("# The drill\n\nThe drill was sold.\n")
    with pytest.raises(InputError, match=r"the corpus of task 'workshop'.*has changed"):
        go(settings, [task], make_tools(tmp_path / "c"), tmp_path / "r", resume=True)
    assert manifest(tmp_path / "r")["status"] == "interrupted", "the run is as whole as before, not failed"


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
