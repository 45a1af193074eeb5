"""Two runs side by side: figures of both, without a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.regression.diff import diff
from harness.errors import InputError
from tests.analysis.regression.reruns import made_up
from tests.analysis.runs import PRICE_SHEET


def test_what_moved_is_said_of_each_strategy(tmp_path: Path) -> None:
    """At $3.60 an hour, half used, a second costs $0.002."""
    about = {"price_sheet": PRICE_SHEET, "settings": {"requirements": {"tariff": "shared"}}}
    times = {"base": [1.0] * 6, "rag": [2.0] * 6}
    slow = {"base": [1.0] * 6, "rag": [3.0] * 6}
    replies = {"base": ["yes"] * 6, "rag": ["no"] * 6}
    before = made_up(tmp_path / "a", replies, times=times, about=about)
    after = made_up(
        tmp_path / "b", {**replies, "rag": ["no"] * 4 + ["yes"] * 2}, times=slow, about=about,
        more=lambda strategy, at: {"prompt_tokens": 130, "prompt_sha256": "1" * 64} if strategy == "rag" else {},
    )  # fmt: skip
    base, rag = diff(before, after).results
    assert (base.other_prompts, base.other_answers, base.answers) == (0, 0, 6)
    assert base.per_query_usd == (pytest.approx(0.002), pytest.approx(0.002))
    assert (rag.other_prompts, rag.other_answers) == (6, 2)
    assert (rag.prompt_tokens, rag.completion_tokens) == ((100, 130), (5, 5))
    assert rag.per_query_usd == (pytest.approx(0.004), pytest.approx(0.006))
    assert rag.accuracy
    assert rag.latency_ratio
    assert (rag.accuracy.before, rag.accuracy.after) == (0.0, pytest.approx(1 / 3))
    assert rag.latency_ratio.slowdown == pytest.approx(1.5)


def test_what_was_not_timed_or_priced_is_none(tmp_path: Path) -> None:
    run = made_up(tmp_path / "a", {"base": ["yes"]})
    (base,) = diff(run, run).results
    assert base.per_query_usd == (None, None)


def test_what_is_common_is_compared_and_the_rest_is_told(tmp_path: Path) -> None:
    before = made_up(tmp_path / "a", {"base": ["yes"] * 3, "rag": ["yes"] * 3})
    found = diff(before, made_up(tmp_path / "b", {"base": ["yes"] * 2}))
    assert [(moved.strategy, moved.answers) for moved in found.results] == [("base", 2)]
    assert len(found.left_out) == 2


def test_runs_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    before = made_up(tmp_path / "a", {"base": ["yes"]})
    after = made_up(tmp_path / "b", {"base": ["yes"]}, question=lambda at: {"question": "Else?"})
    with pytest.raises(InputError, match="Nothing is common"):
        diff(before, after)
