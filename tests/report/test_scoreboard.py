"""Who leads, and who cannot be told from the leader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.analysis.results.comparison import Comparison, Forgetting
from harness.analysis.results.decision import CandidateFigures
from harness.analysis.results.run import SystemResult, TaskResult
from harness.report.scoreboard import COLUMNS, Standing, bar, cells, leader, once, standing, timed
from harness.spec.system import LoRA
from tests.report.results import facts


def pair(a: str, b: str, delta: float, verdict: str) -> Comparison:
    return Comparison(
        a, b, "contains", 9, delta, delta - 0.1, delta + 0.1, 0.5, None, 0, 0, 0, 9, None, None, 0.5, verdict
    )


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> TaskResult:
    return facts(tmp_path_factory.mktemp("run"))


@pytest.fixture
def task(measured: TaskResult) -> Callable[..., TaskResult]:
    """A task of systems with such accuracies; `oracle` is a control, `lora@x` an adapter trained for task x."""

    def system(name: str, mean: float | None) -> SystemResult:
        row = measured.strategies["base"]
        adapter = LoRA("x") if name == "lora@x" else None
        named = replace(row.system, name=name, control=name == "oracle", adapter=adapter)
        return replace(row, system=named, accuracy=replace(row.accuracy, mean=mean))

    def made(*rows: Comparison, excluded: dict[str, str] | None = None, **means: float | None) -> TaskResult:
        foreign = [row for row in rows if row.b == "lora@x"]
        return replace(
            measured,
            strategies={name: system(name, mean) for name, mean in means.items()},
            comparisons=tuple(row for row in rows if row not in foreign),
            forgetting=tuple(Forgetting("lora@x", "lora", "x", None, None, row) for row in foreign),
            decision=replace(measured.decision, excluded=excluded or {}, candidates={}),
        )

    return made


Make = Callable[..., TaskResult]


def test_who_leads_is_who_the_decision_compares_as_the_best(task: Make) -> None:
    """rag left out questions that base had wrong."""
    made = task(base=0.6, rag=0.65)
    assert leader(made) == "rag"
    figures = {"accuracy": 0.0, "monthly_usd": None, "people_usd": None, "cost_reason": None, "monthly_ci_usd": None,
               "errors_usd": None, "total_usd": None, "feasible": True, "requirements": (), "probability_best": None,
               "pareto": True}  # fmt: skip
    rows = {
        name: CandidateFigures(accuracy_measured=mean, **figures)
        for name, mean in (("base", 0.67), ("rag", 0.65))
    }
    assert leader(replace(made, decision=replace(made.decision, candidates=rows))) == "base"


def test_a_control_or_a_foreign_adapter_never_leads(task: Make) -> None:
    assert leader(task(base=0.2, rag=0.5, oracle=0.9, **{"lora@x": 0.8})) == "rag"
    assert leader(task(base=None)) is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            pair("base", "rag", 0.3, "b better"),
            Standing("lower", "−30.0 points against rag", "−40.0 to −20.0"),
        ),
        (
            pair("rag", "base", -0.3, "a better"),
            Standing("lower", "−30.0 points against rag", "−40.0 to −20.0"),
        ),
        (
            pair("base", "rag", 0.05, "inconclusive"),
            Standing("unresolved", "≈ not told apart from rag, −5.0 points", "−15.0 to +5.0"),
        ),
    ],
)
def test_the_sign_is_that_of_the_one_beside_the_leader(
    task: Make, row: Comparison, expected: Standing
) -> None:
    assert standing(task(row, base=0.2, rag=0.5), "base") == expected


def test_a_control_may_stand_higher(task: Make) -> None:
    two = task(pair("rag", "oracle", 0.2, "b better"), rag=0.5, oracle=0.7)
    assert standing(two, "oracle").state == "higher"
    assert standing(two, "rag") == Standing("leader", "runs alone")
    assert standing(two, "base").state == "unknown"


def test_nobody_leads_alone(task: Make) -> None:
    alone = task(base=0.1, oracle=0.7)
    assert standing(alone, "base").text == "runs alone"
    two = task(base=0.1, rag=0.0)
    assert standing(two, "base").text == "leads"


def test_one_that_failed_a_check_neither_leads_nor_is_told_from_the_leader(task: Make) -> None:
    row = pair("base", "lora", 0.3, "b better")
    two = task(row, excluded={"lora": "it was never trained."}, base=0.2, lora=0.5)
    assert leader(two) == "base"
    assert standing(two, "lora") == Standing("unknown", "left out: failed a check")


def test_an_adapter_of_another_task_stands_beside_base_whoever_leads(task: Make) -> None:
    row = pair("base", "lora@x", -0.1, "a better")
    three = task(row, base=0.5, rag=0.6, **{"lora@x": 0.4})
    assert standing(three, "lora@x").text == "−10.0 points against base"


def test_a_runs_board_line_by_line(measured: TaskResult) -> None:
    """Latencies and prices as worked out for tests/report/test_document.py."""
    lines = {name: cells(measured, row) for name, row in measured.strategies.items()}
    assert standing(measured, "rag").text == "left out: failed a check"  # its prompts lost passages
    assert standing(measured, "lora").state == "leader"
    assert standing(measured, "base").text == "left out: failed a check"  # an empty answer of four
    assert lines["base"][0] == "550 ms"
    assert lines["base"][1:] == (
        "$1.10 ($0.667–$1.53)",
        "$4.40 ($1.57–$24.13)",
        "$5.00 (assumed)",
    )
    assert all(len(line) == len(COLUMNS) for line in lines.values())
    assert bar(measured.strategies["base"].accuracy) == (
        25.0,
        pytest.approx(4.56, abs=0.01),
        pytest.approx(69.94, abs=0.01),
    )


@pytest.mark.parametrize(
    ("fixed", "people", "shown"),
    [
        (3120.125, 3120.0, "$3,120.12 ($3,120.00 assumed)"),
        (600.0, 600.0, "$600.00 (assumed)"),
        (0.5, 0.0, "$0.50"),
        (0.0, 0.0, "$0"),
        (None, 0.0, "n/a"),
    ],
)
def test_what_is_assumed_of_a_one_off_cost_stands_beside_it(
    measured: TaskResult, fixed: float | None, people: float, shown: str
) -> None:
    row = measured.strategies["base"]
    assert once(replace(row, cost=replace(row.cost, fixed_usd=fixed, fixed_people_usd=people))) == shown


def test_says_on_how_many_timed_questions_latencies_rest(measured: TaskResult) -> None:
    row = measured.strategies["base"]

    def rests(*counts: int) -> str | None:
        rows = [replace(row, latency_s=replace(row.latency_s, n=n)) for n in counts]
        return timed(replace(measured, strategies={str(index): row for index, row in enumerate(rows)}))

    assert rests(0, 0) is None
    assert "1 timed question a strategy" in (rests(1) or "")
    assert "on 20 timed questions" in (rests(20, 0, 20) or "")
    assert "18 to 20 timed questions" in (rests(20, 18) or "")
