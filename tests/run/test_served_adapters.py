"""Adapters that a model's server holds already: they answer without training, and nothing is made up about it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.regression.findings import Outcome
from harness.analysis.regression.gate import judge
from harness.analysis.regression.terms import Gate
from harness.analysis.results.requirements import Met
from harness.engines.engine import AdapterRef
from harness.engines.open import open_entry
from harness.errors import InputError
from harness.files import sha256_text
from harness.report.write import write_reports
from harness.run.manifest_file import read_manifest
from harness.run.obstacles import NOT_TRAINED_THERE
from harness.run.tools import Tools
from harness.spec.models import ModelEntry, ServedEntry
from harness.spec.system import ServedAdapter
from harness.spec.task import Task
from tests.fakes import Silent
from tests.run.worlds import (
    FallibleEngine,
    answers_of,
    go,
    make_task,
    make_tools,
    manifest,
    rows,
    settings_of,
)

HELD = {"workshop": ServedEntry(model="workshop-v3", upfront_usd=12.0)}


class Server(FallibleEngine):
    """A server that is told the model's or an adapter's name, and trains nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.identity = dataclasses.replace(
            self.identity, sha256=None, dtype=None, device="server", server="http://h/v1"
        )
        self._script = lambda prompt, adapter: sha256_text(prompt + str(adapter and adapter.served))[:8]


def tools_of(cache: Path, adapters: dict[str, ServedEntry]) -> Tools:
    tools = make_tools(cache, Server())
    entry = ModelEntry(model="http://h/v1#m", adapters=adapters)
    return dataclasses.replace(tools, models=(dataclasses.replace(tools.model, entry=entry, trainer=None),))


def run(folder: Path, task: Task, adapters: dict[str, ServedEntry], *strategies: str) -> Path:
    return go(
        settings_of(task, *strategies, latency_queries=3), [task], tools_of(folder / "cache", adapters),
        folder / "run",
    )  # fmt: skip


def test_the_strategies_with_an_adapter_use_the_one_that_the_server_holds(task: Task, tmp_path: Path) -> None:
    folder = run(tmp_path, task, HELD, "base", "lora", "rag", "lora+rag")
    record = read_manifest(folder)
    systems = record.systems_of("workshop")
    assert [systems[name].adapter for name in ("lora", "lora+rag")] == [
        ServedAdapter("workshop", "workshop-v3")
    ] * 2
    assert systems["lora"].recipe is None
    assert record.adapters == ()
    assert all(row["adapter"] is None for row in rows(folder, "answers"))
    replies = {(name, question): reply for _, name, question, reply in answers_of(folder)}
    assert replies["base", "saw-0"] != replies["lora", "saw-0"]
    assert all(row["merged"] for row in rows(folder, "timings")), "nothing is merged at a server"


def test_it_costs_what_was_declared_and_nobody_knows_how_long_it_takes_to_make(
    task: Task, tmp_path: Path
) -> None:
    folder = run(tmp_path, task, HELD, "base", "lora")
    assert read_manifest(folder).model.upfront_usd == {"workshop": 12.0}
    evidence = read_run(folder)
    cost = derive(evidence).tasks["workshop"].strategies["lora"].cost
    assert cost.components.upfront_usd == 12.0
    assert cost.assumptions.tuning_cycles is None
    needs = Requirements(refresh_days=30.0)
    (outcome,) = derive(evidence, needs=needs).tasks["workshop"].decision.candidates["lora"].requirements
    assert (outcome.requirement, outcome.status) == ("refresh_days", Met.UNKNOWN)


def test_a_task_without_training_questions_is_no_obstacle(tmp_path: Path) -> None:
    task = make_task(tmp_path, with_train=False)
    folder = run(tmp_path, task, HELD, "base", "lora")
    assert list(read_manifest(folder).systems_of("workshop")) == ["base", "lora"]


def test_without_one_training_there_is_told_as_not_possible(task: Task, tmp_path: Path) -> None:
    folder = run(tmp_path, task, {"another": ServedEntry(model="x")}, "base", "lora")
    assert manifest(folder)["not_applicable"] == {"workshop": {"lora": dataclasses.asdict(NOT_TRAINED_THERE)}}
    assert "name an adapter that it serves" in NOT_TRAINED_THERE.step.text.lower()


def test_reports_and_checks_do_without_what_only_training_tells(task: Task, tmp_path: Path) -> None:
    general = make_task(tmp_path, "general", probes="general", with_train=False, with_corpus=False)
    tools = tools_of(tmp_path / "cache", HELD)
    folder = go(
        settings_of(task, "base", "lora", latency_queries=3), [task, general], tools, tmp_path / "run"
    )
    results = write_reports(folder)
    assert results.adapters == ()
    assert results.tasks["workshop"].strategies["lora"].adapter is None
    (forgotten,) = results.tasks["general"].forgetting
    assert forgotten.system == "lora@workshop"
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "lora@workshop" in page


def test_a_check_compares_the_name_that_the_server_is_told(task: Task, tmp_path: Path) -> None:
    before = run(tmp_path / "a", task, HELD, "base", "lora")
    same = run(tmp_path / "b", task, HELD, "base", "lora")
    other = run(tmp_path / "c", task, {"workshop": ServedEntry(model="workshop-v4")}, "base", "lora")

    def ruled(after: Path) -> Outcome:
        judged = judge(after, before, Gate())
        return next(row.outcome for row in judged.findings if (row.rule, row.strategy) == ("adapter", "lora"))

    assert ruled(same) is Outcome.PASS
    assert ruled(other) is Outcome.FAIL


def test_a_resumed_run_asks_the_same_adapter(task: Task, tmp_path: Path) -> None:
    folder = run(tmp_path, task, HELD, "base", "lora")
    tools = tools_of(tmp_path / "cache", {"workshop": ServedEntry(model="workshop-v4")})
    settings = settings_of(task, "base", "lora", latency_queries=3)
    with pytest.raises(InputError, match="what is compared has changed"):
        go(settings, [task], tools, folder, resume=True)


def test_a_model_that_is_read_here_has_no_served_adapters(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`adapters` are those that a server holds"):
        open_entry(ModelEntry(model="here", adapters=HELD), cache=tmp_path, progress=Silent())


def test_an_adapter_that_is_served_is_named_to_the_engine(task: Task, tmp_path: Path) -> None:
    engine = Server()
    tools = tools_of(tmp_path / "cache", HELD)
    tools = dataclasses.replace(tools, models=(dataclasses.replace(tools.model, engine=engine),))
    go(settings_of(task, "lora"), [task], tools, tmp_path / "run")
    assert engine.adapter == AdapterRef(None, None, served="workshop-v3")
