"""What `tasks validate` says of repeated questions and of answers that lose their meaning, and where it is silent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputErrors
from harness.spec.remarks import remarks
from harness.spec.task import load_task


def said(folder: Path, *questions: dict[str, Any], metrics: str = "contains") -> list[str]:
    """The remarks on a task of these test questions, without the folder's path. Question N is q0, q1, …"""
    rows = [{"id": f"q{n}", "question": f"Number {n}?", **question} for n, question in enumerate(questions)]
    (folder / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "t.yaml").write_text(
        "name: t\nprobes: knowledge\nquestions: {test: q.jsonl}\nprompt: {system: Answer.}\n"
        f"answer: {{type: text, max_tokens: 8, refusal: unknown}}\nmetrics: [{metrics}]\n",
        encoding="utf-8",
    )
    return [sentence.replace(f"{folder}/", "") for sentence in remarks(load_task(folder / "t.yaml"))]


def test_a_repeated_question_is_named_with_the_first_two_lines_and_the_count(tmp_path: Path) -> None:
    same = {"question": "How long?", "answers": ["14 days"]}
    assert said(tmp_path, same, {"answers": ["B"]}, {**same, "question": "HOW LONG"}, same) == [
        "q.jsonl:3: is the same question as q.jsonl:1; 2 of 4 test questions repeat an earlier one, and count once "
        "with it."
    ]


def test_contradictory_answers_to_one_question_are_named(tmp_path: Path) -> None:
    first, second = (
        {"question": "How long?", "answers": ["14 days"]},
        {"question": "How long?", "answers": ["a week"]},
    )
    (_, sentence) = said(tmp_path, first, second)
    assert sentence == (
        "q.jsonl:2: is the same question as q.jsonl:1, but the answers contradict each other ('14 days', 'a week'): no "
        "reply can be right for both. So it is with 1 question."
    )
    refused = {"question": "How long?", "answers": [], "answerable": False}
    assert "('14 days', none)" in said(tmp_path, first, refused)[1]


def test_answers_that_collide_under_a_metric_are_named(tmp_path: Path) -> None:
    answers = [{"answers": [text]} for text in ("3.5", "35", "C#", "C", "Paris")]
    assert said(tmp_path, *answers) == []
    assert said(tmp_path, *answers, metrics="contains, squad_f1") == [
        "q.jsonl:2: the answer '35' equals '3.5' (q.jsonl:1) under squad_f1, so either is right for both; so are "
        "'C#' and 'C'."
    ]


def test_answers_of_which_nothing_is_left_are_named(tmp_path: Path) -> None:
    (sentence,) = said(tmp_path, {"answers": ["?"]}, {"answers": ["+"]}, {"answers": ["A+"]})
    assert sentence.startswith(
        "q.jsonl:1: the answer '?' is punctuation or articles alone; under contains only"
    )
    assert "or has it alone in quotes, is right. So it is with 1 answer." in sentence
    assert "2 answers" in said(tmp_path, {"answers": ["The"]}, {"answers": ["+"]}, metrics="squad_f1")[0]
    with pytest.raises(InputErrors, match=r"q\.jsonl:1: nothing is left of the answer"):
        said(tmp_path, {"answers": ["\u200b\u00ad"]})


def test_spellings_of_one_answer_and_answers_of_one_question_are_no_collision(tmp_path: Path) -> None:
    answers = [
        {"answers": [text]}
        for text in ("1,000 kg", "1000kg", "9–17", "9-17", "€18", "EUR 18", "“Paris”", "paris.", "the Who")
    ]
    assert said(tmp_path, *answers) == []
    assert said(tmp_path, {"answers": ["3.5", "35"]}, metrics="squad_f1") == []


def test_answers_that_no_reply_of_the_schema_can_be_are_named(tmp_path: Path) -> None:
    rows = [
        {
            "id": "q0",
            "question": "A?",
            "answers": ['{"seats": 4, "city": "Bern"}'],
        },  # the order of keys is no matter
        {"id": "q1", "question": "B?", "answers": ['{"town": "Rome"}']},
    ]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "seats": {"type": "integer"}},
        "additionalProperties": False,
    }
    (tmp_path / "t.yaml").write_text(
        "name: t\nprobes: behaviour\nquestions: {test: q.jsonl}\nprompt: {system: Answer.}\nmetrics: [exact_json]\n"
        f"answer: {{type: json, max_tokens: 20, json_schema: {json.dumps(schema)}}}\n",
        encoding="utf-8",
    )
    (sentence,) = remarks(load_task(tmp_path / "t.yaml"))
    assert sentence.replace(f"{tmp_path}/", "") == (
        "q.jsonl:2: no right answer fits answer.json_schema, as of 1 of 2 questions; a strategy that is held to it "
        "([constrained]) cannot be right there."
    )


def test_kinds_of_answers_and_the_metric_that_goes_by_them_belong_together(tmp_path: Path) -> None:
    exact = {"answers": ["14 days"], "tolerance": 0}
    assert said(tmp_path, exact, {"answers": ["Ann"]}) == [
        "q.jsonl:1: has parts, a tolerance or a pattern, which only the metric kind_match goes by: so it is with 1 "
        "test question; add it to metrics."
    ]
    assert said(tmp_path, exact, {"answers": ["Ann"]}, metrics="kind_match") == []
    assert said(tmp_path, {"answers": ["yes"]}, {"answers": ["Ann"]}, metrics="kind_match") == []
    (sentence,) = said(tmp_path, {"answers": ["Ann"]}, metrics="kind_match")
    assert sentence.endswith("so kind_match is the same as contains.")


def test_yes_and_no_are_named_where_a_reply_may_hold_the_word_and_mean_another(tmp_path: Path) -> None:
    questions = ({"answers": ["Nein"]}, {"answers": ["Ada"]}, {"answers": ["yes"]})
    (sentence,) = said(tmp_path, *questions)
    assert sentence.startswith("q.jsonl:1: is answered by yes or no")
    assert "so it is with 2 test questions; put kind_match first in metrics." in sentence
    assert said(tmp_path, *questions, metrics="kind_match, contains") == []
    assert said(tmp_path, *questions, metrics="exact_match") == []
