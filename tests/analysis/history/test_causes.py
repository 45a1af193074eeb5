"""What differs between two manifests is named where it can have moved the figure, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from harness.analysis.history.causes import ACCURACY, COST, LATENCY, causes
from tests.analysis.runs import manifest


def with_spec(**values: Any) -> dict[str, Any]:
    about = manifest()
    about["tasks"]["facts"] = {
        **about["tasks"]["facts"],
        "spec": {**about["tasks"]["facts"]["spec"], **values},
    }
    return about


def told(after: dict[str, Any], strategy: str = "rag", figure: str = ACCURACY) -> list[str]:
    return [cause.sentence for cause in causes(manifest(), after, "facts", strategy, figure)]


def test_equal_manifests_show_no_cause() -> None:
    assert told(manifest()) == []


def test_only_what_can_concern_the_strategy_and_the_figure() -> None:
    sheet = manifest()["price_sheet"]
    after = {
        **with_spec(retrieval={"k": 2}, finetune={"rank": 8}),
        "price_sheet": {**sheet, "utilisation": 0.6},
    }
    assert told(after, "base") == []
    assert told(after, "rag") == ["facts: retrieval.k: 3 → 2"]
    assert told(after, "lora") == ["facts: finetune.rank: 16 → 8"]
    assert told(after, "base", LATENCY) == []
    assert told(after, "base", COST) == ["price sheet utilisation: 0.5 → 0.6"]


def test_the_likeliest_comes_first() -> None:
    after = {
        **with_spec(prompt={"system": "Be brief."}),
        "git_commit": "2" * 40,
        "libraries": {"torch": "3.0"},
    }
    after["model"] = {**after["model"], "name": "large"}
    names = [sentence.split(":")[0] for sentence in told(after, "base")]
    assert names == ["model name", "facts", "libraries torch", "commit"]


@pytest.mark.parametrize("strategy", ["base", "lora", "rag", "lora@facts", "unheard-of"])
def test_manifests_that_say_nothing_are_borne(strategy: str) -> None:
    assert causes({}, {}, "facts", strategy, COST) == ()
    assert causes({}, manifest(), "none", strategy, COST)
