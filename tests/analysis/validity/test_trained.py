"""The planted straw man: a fine-tune that was not trained to its end is said to be so, and does not lose the race."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.accuracy import score_all
from harness.analysis.reading import read_run
from harness.analysis.validity.check import Case
from harness.analysis.validity.remedies import harder_training
from harness.records import TrialRow
from tests.analysis.races import checks, healthy, results
from tests.analysis.runs import derived, write_run

CURVE = [{"step": 1, "epoch": 0.1, "train_loss": 2.0}, {"step": 9, "epoch": 3.0, "train_loss": 0.2}]


def check(folder: Path, **record: Any) -> dict[str, Any]:
    run = healthy()
    run["manifest"]["adapters"][0] |= {"loss_curve": CURVE, "epochs": 3.0, "stopped": "max_epochs", **record}
    return checks(folder, run)["adapter_fits_training"]


def test_a_rate_a_hundred_times_too_small_is_under_trained(tmp_path: Path) -> None:
    """It gives some of its answers because the base model gives them too."""
    found = check(tmp_path, train_fit=0.6, train_loss=1.9)
    assert (found["status"], found["strategies"]) == ("fail", ["lora"])
    assert (
        "lora is under-trained: in all 3 epochs that it was given its loss fell from 2 to 1.9"
        in found["detail"]
    )
    assert found["remedy"]["line"].startswith("finetune: {learning_rate: ")


def test_the_rival_of_an_under_trained_fine_tune_is_not_crowned(tmp_path: Path) -> None:
    run = healthy()
    run["manifest"]["adapters"][0] |= {
        "loss_curve": CURVE, "epochs": 3.0, "stopped": "max_epochs", "train_fit": 0.6, "train_loss": 1.9,
    }  # fmt: skip
    decision = results(tmp_path, run)["tasks"]["facts"]["decision"]
    assert "lora could not be judged" in decision["what_to_do"]["text"]
    assert decision["recommended"] != "lora"


@pytest.mark.parametrize(
    ("record", "status", "said"),
    [
        ({"train_fit": 0.6, "train_loss": 0.2}, "warn", "went through all 3 epochs that it was given"),
        ({"train_fit": 0.6, "train_loss": 0.4, "stopped": "neither dev score nor dev loss got better"}, "warn",
         "stopped after 3 epochs (neither dev score nor dev loss got better)"),
        ({"train_fit": 0.05, "train_loss": 0.2}, "fail", "its loss fell from 2 to 0.2"),
        ({"train_fit": 0.85, "train_loss": 1.9}, "pass", "reproduced: lora 85.0 %."),
    ],
)  # fmt: skip
def test_one_that_learnt_less_than_it_should_says_why(
    tmp_path: Path, record: dict[str, Any], status: str, said: str
) -> None:
    found = check(tmp_path, **record)
    assert found["status"] == status
    assert said in found["detail"]


def test_more_epochs_are_no_advice_for_one_that_stopped_by_itself(tmp_path: Path) -> None:
    assert "max_epochs" in check(tmp_path, train_fit=0.6, train_loss=0.2)["remedy"]["line"]
    found = check(
        tmp_path, train_fit=0.6, train_loss=0.2, stopped="neither dev score nor dev loss got better"
    )
    assert found["remedy"]["line"] == "finetune: {learning_rate: 0.001}"


@pytest.mark.parametrize(("rate", "line"), [(0.001, ""), (0.0002, "finetune: {learning_rate: 0.001, ")])
def test_a_rate_that_was_tried_and_not_chosen_is_no_advice(tmp_path: Path, rate: float, line: str) -> None:
    spoilt = healthy()
    spoilt["manifest"]["adapters"][0] |= {"loss_curve": CURVE, "stopped": "max_epochs", "train_fit": 0.6}
    run = read_run(write_run(tmp_path, **spoilt))
    lora = run.systems("facts")["lora"].id
    tried = TrialRow(
        "facts", lora, "other", {"finetune.learning_rate": rate}, 0, 1, {}, 0.0, 0.0, 0.0, 1, 1, 0
    )
    rows = derived(replace(run, trials={("facts", lora): (tried,)}))["tasks"]["facts"]["validity"]
    (remedy,) = (row["remedy"] for row in rows if row["check"] == "adapter_fits_training")
    assert remedy["line"].startswith(line)
    assert ("were no better" in remedy["text"]) == (not line)


def test_epochs_that_another_tasks_adapter_used_up_are_no_advice(tmp_path: Path) -> None:
    spoilt = healthy()
    spoilt["manifest"]["adapters"][0] |= {
        "loss_curve": CURVE,
        "stopped": "no better dev loss",
        "train_fit": 0.6,
    }
    run = read_run(write_run(tmp_path, **spoilt))
    (own,) = run.manifest.adapters
    guest = replace(own, system="elsewhere", record=replace(own.record, stopped="max_epochs"))
    both = replace(run, manifest=replace(run.manifest, adapters=(own, guest)))
    case = Case(both, "facts", score_all(both))
    assert "max_epochs" not in harder_training(case).line
