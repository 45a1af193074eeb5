"""Every check on a run made to fail it, and all of them on a run in which nothing is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.results.checks import Check, FigureKind, Status
from harness.analysis.validity.check import Limits, excluded
from harness.analysis.validity.table import CHECKS
from tests.analysis.races import N, Run, checks, healthy, results, rows_of
from tests.analysis.runs import write_run
from tests.analysis.validity.faults import SPOILT, WARNED, silent_on_few, unanswered_by_the_server
from tests.snapshots import Snapshots

IDLE = ("served_as_local", "wrapped_answers")
"""What has nothing to look at in a run whose models are local and answer in words."""


def test_a_healthy_run_passes_every_check(tmp_path: Path) -> None:
    found = checks(tmp_path, healthy())
    assert list(found) == list(CHECKS)
    assert {name: check["status"] for name, check in found.items()} == {
        **dict.fromkeys(CHECKS, "pass"),
        **dict.fromkeys(IDLE, "not_applicable"),
    }
    assert not fails(found)
    assert found["adapter_changes_logits"]["figure"] == (N - 2) / N  # both get the first two right
    assert found["adapter_fits_training"]["figure"] == 0.9
    assert found["retrieval_floor"]["figure"] == (N - 4) / N
    assert found["oracle_not_below_rag"]["figure"] == pytest.approx(6 / N)
    assert found["forgetting"]["figure"] == pytest.approx(-1 / N)


def fails(found: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, check in found.items() if check["status"] == "fail"}


def test_what_does_not_apply_says_why(tmp_path: Path) -> None:
    found = checks(tmp_path, healthy(), "general")
    assert {name for name, check in found.items() if check["status"] == "pass"} == {
        "chat_template",
        "missing_answers",
    }
    for check in found.values():
        if check["status"] == "not_applicable":
            assert (check["figure"], check["threshold"], check["strategies"]) == (None, None, [])
            assert check["detail"].endswith(".")


def test_what_is_never_to_be_had_is_not_asked_for_again(tmp_path: Path) -> None:
    """A prompt that is longer than the model reads stays so; what a server failed at may come."""
    run = healthy()
    unanswered_by_the_server(run)
    again = checks(tmp_path / "again", run)["missing_answers"]["remedy"]
    assert again["line"] == "harness compare --resume RUN"
    run["failures"] = [{**row, "final": True} for row in run["failures"]]
    final = checks(tmp_path / "final", run)["missing_answers"]["remedy"]
    assert final["line"] == ""
    assert final["text"].endswith("asking again brings no missing answer"), "it stands in a list of steps too"


# Runs made to fail


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_a_run_made_to_fail_a_check_fails_it_and_no_other(
    tmp_path: Path, spoil: Callable[[Run], None]
) -> None:
    run = healthy()
    spoil(run)
    found = checks(tmp_path, run)
    name, figure, threshold, strategies = SPOILT[spoil]
    check = found[name]
    assert check["figure"] == pytest.approx(figure)
    assert (check["threshold"], check["strategies"]) == (threshold, strategies)
    assert fails(found) == {name}
    json.dumps(check, allow_nan=False)


def test_details(tmp_path: Path, snapshots: Snapshots) -> None:
    """What each check says of a run in which nothing is wrong, where it does not apply, and when it fails."""
    parts = {
        "A run in which nothing is wrong": checks(tmp_path, healthy()),
        "The other task of that run": checks(tmp_path, healthy(), "general"),
        "A run with an adapter of two seeds": checks(tmp_path, two_seeds()),
        "A run without answers": checks(tmp_path, unanswered()),
        "A run of one question": checks(tmp_path, single()),
    }
    lines = [
        f"{title}\n"
        + "".join(f"  {one['title']}: {one['status']}. {one['detail']}\n" for one in found.values())
        for title, found in parts.items()
    ]
    spoilt = []
    for spoil, (name, *_) in SPOILT.items():
        run = healthy()
        spoil(run)
        spoilt.append(f"  {spoil.__name__}: {checks(tmp_path, run)[name]['detail']}\n")
    warned = []
    for spoil, name in WARNED.items():
        run = healthy()
        spoil(run)
        warned.append(f"  {spoil.__name__}: {checks(tmp_path, run)[name]['detail']}\n")
    parts_of = [*lines, "Runs made to fail\n" + "".join(spoilt), "Runs made to warn\n" + "".join(warned)]
    snapshots.check("analysis/validity.txt", "\n".join(parts_of))


def test_a_check_has_a_run_that_fails_it() -> None:
    """But for those that exclude nobody."""
    harmless = {"forgetting", "answers_in_documents", "timings", "wrapped_answers"}
    of_two_models = {"served_as_local"}  # test_parity.py
    assert {name for name, *_ in SPOILT.values()} == set(CHECKS) - harmless - of_two_models


# Warnings, and what cannot be told


@pytest.mark.parametrize("spoil", WARNED, ids=lambda spoil: spoil.__name__)
def test_what_is_less_grave_or_less_sure_warns_and_forbids_nothing(
    tmp_path: Path, spoil: Callable[[Run], None]
) -> None:
    run = healthy()
    spoil(run)
    found = checks(tmp_path, run)
    assert found[WARNED[spoil]]["status"] == "warn"
    assert not fails(found)


def test_equal_likelihoods_are_no_coincidence_however_few(tmp_path: Path) -> None:
    run = healthy()
    silent_on_few(run)
    for question in run["questions"][:N]:
        question |= {"choices": [*question["answers"], "somebody, says base"]}
    for row in run["answers"]:
        if row["task"] == "facts":
            row |= {"choice_logprobs": [-1.0, -2.0], "finish_reason": "choice"}
    assert checks(tmp_path, run)["adapter_changes_logits"]["status"] == "fail"


def two_seeds() -> Run:
    """The healthy run with a second adapter that answers as the first does."""
    run = healthy()
    run["manifest"]["adapters"].append({**run["manifest"]["adapters"][0], "seed": 1})
    run["answers"] += [{**row, "seed": 1} for name, task in (("lora", "facts"), ("lora@facts", "general"))
                       for row in rows_of(run, name, task)]  # fmt: skip
    return run


def unanswered() -> Run:
    run = healthy() | {"answers": [], "training": [], "prompts": [], "passages": [], "timings": []}
    run["manifest"]["adapters"] = []
    return run


def test_several_seeds_pass_together_and_any_of_them_may_fail(tmp_path: Path) -> None:
    run = two_seeds()
    found = checks(tmp_path / "run", run)
    assert {check["status"] for name, check in found.items() if name not in IDLE} == {"pass"}
    assert found["forgetting"] == checks(tmp_path / "one", healthy())["forgetting"], "a question counts once"
    run["manifest"]["adapters"][1]["train_fit"] = 0.0
    for row, base in zip(rows_of(run, "lora")[N:], rows_of(run, "base"), strict=True):
        row["prediction"] = base["prediction"]
    found = checks(tmp_path / "run", run)
    assert (found["adapter_fits_training"]["status"], found["adapter_fits_training"]["figure"]) == (
        "fail",
        0.0,
    )
    fits, changes = (found[name]["figures"] for name in ("adapter_fits_training", "adapter_changes_logits"))
    assert fits == {"lora (seed 0): reproduced": 0.9, "lora (seed 1): reproduced": 0.0}
    assert (found["adapter_changes_logits"]["status"], found["adapter_changes_logits"]["figure"]) == (
        "fail",
        0.0,
    )
    assert (changes["lora (seed 1): changed"], changes["lora (seed 1): answers"]) == (0, 24)


def test_oracle_is_judged_where_it_had_passages(tmp_path: Path) -> None:
    """On questions without gold documents it answers bare: what it loses there says nothing of the control."""
    run = healthy()
    for row in rows_of(run, "oracle")[:12]:
        row |= {"retrieved": [], "shown_passages": 0, "prediction": "nobody"}
    check = checks(tmp_path, run)["oracle_not_below_rag"]
    assert (check["status"], check["figure"]) == ("pass", pytest.approx(6 / 12))


def single() -> Run:
    """A run of one question: the sentences say one, not ones."""
    run = healthy()
    run["questions"] = [row for row in run["questions"] if row["id"] == "q0"]
    run["timings"] = [row for row in run["timings"] if row["question_id"] == "q0"]
    run["training"] = run["training"][:1]
    run["answers"] = [row for row in run["answers"] if row["question_id"] == "q0"]
    run["prompts"] = []
    run["manifest"]["adapters"][0]["logit_shift"] = None
    return run


def test_guests_do_not_count_as_the_tasks_own(tmp_path: Path) -> None:
    run = healthy()
    for row in rows_of(run, "lora@facts", "general"):
        row["finish_reason"] = "length"
    assert checks(tmp_path, run, "general")["cut_answers"]["status"] == "not_applicable"


@pytest.mark.parametrize("missing", ["training", "prompts"])
def test_a_run_from_before_the_evidence_is_not_judged_by_it(tmp_path: Path, missing: str) -> None:
    run = healthy()
    del run[missing]
    name = {"training": "no_test_question_in_training", "prompts": "chat_template"}[missing]
    check = checks(tmp_path, run)[name]
    assert check["status"] == "not_applicable"


def test_a_run_without_answers_has_checks_that_do_not_apply(tmp_path: Path) -> None:
    assert {check["status"] for check in checks(tmp_path, unanswered()).values()} == {"not_applicable"}


def test_the_same_evidence_gives_the_same_lights(tmp_path: Path) -> None:
    run = healthy()
    first = results(tmp_path / "run", run)
    run["answers"] = run["answers"][::-1]
    assert json.dumps(results(tmp_path / "run", run)) == json.dumps(first)
    assert write_run(tmp_path / "run", **run).is_dir()


# The parts


@given(st.floats(0, 1), st.floats(0, 1), st.lists(st.floats(0, 1), min_size=2))
def test_a_worse_figure_never_has_a_better_status(warn: float, fail: float, figures: list[float]) -> None:
    limits = Limits(warn, fail)
    order = [Status.PASS, Status.WARN, Status.FAIL]
    worsening = sorted(figures, reverse=fail < warn)
    places = [order.index(limits.judge(figure)[0]) for figure in worsening]
    assert all(one <= other for one, other in pairwise(places))


def ended(status: Status) -> Check:
    return Check("a", "what it looks at", status, "Said.", FigureKind.SHARE, 0.5, 0.1, ("rag",), {})


@pytest.mark.parametrize("status", [Status.PASS, Status.WARN, Status.NOT_APPLICABLE])
def test_only_failures_exclude(status: Status) -> None:
    assert excluded([ended(status)]) == {}
    assert excluded([ended(Status.FAIL), ended(status)]) == {"rag": [ended(Status.FAIL)]}
