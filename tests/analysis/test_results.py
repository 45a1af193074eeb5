"""results.json of the made-up run, every figure worked out by hand ($0.002 a second of a query)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.evidence import read_run
from harness.analysis.results import derive
from tests.analysis.runs import answers, manifest, timings, write_run


@pytest.fixture
def results(tmp_path: Path) -> dict[str, Any]:
    return derive(read_run(write_run(tmp_path)))


def strategy(results: dict[str, Any], name: str, task: str = "facts") -> dict[str, Any]:
    block: dict[str, Any] = results["tasks"][task]["strategies"][name]
    return block


@pytest.mark.parametrize(("name", "contains", "f1", "refusal"), [
    # base "It is Paris." (1, 2·1/4), "7", "", no refusal where one was due
    ("base", 1 / 4, 0.5 / 4, 3 / 4),
    # lora "Paris <script>alert(2)</script>" is two words (1, 2·1/3), "41", "a blue whale" (1, 1)
    ("lora", 2 / 4, (2 / 3 + 1) / 4, 3 / 4),
    # rag right, right, "the whale" (0, 2·1/3), refusal due
    ("rag", 3 / 4, (1 + 1 + 2 / 3 + 1) / 4, 1.0),
])  # fmt: skip
def test_scores(results: dict[str, Any], name: str, contains: float, f1: float, refusal: float) -> None:
    block = strategy(results, name)
    means = {metric: estimate["mean"] for metric, estimate in block["metrics"].items()}
    assert means == pytest.approx({"contains": contains, "f1": f1, "refusal": refusal})
    assert block["accuracy"] == block["metrics"]["contains"]
    assert block["n_answered"] == 4


def test_wilson_interval_of_one_in_four(results: dict[str, Any]) -> None:
    fair = strategy(results, "base")["accuracy"]
    assert (fair["ci_low"], fair["ci_high"]) == pytest.approx((0.0456, 0.6994), abs=5e-5)


def test_groups_tell_seen_facts_from_unseen_ones(results: dict[str, Any]) -> None:
    found = {name: (g["mean"], g["n"]) for name, g in strategy(results, "lora")["groups"].items()}
    assert found == {
        "fact_seen": (1.0, 1),
        "fact_unseen": (0.0, 1),
        "answerable": (pytest.approx(2 / 3), 3),
        "unanswerable": (0.0, 1),
    }
    assert set(strategy(results, "base", "general")["groups"]) == {"answerable"}


def test_times(results: dict[str, Any]) -> None:
    """base answered in 0.1, 0.2, … 1.0 s: the median is 0.55 s, the 2nd and 9th bound it."""
    base, rag, lora = (strategy(results, name) for name in ("base", "rag", "lora"))
    assert base["latency_s"]["p50"] == pytest.approx(0.55)
    assert base["latency_s"]["ci"]["p50"] == [0.2, 0.9]
    assert base["latency_s"]["p90"] is None
    assert (base["retrieve_s"]["n"], rag["retrieve_s"]["n"]) == (0, 2)
    assert rag["latency_s"]["p50"] is None
    assert (lora["latency_s"]["n"], lora["unmerged"]["latency_s"]["n"]) == (1, 1)
    assert base["unmerged"] is None


@pytest.mark.parametrize(("name", "rates", "n"), [
    ("base", (1 / 0.5, 20 / 5.5, 20 / 2.0), (10, 10, 4)),  # TPOT 0.05 … 0.95, median 0.5
    ("rag", (1 / 0.5, 6 / 6.0, 20 / 10.0), (1, 2, 4)),  # one answer has one token: no TPOT, and not 0
    ("lora", (1 / 0.25, 3 / 1.0, None), (1, 1, 0)),  # batched answers came from the cache
])  # fmt: skip
def test_three_tokens_per_second(
    results: dict[str, Any], name: str, rates: tuple[float | None, ...], n: tuple[int, ...]
) -> None:
    pace = strategy(results, name)["tokens_per_s"]
    names = ("decode_per_user", "end_to_end", "system_output")
    assert [pace[key] for key in names] == [r if r is None else pytest.approx(r) for r in rates]
    assert tuple(pace[f"{key}_n".replace("per_user_", "")] for key in names) == n


@pytest.mark.parametrize(("name", "serial", "batched", "per_correct", "fixed"), [
    ("base", 0.55 * 0.002, 0.5 * 0.002, 0.0044, 0.0),  # mean 0.55 s; 2 s for 4 questions; a quarter right
    ("lora", 1.0 * 0.002, None, 0.004, 0.1),  # 100 s of training at $0.001
    ("rag", 3.0 * 0.002, 2.5 * 0.002, 0.008, 0.01),  # (2 + 4) / 2 s; 10 s for 4; 10 s of indexing
])  # fmt: skip
def test_cost(
    results: dict[str, Any], name: str, serial: float, batched: float | None, per_correct: float, fixed: float
) -> None:
    cost = strategy(results, name)["cost"]
    assert cost["per_query_usd"] == cost["components"]["serial_usd"] == pytest.approx(serial)
    assert cost["components"]["serial_full_use_usd"] == pytest.approx(serial / 2)
    assert cost["components"]["batched_usd"] == (batched if batched is None else pytest.approx(batched))
    assert cost["per_correct_usd"] == pytest.approx(per_correct)
    assert cost["fixed_usd"] == pytest.approx(fixed)
    assert cost["assumptions"]["machine"] == "box"
    assert cost["reason"] is None


def test_retrieval(results: dict[str, Any]) -> None:
    """q1 finds its document first, q2 one of two first and both by the third; q3's whale is a plural."""
    rag = strategy(results, "rag")
    assert rag["retrieval"]["recall_at_k"] == {"1": 0.75, "3": 1.0, "5": 1.0, "10": 1.0}
    assert rag["retrieval"]["answer_in_context"] == pytest.approx(2 / 3)
    assert (rag["retrieval"]["k"], rag["retrieval"]["n"]) == (3, 2)
    assert (rag["truncated"], rag["dropped_passages"]) == (3, 3)
    assert strategy(results, "base")["retrieval"] is None


def test_answers_cut_empty_and_cached(results: dict[str, Any]) -> None:
    assert strategy(results, "lora")["finish_length_share"] == 0.25
    assert strategy(results, "lora")["cached_share"] == 1.0
    assert strategy(results, "base")["empty_share"] == 0.25
    assert strategy(results, "base")["tokens"] == {"prompt_mean": 100.0, "completion_mean": 5.0}


def test_forgetting_compares_an_adapter_of_another_task_with_base(results: dict[str, Any]) -> None:
    (row,) = results["tasks"]["general"]["forgetting"]
    assert (row["strategy"], row["trained_for"]) == ("lora", "facts")
    assert (row["base"], row["adapter"], row["delta"], row["n"]) == (1.0, 0.5, -0.5, 2)
    cost = strategy(results, "lora@facts", "general")["cost"]
    assert (cost["fixed_usd"], cost["reason"]) == (None, "not timed")


def test_comparisons_are_paired_and_claim_nothing_more_yet(results: dict[str, Any]) -> None:
    rows = results["tasks"]["facts"]["comparisons"]
    assert [(r["a"], r["b"], r["delta"], r["n"]) for r in rows] == [
        ("base", "lora", 0.25, 4),
        ("base", "rag", 0.5, 4),
        ("lora", "rag", 0.25, 4),
    ]
    assert all(
        row[key] is None for row in rows for key in ("ci_low", "ci_high", "p", "p_adjusted", "verdict", "mde")
    )


def test_adapter_and_decision(results: dict[str, Any]) -> None:
    (adapter,) = results["adapters"]
    assert (adapter["train_tokens_per_s"], adapter["first_train_loss"]) == (50.0, 2.0)
    task = results["tasks"]["facts"]
    assert (task["n"], task["n_unanswerable"], task["primary_metric"], task["validity"]) == (
        4,
        1,
        "contains",
        [],
    )
    assert task["decision"] == {
        "status": "not_computed", "recommended": None, "reasons": [], "break_even": [], "would_change": [],
    }  # fmt: skip
    assert results["tasks"]["general"]["not_applicable"] == {"rag": "the task has no corpus"}
    assert (results["incomplete"], results["missing_answers"]) == (False, 0)


def test_same_evidence_same_bytes_whatever_the_order_of_the_batches(tmp_path: Path) -> None:
    one = read_run(write_run(tmp_path / "run"))
    two = read_run(write_run(tmp_path / "run", answers=answers()[::-1]))
    texts = [json.dumps(derive(run), allow_nan=False) for run in (one, one, two)]
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.parametrize("status", ["running", "interrupted", "failed"])
def test_unfinished_run_says_so(tmp_path: Path, status: str) -> None:
    about = {**manifest(), "status": status}
    found = derive(read_run(write_run(tmp_path, answers=answers()[:2], batches=[], manifest=about)))
    assert found["incomplete"] is True
    assert found["missing_answers"] == 2 + 4 + 4 + 2 + 2
    assert strategy(found, "lora")["accuracy"] == {"mean": None, "ci_low": None, "ci_high": None, "n": 0}
    assert strategy(found, "lora")["tokens"]["prompt_mean"] is None
    json.dumps(found, allow_nan=False)


def test_complete_by_its_word_but_not_by_its_answers_is_incomplete(tmp_path: Path) -> None:
    found = derive(read_run(write_run(tmp_path, answers=answers()[1:])))
    assert (found["incomplete"], found["missing_answers"]) == (True, 1)


def test_run_from_the_cache_without_times_has_no_speed_and_no_cost(tmp_path: Path) -> None:
    cached = [{**row, "cached": True} for row in answers()]
    found = derive(read_run(write_run(tmp_path, answers=cached, timings=[])))
    for name in ("base", "lora", "rag"):
        block = strategy(found, name)
        assert block["latency_s"]["n"] == 0
        assert [block["tokens_per_s"][key] for key in ("decode_per_user", "end_to_end", "system_output")] == [
            None
        ] * 3
        assert block["cost"]["per_query_usd"] is None
        assert block["cost"]["reason"] == "not timed"


def test_optional_keys_of_the_manifest_may_be_missing(tmp_path: Path) -> None:
    about = {"schema_version": 1, "tasks": {n: {"spec": t["spec"]} for n, t in manifest()["tasks"].items()}}
    found = derive(read_run(write_run(tmp_path, manifest=about, timings=timings()[:1])))
    assert found["run_id"] == tmp_path.name
    assert list(found["tasks"]["facts"]["strategies"]) == ["base", "lora", "rag"]
    assert strategy(found, "lora")["cost"]["reason"] == "the run has no price sheet"
    json.dumps(found, allow_nan=False)


def test_adapter_not_trained_yet_has_no_one_off_cost(tmp_path: Path) -> None:
    found = derive(read_run(write_run(tmp_path, manifest={**manifest(), "adapters": [], "indexes": {}})))
    assert [strategy(found, name)["cost"]["fixed_usd"] for name in ("base", "lora", "rag")] == [
        0.0,
        None,
        None,
    ]


def test_guest_adapter_answers_bare_so_it_has_no_retrieval(tmp_path: Path) -> None:
    about = manifest()
    about["plan"][-1]["strategy"] = "lora+rag@facts"
    rows = [{**r, "strategy": "lora+rag@facts"} if r["strategy"] == "lora@facts" else r for r in answers()]
    found = derive(read_run(write_run(tmp_path, manifest=about, answers=rows)))
    assert strategy(found, "lora+rag@facts", "general")["retrieval"] is None
    assert found["tasks"]["general"]["forgetting"][0]["strategy"] == "lora+rag"
