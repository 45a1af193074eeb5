"""What manifests say has changed, and whom it may have touched."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from harness.analysis.regression.changes import (
    Cause,
    changes,
    other_kernels,
    price_changes,
    setting_changes,
    touching,
    weights_changes,
)
from harness.analysis.regression.differing import differing

RUN: dict[str, Any] = {
    "model": {"name": "m", "sha256": "a" * 64, "dtype": "float32", "device": "cpu", "parameters": 7},
    "embedder": {"name": "e", "sha256": "e" * 64},
    "tasks": {
        name: {
            "spec": {
                "description": "d", "prompt": {"system": "Short."}, "retrieval": {"k": 3}, "finetune": {"rank": 8},
                "examples": {"k": 4}, "answer": {"stop": ["\n"], "refusal": "no"}, "metrics": ["f1"],
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
    "price_sheet": {
        "date": "2026-01-01", "utilisation": 0.5, "machines": [1],
        "machine": {"name": "box", "usd_per_hour": 3.6}, "labour": {"wage": 10, "source": "s"},
    },
    "api_prices": [{"model": "big", "kind": "base", "input": 1.0, "priced_on": "2026-01-01"}],
    "settings": {"seed": 0, "limit": None, "usd_per_hour": None},
    "git_commit": "7" * 40,
}  # fmt: skip


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
        (("price_sheet", "labour", "wage"), 20, Cause.PRICE, "price sheet labour.wage: 10 → 20"),
        (("api_prices", 0, "input"), 2.0, Cause.PRICE, "hosted price of big (base) input: 1.0 → 2.0"),
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
        (("price_sheet", "machine", "name"), "another box at the same price"),
        (("price_sheet", "machines"), []),
        (("api_prices",), []),
    ],
)
def test_what_nothing_hangs_on_is_no_change(path: tuple[str | int, ...], to: Any) -> None:
    assert changes(RUN, changed(*path, to=to)) == []


def test_nothing_is_needed_of_an_old_manifest() -> None:
    assert changes({}, {}) == []
    assert changes({"adapters": None, "model": None}, {"adapters": [{}], "indexes": None}) == []
    assert {one.before for one in changes({}, RUN)} <= {"(absent)", "null", "not given"}


def test_likeliest_causes_come_first() -> None:
    after = changed("git_commit", to="x") | {
        "libraries": {"torch": "9"},
        "model": {**RUN["model"], "sha256": "c" * 64},
    }
    causes = [one.cause for one in changes(RUN, after)]
    assert causes == sorted(causes, key=list(Cause).index)
    assert (causes[0], causes[-1]) == (Cause.MODEL, Cause.PROGRAM)


def test_an_adapter_touches_its_own_strategy_and_its_guests_and_no_other() -> None:
    found = changes(RUN, changed("adapters", 0, "recipe", to={"rank": 16}))
    unused = frozenset({"retrieval", "examples"})
    assert touching(found, "home", "lora", unused) == touching(found, "general", "lora@home", unused) == found
    assert touching(found, "general", "lora@other", unused) == touching(found, "other", "lora", unused) == []
    assert touching(found, "home", "lora+rag", frozenset({"examples"})) == []


def test_training_questions_touch_fine_tunes_and_examples() -> None:
    found = changes(RUN, changed("tasks", "home", "files", "train", to="9" * 64))
    assert touching(found, "home", "few-shot", {"retrieval", "finetune"}) == found
    assert touching(found, "general", "lora@home", {"retrieval", "examples"}) == found
    assert touching(found, "home", "base", {"retrieval", "finetune", "examples", "training"}) == []


def test_settings_are_those_that_the_strategy_reads() -> None:
    after = changed("tasks", "home", "spec", "retrieval", to={"k": 2})
    assert setting_changes(RUN, after, "home") == [("retrieval.k", "3", "2")]
    assert setting_changes(RUN, after, "home", {"retrieval"}) == []
    scored = changed("tasks", "home", "spec", "metrics", to=["contains"])
    assert setting_changes(RUN, scored, "home") == []


def test_the_same_hash_is_the_same_weights_under_any_name() -> None:
    assert weights_changes(RUN, changed("model", "name", to="./folder")) == []
    assert weights_changes(RUN, changed("model", "dtype", to="bfloat16")) == [
        ("dtype", "float32", "bfloat16")
    ]
    unknown = changed("model", "sha256", to=None)
    assert [name for name, *_ in weights_changes(unknown, changed("model", "name", to="n"))] == [
        "name",
        "sha256",
    ]


def test_kernels_are_named_with_both_versions() -> None:
    assert other_kernels(RUN, changed("libraries", "pandas", to="2.0")) == []
    assert other_kernels(RUN, changed("libraries", "torch", to="2.1")) == ["torch 2.0 → 2.1"]
    assert other_kernels(RUN, changed("machine", "threads", to=4)) == ["machine threads 2 → 4"]


def test_flags_of_prices_are_price_changes() -> None:
    (found,) = price_changes(RUN, changed("settings", "usd_per_hour", to=9.0))
    assert found.sentence == "--usd-per-hour: not given → 9.0"


def test_values_in_sentences_are_short() -> None:
    assert differing({"a": "x" * 99, "b": {}}, {"a": "", "b": None}) == [
        ("a", '"' + "x" * 79 + "…", '""'),
        ("b", "{}", "null"),
    ]


def test_an_edited_task_of_lm_evals_shows_though_its_questions_and_our_file_are_the_same() -> None:
    def run_of(digest: str) -> dict[str, Any]:
        about = copy.deepcopy(RUN)
        about["tasks"]["home"]["spec"] = {"lm_eval": "home.yaml", "metrics": ["acc"]}
        about["tasks"]["home"]["files"]["test"] = digest
        return about

    (change,) = setting_changes(run_of("2" * 64), run_of("9" * 64), "home")
    assert change == ("lm-eval's task, release or documents", "2" * 12, "9" * 12)
    assert setting_changes(run_of("2" * 64), run_of("2" * 64), "home") == []
    assert setting_changes(RUN, changed("tasks", "home", "files", "test", to="9" * 64), "home") == []


def test_two_long_texts_are_shown_where_they_part() -> None:
    """System prompts mostly begin alike: the first 80 characters of both would be one and the same."""
    old, new = (
        f"{'Answer briefly. ' * 10}Reply in {language}. {'Be kind. ' * 20}" for language in ("Welsh", "Irish")
    )
    ((name, before, after),) = differing({"prompt": old}, {"prompt": new})
    assert name == "prompt"
    assert before.startswith("…r briefly. Reply in Welsh. Be kind.")
    assert after.startswith("…r briefly. Reply in Irish. Be kind.")
    assert before.endswith("…")
    assert after.endswith("…")
    ((_, before, after),) = differing({"prompt": "x" * 200 + "a"}, {"prompt": "x" * 200 + "b"})
    assert (before, after) == ("…" + "x" * 20 + 'a"', "…" + "x" * 20 + 'b"')
