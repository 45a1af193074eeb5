"""Advice and papers beside measurements: each verdict from a case in which it is plain."""

from __future__ import annotations

import math
from typing import Any

import pytest

from harness.analysis.decision.literature import ADVICE, PRIORS, UNSOURCED, expected, priors, shapes
from harness.analysis.decision.pairs import Pairs


def fair(mean: float | None, half: float = 0.05) -> dict[str, Any]:
    low, high = (None, None) if mean is None else (mean - half, mean + half)
    return {"mean": mean, "ci_low": low, "ci_high": high, "n": 100}


def task(probes: str, means: dict[str, float], seen: dict[str, float] | None = None) -> dict[str, Any]:
    return {
        "probes": probes,
        "strategies": {
            name: {
                "accuracy": fair(mean),
                "groups": {"fact_seen": fair((seen or {})[name])} if seen else {},
                "control": name == "oracle",
                "adapter": "ab" if "lora" in name else None,
            }
            for name, mean in means.items()
        },
    }


def pairs(b: str, a: str, delta: float, half: float = 0.02) -> Pairs:
    return Pairs(
        [{"a": a, "b": b, "delta": delta, "ci_low": delta - half, "ci_high": delta + half, "p": 0.01}]
    )


def of(rows: list[dict[str, Any]], start: str) -> dict[str, Any]:
    (row,) = [row for row in rows if row["shape"].startswith(start)]
    return row


@pytest.mark.parametrize(
    ("delta", "half", "verdict", "certain"),
    [
        (0.30, 0.02, "as in the literature", True), (0.30, 0.20, "as in the literature", False),
        (0.10, 0.02, "differs", True), (0.10, 0.20, "differs", False), (0.55, 0.05, "differs", True),
    ],
)  # fmt: skip
def test_a_range_is_held_against_point_and_interval(
    delta: float, half: float, verdict: str, certain: bool
) -> None:
    row = of(shapes(task("knowledge", {}), pairs("rag", "base", delta, half), {}), "knowledge: rag")
    assert (row["verdict"], row["certain"], row["measured"]) == (verdict, certain, delta)
    assert row["source"] == "arXiv:2312.05934"


def test_facts_that_training_showed_are_held_apart_from_the_others() -> None:
    seen = {"base": 0.05, "lora": 0.12}
    row = of(
        shapes(task("knowledge", {"base": 0.0, "lora": 0.0}, seen), Pairs([]), {}), "facts in the training"
    )
    assert row["measured"] == pytest.approx(0.07)
    assert (row["verdict"], row["certain"]) == ("as in the literature", False)
    # Newcombe's hybrid of two intervals of five points each way: √(0.05² + 0.05²) either side
    assert row["ci_high"] - row["measured"] == pytest.approx(0.0707, abs=1e-4)


@pytest.mark.parametrize(
    ("parameters", "start", "verdict"),
    [
        (1.35e8, "models of 3", "as in the literature"), (3e9, "models of 3", "as in the literature"),
        (7e9, "models of 7", "differs"), (5e9, "models of 3", "not measured"), (None, "models of 3", "not measured"),
    ],
)  # fmt: skip
def test_lora_with_rag_is_expected_above_rag_for_small_models_only(
    parameters: float | None, start: str, verdict: str
) -> None:
    rows = shapes(task("knowledge", {}), pairs("lora+rag", "rag", 0.05), {"parameters": parameters})
    assert of(rows, start)["verdict"] == verdict


def test_own_phrasings_are_what_training_fitted_less_what_the_test_reached() -> None:
    run = {"adapters": [{"sha256": "ab", "train_fit": 0.9, "examples": 320}]}
    means = {"base": 0.1, "lora": 0.4}
    row = of(shapes(task("behaviour", means, means), Pairs([]), run), "a fine-tune's own")
    assert row["measured"] == pytest.approx(0.5)
    assert (row["verdict"], row["certain"], expected(row)) == ("as in the literature", True, "above 0")
    # Wilson's interval of 90 in 100 is 0.8256 to 0.9448 (Newcombe 1998), and five points either way on the other side
    assert row["measured"] - row["ci_low"] == pytest.approx(math.hypot(0.9 - 0.8256, 0.05), abs=1e-4)
    bare = shapes(task("behaviour", means, means), Pairs([]), {})
    assert of(bare, "a fine-tune's own")["text"] == "no adapter was trained"


def test_own_phrasings_are_held_against_no_other_questions() -> None:
    """Questions about facts that training never showed say nothing about phrasings."""
    run = {"adapters": [{"sha256": "ab", "train_fit": 0.9, "examples": 320}]}
    row = of(shapes(task("behaviour", {"base": 0.1, "lora": 0.4}), Pairs([]), run), "a fine-tune's own")
    assert (row["measured"], row["verdict"]) == (None, "not measured")
    assert row["text"] == "no test question asks a fact of the training set in other words"


def test_without_an_interval_none_is_shown_and_nothing_is_certain() -> None:
    run = {"adapters": [{"sha256": "ab", "train_fit": 0.9}]}
    means = {"base": 0.1, "lora": 0.4}
    row = of(shapes(task("behaviour", means, means), Pairs([]), run), "a fine-tune's own")
    assert (row["ci_low"], row["ci_high"], row["certain"]) == (None, None, False)
    assert row["text"].endswith(": +50.0 points")


def test_a_strategy_that_failed_a_check_shows_nothing() -> None:
    out = {"lora": "it failed forgetting (see validity).", "rag": "it failed retrieval_floor (see validity)."}
    means = {"base": 0.1, "lora": 0.4, "rag": 0.2}
    run = {"parameters": 1e8, "adapters": [{"sha256": "ab", "train_fit": 0.9, "examples": 320}]}
    found = [
        *shapes(task("knowledge", means, means), pairs("rag", "base", 0.3), run, out),
        *shapes(task("behaviour", means, means), pairs("lora", "base", 0.3), run, out),
    ]
    assert {row["verdict"] for row in found} == {"not measured"}
    assert sum("failed a check" in row["text"] for row in found) == 6
    asked = decision("base", ["base", "few-shot"], "base")
    (row, *_) = priors(task("behaviour", {}), {**asked, "excluded": out})
    assert (row["verdict"], row["text"]) == ("not measured", "lora would follow it, but failed a check")


def test_other_kinds_of_tasks_have_no_shapes() -> None:
    assert shapes(task("general", {}), Pairs([]), {}) == []


def decision(favourite: str | None, names: list[str], low: str | None = None) -> dict[str, Any]:
    grid = {"winners": [[low]], "statuses": [["undecided"]], "monthly_queries": [100.0]} if low else None
    shared = {"status": "recommended", "excluded": {}}
    return {**shared, "candidates": dict.fromkeys(names), "favourite": favourite, "map": grid}


@pytest.mark.parametrize(
    ("probes", "favourite", "verdict"),
    [
        ("knowledge", "rag", "as in the literature"), ("knowledge", "lora", "differs"),
        ("behaviour", "lora", "as in the literature"), ("behaviour", "rag", "differs"),
        ("general", "base", "as in the literature"), ("general", "lora", "differs"),
    ],
)  # fmt: skip
def test_advice_by_kind_of_task(probes: str, favourite: str, verdict: str) -> None:
    rows = priors(task(probes, {}), decision(favourite, ["base", "rag", "lora"], "base"))
    assert [row["verdict"] for row in rows] == [verdict, "as in the literature", "not measured"]
    assert rows[0]["advice"] == PRIORS[probes].advice
    assert [row["source"] for row in rows] == [ADVICE, ADVICE, UNSOURCED]


def test_at_one_query_a_month_it_is_one_query() -> None:
    asked = decision("base", ["base", "rag"], "rag")
    low = {**asked["map"], "monthly_queries": [1.0]}
    assert priors(task("behaviour", {}), {**asked, "map": low})[1]["text"].startswith(
        "rag is ahead here at 1 query a month"
    )


def test_advice_that_no_strategy_could_follow_is_not_measured() -> None:
    rows = priors(task("behaviour", {}), decision("base", ["base", "rag"], "rag"))
    assert [row["verdict"] for row in rows] == ["not measured", "differs", "not measured"]
    assert rows[0]["text"] == "none of the strategies that ran follow it"
    assert rows[1]["text"] == "rag is ahead here at 100 queries a month, but that is not settled"
    assert [row["settled"] for row in rows] == [True, False, False]
    assert priors(task("behaviour", {}), decision(None, []))[0]["verdict"] == "not measured"
