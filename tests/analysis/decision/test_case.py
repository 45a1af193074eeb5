"""Decisions from evidence: known winners, requirements, failed checks, other prices; prose held against results."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.decision.needs import stored_requirements
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.money.economics import CostInputs
from harness.analysis.reading import read_run
from harness.errors import InputError
from harness.spec.tariff import Tariff
from tests.analysis.decided import adapter, elected
from tests.analysis.prose import check_prose, check_results
from tests.analysis.runs import derived

KNOWLEDGE = {"base": 0.05, "lora": 0.2, "rag": 0.6, "oracle": 0.75}
TASKS = {
    "facts": ("knowledge", KNOWLEDGE),
    "manners": ("behaviour", {"base": 0.1, "lora": 0.8, "rag": 0.1}),
}


def results(
    folder: Path, tasks: Any = TASKS, needs: Requirements | None = None, **about: Any
) -> dict[str, Any]:
    return derived(read_run(elected(folder, tasks, **about)), needs=needs)


def decision(found: dict[str, Any], task: str = "facts") -> dict[str, Any]:
    block: dict[str, Any] = found["tasks"][task]["decision"]
    return block


def test_each_kind_of_task_gets_its_own_winner(tmp_path: Path) -> None:
    found = results(tmp_path)
    assert [decision(found, task)["recommended"] for task in TASKS] == ["rag", "lora"]
    assert found["summary"]["by_kind"]["behaviour"]["manners"]["recommended"] == "lora"
    assert "oracle" not in decision(found)["candidates"]


@pytest.mark.parametrize(
    "needs",
    [
        {},
        {"error_price_usd": 0.5, "monthly_queries": 1000, "refresh_days": 7},
        {"min_accuracy": 0.9, "max_latency_s": 0.5, "citations": True},
        {"max_latency_s": 3, "latency_percentile": "p90", "max_memory_gb": 0.5, "monthly_budget_usd": 40},
    ],
)
def test_every_figure_in_the_prose_stands_in_results_json(tmp_path: Path, needs: dict[str, Any]) -> None:
    found = json.loads(json.dumps(results(tmp_path, needs=Requirements(**needs)), allow_nan=False))
    assert min(check_prose(task) for task in found["tasks"].values()) > 20
    assert check_results(found) > 150


def test_the_prose_of_checks_and_of_break_evens_is_held_too(tmp_path: Path) -> None:
    """A figure that is altered in results.json, and no longer the sentence's, is found in each kind of row."""
    found = results(tmp_path)
    altered = {
        "break_even": lambda task: task["decision"]["break_even"][0].update(
            standing_a_usd=1.5, standing_b_usd=1.6
        ),
        "validity": lambda task: task["validity"][0].update(figures={}, figure=None, threshold=None),
        "literature": lambda task: task["decision"]["literature"]["shapes"][0].update(measured=0.111),
        "reasons": lambda task: task["decision"]["reasons"][0].update(figures={}),
    }
    for alter in altered.values():
        copy = json.loads(json.dumps(found))
        alter(copy["tasks"]["facts"])
        with pytest.raises(AssertionError, match="is no figure of it"):
            check_results(copy)


def test_money_is_the_same_in_the_decision_and_in_the_tables(tmp_path: Path) -> None:
    found = results(tmp_path, needs=Requirements(monthly_queries=2500, refresh_days=30))
    for task in found["tasks"].values():
        totals = {row["strategy"]: row["monthly_usd"] for row in task["cost_totals"] if row["own_volume"]}
        assert totals == {name: row["monthly_usd"] for name, row in task["decision"]["candidates"].items()}
        for name, row in task["decision"]["candidates"].items():
            assert row["accuracy"] == pytest.approx(task["strategies"][name]["accuracy"]["mean"])


def test_differences_are_those_of_the_comparisons(tmp_path: Path) -> None:
    task = results(tmp_path)["tasks"]["facts"]
    rows = {(row["a"], row["b"]): row for row in task["comparisons"]}
    against = task["decision"]["against"]["base"]
    assert (against["delta"], against["ci_low"]) == (
        rows["base", "rag"]["delta"],
        rows["base", "rag"]["ci_low"],
    )
    room = task["decision"]["headroom"]["retrieval"]
    assert room["delta"] == rows["rag", "oracle"]["delta"] == pytest.approx(0.15)


def test_a_straw_man_is_left_out_and_the_rest_decided(tmp_path: Path) -> None:
    """An adapter that reproduces none of its training answers was never trained: nothing is said of lora."""
    untrained = [{**adapter("facts", "lora"), "train_fit": 0.0}]
    block = decision(results(tmp_path, {"facts": TASKS["facts"]}, adapters=untrained))
    assert set(block["excluded"]) == {"lora"}
    assert "lora" not in block["candidates"]
    assert (block["status"], block["recommended"], block["favourite"]) == ("best_of_judged", None, "rag")
    assert (
        "lora could not be judged: it did not learn its own training answers." in block["what_to_do"]["text"]
    )
    assert not [reason for reason in block["reasons"] if "left out" in reason["text"]], "it is said once"


def test_a_warning_about_the_favourite_or_a_rival_stands_among_the_reasons(tmp_path: Path) -> None:
    """40 % of its training answers reproduced is a warning; where lora is ruled out, it touches nobody."""
    poorly = [{**adapter("facts", "lora"), "train_fit": 0.4}]
    tasks = {"facts": TASKS["facts"]}
    said = "Checks warn: fit to its training answers (lora)."

    def told(**needs: Any) -> list[str]:
        found = results(tmp_path, tasks, Requirements(**needs), adapters=poorly)
        check_results(found)
        return [one["text"] for one in decision(found)["reasons"]]

    assert told().count(said) == 1
    assert said not in told(min_accuracy=0.5)
    assert said not in [one["text"] for one in decision(results(tmp_path, tasks))["reasons"]]


def test_a_fine_tune_that_leads_unguarded_says_that_forgetting_was_not_measured(tmp_path: Path) -> None:
    found = results(tmp_path)
    said = {task: [one["text"] for one in decision(found, task)["reasons"]] for task in TASKS}
    assert "What lora forgot was not measured: compare with --guard TASK." in said["manners"]
    assert not [text for text in said["facts"] if "forgot was" in text], (
        "rag leads there, and forgets nothing"
    )


@pytest.mark.parametrize(
    ("about", "why"), [({"quick": True}, "quick run"), ({"status": "interrupted"}, "not complete")]
)
def test_a_run_that_is_not_fit_recommends_nothing(tmp_path: Path, about: dict[str, Any], why: str) -> None:
    block = decision(results(tmp_path, **about))
    assert (block["status"], block["recommended"], block["favourite"]) == ("undecided", None, "rag")
    assert why in block["what_to_do"]["text"]


def test_general_tasks_have_guests_that_never_stand(tmp_path: Path) -> None:
    tasks = {"trivia": ("general", {"base": 0.6})}
    block = decision(results(tmp_path, tasks), "trivia")
    assert (block["status"], block["favourite"]) == ("not_computed", None)
    assert (
        block["what_to_do"]["text"] == "Only base is a candidate here, so there is nothing to choose between."
    )


def test_a_fine_tune_takes_up_a_change_when_its_engineer_is_done(tmp_path: Path) -> None:
    """The sheet charges 1 hour to train again, and half an hour to judge any; an index is built without anybody."""
    found = decision(results(tmp_path, needs=Requirements(refresh_days=0.05)))
    held = {name: row["requirements"][0] for name, row in found["candidates"].items() if row["requirements"]}
    seconds = {name: row["figures"]["value"] for name, row in held.items()}
    assert seconds == {"lora": 5400 + adapter("facts", "lora")["seconds"], "rag": 1810.0}
    assert {name: row["status"] for name, row in held.items()} == {"lora": "missed", "rag": "met"}


@pytest.mark.parametrize(
    ("peak", "limit", "status"), [(0.9, 1.0, "met"), (3.0, 1.0, "unknown"), (3.0, 0.001, "missed")]
)
def test_memory_is_met_by_the_peak_missed_by_the_weights_and_else_unknown(
    tmp_path: Path, peak: float, limit: float, status: str
) -> None:
    """A million parameters in float32 take 4 MB."""
    found = results(tmp_path, needs=Requirements(max_memory_gb=limit), peak_memory_gb=peak)
    (outcome,) = decision(found)["candidates"]["base"]["requirements"]
    assert outcome["status"] == status


def test_what_the_run_was_asked_for_holds_until_something_else_is(tmp_path: Path) -> None:
    settings = {
        "monthly_queries": 300,
        "requirements": {"monthly_queries": 300, "citations": True, "tariff": "shared"},
    }
    run = read_run(elected(tmp_path, TASKS, settings=settings))
    assert stored_requirements(run) == {"monthly_queries": 300, "citations": True, "tariff": "shared"}
    stored = decision(derived(run), "manners")
    assert (stored["setting"]["monthly_queries"], stored["favourite"]) == (300, "rag")
    free = decision(derived(run, needs=Requirements()), "manners")
    assert free["favourite"] == "lora"


def test_requirements_of_another_version_are_refused(tmp_path: Path) -> None:
    run = read_run(elected(tmp_path, TASKS, settings={"requirements": {"colour": "blue"}}))
    with pytest.raises(InputError, match="colour"):
        derived(run)


def test_prices_move_the_choice_as_the_sums_say(tmp_path: Path) -> None:
    """The fine-tune saves a second a query, $0.002: dearer hours and fewer cycles speak for it."""
    equal = {"facts": ("knowledge", {"lora": 0.6, "rag": 0.6})}
    run = read_run(elected(tmp_path, equal, n=400))
    few = derived(run, inputs=CostInputs(monthly_queries=100, cycles=3, tariff=Tariff.SHARED))
    many = derived(run, inputs=CostInputs(monthly_queries=1_000_000, cycles=1, tariff=Tariff.SHARED))
    assert [decision(found)["favourite"] for found in (few, many)] == ["rag", "lora"]
    (volume,) = [row for row in decision(few)["would_change"] if row["input"] == "monthly_queries"]
    again = derived(run, inputs=CostInputs(monthly_queries=volume["up"]["value"] * 1.001, cycles=3))
    before = derived(run, inputs=CostInputs(monthly_queries=volume["up"]["value"] * 0.999, cycles=3))
    assert [decision(found)["favourite"] for found in (before, again)] == ["rag", "lora"]


def test_a_run_without_prices_is_decided_by_accuracy_alone(tmp_path: Path) -> None:
    found = results(tmp_path, needs=Requirements(error_price_usd=1.0), price_sheet=None)
    block = decision(found)
    assert (block["status"], block["basis"], block["recommended"]) == ("recommended", "accuracy", "rag")
    (hour,) = [row for row in block["would_change"] if row["input"] == "usd_per_hour"]
    assert hour["text"] == "The price of a machine hour plays no part: the run has no price for it."
    assert any("could not be used" in one["text"] for one in block["assumptions"])


def test_the_same_evidence_gives_the_same_bytes(tmp_path: Path) -> None:
    run = read_run(elected(tmp_path, TASKS))
    one, two = (json.dumps(derived(dataclasses.replace(run)), allow_nan=False) for _ in range(2))
    assert one == two
