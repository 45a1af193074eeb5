"""Two runs of one small world, made by the real program over fakes, and ways to change the second."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness.analysis.regression.findings import Outcome
from harness.analysis.regression.gate import Judgement, judge
from harness.analysis.regression.pairing import Margins, Rerun, Side, reruns, shared
from harness.analysis.regression.rules import Expect
from harness.analysis.regression.terms import Gate, Terms
from harness.run.manifest import Manifest
from harness.spec.system import System
from tests.analysis.runs import answer, timing, write_run
from tests.analysis.written import Written
from tests.run.worlds import (
    FallibleEngine,
    go,
    make_task,
    make_tools,
    manifest,
    named,
    rows,
    settings_of,
)

STRATEGIES = ("base", "few-shot", "rag", "lora", "oracle")
SHEET = {
    "schema_version": 1, "date": "2026-01-01", "currency": "USD", "utilisation": 0.5,
    "machine": {"name": "box", "kind": "cpu", "usd_per_hour": 3.6, "date": "2026-01-01", "source": "made up"},
}  # fmt: skip


def run_world(folder: Path, *, engine: FallibleEngine | None = None, more: str = "", **settings: Any) -> Path:
    """Run the workshop task under fakes into `folder`/run, 8 questions timed. `more`: lines for the task file."""
    task = make_task(folder / "tasks", more=more)
    tools = make_tools(folder / "cache", engine)
    wanted = {"latency_queries": 8, "use_cache": False, **settings}
    return go(settings_of(task, *STRATEGIES, **wanted), [task], tools, folder / "run")


def manifest_of(about: Mapping[str, Any]) -> Manifest:
    """A manifest in short form, in full."""
    text = json.dumps(Written(about, {}).manifest())
    return TypeAdapter(Manifest).validate_json(text, strict=True)


def edit_manifest(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    about = manifest(run)
    change(about)
    (run / "run.json").write_text(json.dumps(about), encoding="utf-8")


def other_model(run: Path, **facts: Any) -> None:
    """The run as if made with a model of which these facts differ."""

    def change(about: dict[str, Any]) -> None:
        about["model"].update(facts)
        for system in about["systems"].values():
            system["model"].update({key: value for key, value in facts.items() if key in system["model"]})

    edit_manifest(run, change)
    systems = TypeAdapter(dict[str, System]).validate_python(manifest(run)["systems"])
    for file in run.glob("*.json*"):
        text = file.read_text(encoding="utf-8")
        for old, system in systems.items():
            text = text.replace(old, system.id)
        file.write_text(text, encoding="utf-8")


def answer_again(run: Path, seed: int, change: Callable[[str], str] = str) -> None:
    """The run as if every system had answered under a second seed too; `change`: of the text of its rows."""
    edit_manifest(
        run, lambda about: about["plan"].extend([{**entry, "seed": seed} for entry in about["plan"]])
    )
    path = run / "answers.jsonl"
    rows = path.read_text(encoding="utf-8")
    path.write_text(rows + change(rows.replace('"seed": 0', f'"seed": {seed}')), encoding="utf-8")


def edit_rows(run: Path, name: str, change: Callable[[int, dict[str, Any]], dict[str, Any]]) -> None:
    """Replace each row of an evidence file: what a fault would have written. Rows say the name of their system."""
    changed = []
    for at, row in enumerate(rows(run, name)):
        row = change(at, {**row, "strategy": named(run, row)})
        changed.append({key: value for key, value in row.items() if key != "strategy"})
    (run / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in changed), encoding="utf-8")


def judged(run: Path, baseline: Path, expect: Expect = Expect.CHANGE, **options: Any) -> Judgement:
    return judge(run, baseline, options.pop("gate", Gate(Terms(expect=expect))), **options)


def fallen(judgement: Judgement, outcome: Outcome = Outcome.FAIL) -> set[tuple[str, str]]:
    """(Strategy, rule) of the findings with this outcome."""
    return {(one.strategy, one.rule) for one in judgement.findings if one.outcome is outcome}


def made_up(
    folder: Path,
    replies: Mapping[str, Sequence[str]],
    *,
    right: str = "yes",
    metric: str = "exact_match",
    more: Callable[[str, int], dict[str, Any]] = lambda strategy, at: {},
    times: Mapping[str, Sequence[float]] | None = None,
    about: Mapping[str, Any] | None = None,
    question: Callable[[int], dict[str, Any]] = lambda at: {},
    k: int = 3,
) -> Path:
    """A run of questions q0, q1, … whose answer is `right`, with each strategy's replies; no program behind it.

    `more` and `question`: what an answer row or a question has besides. `times`: e2e_s of the first questions, one
    block each. `about`: parts of the manifest in place of these. `k`: passages of a prompt.
    """
    n = len(next(iter(replies.values())))
    spec = {"name": "t", "metrics": [metric], "answer": {"type": "text"}, "retrieval": {"k": k}}
    manifest = {
        "schema_version": 1, "run_id": str(folder), "status": "complete",
        "model": {"name": "m", "sha256": "a" * 64, "dtype": "float32", "device": "cpu"},
        "tasks": {"t": {"spec": spec}}, "plan": [{"task": "t", "strategy": name} for name in replies],
    }  # fmt: skip
    rows = [
        {**answer("t", strategy, f"q{at}", text), **more(strategy, at)}
        for strategy, texts in replies.items()
        for at, text in enumerate(texts)
    ]
    timed = [
        timing(strategy, at, seconds, seconds / 2, 5, task="t", question_id=f"q{at}")
        for strategy, seconds_of in (times or {}).items()
        for at, seconds in enumerate(seconds_of)
    ]
    asked = [
        {"task": "t", "id": f"q{at}", "question": f"Question {at}?", "answers": [right], **question(at)}
        for at in range(n)
    ]
    return write_run(
        folder, manifest={**manifest, **(about or {})}, questions=asked, answers=rows, timings=timed,
        batches=[], passages=[],
    )  # fmt: skip


def pair_of(run: Path, baseline: Path, strategy: str = "base", margins: Margins | None = None) -> Rerun:
    """One strategy of two runs, on all that is common."""
    before, after = Side.read(baseline), Side.read(run)
    (one,) = [one for one in reruns(before, after, shared(before, after)) if one.strategy == strategy]
    return dataclasses.replace(one, margins=margins or Margins())
