"""results.json of the made-up run, every figure worked out by hand ($0.002 a second of a query)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.errors import InputError
from tests.analysis.expert.described import described
from tests.analysis.expert.evidence import write_described
from tests.analysis.runs import QUESTIONS, answers, derived, manifest, strategy, timings, write_run


@pytest.fixture
def results(tmp_path: Path) -> dict[str, Any]:
    return derived(read_run(write_run(tmp_path)))


@pytest.mark.parametrize(("name", "contains", "f1", "refusal"), [
    # base "It is Paris." (1, 2·1/4), "7", "", no refusal where one was due
    ("base", 1 / 4, 0.5 / 4, 3 / 4),
    # lora "Paris <script>alert(2)</script>" is nine words (1, 2·1/10), "41", "a blue whale" (1, 1)
    ("lora", 2 / 4, (2 / 10 + 1) / 4, 3 / 4),
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
    assert strategy(results, "base")["tokens"] == {
        "prompt_mean": 100.0, "completion_mean": 5.0, "reasoning_mean": None
    }  # fmt: skip


def test_forgetting_compares_an_adapter_of_another_task_with_base(results: dict[str, Any]) -> None:
    (row,) = results["tasks"]["general"]["forgetting"]
    assert (row["strategy"], row["trained_for"]) == ("lora", "facts")
    assert (row["base"], row["adapter"]) == (1.0, 0.5)
    assert (row["comparison"]["delta"], row["comparison"]["n"]) == (-0.5, 2)
    cost = strategy(results, "lora@facts", "general")["cost"]
    assert (cost["fixed_usd"], cost["reason"]) == (None, "not timed")


def test_comparisons_are_paired_and_four_questions_resolve_nothing(results: dict[str, Any]) -> None:
    rows = results["tasks"]["facts"]["comparisons"]
    assert [(r["a"], r["b"], r["delta"], r["n"], r["a_higher"], r["b_higher"]) for r in rows] == [
        ("base", "lora", 0.25, 4, 0, 1),  # q3
        ("base", "rag", 0.5, 4, 0, 2),  # q2 and q4
        ("lora", "rag", 0.25, 4, 1, 2),
    ]
    assert [row["p"] for row in rows] == [1.0, 0.5, 1.0]
    assert not any(row["in_family"] for row in rows), "base and rag failed a check, so lora has no rival"
    assert [row["p_adjusted"] for row in rows] == [1.0, 0.5, 1.0], "each pair stands by itself"
    assert all(row["ci_low"] < row["delta"] < row["ci_high"] for row in rows)
    assert {(row["verdict"], row["mde"]) for row in rows} == {("inconclusive", None)}
    assert rows[0]["reason"] == "there are only four questions, and at least six are needed"
    assert rows[0]["latency_ratio"] == {"n": 1, "median": None, "ci_low": None, "ci_high": None}


def test_adapters_of_other_tasks_are_judged_as_forgetting_only(results: dict[str, Any]) -> None:
    general = results["tasks"]["general"]
    assert general["comparisons"] == []
    row = general["forgetting"][0]["comparison"]
    assert (row["a"], row["b"], row["metric"], row["discordant"]) == ("base", "lora@facts", "choice", 1)
    assert (row["p"], row["verdict"]) == (1.0, "inconclusive")


def test_questions_that_share_a_gold_document_count_as_one(tmp_path: Path) -> None:
    apart = derived(read_run(write_run(tmp_path / "apart")))["tasks"]["facts"]
    rows = [{key: value for key, value in row.items() if key != "cluster"} for row in QUESTIONS]
    found = derived(read_run(write_run(tmp_path / "tied", questions=rows)))["tasks"]["facts"]
    alone = {"repeated": 0, "repeated_example": []}
    assert apart["clusters"] == {"questions": 4, "clusters": 4, "largest": 1, "effective": 4.0, **alone}
    assert found["clusters"] == {"questions": 4, "clusters": 3, "largest": 2, "effective": 2.7, **alone}
    for tied, free in zip(found["comparisons"], apart["comparisons"], strict=True):
        assert tied["ci_high"] - tied["ci_low"] > free["ci_high"] - free["ci_low"]
        assert (tied["clusters"], free["clusters"]) == (3, 4)


def test_seeds_are_averaged_by_question_and_shown_apart(tmp_path: Path) -> None:
    again = [{**r, "seed": 1, "prediction": "Paris 42"} for r in answers() if r["strategy"] == "lora"]
    found = derived(read_run(write_run(tmp_path, answers=answers() + again)))["tasks"]["facts"]
    lora = found["strategies"]["lora"]
    assert (lora["accuracy"]["mean"], lora["accuracy"]["n"]) == (0.5, 4)  # 1, ½, ½, 0
    assert lora["seeds"]["means"] == {"0": 0.5, "1": 0.5}
    assert found["strategies"]["base"]["seeds"] is None
    (row,) = [row for row in found["comparisons"] if (row["a"], row["b"]) == ("base", "lora")]
    assert (row["delta"], row["discordant"], row["n"]) == (0.25, 2, 4)
    json.dumps(found, allow_nan=False)


def test_adapter_and_decision(results: dict[str, Any]) -> None:
    (adapter,) = results["adapters"]
    assert (adapter["train_tokens_per_s"], adapter["first_train_loss"]) == (50.0, 2.0)
    task = results["tasks"]["facts"]
    assert (task["n"], task["n_unanswerable"], task["primary_metric"]) == (4, 1, "contains")
    assert task["decision"]["recommended"] is None, "four questions decide nothing"
    assert results["tasks"]["general"]["not_applicable"] == {
        "rag": {"why": "the task has no corpus", "step": None}
    }
    assert (results["incomplete"], results["missing_answers"]) == (False, 0)


def test_same_evidence_same_bytes_whatever_the_order_of_the_batches(tmp_path: Path) -> None:
    one = read_run(write_run(tmp_path / "run"))
    two = read_run(write_run(tmp_path / "run", answers=answers()[::-1]))
    texts = [json.dumps(derived(run), allow_nan=False) for run in (one, one, two)]
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.parametrize("status", ["running", "interrupted", "failed"])
def test_unfinished_run_says_so(tmp_path: Path, status: str) -> None:
    about = {**manifest(), "status": status}
    found = derived(read_run(write_run(tmp_path, answers=answers()[:2], batches=[], manifest=about)))
    assert found["incomplete"] is True
    assert found["missing_answers"] == 2 + 4 + 4 + 2 + 2
    assert strategy(found, "lora")["accuracy"] == {"mean": None, "ci_low": None, "ci_high": None, "n": 0}
    assert strategy(found, "lora")["tokens"]["prompt_mean"] is None
    json.dumps(found, allow_nan=False)


def test_complete_by_its_word_but_not_by_its_answers_is_incomplete(tmp_path: Path) -> None:
    found = derived(read_run(write_run(tmp_path, answers=answers()[1:])))
    assert (found["incomplete"], found["missing_answers"]) == (True, 1)


def test_run_from_the_cache_without_times_has_no_speed_and_no_cost(tmp_path: Path) -> None:
    cached = [{**row, "cached": True} for row in answers()]
    found = derived(read_run(write_run(tmp_path, answers=cached, timings=[])))
    for name in ("base", "lora", "rag"):
        block = strategy(found, name)
        assert block["latency_s"]["n"] == 0
        assert [block["tokens_per_s"][key] for key in ("decode_per_user", "end_to_end", "system_output")] == [
            None
        ] * 3
        assert block["cost"]["per_query_usd"] is None
        assert block["cost"]["reason"] == "not timed"


def test_optional_keys_of_the_manifest_may_be_missing(tmp_path: Path) -> None:
    about = {"tasks": {n: {"spec": t["spec"]} for n, t in manifest()["tasks"].items()}}
    found = derived(read_run(write_run(tmp_path, manifest=about, timings=timings()[:1])))
    assert list(found["tasks"]["facts"]["strategies"]) == ["base", "lora", "rag"]
    assert strategy(found, "lora")["cost"]["reason"] == "the run has no price list"
    json.dumps(found, allow_nan=False)


def test_guest_adapter_answers_bare_so_it_has_no_retrieval(tmp_path: Path) -> None:
    about = manifest()
    about["plan"][-1]["strategy"] = "lora+rag@facts"
    rows = [{**r, "strategy": "lora+rag@facts"} if r["strategy"] == "lora@facts" else r for r in answers()]
    found = derived(read_run(write_run(tmp_path, manifest=about, answers=rows)))
    assert strategy(found, "lora+rag@facts", "general")["retrieval"] is None
    assert found["tasks"]["general"]["forgetting"][0]["strategy"] == "lora+rag"


# Servers


SERVED = {"model": {"name": "m", "server": "http://127.0.0.1:1/v1"}}


def served_timings() -> list[dict[str, Any]]:
    """Those of the run, cold; and the same prompts again, in half of the time."""
    cold = [{**row, "cached_tokens": 0} for row in timings() if row["strategy"] == "base"]
    again = {"warm": True, "cached_tokens": 90}
    warm = [{**row, **again, "ttft_s": row["ttft_s"] / 2, "e2e_s": row["e2e_s"] / 2} for row in cold]
    return [*cold, *warm]


def test_a_server_is_reported_cold_with_warm_beside_it(tmp_path: Path) -> None:
    local = strategy(derived(read_run(write_run(tmp_path / "local"))), "base")
    served = derived(
        read_run(write_run(tmp_path / "served", manifest={**manifest(), **SERVED}, timings=served_timings()))
    )
    base = strategy(served, "base")
    assert base["latency_s"] == local["latency_s"]
    assert base["ttft_s"] == local["ttft_s"]
    assert base["tokens_per_s"]["end_to_end"] == local["tokens_per_s"]["end_to_end"]
    assert base["warm"]["latency_s"]["p50"] == pytest.approx(local["latency_s"]["p50"] / 2)
    assert base["warm"]["ttft_s"]["n"] == 10
    assert (base["warm"]["cold_cached_share"], base["warm"]["cached_share"]) == (0.0, 0.9)
    assert local["warm"] is None


def test_a_local_model_has_no_warm_times(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is of a prompt that was read before, and base keeps none"):
        read_run(write_run(tmp_path, timings=served_timings()))


def test_timed_requests_that_failed_are_counted_and_stand_in_no_time(tmp_path: Path) -> None:
    lost = {
        "task": "facts",
        "strategy": "base",
        "question_id": "q1",
        "seed": 0,
        "reason": "HTTP 500",
        "timed": True,
    }
    base = strategy(derived(read_run(write_run(tmp_path, failures=[lost]))), "base")
    assert (base["untimed"], base["missing"], base["latency_s"]["n"]) == (1, [], 10)


def test_what_is_missing_is_told_by_reason_and_is_in_no_share(tmp_path: Path) -> None:
    """Of four questions base answers q1 right; without the others, one of two is right."""
    lost = [
        {"task": "facts", "strategy": "base", "question_id": name, "seed": 0, "reason": reason}
        for name, reason in (("q2", "HTTP 500"), ("q3", "the reply broke off"))
    ]
    there = [
        row
        for row in answers()
        if row["strategy"] != "base" or row["question_id"] not in ("q2", "q3")
    ]  # fmt: skip
    results = derived(read_run(write_run(tmp_path, answers=there, failures=lost)))
    base = strategy(results, "base")
    assert (base["accuracy"]["mean"], base["accuracy"]["n"]) == (0.5, 2)
    assert base["missing"] == [
        {"reason": "HTTP 500", "n": 1, "final": False},
        {"reason": "the reply broke off", "n": 1, "final": False},
    ]
    assert (results["missing_answers"], results["incomplete"]) == (2, True)
    pair = next(row for row in results["tasks"]["facts"]["comparisons"] if row["a"] == "base")
    assert pair["n"] == 2, "a comparison is of the questions that both answered"


def test_the_price_at_which_a_choice_turns_gains_nothing_by_what_one_left_out(tmp_path: Path) -> None:
    """rag left out 20 of 200 questions, none of which base had right: of the 180 it has three fewer right."""
    evidence = described("right base 120, rag 117; too_long rag 20")
    row, *_ = derive(read_run(write_described(tmp_path / "run", evidence))).tasks["facts"].decision.break_even
    assert {row.a: row.accuracy_a, row.b: row.accuracy_b} == {
        "base": 0.6,
        "rag": pytest.approx(0.6 - 3 / 180),
    }
