"""What manifests say has changed, and whom it may have touched."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from harness.analysis.evidence import Pair
from harness.analysis.regression import changes as of
from harness.analysis.regression.changes import Cause, Change, touching
from harness.analysis.regression.differing import Difference, differing
from harness.analysis.regression.inputs import systems
from harness.spec.settings import Retrieval
from harness.spec.system import ModelRef
from tests.analysis.regression.reruns import manifest_of
from tests.analysis.runs import MACHINE, PRICE_SHEET

RUN: dict[str, Any] = {
    "model": {"name": "m", "sha256": "a" * 64, "dtype": "float32", "device": "cpu", "parameters": 7},
    "embedder": {"name": "e", "sha256": "e" * 64},
    "tasks": {
        name: {
            "spec": {
                "description": "d", "prompt": {"system": "Short.", "question": "{question}"},
                "retrieval": {"k": 3}, "finetune": {"rank": 8}, "examples": {"k": 4},
                "answer": {"stop": ["\n"], "refusal": "no"}, "metrics": ["f1"],
            },
            "files": {"spec": "1" * 64, "test": "2" * 64, "train": "3" * 64, "dev": "4" * 64},
        }
        for name in ("home", "general")
    },
    "adapters": [
        {"task": task, "strategy": "lora", "sha256": "5" * 64, "recipe": {"rank": 8}, "examples": 9, "seconds": 3}
        for task in ("home", "other")
    ],
    "indexes": {"home": {"key": "6" * 64, "documents": 3, "seconds": 1.0}},
    "libraries": {"torch": "2.0", "pandas": "1.0"},
    "machine": {"cpu": "a", "threads": 2, "platform": "x"},
    "price_sheet": PRICE_SHEET,
    "api_prices": [
        {
            "asked": "big", "model": "big", "provider": "p", "kind": "base", "input_usd_per_mtok": 1.0,
            "output_usd_per_mtok": 2.0, "priced_on": "2026-01-01",
        }
    ],
    "settings": {"seed": 0, "limit": None, "usd_per_hour": None},
    "git_commit": "7" * 40,
    "plan": [
        {"task": "home", "strategy": name} for name in ("base", "few-shot", "rag", "lora", "lora+rag")
    ] + [{"task": "general", "strategy": name} for name in ("base", "lora@home", "lora@other")]
    + [{"task": "other", "strategy": "lora"}],
}  # fmt: skip


def changes(before: Any, after: Any) -> list[Change]:
    return of.changes(manifest_of(before), manifest_of(after))


def settings(after: Any, task: str, system: str, before: Any = RUN) -> list[str]:
    return [one.sentence for one in of.settings(manifest_of(before), manifest_of(after), (task, system))]


def touched(changed: list[Change]) -> set[Pair]:
    return {pair for pair in systems(manifest_of(RUN)) if touching(changed, pair) == changed}


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    about = copy.deepcopy(RUN)
    part: Any = about
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = to
    return about


@pytest.mark.parametrize(
    ("path", "to", "cause", "sentence"),
    [
        (("model", "sha256"), "b" * 64, Cause.MODEL, "model sha256: aaaaaaaaaaaa → bbbbbbbbbbbb"),
        (("model", "device"), "cuda", Cause.MACHINE, "model device: cpu → cuda"),
        (("embedder", "name"), "f", Cause.INDEX, "embedder name: e → f"),
        (("indexes", "home", "documents"), 4, Cause.INDEX, "home: index documents: 3 → 4"),
        (
            ("adapters", 0, "recipe"), {"rank": 16}, Cause.ADAPTER, "adapter lora of home (seed 0) recipe.rank: 8 → 16"
        ),
        (
            ("tasks", "home", "files", "train"), "9" * 64, Cause.TRAINING,
            "home: train questions: 333333333333 → 999999999999",
        ),
        (("tasks", "home", "spec", "prompt", "system"), "Long.", Cause.PROMPT, "home: prompt.system: Short. → Long."),
        (
            ("tasks", "home", "spec", "answer", "stop"), ["."], Cause.SETTINGS,
            'home: answer.stop: ["\\n"] → ["."]',
        ),
        (("settings", "limit"), 5, Cause.SETTINGS, "--limit: not given → 5"),
        (("libraries", "torch"), "2.1", Cause.LIBRARY, "libraries torch: 2.0 → 2.1"),
        (("machine", "platform"), "y", Cause.MACHINE, "machine platform: x → y"),
        (
            ("price_sheet", "labour", "wage_usd_per_hour"), 20.0, Cause.PRICE,
            "price list labour.wage_usd_per_hour: 10.0 → 20.0",
        ),
        (
            ("api_prices", 0, "input_usd_per_mtok"), 2.0, Cause.PRICE,
            "hosted price of big (base) input_usd_per_mtok: 1.0 → 2.0",
        ),
        (("git_commit",), "8" * 40 + "+", Cause.PROGRAM, "commit: 777777777777 → 888888888888+"),
    ],
)  # fmt: skip
def test_each_fact_is_named_once_under_its_cause(
    path: tuple[str | int, ...], to: Any, cause: Cause, sentence: str
) -> None:
    assert [(one.cause, one.sentence) for one in changes(RUN, changed(*path, to=to))] == [(cause, sentence)]


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("model", "parameters"), 8),
        (("adapters", 0, "seconds"), 99),
        (("indexes", "home", "seconds"), 99),
        (("tasks", "home", "spec", "description"), "other"),
        (("price_sheet", "date"), "2027-01-01"),
        (("price_sheet", "machine"), {**MACHINE, "name": "another box at the same price"}),
        (("api_prices",), []),
    ],
)
def test_what_nothing_hangs_on_is_no_change(path: tuple[str | int, ...], to: Any) -> None:
    assert changes(RUN, changed(*path, to=to)) == []


def test_likeliest_causes_come_first() -> None:
    after = changed("git_commit", to="x") | {
        "libraries": {"torch": "9"},
        "model": {**RUN["model"], "sha256": "c" * 64},
    }
    causes = [one.cause for one in changes(RUN, after)]
    assert causes == sorted(causes, key=list(Cause).index)
    assert (causes[0], causes[-1]) == (Cause.MODEL, Cause.PROGRAM)


def test_an_adapter_touches_its_own_system_wherever_it_answers_and_no_other() -> None:
    found = changes(RUN, changed("adapters", 0, "recipe", to={"rank": 16}))
    assert touched(found) == {("home", "lora"), ("general", "lora@home")}


def test_training_questions_touch_fine_tunes_and_examples() -> None:
    train = changes(RUN, changed("tasks", "home", "files", "train", to="9" * 64))
    trained = {("home", "lora"), ("home", "lora+rag"), ("general", "lora@home")}
    assert touched(train) == trained | {("home", "few-shot")}
    dev = changes(RUN, changed("tasks", "home", "files", "dev", to="9" * 64))
    assert touched(dev) == trained  # dev questions only stop a training


def test_a_recipe_touches_the_systems_that_are_trained_by_it_and_is_told_once() -> None:
    (found,) = changes(RUN, changed("tasks", "home", "spec", "finetune", to={"rank": 32}))
    assert (found.cause, found.sentence) == (Cause.SETTINGS, "home: finetune.rank: 8 → 32")
    assert touched([found]) == {("home", "lora"), ("home", "lora+rag"), ("general", "lora@home")}


def test_settings_are_those_that_the_system_uses() -> None:
    after = changed("tasks", "home", "spec", "retrieval", to={"k": 2})
    assert settings(after, "home", "rag") == settings(after, "home", "lora+rag") == ["retrieval.k: 3 → 2"]
    assert settings(after, "home", "base") == settings(after, "home", "lora") == []
    scored = changed("tasks", "home", "spec", "metrics", to=["contains"])
    assert settings(scored, "home", "base") == []
    lora = changed("tasks", "home", "spec", "finetune", to={"rank": 32})
    assert settings(lora, "general", "lora@home") == ["finetune.rank: 8 → 32"]


def test_the_same_hash_is_the_same_weights_under_any_name() -> None:
    def weights(before: Any, after: Any) -> list[str]:
        models = (systems(manifest_of(run))["home", "base"].model for run in (before, after))
        return [one.name for one in of.weights(*models)]

    assert weights(RUN, changed("model", "name", to="./folder")) == []
    assert weights(RUN, changed("model", "dtype", to="bfloat16")) == ["dtype"]
    assert weights(changed("model", "sha256", to=None), changed("model", "name", to="n")) == [
        "name",
        "sha256",
    ]


def test_kernels_are_named_with_both_versions() -> None:
    def kernels(after: Any) -> list[str]:
        return of.other_kernels(manifest_of(RUN), manifest_of(after))

    assert kernels(changed("libraries", "pandas", to="2.0")) == []
    assert kernels(changed("libraries", "torch", to="2.1")) == ["torch 2.0 → 2.1"]
    assert kernels(changed("machine", "threads", to=4)) == ["machine threads 2 → 4"]


def test_flags_of_prices_are_price_changes() -> None:
    (found,) = of.prices(manifest_of(RUN), manifest_of(changed("settings", "usd_per_hour", to=9.0)))
    assert found.sentence == "--usd-per-hour: not given → 9.0"


def test_values_in_sentences_are_short() -> None:
    assert differing({"a": "x" * 99, "b": {}}, {"a": "", "b": None}) == [
        Difference(("a",), '"' + "x" * 79 + "…", '""'),
        Difference(("b",), "{}", "null"),
    ]


def test_an_edited_task_of_lm_evals_shows_though_its_questions_and_our_file_are_the_same() -> None:
    def run_of(digest: str) -> dict[str, Any]:
        about = copy.deepcopy(RUN)
        about["tasks"]["home"]["spec"] = {"name": "home", "lm_eval": "home.yaml", "metrics": ["acc"]}
        about["tasks"]["home"]["files"]["test"] = digest
        return about

    (change,) = settings(run_of("9" * 64), "home", "base", before=run_of("2" * 64))
    assert change.endswith(": 222222222222 → 999999999999")
    assert settings(run_of("2" * 64), "home", "base", before=run_of("2" * 64)) == []
    assert settings(changed("tasks", "home", "files", "test", to="9" * 64), "home", "base") == []


def test_a_difference_is_known_by_the_names_that_lead_to_it_whatever_stands_in_them() -> None:
    (one,) = differing({"ruamel.yaml": {"k": 1}}, {"ruamel.yaml": {"k": 2}})
    assert (one.path, one.name) == (("ruamel.yaml", "k"), "ruamel.yaml.k")


def test_two_long_texts_are_shown_where_they_part() -> None:
    """System prompts mostly begin alike: the first 80 characters of both would be one and the same."""
    old, new = (
        f"{'Answer briefly. ' * 10}Reply in {language}. {'Be kind. ' * 20}" for language in ("Welsh", "Irish")
    )
    (one,) = differing({"prompt": old}, {"prompt": new})
    assert one.name == "prompt"
    assert one.before.startswith("…r briefly. Reply in Welsh.")
    assert one.after.startswith("…r briefly. Reply in Irish.")
    assert one.before.endswith("…")
    assert one.after.endswith("…")
    (one,) = differing({"prompt": "x" * 200 + "a"}, {"prompt": "x" * 200 + "b"})
    assert (one.before, one.after) == ("…" + "x" * 20 + 'a"', "…" + "x" * 20 + 'b"')


def test_values_of_any_type_are_compared_field_by_field() -> None:
    old, new = ModelRef("m", "a" * 64, "float32"), ModelRef("m", "b" * 64, "float32")
    assert [one.name for one in differing({"model": old}, {"model": new})] == ["model.sha256"]
    assert [one.sentence for one in differing(Retrieval(), Retrieval(k=5))] == ["k: 3 → 5"]
