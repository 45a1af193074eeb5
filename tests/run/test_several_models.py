"""Several models in one run: each opened once, asked in one stretch, timed in a fair order, told apart everywhere."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.engines.catalogue import DEFAULT_BASE
from harness.engines.engine import AdapterRef, Completion, LoadFacts, Request
from harness.errors import InputError, RunInterrupted
from harness.report.write import write_reports
from harness.run.facts import TimingOrder
from harness.run.manifest_file import read_manifest, write_manifest
from harness.run.settings import Settings
from harness.run.tools import check_different
from harness.spec.models import ModelEntry
from harness.spec.system import System
from harness.spec.task import Task
from tests.run.worlds import (
    PAIR,
    FallibleEngine,
    Killed,
    answers_of,
    go,
    make_task,
    make_tools,
    manifest,
    model_of,
    named,
    pair_of_tools,
    rows,
    settings_of,
)


def asked_of(task: Task, *strategies: str, **options: Any) -> Settings:
    return settings_of(task, *strategies, models=PAIR, **options)


class Weighty(FallibleEngine):
    """Says when its weights are read and let go of, into a list that both models of a run share."""

    def __init__(self, said: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.said, self.loaded = said, False

    def complete(
        self, requests: Sequence[Request], adapter: AdapterRef | None = None, *, job: Sequence[Request] = ()
    ) -> list[Completion]:
        self._need()
        return super().complete(requests, adapter, job=job)

    def time(self, *given: Any) -> Any:
        self._need()
        return super().time(*given)

    def _need(self) -> None:
        if not self.loaded:
            self.said.append(f"+{self.identity.name}")
        self.loaded = True

    def release(self) -> None:
        if self.loaded:
            self.said.append(f"-{self.identity.name}")
        self.loaded = False

    def facts(self) -> LoadFacts:
        return LoadFacts(float(self.identity.name == "fake-large"), len(self.identity.name))


def test_every_strategy_runs_on_every_model_under_a_name_of_its_own(task: Task, tmp_path: Path) -> None:
    folder = go(asked_of(task, "base", "rag"), [task], pair_of_tools(tmp_path / "c"), tmp_path / "run")
    systems = read_manifest(folder).systems_of("workshop")
    assert list(systems) == ["base@small", "rag@small", "base@large", "rag@large"]
    assert [system.model.name for system in systems.values()] == ["fake-small"] * 2 + ["fake-large"] * 2
    answers = {(name, question): reply for _, name, question, reply in answers_of(folder)}
    assert len(answers) == 4 * 24
    assert answers["base@small", "saw-0"] != answers["base@large", "saw-0"]


def test_strategies_may_be_kept_to_one_model(task: Task, tmp_path: Path) -> None:
    settings = asked_of(task, "base@large", "rag@large", "lora@small")
    folder = go(settings, [task], pair_of_tools(tmp_path / "c"), tmp_path / "run")
    assert list(read_manifest(folder).systems_of("workshop")) == ["lora@small", "base@large", "rag@large"]


def test_a_system_is_the_same_in_a_run_of_one_model(task: Task, tmp_path: Path) -> None:
    """Its id and answers do not depend on which other models run beside it."""
    both = go(asked_of(task, "base", "lora"), [task], pair_of_tools(tmp_path / "c"), tmp_path / "both")
    tools = pair_of_tools(tmp_path / "d")
    alone = dataclasses.replace(tools, models=(dataclasses.replace(tools.model, label=None),))
    settings = settings_of(task, "base", "lora", models=PAIR[:1])
    one = go(settings, [task], alone, tmp_path / "one")

    def of(folder: Path, name: str) -> System:
        return read_manifest(folder).systems_of("workshop")[name]

    for strategy in ("base", "lora"):
        assert of(both, f"{strategy}@small").id == of(one, strategy).id
    replies = [(question, reply) for _, name, question, reply in answers_of(both) if name == "base@small"]
    assert replies == [(question, reply) for _, name, question, reply in answers_of(one) if name == "base"]


def test_the_manifest_knows_each_model_and_what_it_took(task: Task, tmp_path: Path) -> None:
    said: list[str] = []
    tools = pair_of_tools(tmp_path / "c", Weighty(said), Weighty(said))
    folder = go(asked_of(task, "base", latency_queries=2), [task], tools, tmp_path / "run")
    record = read_manifest(folder)
    assert [(row.label, row.name, row.load_s, row.parameters) for row in record.models] == [
        ("small", "fake-small", 0.0, 10),
        ("large", "fake-large", 1.0, 10),
    ]
    assert all(row.first_query_s is not None for row in record.models)
    assert (record.load_s, record.first_query_s) == (record.model.load_s, record.model.first_query_s)
    large = record.systems_of("workshop")["base@large"]
    assert record.model_of(large).name == "fake-large"


def test_each_models_weights_are_needed_in_one_stretch(task: Task, tmp_path: Path) -> None:
    """With and without room for both: no model is read twice to answer."""
    for fits, wanted in ((True, []), (False, ["-fake-small", "-fake-large"])):
        said: list[str] = []
        tools = pair_of_tools(tmp_path / f"c{fits}", Weighty(said), Weighty(said), fits=fits)
        other = make_task(tmp_path, "shed")
        settings = asked_of(task, "base", "lora", "rag")
        folder = go(settings, [task, other], tools, tmp_path / f"run{fits}")
        assert [step for step in said if step.startswith("+")] == ["+fake-small", "+fake-large"]
        assert [step for step in said if step.startswith("-")] == wanted
        wanted_order = TimingOrder.INTERLEAVED if fits else TimingOrder.ABBA
        assert read_manifest(folder).timing_order is wanted_order


def test_models_that_fit_together_are_timed_interleaved(task: Task, tmp_path: Path) -> None:
    tools = pair_of_tools(tmp_path / "c")
    folder = go(asked_of(task, "base", "rag", latency_queries=4), [task], tools, tmp_path / "run")
    timed = [(row["block"], row["position"], named(folder, row)) for row in rows(folder, "timings")]
    for block in range(4):
        assert sorted(name for at, _, name in timed if at == block) == sorted(
            ["base@small", "rag@small", "base@large", "rag@large"]
        )
    assert len({name for _, position, name in timed if position == 0}) == 4, "each is first once"


def test_models_that_do_not_are_timed_a_b_b_a(task: Task, tmp_path: Path) -> None:
    said: list[str] = []
    tools = pair_of_tools(tmp_path / "c", Weighty(said), Weighty(said), fits=False)
    folder = go(asked_of(task, "base", "rag", latency_queries=5), [task], tools, tmp_path / "run")
    timed = rows(folder, "timings")
    models = [named(folder, row).partition("@")[2] for row in timed]
    assert models == ["small"] * 6 + ["large"] * 6 + ["large"] * 4 + ["small"] * 4
    assert [row["block"] for row in timed] == [0] * 12 + [1] * 8, "a pair of answers lies in one block"
    assert [row["position"] for row in timed] == [*range(12), *range(8)]
    asked = {(named(folder, row), row["question_id"]) for row in timed}
    assert len(asked) == len(timed) == 4 * 5, "every system answers every question once"
    reads = [step for step in said if step.startswith("+")]
    assert reads == ["+fake-small", "+fake-large", "+fake-small", "+fake-large", "+fake-small"]
    for before, after in itertools.pairwise(said):
        assert not (before.startswith("+") and after.startswith("+")), "never two in memory"


@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize(
    "where", [("small", 2), ("large", 1), ("large", 2), ("small", None), ("large", None)]
)
def test_killed_in_or_between_models_and_resumed_gives_the_same_answers(
    task: Task, tmp_path: Path, where: tuple[str, int | None], fits: bool
) -> None:
    """`where`: the model that is killed, and at which batch; None: in its timings."""
    settings = asked_of(task, "base", "rag", "lora", latency_queries=3, use_cache=False)
    whole = go(settings, [task], pair_of_tools(tmp_path / "w", fits=fits), tmp_path / "whole")
    label, batch = where
    broken = FallibleEngine(batch=batch) if batch else FallibleEngine(timed=6)
    tools = pair_of_tools(tmp_path / "c", **{label: broken}, fits=fits)
    with pytest.raises(Killed):
        go(settings, [task], tools, tmp_path / "run")
    # Memory may look otherwise now: the run goes on in the order in which it began.
    again = pair_of_tools(tmp_path / "c", fits=not fits)
    folder = go(settings, [task], again, tmp_path / "run", resume=True)
    assert answers_of(folder) == answers_of(whole)
    assert read_manifest(folder).timing_order == read_manifest(whole).timing_order

    def timed(run: Path) -> list[Any]:
        return sorted(
            (row["system"], row["question_id"], row["merged"], row["block"]) for row in rows(run, "timings")
        )

    assert timed(folder) == timed(whole)


def test_a_run_is_not_resumed_with_other_models(task: Task, tmp_path: Path) -> None:
    small = FallibleEngine(batch=2, error=KeyboardInterrupt)
    with pytest.raises(RunInterrupted):
        go(asked_of(task, "base"), [task], pair_of_tools(tmp_path / "c", small), tmp_path / "run")
    tools = pair_of_tools(tmp_path / "c")
    tools.models[1].engine.identity = dataclasses.replace(tools.models[1].engine.identity, sha256="3" * 64)  # type: ignore[misc]
    with pytest.raises(InputError, match=r"the model's sha256 is not the one the run began with \(large\)"):
        go(asked_of(task, "base"), [task], tools, tmp_path / "run", resume=True)
    with pytest.raises(InputError, match="it began with the models small and large"):
        go(settings_of(task, "base"), [task], make_tools(tmp_path / "c"), tmp_path / "run", resume=True)


def test_each_model_shows_what_its_own_fine_tunes_forget(tmp_path: Path) -> None:
    facts = make_task(tmp_path, "facts")
    general = make_task(tmp_path, "general", probes="general", with_train=False, with_corpus=False)
    settings = asked_of(facts, "lora", "rag@large")
    folder = go(settings, [facts, general], pair_of_tools(tmp_path / "c"), tmp_path / "run")
    names = list(read_manifest(folder).systems_of("general"))
    assert names == ["base@small", "lora@small@facts", "base@large", "lora@large@facts"]
    results = write_reports(folder)
    pairs = [(row.strategy, row.adapter is not None) for row in results.tasks["general"].forgetting]
    assert pairs == [("lora@small", True), ("lora@large", True)]
    for row in results.tasks["general"].forgetting:
        own = "base@small" if "small" in row.strategy else "base@large"
        assert row.base == results.tasks["general"].strategies[own].accuracy.mean


def test_the_same_model_twice_is_refused() -> None:
    with pytest.raises(InputError, match="the models a and b are the same, fake"):
        check_different([model_of(FallibleEngine(), "a"), model_of(FallibleEngine(), "b")])


def test_a_manifest_whose_systems_name_no_model_is_refused(task: Task, tmp_path: Path) -> None:
    folder = go(asked_of(task, "base"), [task], pair_of_tools(tmp_path / "c"), tmp_path / "run")
    record = read_manifest(folder)
    write_manifest(folder, dataclasses.replace(record, other_models=()))
    with pytest.raises(InputError, match="is of the model 'large', which is not there"):
        read_manifest(folder)


def test_settings_of_a_run_keep_what_was_said_of_each_model(task: Task, tmp_path: Path) -> None:
    folder = go(asked_of(task, "base"), [task], pair_of_tools(tmp_path / "c"), tmp_path / "run")
    assert read_manifest(folder).settings.models == PAIR
    assert [row["name"] for row in manifest(folder)["settings"]["models"]] == ["small", "large"]


def test_settings_from_before_there_could_be_several_name_the_one_they_had(
    task: Task, tmp_path: Path
) -> None:
    folder = go(settings_of(task, "base"), [task], make_tools(tmp_path / "c"), tmp_path / "run")
    for model, name in ((None, DEFAULT_BASE), ("org/name", "org/name")):
        about = manifest(folder)
        about["settings"].pop("models", None)
        about["settings"] |= {"model": model, "revision": None, "device": "cpu", "dtype": None}
        (folder / "run.json").write_text(json.dumps(about), encoding="utf-8")
        assert read_manifest(folder).settings.models == (ModelEntry(model=name, device="cpu"),)
