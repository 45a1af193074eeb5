"""A served model and the local one that it is said to be: by the answers of the run, strategy by strategy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.checks import Check, Status
from tests.analysis.decided import MODELS, elected
from tests.analysis.runs import write_lines

SERVED = {
    "model": MODELS["model"],
    "other_models": [
        {
            "name": "tiny",
            "label": "served",
            "server": "http://localhost:8/v1",
            "device": "server",
            "same_as": "small",
        }
    ],
}
RIGHT = {"base@small": 0.5, "base@served": 0.5}
N = 120


def parity(folder: Path, changed: int = 0, to: str = "{0} indeed", varying: int = 0, **about: Any) -> Check:
    """The check of a run in which the served model gives the local one's answers, but for the first `changed`."""
    run = elected(folder, {"facts": ("knowledge", RIGHT)}, **{**SERVED, **about})
    evidence = read_run(run)
    local, served = (evidence.answers["facts", name] for name in RIGHT)
    rows = [row_of(row) for row in local]
    twins = [
        {**row_of(row), "prediction": other.prediction} for row, other in zip(served, local, strict=True)
    ]
    for row in twins[:changed]:
        row["prediction"] = to.format(row["prediction"])
    write_lines(run / "answers.jsonl", [*rows, *twins])
    again = [{**row, "repeat": 1} for row in twins]
    for row in again[:varying]:
        row["prediction"] += " or so"
    write_lines(run / "repeats.jsonl", again if varying else [])
    (check,) = [
        one for one in derive(read_run(run)).tasks["facts"].validity if one.check == "served_as_local"
    ]
    return check


def row_of(row: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(row)


def test_the_same_answers_pass(tmp_path: Path) -> None:
    check = parity(tmp_path)
    assert (check.status, check.figure) == (Status.PASS, 1.0)
    assert (
        "base@served against base@small: 100.0 % of 120 answers identical, accuracy 0.0 points"
        in check.detail
    )


def test_a_few_that_noise_explains_warn_and_are_named(tmp_path: Path) -> None:
    check = parity(tmp_path, changed=4)
    assert (check.status, check.figure) == (Status.WARN, pytest.approx(116 / N))
    assert "the first to differ: facts0, facts1 and facts10." in check.detail, "at most three, in their order"


def test_many_in_float32_are_no_noise(tmp_path: Path) -> None:
    check = parity(tmp_path, changed=13)
    assert (check.status, check.strategies) == (Status.FAIL, ("base@served",))
    assert check.failed == "its answers are not those of the model that it is said to be"


def test_what_the_server_changes_by_itself_is_no_fault_of_its_weights(tmp_path: Path) -> None:
    """13 of 120 differ from the local model's, and 12 of its own when it is asked again."""
    check = parity(tmp_path, changed=13, varying=12)
    assert check.status is Status.PASS
    assert "where 10.0 % change when the server is asked again" in check.detail


def test_in_fewer_bits_as_many_may_be(tmp_path: Path) -> None:
    """The accuracy is the same, and bfloat16 turns many a token."""
    model = {**MODELS["model"], "dtype": "bfloat16"}
    check = parity(tmp_path, changed=13, model=model)
    assert check.status is Status.WARN


def test_a_difference_in_accuracy_fails_in_any_bits(tmp_path: Path) -> None:
    model = {**MODELS["model"], "dtype": "bfloat16"}
    check = parity(
        tmp_path, changed=60, to="nothing", model=model
    )  # of which about half had been right: far more than six
    assert check.status is Status.FAIL


def test_it_is_not_checked_where_nobody_said_which_model_it_is(tmp_path: Path) -> None:
    alone = {key: value for key, value in SERVED["other_models"][0].items() if key != "same_as"}
    check = parity(tmp_path / "alone", other_models=[alone])
    assert check.status is Status.NOT_APPLICABLE
    assert check.detail.startswith(
        "Not checked: nobody said which other model of the run has the weights of served"
    )
    run = elected(tmp_path / "local", {"facts": ("knowledge", {"base": 0.5, "rag": 0.6})})
    (check,) = [
        one for one in derive(read_run(run)).tasks["facts"].validity if one.check == "served_as_local"
    ]
    assert check.detail == "No model of the run is behind a server."
