"""Strategies whose answers are held to their form: beside the free ones in a run, with keys and ids of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import Ability, AdapterRef, Completion
from harness.run.answer_cache import answer_key
from harness.run.manifest_file import read_manifest
from harness.run.obstacles import obstacle
from harness.run.plan import setup_of
from harness.spec.forms import AnswerForm
from harness.spec.strategy import parse_strategy
from harness.spec.task import Task, load_task
from tests.fakes import RecordingEngine
from tests.report.results import written
from tests.run.worlds import context_of, go, lines, make_task, make_tools, plan_of, rows, settings_of

LABELS = ("cancel", "cancel an order", "pay")
EVERY = 4
"""Questions a label."""
TRAIN = [
    {"id": f"t{n}", "question": f"Kindly {label}, case {n}", "answers": [label]}
    for n, label in enumerate(LABELS)
]


def label_task(folder: Path, every: int = EVERY) -> Task:
    asked = enumerate(LABELS * every)
    lines(
        folder / "intents" / "test.jsonl",
        [{"id": f"q{n}", "question": f"Please {label} number {n}", "answers": [label]} for n, label in asked],
    )
    lines(folder / "intents" / "train.jsonl", TRAIN)
    (folder / "intents.yaml").write_text(
        "name: intents\nprobes: behaviour\nquestions: {test: intents/test.jsonl, train: intents/train.jsonl}\n"
        'prompt: {system: "Answer with one of {labels}."}\n'
        f"answer: {{type: label, max_tokens: 8, labels: {json.dumps(LABELS)}}}\nmetrics: [label]\n",
        encoding="utf-8",
    )
    return load_task(folder / "intents.yaml")


def chatty(prompt: str, adapter: AdapterRef | None) -> str:
    """Knows the label, and says more than that."""
    asked = prompt.rpartition("[user]")[2]
    found = next(label for label in sorted(LABELS, key=len, reverse=True) if label in asked)
    return found if adapter else f"I think {found}"


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return label_task(tmp_path)


@pytest.fixture
def run(task: Task, tmp_path: Path) -> Path:
    settings = settings_of(
        task, "base", "base[constrained]", "base[options]", "few-shot[constrained]", latency_queries=2
    )
    return go(settings, [task], make_tools(tmp_path / "cache", RecordingEngine(chatty)), tmp_path / "run")


def test_held_answers_stand_beside_the_free_ones(run: Path) -> None:
    record = read_manifest(run)
    systems = record.systems_of("intents")
    assert list(systems) == ["base", "base[constrained]", "base[options]", "few-shot[constrained]"]
    assert [system.form for system in systems.values()] == [None, "constrained", "options", "constrained"]
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows(run, "answers"):
        by_name.setdefault(record.name("intents", row["system"]), []).append(row)
    assert not any(row["prediction"] in LABELS for row in by_name["base"])
    assert all(row["prediction"] in LABELS for row in by_name["base[constrained]"])
    scored = by_name["base[options]"]
    assert {(row["finish_reason"], len(row["choice_logprobs"])) for row in scored} == {
        ("choice", len(LABELS))
    }
    assert all(row["prediction"] in LABELS for row in scored)


def test_a_report_follows(run: Path) -> None:
    strategies = written(run)["tasks"]["intents"]["strategies"]
    assert strategies["base"]["accuracy"]["mean"] == 0
    assert strategies["base[constrained]"]["accuracy"]["n"] == len(LABELS) * EVERY


def test_a_free_answer_is_no_held_one_in_the_cache(task: Task, tmp_path: Path) -> None:
    context = context_of(task, tmp_path)
    plan = plan_of([task], ["base", "base[constrained]", "base[options]"])
    prompts = [context.prompts(job.system, task.test[:1])[0] for job in plan.jobs]
    identity = context.engine.identity
    assert len({answer_key(identity, None, one.wanted, one.facts.sha256) for one in prompts}) == 3
    assert len({prompt.facts.sha256 for prompt in prompts[:2]}) == 1


def test_a_fine_tune_and_its_held_form_share_the_adapter(task: Task) -> None:
    free, held = plan_of([task], ["lora", "lora[constrained]"]).jobs
    assert free.adapter == held.adapter
    assert free.system.id != held.system.id


def test_an_adapter_shows_once_what_it_forgot(task: Task, tmp_path: Path) -> None:
    general = make_task(tmp_path, "general", probes="general", with_train=False, with_corpus=False)
    plan = plan_of([task, general], ["lora", "lora[constrained]", "lora[options]"])
    assert [job.system.name for job in plan.jobs_of("general")] == ["base", "lora@intents"]
    alone = plan_of([task, general], ["lora[constrained]"])
    assert [job.system.name for job in alone.jobs_of("general")] == ["base", "lora@intents"]


class Unable(RecordingEngine):
    """Gives no log-likelihoods, and writes what it likes."""

    abilities = frozenset({Ability.RENDER})

    def why_not_held(self, form: AnswerForm) -> str | None:
        return "it cannot hold replies"


@pytest.mark.parametrize(
    ("strategy", "answers", "reason"),
    [
        ("base[options]", "text", "no labels to choose from"),
        ("base[constrained]", "text", "answers of type text have no form"),
        ("base[constrained]", "label", "cannot hold replies"),
        ("base[options]", "label", "gives no log-likelihoods"),
    ],
)
def test_what_cannot_be_held_is_not_applicable(
    task: Task, tmp_path: Path, strategy: str, answers: str, reason: str
) -> None:
    task = task if answers == "label" else make_task(tmp_path)
    engine = Unable(chatty)
    chosen = parse_strategy(strategy)
    found = obstacle(task, setup_of(engine, "words", 0)(task, chosen), engine)
    assert found is not None
    assert reason in found.why


def test_a_reply_of_a_script_is_held_too(task: Task, tmp_path: Path) -> None:
    engine = RecordingEngine(lambda *_: "nothing of the kind")
    context = context_of(task, tmp_path, engine)
    (job,) = plan_of([task], ["base[constrained]"]).jobs
    (prompt,) = context.prompts(job.system, task.test[:1])
    (completion,) = engine.complete([prompt.request])
    assert isinstance(completion, Completion)
    assert completion.text in LABELS
