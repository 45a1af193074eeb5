"""What a question says of the kind of its answer is held to its form where the task goes by it, and left alone else."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputErrors
from harness.spec.kinds import METRIC, pattern_fault
from harness.spec.questions import parse_record
from harness.spec.task import load_task
from harness.spec.taskspec import Answer

TEXT = Answer(type="text", max_tokens=20)
ABOUT = Answer(type="text", max_tokens=20, tolerance="2%")


def parsed(answer: Answer = TEXT, metric: str = METRIC, **more: Any) -> tuple[Any, list[Any]]:
    record = {"id": "q", "question": "How much?", "answers": ["14 days"], **more}
    question, mistakes = parse_record(json.dumps(record), answer, [metric])
    return question, [str(mistake) for mistake in mistakes]


def test_a_kind_stands_in_the_question() -> None:
    assert parsed(tolerance=0.5)[0].tolerance == "0.5"
    assert parsed(tolerance="1 %")[0].tolerance == "1 %"
    assert parsed(parts=["14", "days"])[0].parts == ("14", "days")
    assert parsed(pattern=r"14\s?d")[0].pattern == r"14\s?d"
    assert parsed()[0].tolerance is None


def test_the_tasks_tolerance_is_that_of_numbers_without_one() -> None:
    assert parsed(ABOUT)[0].tolerance == "2%"
    assert parsed(ABOUT, tolerance=0)[0].tolerance == "0"
    assert parsed(ABOUT, answers=["two weeks"])[0].tolerance is None
    assert parsed(ABOUT, pattern="14")[0].tolerance is None


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            {"tolerance": "a bit"},
            "'tolerance' is 'a bit', but a tolerance is a number, such as 0.5, or a share",
        ),
        ({"tolerance": -1}, "'tolerance' is -1"),
        ({"tolerance": True}, "'tolerance' is true"),
        ({"tolerance": 1, "answers": ["14 days", "two weeks"]}, "'two weeks' is none"),
        ({"parts": ["14"]}, "'parts' must be a list of two texts or more"),
        ({"parts": ["14", " "]}, "'parts' must hold texts with a word in them, but holds ' '"),
        ({"parts": ["14", "weeks"]}, "no answer holds all of its 'parts'; in '14 days' 'weeks' is missing"),
        ({"pattern": "("}, "is no regular expression: missing )"),
        ({"pattern": "28"}, "no answer has its 'pattern' '28'"),
        ({"pattern": r"(\d+,?)*x"}, "may take exponential time"),
        ({"pattern": "14", "tolerance": 1}, "'tolerance' and 'pattern': an answer is of one kind"),
        ({"patern": "14"}, "'patern' is not a known key (did you mean 'pattern'?)"),
        ({"choices": ["14 days", "28 days"], "pattern": "14"}, "answered in words"),
    ],
)
def test_what_is_wrong_with_a_kind_is_said_where_it_counts(more: dict[str, Any], sentence: str) -> None:
    question, mistakes = parsed(**more)
    assert len(mistakes) == 1
    assert sentence in mistakes[0]
    assert parsed(metric="contains", **more)[1] == []
    assert (question.parts, question.tolerance, question.pattern) == ((), None, None)


@pytest.mark.parametrize(
    "pattern", [r"\bINV-\d+\b.*paid", r"(?i)(mon|tues)day", r"[\d,]+ EUR", r"^\s*14\s*$"]
)
def test_patterns_of_people_may_be_used(pattern: str) -> None:
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize(
    "pattern", [r"(a+)+b", r"(a|aa)*b", r"a*a*a*a*b", "(" * 300, "a" * 501, r"(?:a{0,900}){900}b"]
)
def test_patterns_that_take_for_ever_may_not(pattern: str) -> None:
    assert pattern_fault(pattern)


def test_the_costliest_pattern_that_may_be_used_is_over_soon() -> None:
    pattern = "a*a*b"
    assert pattern_fault(pattern) is None
    begun = time.process_time()
    assert re.search(pattern, "a" * 1_000) is None
    assert time.process_time() - begun < 20


def task(folder: Path, rows: list[dict[str, Any]], train: list[dict[str, Any]], more: str = "") -> Path:
    for name, some in (("test", rows), ("train", train)):
        (folder / f"{name}.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in some), encoding="utf-8"
        )
    (folder / "t.yaml").write_text(
        "name: t\nprobes: knowledge\n"
        f"questions: {{test: test.jsonl, train: train.jsonl{more}}}\n"
        'prompt: {system: "Answer."}\nanswer: {type: text, max_tokens: 8, tolerance: 1%}\n'
        f"metrics: [{METRIC}]\n",
        encoding="utf-8",
    )
    return folder / "t.yaml"


def row(id_: str, question: str, answer: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "question": question, "answers": [answer], **more}


def test_a_task_file_is_read_with_its_kinds(tmp_path: Path) -> None:
    path = task(
        tmp_path, [row("q1", "How long?", "14 days"), row("q2", "Who?", "Ann")], [row("t", "Where?", "here")]
    )
    assert [question.tolerance for question in load_task(path).test] == ["1%", None]
    path = task(tmp_path, [row("q1", "How long?", "14 days", pattern="15")], [row("t", "Where?", "here")])
    with pytest.raises(InputErrors, match=r"test\.jsonl:1: no answer has its 'pattern' '15'"):
        load_task(path)


def test_a_tolerance_that_no_metric_goes_by_is_a_mistake(tmp_path: Path) -> None:
    path = task(tmp_path, [row("q1", "How long?", "14 days")], [row("t", "Where?", "here")])
    path.write_text(path.read_text().replace(METRIC, "contains"))
    with pytest.raises(InputErrors, match=r"t\.yaml:6:\d+: metrics: has no kind_match"):
        load_task(path)
    path.write_text(path.read_text().replace("contains", "macro_f1"))
    with pytest.raises(InputErrors, match="the report of every task with labels has it"):
        load_task(path)


def test_near_copies_and_questions_of_a_tests_cluster_can_be_left_out(tmp_path: Path) -> None:
    test = [
        row("q1", "My card was declined at the shop today", "card"),
        row("q2", "Printer jam", "print", cluster="c"),
    ]
    train = [
        row("t1", "My card was declined at the shop, today!", "card"),
        row("t2", "My card was declined at the shops today", "card"),
        row("t3", "The paper is stuck", "print", cluster="c"),
        row("t4", "My card was swallowed by a machine", "card"),
    ]
    kept = load_task(task(tmp_path, test, train))
    assert [question.id for question in kept.train] == ["t2", "t3", "t4"]
    left = load_task(task(tmp_path, test, train, more=", near_copies: leave_out"))
    assert [question.id for question in left.train] == ["t4"]
    assert len(left.left_out) == 2
    assert "2 train and dev questions are left out so" in left.left_out[1]
    assert kept.fingerprint != left.fingerprint
