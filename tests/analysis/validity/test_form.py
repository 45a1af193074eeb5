"""Replies that are wrong only by what stands round them, which a line of code would take off."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.validity.form import is_wrapped
from harness.records import Question
from tests.analysis.races import N, Run, checks, healthy, results, rows_of

LABELS = ("card_lost", "refund", "C", "C++")


@pytest.mark.parametrize(
    ("reply", "answer", "wrapped"),
    [
        ("Refund", "refund", True),
        ('"refund".', "refund", True),
        ("**refund**", "refund", True),
        ("Label: refund", "refund", True),
        ("The label is: Card lost.", "card_lost", True),
        ("card-lost", "card_lost", True),
        ("I would say refund", "refund", False),
        ("refund, or card_lost", "refund", False),
        ("card_lost.", "refund", False),
        ("c", "C", False),  # it may mean C++ as well
        ("", "refund", False),
        ("...", "refund", False),
    ],
)
def test_labels(reply: str, answer: str, wrapped: bool) -> None:
    assert is_wrapped(reply, Question("q", "?", (answer,)), LABELS) is wrapped


def test_a_long_word_takes_no_time_that_grows_with_its_square() -> None:
    started = time.process_time()
    assert not is_wrapped("1" * 200_000, Question("q", "?", ("refund",)), LABELS)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("reply", "wrapped"),
    [
        ('```json\n{"room": 5}\n```', True),
        ('```\n{"room": 5}', True),
        ('Here it is: {"room": 5}. Anything else?', True),
        ('{"room": 5} {"room": 6}', False),
        ('```json\n{"room": 6}\n```', False),
        ('{"room": "5"}', False),
        ("```json", False),
        ("}{", False),
        ("", False),
    ],
)
def test_json(reply: str, wrapped: bool) -> None:
    assert is_wrapped(reply, Question("q", "?", ('{"room":5}',)), ()) is wrapped


def in_json(fence: bool) -> Run:
    """The healthy run in JSON, of which every answer of base that is wrong by a word is right but for its fence."""
    run = healthy()
    run["manifest"]["tasks"]["facts"]["spec"] |= {"answer": {"type": "json"}, "metrics": ["exact_json"]}
    for question in run["questions"][:N]:
        question["answers"] = [f'{{"who": "{question["answers"][0]}"}}']
    for row in (row for row in run["answers"] if row["task"] == "facts"):
        row["prediction"] = f'{{"who": "{row["prediction"]}"}}'
    for n, row in enumerate(rows_of(run, "base")):
        if fence:
            row["prediction"] = f'```json\n{{"who": "keeper{n}"}}\n```'
    return run


def found(folder: Path, run: Run) -> dict[str, Any]:
    return checks(folder, run)["wrapped_answers"]


def test_a_model_that_only_needs_its_fence_taken_off_is_told(tmp_path: Path) -> None:
    check = found(tmp_path, in_json(fence=True))
    assert (check["status"], check["strategies"], check["figure"]) == ("warn", ["base"], 1.0)
    assert check["remedy"]["line"].endswith(
        "--strategies 'base,rag,lora,base[constrained],rag[constrained],lora[constrained]'"
    )
    assert found(tmp_path / "none", in_json(fence=False))["status"] == "pass"


def test_it_rules_nobody_out_and_is_the_first_thing_to_do(tmp_path: Path) -> None:
    decision = results(tmp_path, in_json(fence=True))["tasks"]["facts"]["decision"]
    assert "base" not in decision["excluded"]
    assert decision["next_steps"][0]["text"].startswith("Take off what stands round the answers")


def test_the_beginning_of_a_fence_is_an_empty_answer(tmp_path: Path) -> None:
    run = in_json(fence=False)
    for row in rows_of(run, "base"):
        row["prediction"] = "```json"
    check = checks(tmp_path, run)["empty_answers"]
    assert (check["status"], check["strategies"]) == ("fail", ["base"])


def test_a_few_that_change_nothing_are_no_first_thing_to_do(tmp_path: Path) -> None:
    """base would be right on two more of 24 questions, and rag leads by twelve."""
    run = in_json(fence=False)
    for n, row in [*enumerate(rows_of(run, "base"))][2:4]:
        row["prediction"] = f'```json\n{{"who": "keeper{n}"}}\n```'
    assert found(tmp_path, run)["status"] == "warn"
    steps = results(tmp_path, run)["tasks"]["facts"]["decision"]["next_steps"]
    assert not any("stands round" in step["text"] for step in steps)
