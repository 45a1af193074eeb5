"""The ratio of times that a history and a gate share: paired by question, free of the machine, open about its doubt."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.evidence import read_run
from harness.analysis.relative import latency_ratio, ratio_of
from harness.records import TimingRow
from tests.analysis.runs import QUESTIONS, timing, write_run

TIMES = st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=12)


def rows(seconds: list[float], **more: Any) -> list[TimingRow]:
    return [TimingRow("t", "s", f"q{i}", i, 0, None, 0.0, s, 1, 2, **more) for i, s in enumerate(seconds)]


def exactly(ratio: float, n: int) -> dict[str, Any]:
    """The same ratio on every question: an interval of nothing."""
    return {**{name: pytest.approx(ratio) for name in ("ratio", "ci_low", "ci_high")}, "n": n}


def test_a_ratio_by_hand() -> None:
    """Ratios 1, 2, 4: logs 0, ln 2, 2 ln 2, so the mean is ln 2 and the standard error ln 2 / √3.

    Student's 97.5 % quantile at two degrees of freedom is 4.302653 (any table of it).
    """
    found = ratio_of(rows([1.0, 3.0, 5.0]), rows([1.0, 6.0, 20.0]))
    assert found is not None
    half = 4.302653 * math.log(2) / math.sqrt(3)
    assert found["n"] == 3
    assert found["ratio"] == pytest.approx(2.0)
    assert found["ci_low"] == pytest.approx(2 * math.exp(-half), rel=1e-6)
    assert found["ci_high"] == pytest.approx(2 * math.exp(half), rel=1e-6)


def test_scipy_finds_the_same() -> None:
    from scipy import stats

    generator = np.random.Generator(np.random.PCG64(3))
    base, other = generator.lognormal(0, 0.4, 20), generator.lognormal(0.3, 0.4, 20)
    found = ratio_of(rows(base.tolist()), rows(other.tolist()))
    expected = stats.ttest_1samp(np.log(other / base), 0).confidence_interval(0.95)
    assert found is not None
    assert found["ratio"] == pytest.approx(stats.gmean(other / base))
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(tuple(np.exp(expected)))


@given(TIMES, st.floats(0.01, 100))
def test_a_machine_that_is_slower_throughout_changes_nothing(seconds: list[float], slower: float) -> None:
    other = [2.5 * s + 0.1 for s in seconds]
    here = ratio_of(rows(seconds), rows(other))
    there = ratio_of(rows([slower * s for s in seconds]), rows([slower * s for s in other]))
    assert here is not None
    assert there is not None
    assert {k: pytest.approx(v) for k, v in here.items()} == there


def test_fewer_than_three_questions_say_nothing() -> None:
    assert ratio_of(rows([1.0, 1.0]), rows([2.0, 2.0])) is None
    assert ratio_of(rows([1.0, 1.0, 1.0]), rows([2.0, 2.0, 2.0])) == exactly(2.0, 3)


def test_unmerged_rows_other_blocks_and_no_time_at_all_do_not_count() -> None:
    base = rows([1.0] * 5)
    assert ratio_of(base, rows([2.0] * 5, merged=False)) is None
    assert ratio_of(rows([1.0] * 5, merged=False), rows([2.0] * 5)) is None
    assert ratio_of(base, rows([0.0, 0.0, 0.0, 2.0, 2.0])) is None
    elsewhere = [TimingRow("t", "s", f"q{i}", i + 9, 0, None, 0.0, 2.0, 1, 2) for i in range(5)]
    assert ratio_of(base, elsewhere) is None


def test_a_question_timed_in_two_blocks_counts_once() -> None:
    """Its logs 0 and 2 ln 2 make ln 2, as the other two questions have it."""
    again = [TimingRow("t", "s", "q0", 7, 0, None, 0.0, s, 1, 2) for s in (1.0, 4.0)]
    found = ratio_of([*rows([1.0] * 3), again[0]], [*rows([1.0, 2.0, 2.0]), again[1]])
    assert found == exactly(2.0, 3)


def test_of_a_run_it_is_the_strategy_beside_base(tmp_path: Path) -> None:
    asked = [question["id"] for question in QUESTIONS[:4]]
    times = [
        timing(name, block, s * (block + 1), 0.1, 5, question_id=question)
        for name, s in (("base", 1.0), ("rag", 3.0))
        for block, question in enumerate(asked)
    ]
    run = read_run(write_run(tmp_path, timings=times))
    found = latency_ratio(run, "facts", "rag")
    assert found == exactly(3.0, 4)
    assert latency_ratio(run, "facts", "base") is None
    assert latency_ratio(run, "facts", "lora") is None
    assert latency_ratio(run, "general", "base") is None


def test_without_base_there_is_nothing_to_relate_to(tmp_path: Path) -> None:
    times = [timing("rag", i, 1.0, 0.1, 5, question_id=q["id"]) for i, q in enumerate(QUESTIONS[:4])]
    assert latency_ratio(read_run(write_run(tmp_path, timings=times)), "facts", "rag") is None
