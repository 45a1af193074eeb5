"""Which strategies run on which models: `rag` on all, `rag@large` on one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.errors import InputError
from harness.spec.strategy import parse_choices, strategies_by_model


def chosen(labels: Sequence[str | None], *names: str) -> list[list[str]]:
    return [[row.name for row in rows] for rows in strategies_by_model(parse_choices(names), labels)]


def test_a_strategy_without_a_label_runs_on_every_model() -> None:
    assert chosen(["small", "large"], "base", "rag") == [["base", "rag"], ["base", "rag"]]


def test_a_label_keeps_a_strategy_to_one_model() -> None:
    assert chosen(["small", "large"], "base@large", "rag@large", "lora@small") == [["lora"], ["base", "rag"]]


def test_a_strategy_named_both_ways_runs_once() -> None:
    assert chosen(["small", "large"], "rag@large", "rag", "rag") == [["rag"], ["rag"]]


def test_a_single_model_may_be_named_by_its_label() -> None:
    assert chosen(["only"], "rag@only") == [["rag"]]


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        (["small", "large"], ["base", "rag@lage"], r"no model called .lage. \(did you mean .large.\?\)"),
        ([None], ["rag@x"], "--model LABEL=NAME"),
        (["small", "large"], ["rag@large"], "asks nothing of the model small"),
        (["small"], ["rag@"], "behind the @"),
        (["small"], ["ragg@small"], "no strategy 'ragg'"),
        (["small"], [], "at least one strategy"),
    ],
)
def test_what_fits_no_model_is_refused(labels: list[str | None], names: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        chosen(labels, *names)


def test_a_form_is_named_in_square_brackets_behind_the_strategy() -> None:
    plain, held, large = parse_choices(["rag", "rag[constrained]", "lora[options]@large"])
    assert (plain.strategy.form, held.strategy.form) == (None, "constrained")
    assert held.strategy.name == plain.strategy.name
    assert (large.strategy.name, large.strategy.form, large.model_label) == ("lora", "options", "large")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rag[constraned]", r"rag\[constrained\] or rag\[options\] \(did you mean .constrained.\?\)"),
        ("rag[", "how its answers are held"),
        ("rag[options", "how its answers are held"),
        ("rag[n=50]", "how its answers are held"),
        ("ragg[options]", "no strategy 'ragg'"),
    ],
)
def test_what_is_no_form_is_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_choices([name])
