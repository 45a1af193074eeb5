"""Runs of one model and of several held against each other: a system is the same under any label of its model."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.regression.diff import diff
from harness.analysis.regression.findings import Outcome
from harness.analysis.regression.gate import Judgement, earlier, judge
from harness.analysis.regression.labels import with_labels_of
from harness.analysis.regression.terms import Gate
from harness.errors import InputErrors
from harness.run.manifest_file import read_manifest
from harness.run.tools import Tools
from tests.analysis.regression.reruns import edit_manifest
from tests.run.worlds import PAIR, go, make_task, pair_of_tools, settings_of

STRATEGIES = ("base", "rag", "lora")


def run(folder: Path, tools: Tools, **models: Any) -> Path:
    task = make_task(folder / "tasks")
    settings = settings_of(task, *STRATEGIES, latency_queries=8, use_cache=False, **models)
    return go(settings, [task], tools, folder / "run")


def alone(folder: Path) -> Tools:
    """The small model, in a run that has no other."""
    tools = pair_of_tools(folder)
    return dataclasses.replace(tools, models=(dataclasses.replace(tools.model, label=None),))


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    return run(folder, alone(folder / "cache"), models=PAIR[:1])


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    return run(folder, pair_of_tools(folder / "cache"), models=PAIR)


def copied(source: Path, target: Path) -> Path:
    target.mkdir()
    for file in source.iterdir():
        if file.is_file():
            (target / file.name).write_bytes(file.read_bytes())
    return target


def outcomes(judged: Judgement, rule: str) -> dict[str, Outcome]:
    return {finding.strategy: finding.outcome for finding in judged.findings if finding.rule == rule}


def test_a_run_of_two_models_is_checked_against_one_of_the_first(one: Path, two: Path) -> None:
    judged = judge(two, one, Gate())
    assert judged.outcome is Outcome.PASS, [
        row.detail for row in judged.findings if row.outcome is Outcome.FAIL
    ]
    assert outcomes(judged, "accuracy").keys() == set(STRATEGIES)
    assert "base@large, rag@large, lora@large are new" in " ".join(judged.new)
    assert judged.other_kernels == (), "a model that is new was computed nowhere else before"


def test_a_run_of_one_model_is_checked_against_the_same_of_two(one: Path, two: Path) -> None:
    with pytest.raises(InputErrors, match=r"base@large, rag@large, lora@large were not measured again"):
        judge(one, two, Gate())
    judged = judge(one, two, Gate(), partly=True)
    assert judged.outcome is Outcome.PASS
    assert outcomes(judged, "adapter")["lora@small"] is Outcome.PASS


def test_two_runs_of_two_models_keep_their_fine_tunes_apart(two: Path, tmp_path: Path) -> None:
    again = copied(two, tmp_path / "again")
    judged = judge(again, two, Gate())
    assert outcomes(judged, "adapter") == {
        **{
            f"{name}@{label}": Outcome.NOT_APPLICABLE
            for name in ("base", "rag")
            for label in ("small", "large")
        },
        "lora@small": Outcome.PASS,
        "lora@large": Outcome.PASS,
    }
    assert set(outcomes(judged, "latency").values()) == {Outcome.NOT_APPLICABLE, Outcome.PASS}
    assert outcomes(judged, "latency")["base@large"] is Outcome.NOT_APPLICABLE


def test_labels_that_changed_are_found_by_the_weights(two: Path, tmp_path: Path) -> None:
    other = copied(two, tmp_path / "other")

    def rename(about: dict[str, Any]) -> None:
        about["model"]["label"], about["other_models"][0]["label"] = "a", "b"
        for system in about["systems"].values():
            label = {"small": "a", "large": "b"}[system["model_label"]]
            system |= {"model_label": label, "name": f"{system['strategy']}@{label}"}

    edit_manifest(other, rename)
    moved = diff(two, other).results
    assert [row.strategy for row in moved] == [
        f"{name}@{label}" for label in ("small", "large") for name in STRATEGIES
    ]
    assert all(row.other_answers == 0 for row in moved)


def test_a_label_that_stands_for_other_weights_is_told(two: Path, tmp_path: Path) -> None:
    tools = pair_of_tools(tmp_path / "cache")
    large = tools.models[1].engine
    large.identity = dataclasses.replace(large.identity, sha256="3" * 64)  # type: ignore[misc]
    judged = judge(run(tmp_path, tools, models=PAIR), two, Gate())
    failed = [name for name, outcome in outcomes(judged, "model").items() if outcome is Outcome.FAIL]
    assert failed == ["base@large", "rag@large", "lora@large"]


def test_where_a_model_was_computed_is_told_of_each(two: Path, tmp_path: Path) -> None:
    other = copied(two, tmp_path / "other")
    edit_manifest(other, lambda about: about["other_models"][0].update(device="cuda:0"))
    judged = judge(other, two, Gate())
    assert judged.other_kernels == ("model large device cpu → cuda:0",)


def test_the_history_of_a_run_is_that_of_the_same_models(one: Path, two: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    copied(one, runs / "one")
    copied(two, runs / "two")
    edit_manifest(runs / "two", lambda about: about.update(run_id="another"))
    found = earlier(runs, read_manifest(two))
    assert [past.manifest.run_id for past in found] == ["another"]


def test_what_has_its_labels_already_is_left_alone(one: Path, two: Path) -> None:
    for folder in (one, two):
        record = read_manifest(folder)
        assert with_labels_of(record, record) is record
