"""Advice and papers beside measurements: each verdict from a case in which it is plain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.decision.case import Case, TrainFit
from harness.analysis.decision.choice import Rules
from harness.analysis.decision.literature import (
    ADVICE,
    FROM_SCRATCH,
    GUIDES,
    expected_range,
    priors,
    shapes,
)
from harness.analysis.decision.pairs import Pairs
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.results.decision import CandidateFigures, Decision, Headroom
from harness.analysis.results.figures import Estimate
from harness.analysis.results.literature import Shape
from harness.analysis.results.setting import Setting
from harness.analysis.results.turns import DecisionMap
from harness.analysis.results.verdict import Basis, Verdict
from tests.analysis.candidates import comparison, failed, figures

AS, DIFFERS, NOT_MEASURED = "as in the literature", "differs", "not measured"
NO_PAIRS = Pairs([])


def ran(
    probes: str,
    means: Mapping[str, float] | Sequence[str] = (),
    pairs: Pairs = NO_PAIRS,
    seen: Mapping[str, float] | None = None,
    **more: Any,
) -> Case:
    """`seen`: the accuracy on facts that training showed."""
    systems = {}
    for name in means:
        mean = means[name] if isinstance(means, Mapping) else None
        groups = (
            {"fact_seen": Estimate(seen[name], seen[name] - 0.05, seen[name] + 0.05, 100)} if seen else {}
        )
        systems[name] = figures(name, mean, half=0.05, groups=groups)
    rules = Rules(Requirements(), pairs, {})
    return Case(systems, lambda _: (), rules, Setting(), probes=probes, **more)


def pairs(b: str, a: str, delta: float, half: float = 0.02) -> Pairs:
    return Pairs([comparison(a, b, delta, (delta - half, delta + half))])


def of(rows: Sequence[Shape], start: str) -> Shape:
    (row,) = [row for row in rows if row.shape.startswith(start)]
    return row


@pytest.mark.parametrize(
    ("delta", "half", "verdict", "certain"),
    [
        (0.30, 0.02, AS, True), (0.30, 0.20, AS, False),
        (0.10, 0.02, DIFFERS, True), (0.10, 0.20, DIFFERS, False), (0.55, 0.05, DIFFERS, True),
    ],
)  # fmt: skip
def test_a_range_is_held_against_point_and_interval(
    delta: float, half: float, verdict: str, certain: bool
) -> None:
    row = of(shapes(ran("knowledge", ["base", "rag"], pairs("rag", "base", delta, half))), "knowledge: rag")
    assert (row.verdict, row.certain, row.measured) == (verdict, certain, delta)
    assert row.source == "arXiv:2312.05934"


def test_facts_that_training_showed_are_held_apart_from_the_others() -> None:
    seen = {"base": 0.05, "lora": 0.12}
    row = of(shapes(ran("knowledge", {"base": 0.0, "lora": 0.0}, seen=seen)), "facts in the training")
    assert row.measured is not None
    assert row.ci_high is not None
    assert row.measured == pytest.approx(0.07)
    assert (row.verdict, row.certain) == (AS, False)
    # Newcombe's hybrid of two intervals of five points each way: √(0.05² + 0.05²) either side
    assert row.ci_high - row.measured == pytest.approx(0.0707, abs=1e-4)


@pytest.mark.parametrize(
    ("parameters", "start", "verdict"),
    [
        (1.35e8, "models of 3", AS), (3e9, "models of 3", AS),
        (7e9, "models of 7", DIFFERS), (5e9, "models of 3", NOT_MEASURED), (None, "models of 3", NOT_MEASURED),
    ],
)  # fmt: skip
def test_lora_with_rag_is_expected_above_rag_for_small_models_only(
    parameters: float | None, start: str, verdict: str
) -> None:
    rows = shapes(
        ran("knowledge", ["rag", "lora+rag"], pairs("lora+rag", "rag", 0.05), sizes={None: parameters})
    )
    assert of(rows, start).verdict == verdict


FITS = {"lora": TrainFit(0.9, 100)}


def test_own_phrasings_are_what_training_fitted_less_what_the_test_reached() -> None:
    means = {"base": 0.1, "lora": 0.4}
    row = of(shapes(ran("behaviour", means, seen=means, fits=FITS)), "a fine-tune's own")
    assert row.measured == pytest.approx(0.5)
    assert row.ci_low is not None
    assert (row.verdict, row.certain, expected_range(row)) == (AS, True, "above 0")
    # Wilson's interval of 90 in 100 is 0.8256 to 0.9448 (Newcombe 1998), and five points either way on the other side
    assert row.measured - row.ci_low == pytest.approx(math.hypot(0.9 - 0.8256, 0.05), abs=1e-4)
    untrained = of(shapes(ran("behaviour", means, seen=means)), "a fine-tune's own")
    assert (untrained.verdict, untrained.text) == (NOT_MEASURED, "no adapter was trained")


def test_own_phrasings_are_held_against_no_other_questions() -> None:
    """Questions about facts that training never showed say nothing about phrasings."""
    row = of(shapes(ran("behaviour", {"base": 0.1, "lora": 0.4}, fits=FITS)), "a fine-tune's own")
    assert (row.measured, row.verdict) == (None, NOT_MEASURED)


def test_without_an_interval_none_is_shown_and_nothing_is_certain() -> None:
    means = {"base": 0.1, "lora": 0.4}
    fits = {"lora": TrainFit(0.9, 0)}
    row = of(shapes(ran("behaviour", means, seen=means, fits=fits)), "a fine-tune's own")
    assert (row.ci_low, row.ci_high, row.certain) == (None, None, False)
    assert row.text.endswith(": +50.0 points")


def test_a_system_that_failed_a_check_shows_nothing() -> None:
    out = {name: (failed(name, "it failed"),) for name in ("lora", "rag")}
    means = {"base": 0.1, "lora": 0.4, "rag": 0.2}
    more: dict[str, Any] = {"seen": means, "sizes": {None: 1e8}, "fits": FITS, "excluded": out}
    found = [
        *shapes(ran("knowledge", means, pairs("rag", "base", 0.3), **more)),
        *shapes(ran("behaviour", means, pairs("lora", "base", 0.3), **more)),
    ]
    assert {row.verdict for row in found} == {NOT_MEASURED}
    assert sum("failed a check" in row.text for row in found) == 6
    asked = replace(decision("base", ["base", "few-shot"], "base"), excluded=dict.fromkeys(out, "it failed"))
    (row, *_) = priors(ran("behaviour", ["base", "few-shot", "lora", "rag"]), asked)
    assert (row.verdict, row.text) == (NOT_MEASURED, "lora would follow it, but failed a check")


def test_other_kinds_of_tasks_have_no_shapes() -> None:
    assert shapes(ran("general")) == ()


def decision(
    favourite: str | None, names: Sequence[str], low: str | None = None, volume: float = 100.0
) -> Decision:
    """`low`: the system that is ahead at the map's lowest volume, undecided."""
    row = CandidateFigures(0.5, 0.5, None, None, None, None, None, None, True, (), None, True)
    none = ((None,),)
    grid = DecisionMap((volume,), (None,), ((low,),), ((Verdict.UNDECIDED,),), ((True,),), none, none)
    return Decision(
        status=Verdict.RECOMMENDED, recommended=favourite, favourite=favourite, why_not="", unfit=None,
        basis=Basis.ACCURACY, n=100, setting=Setting(), requirements={}, candidates=dict.fromkeys(names, row),
        chances_reason=None, excluded={}, against={}, nearest=None, headroom=Headroom(), pareto_dimensions=(),
        questions_needed=None, questions_more=None, questions_reason=None, map=grid if low else None,
    )  # fmt: skip


NAMES = ["base", "rag", "lora"]


@pytest.mark.parametrize(
    ("probes", "favourite", "verdict"),
    [
        ("knowledge", "rag", AS), ("knowledge", "lora", DIFFERS),
        ("behaviour", "lora", AS), ("behaviour", "rag", DIFFERS),
        ("general", "base", AS), ("general", "lora", DIFFERS),
    ],
)  # fmt: skip
def test_advice_by_kind_of_task(probes: str, favourite: str, verdict: str) -> None:
    rows = priors(ran(probes, NAMES), decision(favourite, NAMES, "base"))
    assert [row.verdict for row in rows] == [verdict, AS, NOT_MEASURED]
    assert rows[0].advice in [advice.text for advice in ADVICE if advice.probes == probes]
    assert [row.source for row in rows] == [GUIDES, GUIDES, FROM_SCRATCH.source]


def test_at_one_query_a_month_it_is_one_query() -> None:
    rows = priors(ran("behaviour", NAMES), decision("base", ["base", "rag"], "rag", 1.0))
    assert "at 1 query a month" in rows[1].text


def test_advice_that_no_strategy_could_follow_is_not_measured() -> None:
    rows = priors(ran("behaviour", NAMES), decision("base", ["base", "rag"], "rag"))
    assert [row.verdict for row in rows] == [NOT_MEASURED, DIFFERS, NOT_MEASURED]
    assert [row.measured for row in rows] == ["base", "rag", None]
    assert rows[1].monthly_queries == 100
    assert [row.settled for row in rows] == [True, False, False]
    assert priors(ran("behaviour"), decision(None, []))[0].verdict == NOT_MEASURED
