"""Who leads, and who cannot be told from the leader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.report.page.scoreboard import Standing, board, leader, once, standing, timed
from tests.analysis.runs import write_run


def block(mean: float | None, *, control: bool = False) -> dict[str, Any]:
    return {"accuracy": {"mean": mean}, "control": control}


def pair(a: str, b: str, delta: float, verdict: str) -> dict[str, Any]:
    return {"a": a, "b": b, "delta": delta, "ci_low": delta - 0.1, "ci_high": delta + 0.1, "verdict": verdict}


def task(*rows: dict[str, Any], **blocks: Any) -> dict[str, Any]:
    return {
        "strategies": blocks, "comparisons": list(rows), "forgetting": [], "decision": {"excluded": {}},
    }  # fmt: skip


def test_a_control_or_a_foreign_adapter_never_leads() -> None:
    some = task(base=block(0.2), rag=block(0.5), oracle=block(0.9, control=True), **{"lora@x": block(0.8)})
    assert leader(some) == "rag"
    assert leader(task(base=block(None))) is None


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
            pair("base", "rag", 0.05, "cannot be resolved"),
            Standing("unresolved", "≈ not told apart from rag, −5.0 points", "−15.0 to +5.0"),
        ),
    ],
)
def test_the_sign_is_that_of_the_one_beside_the_leader(row: dict[str, Any], expected: Standing) -> None:
    assert standing("base", task(row, base=block(0.2), rag=block(0.5)), "rag") == expected


def test_a_control_may_stand_higher() -> None:
    some = task(pair("rag", "oracle", 0.2, "b better"), rag=block(0.5), oracle=block(0.7, control=True))
    assert standing("oracle", some, "rag").state == "higher"
    assert standing("rag", some, "rag") == Standing("leader", "runs alone", "")
    assert standing("base", some, "rag").state == "unknown"


def test_nobody_leads_a_race_with_one_runner() -> None:
    alone = task(base=block(0.1), oracle=block(0.7, control=True))
    assert standing("base", alone, leader(alone)).text == "runs alone"
    two = task(base=block(0.1), rag=block(0.0))
    assert standing("base", two, leader(two)).text == "leads"


def test_one_that_failed_a_check_neither_leads_nor_is_told_from_the_leader() -> None:
    some = task(pair("base", "lora", 0.3, "b better"), base=block(0.2), lora=block(0.5))
    some["decision"]["excluded"] = {"lora": "it was never trained."}
    assert leader(some) == "base"
    assert standing("lora", some, "base") == Standing("unknown", "left out: failed a check", "")


def test_an_adapter_of_another_task_stands_beside_base_whoever_leads() -> None:
    some = task(base=block(0.5), rag=block(0.6), **{"lora@x": block(0.4)})
    some["forgetting"] = [pair("base", "lora@x", -0.1, "a better")]
    assert standing("lora@x", some, "rag").text == "−10.0 points against base"


def test_a_runs_board_line_by_line(tmp_path: Path) -> None:
    """Latencies and prices as worked out for tests/report/test_document.py."""
    made = board(derive(read_run(write_run(tmp_path)))["tasks"]["facts"])
    lines = {score.name: score for score in made.scores}
    assert made.metric == "contains"
    assert list(lines) == ["base", "lora", "rag"]
    assert lines["rag"].accuracy == "75.0 %"
    assert lines["rag"].standing.text == "left out: failed a check"  # its prompts lost passages
    assert lines["lora"].standing.state == "leader"
    assert lines["base"].standing.text == "left out: failed a check"  # an empty answer of four
    assert lines["base"].cells[0] == "550 ms"
    assert lines["base"].cells[5:] == ("$0.0011", "$0.0044 ($0.00157–$0.0241)", "$0")
    assert all(len(score.cells) == len(made.headers) for score in made.scores)
    bar = lines["base"].bar
    assert bar
    assert (bar.mean, bar.low, bar.high) == (
        25.0,
        pytest.approx(4.56, abs=0.01),
        pytest.approx(69.94, abs=0.01),
    )


@pytest.mark.parametrize(
    ("fixed", "people", "shown"),
    [
        (3120.125, 3120.0, "$3,120.12 ($3,120.00 assumed)"),
        (0.5, 0.0, "$0.50"),
        (0.0, 0.0, "$0"),
        (None, 0.0, "n/a"),
    ],
)
def test_what_is_assumed_of_a_one_off_cost_stands_beside_it(
    fixed: float | None, people: float, shown: str
) -> None:
    assert once({"fixed_usd": fixed, "fixed_people_usd": people}) == shown


def test_says_on_how_many_timed_questions_latencies_rest() -> None:
    def rests(*counts: int) -> str | None:
        return timed({"strategies": {str(at): {"latency_s": {"n": n}} for at, n in enumerate(counts)}})

    assert rests(0, 0) is None
    assert "rest on 1 timed question a strategy" in (rests(1) or "")
    assert "rest on 20 timed questions" in (rests(20, 0, 20) or "")
    assert "rest on 18 to 20 timed questions" in (rests(20, 18) or "")
