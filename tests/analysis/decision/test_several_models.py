"""A decision over several models: what is said of retrieval and of the generator is said on one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.run import TaskResult
from harness.spec.tariff import Tariff
from tests.analysis.decided import MODELS, elected
from tests.analysis.prose import check_results

RIGHT = {
    "base@small": 0.1, "rag@small": 0.3, "oracle@small": 0.5, "base@large": 0.4, "rag@large": 0.6, "oracle@large": 0.9,
}  # fmt: skip


@pytest.fixture
def task(tmp_path: Path) -> TaskResult:
    return derive(read_run(elected(tmp_path, {"facts": ("knowledge", RIGHT)}, **MODELS))).tasks["facts"]


def test_the_verdict_names_the_model(task: TaskResult) -> None:
    first, _, cost = task.decision.headline.partition(": then rag@large. ")
    assert first.startswith("Take base@large, unless a wrong answer costs you more than $")
    assert cost.startswith("base@large costs $")


@pytest.mark.parametrize("tariff", Tariff)
def test_figures_of_models_that_are_paid_for_in_different_ways_stand_in_the_results(
    tmp_path: Path, tariff: Tariff
) -> None:
    right = {"base@small": 0.3, "rag@small": 0.6, "rag@large": 0.8, "rag@hosted": 0.7, "lora@small": 0.5}
    run = read_run(elected(tmp_path, {"facts": ("knowledge", right)}, **MODELS))
    found = derive(run, needs=Requirements(tariff=tariff))
    told = [row.sentence for row in found.tasks["facts"].decision.break_even]
    assert any(" at $7.20 an hour" in sentence for sentence in told)
    assert check_results(found) > 150


def test_headroom_is_that_of_the_favourites_model(task: TaskResult) -> None:
    headroom = task.decision.headroom
    assert headroom.generator == pytest.approx(0.1)
    assert headroom.retrieval is not None
    assert headroom.retrieval.delta == pytest.approx(0.3)
    assert headroom.knowledge is not None
    assert headroom.knowledge.delta == pytest.approx(0.5)
    told = [reason.text for reason in task.decision.reasons if "right passages" in reason.text]
    assert told[0].startswith(
        "With the right passages (oracle@large) 90.0 % are right, with the retrieved ones (rag@large)"
    )
    assert not any("@small" in text for text in told)


def test_the_waterfall_mixes_no_models(task: TaskResult) -> None:
    steps = task.waterfall.steps
    assert [step.step for step in steps] == ["base@small", "rag@small", "oracle@small", "perfect"]
    assert [step.gain for step in steps[1:3]] == pytest.approx([0.2, 0.2])


def test_each_models_control_is_held_against_its_own_retrieval(task: TaskResult) -> None:
    checks = [check for check in task.validity if check.check == "oracle_not_below_rag"]
    assert [check.detail.split(" on ")[0] for check in checks] == [
        "oracle@small − rag@small",
        "oracle@large − rag@large",
    ]


def test_shapes_of_the_literature_are_told_for_each_model(task: TaskResult) -> None:
    found = {row.shape: row.measured for row in task.decision.literature.shapes}
    assert found["knowledge: rag − base (small)"] == pytest.approx(0.2)
    assert found["knowledge: rag − base (large)"] == pytest.approx(0.2)


def test_the_family_is_the_leaders_pairs_across_models(task: TaskResult) -> None:
    family = {frozenset((row.a, row.b)) for row in task.comparisons if row.in_family}
    rivals = {"base@small", "rag@small", "base@large"}
    assert family == {frozenset(("rag@large", rival)) for rival in rivals}
