"""What differs between two manifests is named where it can have moved the figure, the likeliest first."""

from __future__ import annotations

from typing import Any

import pytest

from harness.analysis.history.causes import ACCURACY, COST, LATENCY, causes, machine
from tests.analysis.runs import manifest


def with_spec(**values: Any) -> dict[str, Any]:
    about = manifest()
    about["tasks"]["facts"] = {
        **about["tasks"]["facts"],
        "spec": {**about["tasks"]["facts"]["spec"], **values},
    }
    return about


def told(after: dict[str, Any], strategy: str = "rag", figure: str = ACCURACY) -> list[str]:
    return [cause.name for cause in causes(manifest(), after, "facts", strategy, figure)]


def test_equal_manifests_show_no_cause() -> None:
    assert told(manifest()) == []


@pytest.mark.parametrize(
    ("after", "name"),
    [
        ({**manifest(), "model": {**manifest()["model"], "name": "large"}}, "model"),
        ({**manifest(), "model": {**manifest()["model"], "sha256": "ef" * 32}}, "model"),
        ({**manifest(), "embedder": {"name": "e5", "sha256": "1"}}, "embedder"),
        (
            {**manifest(), "indexes": {"facts": {"key": "k2", "documents": 4, "passages": 9}}},
            "corpus or index",
        ),
        (with_spec(prompt={"system": "Be brief."}), "system message"),
        (with_spec(prompt={"question": "Q: {question}"}), "wording of the question"),
        (with_spec(answer={"type": "text", "max_tokens": 8, "stop": ["x"]}), "stop strings"),
        (with_spec(retrieval={"k": 2}), "retrieval: k"),
        ({**manifest(), "libraries": {"torch": "3.0"}}, "torch"),
        ({**manifest(), "git_commit": "1" * 40 + "+"}, "commit"),
        ({**manifest(), "harness_version": "9"}, "version of this program"),
        ({**manifest(), "machine": {"cpu": "another"}}, "machine"),
    ],
)
def test_each_kind_of_change_has_its_name(after: dict[str, Any], name: str) -> None:
    assert told(after) == [name]


def test_both_sides_are_shown_and_alike_names_with_their_hashes() -> None:
    after = {
        **manifest(),
        "model": {**manifest()["model"], "sha256": "ef" * 32},
        "git_commit": "1" * 40 + "+",
    }
    model, commit = causes(manifest(), after, "facts", "base", ACCURACY)
    assert (model.before, model.after) == ("tiny float32 (abababab)", "tiny float32 (efefefef)")
    assert (commit.before, commit.after) == ("unknown", "1111111+")


def test_only_what_can_concern_the_strategy_and_the_figure() -> None:
    sheet = manifest()["price_sheet"]
    after = {
        **with_spec(retrieval={"k": 2}, finetune={"rank": 8}),
        "embedder": {"name": "e5", "sha256": "1"},
        "price_sheet": {**sheet, "utilisation": 0.6},
    }
    assert told(after, "base") == []
    assert told(after, "rag") == ["embedder", "retrieval: k"]
    assert told(after, "oracle") == ["retrieval: k"]
    assert told(after, "lora") == ["training recipe"]
    assert told(after, "base", LATENCY) == []
    assert told(after, "base", COST) == ["price of the machine"]


def test_the_likeliest_comes_first() -> None:
    after = {
        **with_spec(prompt={"system": "Be brief."}),
        "git_commit": "2" * 40,
        "libraries": {"torch": "3.0"},
    }
    after["model"] = {**after["model"], "name": "large"}
    assert told(after) == ["model", "system message", "torch", "commit"]


@pytest.mark.parametrize("strategy", ["base", "lora", "rag", "lora@facts", "unheard-of"])
def test_manifests_that_say_nothing_are_borne(strategy: str) -> None:
    assert causes({}, {}, "facts", strategy, COST) == ()
    assert causes({}, manifest(), "none", strategy, COST)


def test_a_machine_is_its_accelerator_or_its_processor() -> None:
    assert machine({"machine": {"cpu": "A", "threads": 2, "accelerator": "G"}}) == "G"
    assert machine({"machine": {"cpu": "A", "threads": 2}}) == "A, 2 threads"
    assert machine({"model": {"device": "cpu"}}) == "cpu"
