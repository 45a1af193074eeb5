"""Equal prompts to equal weights get equal replies, but for a few near-ties that have a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.analysis.regression import replies
from harness.analysis.regression.findings import NamedFigures, Outcome, QuestionFigures, Ruling
from tests.analysis.regression.reruns import made_up, pair_of

ELSEWHERE = {"machine": {"cpu": "another"}}
HALF = {"model": {"name": "m", "sha256": "a" * 64, "dtype": "bfloat16", "device": "cuda"}}
YES = ["yes"] * 40


def other(count: int) -> list[str]:
    return ["maybe"] * count + YES[count:]


def answers(tmp_path: Path, after: list[str], about: dict[str, Any] | None = None, **options: Any) -> Ruling:
    model = {key: value for key, value in (about or {}).items() if key == "model"}
    baseline = made_up(tmp_path / "a", {"base": YES}, about=model)
    return replies.answers(
        pair_of(made_up(tmp_path / "b", {"base": after}, about=about, **options), baseline)
    )


def test_one_other_answer_fails_where_nothing_else_is_other(tmp_path: Path) -> None:
    said = answers(tmp_path, other(1))
    assert (said.outcome, said.figures) == (Outcome.FAIL, QuestionFigures(("q0",)))
    assert answers(tmp_path / "same", YES).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("count", "about", "outcome"),
    [
        (2, ELSEWHERE, Outcome.PASS),  # 5 % of 40
        (3, ELSEWHERE, Outcome.FAIL),
        (10, {**ELSEWHERE, **HALF}, Outcome.PASS),  # a quarter, in half precision
        (11, {**ELSEWHERE, **HALF}, Outcome.FAIL),
        (1, HALF, Outcome.FAIL),
    ],
)
def test_other_kernels_excuse_a_few(
    tmp_path: Path, count: int, about: dict[str, Any], outcome: Outcome
) -> None:
    said = answers(tmp_path, other(count), about)
    assert said.outcome is outcome
    assert isinstance(said.figures, QuestionFigures)
    assert len(said.figures.questions) == count
    assert ("machine cpu null → another" in said.detail) == ("machine" in about)


def test_of_few_questions_one_may_differ_elsewhere(tmp_path: Path) -> None:
    baseline = made_up(tmp_path / "a", {"base": YES[:8]})
    for count, outcome in ((1, Outcome.PASS), (2, Outcome.FAIL)):
        run = made_up(tmp_path / f"b{count}", {"base": other(count)[:8]}, about=ELSEWHERE)
        assert replies.answers(pair_of(run, baseline)).outcome is outcome


def test_no_precision_empties_a_tenth_of_the_answers(tmp_path: Path) -> None:
    """Ten of 40 may be others in half precision, but not four of them empty."""
    said = answers(tmp_path, ["", " ", "\n", "", *YES[4:]], {**ELSEWHERE, **HALF})
    assert said.outcome is Outcome.FAIL


def test_an_answer_from_the_cache_or_in_other_company_has_a_reason(tmp_path: Path) -> None:
    cached = answers(tmp_path / "x", other(2), more=lambda _, at: {"cached": at < 2})
    assert (cached.outcome, cached.figures) == (Outcome.PASS, QuestionFigures(("q0", "q1")))
    assert answers(tmp_path / "y", other(2), more=lambda _, at: {"cached": at < 1}).outcome is Outcome.FAIL
    assert answers(tmp_path / "z", other(2), more=lambda _, at: {"batch": at // 8}).outcome is Outcome.PASS
    assert answers(tmp_path / "w", other(3), more=lambda _, at: {"cached": True}).outcome is Outcome.FAIL


def test_more_tokens_for_the_same_text_are_another_answer(tmp_path: Path) -> None:
    said = answers(tmp_path, YES, more=lambda _, at: {"completion_tokens": 6 if at == 3 else 5})
    assert said.figures == QuestionFigures(("q3",))


def test_other_prompts_or_weights_owe_no_equal_answer(tmp_path: Path) -> None:
    prompts = answers(tmp_path / "x", other(40), more=lambda *_: {"prompt_sha256": "1" * 64})
    assert prompts.outcome is Outcome.NOT_APPLICABLE
    baseline = made_up(tmp_path / "a", {"base": YES})
    run = made_up(tmp_path / "b", {"base": other(9)}, about={"model": {"sha256": "b" * 64}})
    assert replies.answers(pair_of(run, baseline)).detail == "another model answered"


@pytest.mark.parametrize(
    ("off", "outcome"), [(0.0, Outcome.PASS), (9e-4, Outcome.PASS), (2e-3, Outcome.FAIL)]
)
def test_log_likelihoods_may_be_near_each_other(tmp_path: Path, off: float, outcome: Outcome) -> None:
    """-1.00005 and -1.00004 part at the fourth decimal, which says nothing."""
    choices = {"question": lambda at: {"choices": ["yes", "no"]}}

    def likely(by: float) -> Any:
        return lambda *_: {"choice_logprobs": [-1.00005 + by, -2.0], "finish_reason": "choice"}

    baseline = made_up(tmp_path / "a", {"base": YES}, more=likely(0.0), **choices)
    run = made_up(tmp_path / "b", {"base": YES}, more=likely(off), **choices)
    assert replies.answers(pair_of(run, baseline)).outcome is outcome


PRICE = {
    "asked": "big", "model": "big", "provider": "p", "kind": "base",
    "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 10.0,
    "per_request_usd": 0.0, "tiers": [], "priced_on": "2026-01-01", "source": "made up", "reason": None,
}  # fmt: skip


def cost(tmp_path: Path, old_price: Any, new_price: Any, about: Any = None, **more: Any) -> Ruling:
    baseline = made_up(tmp_path / "a", {"base": YES}, about={"api_prices": old_price})
    run = made_up(
        tmp_path / "b", {"base": YES}, about={"api_prices": new_price, **(about or {})},
        more=lambda _, at: {key: value(at) for key, value in more.items()},
    )  # fmt: skip
    return replies.token_cost(pair_of(run, baseline))


def test_more_tokens_cost_more_at_one_price(tmp_path: Path) -> None:
    """100 tokens read and 5 written: $0.00015; with 120 read $0.00017."""
    said = cost(tmp_path, [PRICE], [PRICE], prompt_tokens=lambda at: 120)
    assert said.outcome is Outcome.FAIL
    assert isinstance(said.figures, NamedFigures)
    assert (said.figures.before, said.figures.after) == (
        {"big": pytest.approx(0.00015)}, {"big": pytest.approx(0.00017)},
    )  # fmt: skip


def test_a_dearer_price_is_no_matter_of_tokens(tmp_path: Path) -> None:
    dearer = {**PRICE, "input_usd_per_mtok": 5.0}
    assert cost(tmp_path / "x", [PRICE], [dearer]).outcome is Outcome.PASS
    assert cost(tmp_path / "y", [], [PRICE]).outcome is Outcome.PASS
    assert cost(tmp_path / "z", [PRICE], []).outcome is Outcome.NOT_APPLICABLE


def test_what_the_excused_answers_add_is_excused(tmp_path: Path) -> None:
    longer = {"completion_tokens": lambda at: 9 if at == 0 else 5}
    assert cost(tmp_path / "x", [PRICE], [PRICE], ELSEWHERE, **longer).outcome is Outcome.PASS
    assert cost(tmp_path / "y", [PRICE], [PRICE], **longer).outcome is Outcome.FAIL
