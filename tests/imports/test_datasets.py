"""Data sets as their publishers write them become tasks of their kind, without a flag where names are plain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.cli import main
from tests.imports import PAIRS, READ, asked, imported_task, lines, refused, whole


@pytest.mark.parametrize(
    "value",
    [
        PAIRS,
        {"data": PAIRS},
        {"features": [{"name": "question"}], "rows": [{"row_idx": 0, "row": row} for row in PAIRS]},
        {"question": ["How long?", "Who?"], "answer": ["14 days", "Ada"]},
        {"question": {"0": "How long?", "1": "Who?"}, "answer": {"0": "14 days", "1": "Ada"}},
        {"test": PAIRS, "train": [{"question": "Why?", "answer": "So"}]},
    ],
)
def test_json_in_whatever_shape_it_comes(value: Any) -> None:
    assert asked(imported_task(whole("a.json", value))) == READ


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json"])
def test_a_record_a_line_whatever_the_suffix(name: str) -> None:
    assert asked(imported_task(lines(name, *PAIRS))) == READ
    whole("list.jsonl", PAIRS)
    Path("mine").rename("first")
    assert asked(imported_task("list.jsonl")) == READ


@pytest.mark.parametrize(
    ("row", "question", "answers"),
    [
        ({"instruction": "Say", "input": "it", "output": "it"}, "Say\nit", ["it"]),
        ({"prompt": "Who?", "completion": "Ada"}, "Who?", ["Ada"]),
        ({"question": "Who?", "answers": ["Ada", "A. L."]}, "Who?", ["Ada", "A. L."]),
        ({"question": "Who?", "answers": {"text": ["Ada", "Ada"], "answer_start": [1, 9]}}, "Who?", ["Ada"]),
        ({"question": "Who?", "answer": {"value": "Ada", "aliases": ["A. L."]}}, "Who?", ["Ada", "A. L."]),
        ({"question": "How many?", "answer": 3.0}, "How many?", ["3"]),
        ({"question": "Is it?", "answer": True}, "Is it?", ["yes"]),
        ({"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Ada"}]}, "Who?", ["Ada"]),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Who?"}]},
                       {"role": "assistant", "content": "Ada"}]}, "Who?", ["Ada"]),
        ({"prompt": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Who?"}],
          "completion": [{"role": "assistant", "content": "Ada"}]}, "Who?", ["Ada"]),
        ({"input": [{"role": "user", "content": "Who?"}], "ideal": ["Ada", "A. L."]}, "Who?", ["Ada", "A. L."]),
        ({"user_input": "Who?", "reference": "Ada", "reference_contexts": ["Ada."]}, "Who?", ["Ada"]),
        ({"conversations": [{"from": "human", "value": "Who?"}, {"from": "gpt", "value": "Ada"}]}, "Who?", ["Ada"]),
    ],
)  # fmt: skip
def test_questions_and_answers_under_their_usual_names(
    row: dict[str, Any], question: str, answers: list[str]
) -> None:
    assert asked(imported_task(lines("a.jsonl", row))) == [(question, tuple(answers))]


def test_squad_brings_its_paragraphs_as_the_corpus() -> None:
    asked_ = [
        {"id": "1", "question": "How long?", "answers": [{"text": "14 days", "answer_start": 3}] * 2},
        {"id": "2", "question": "Who?", "answers": [], "is_impossible": True},
    ]
    articles = [{"title": "Loans", "paragraphs": [{"context": "It is 14 days.", "qas": asked_}]}]
    task = imported_task(whole("squad.json", {"version": "v2.0", "data": articles}))
    assert [(q.id, q.answers, q.gold_docs, q.answerable) for q in task.test] == [
        ("1", ("14 days",), ("Loans-1",), True),
        ("2", (), (), False),
    ]
    assert task.own.answer.refusal == "not in the documents"
    assert main(["tasks", "validate", "mine/task.yaml"]) == 0
    (document,) = map(json.loads, Path("mine/corpus.jsonl").read_text().splitlines())
    assert document == {"doc_id": "Loans-1", "title": "Loans", "text": "It is 14 days."}


CABIN, DAVIT = "The cabin is Ada's. She keeps it.", "The davit is old."


@pytest.mark.parametrize(
    "row",
    [
        {"context": [["Cabin", ["The cabin is Ada's.", " She keeps it."]], ["Davit", ["The davit is old."]]],
         "supporting_facts": [["Cabin", 0]]},
        {"context": {"title": ["Cabin", "Davit"],
                     "sentences": [["The cabin is Ada's.", " She keeps it."], ["The davit is old."]]},
         "supporting_facts": {"title": ["Cabin", "Cabin"], "sent_id": [0, 1]}},
        {"paragraphs": [{"idx": 0, "title": "Cabin", "paragraph_text": CABIN, "is_supporting": True},
                        {"idx": 1, "title": "Davit", "paragraph_text": DAVIT, "is_supporting": False}]},
        {"passages": {"title": ["Cabin", "Davit"], "passage_text": [CABIN, DAVIT], "is_selected": [1, 0]}},
        {"context": json.dumps([["Cabin", [CABIN]], ["Davit", [DAVIT]]]), "supporting_facts": '[["Cabin", 1]]'},
    ],
    ids=["HotpotQA", "HotpotQA as a data frame", "MuSiQue", "MS MARCO", "in a table of texts"],
)  # fmt: skip
def test_the_passages_that_support_an_answer_are_gold_and_the_others_documents_too(
    row: dict[str, Any],
) -> None:
    task = imported_task(lines("a.jsonl", {"question": "Whose is it?", "answer": "Ada", **row}))
    assert [(q.answers, q.gold_docs) for q in task.test] == [(("Ada",), ("Cabin-1",))]
    documents = [json.loads(line) for line in Path("mine/corpus.jsonl").read_text().splitlines()]
    assert documents == [
        {"doc_id": "Cabin-1", "title": "Cabin", "text": CABIN},
        {"doc_id": "Davit-1", "title": "Davit", "text": DAVIT},
    ]


def test_labels_make_a_label_task_with_its_labels_in_the_prompt() -> None:
    rows = [{"text": f"message {n}", "label": n % 3} for n in range(30)]
    features = {"label": {"names": ["billing", "tech", "other"], "_type": "ClassLabel"}}
    table = pa.Table.from_pylist(rows).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    pq.write_table(table, "news.parquet")
    task = imported_task("news.parquet", "--split", "test=40,train=60")
    assert task.own.answer.labels == ("billing", "tech", "other")
    assert "billing, tech, other" in task.own.system_message
    assert (len(task.test), len(task.train)) == (12, 18)
    assert sorted(q.answers[0] for q in task.test) == ["billing"] * 4 + ["other"] * 4 + ["tech"] * 4


def test_labels_that_do_not_repeat_are_answers(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"text": f"message {n}", "label": f"value {n}"} for n in range(30)]
    assert "'label' has 30 different values in 30 rows" in refused(capsys, lines("a.jsonl", *rows))


@pytest.mark.parametrize(
    ("rows", "right"),
    [
        ([{"choices": ["a", "b"], "answer": "b"}], ["b"]),
        ([{"choices": ["a", "b"], "answer": 0}, {"choices": ["c", "d"], "answer": 1}], ["a", "d"]),
        ([{"choices": ["a", "b"], "answer": 1}, {"choices": ["c", "d"], "answer": 2}], ["a", "d"]),
        ([{"choices": {"text": ["a", "b"], "label": ["1", "2"]}, "answerKey": "2"}], ["b"]),
        ([{"choices": {"A": "a", "B": "b"}, "answer": "B"}], ["b"]),
        ([{"choices": [{"text": "a", "label": "1"}, {"text": "b", "label": "2"}], "answerKey": "2"}], ["b"]),
        ([{"options": ["x", "y"], "answer": "B"}, {"options": ["x", "z"], "answer": "a)"}], ["y", "x"]),
        ([{"endings": ["a", "b"], "label": "1"}, {"endings": ["a", "b"], "label": "0"}], ["b", "a"]),
        ([{"A": "x", "B": "y", "C": "z", "correct": "C"}], ["z"]),
        ([{"Option 1": "x", "Option 2": "y", "Option 3": "z", "correct": "2"}], ["y"]),
        ([{"option1": "x", "option2": "y", "answer": "2"}], ["y"]),
        ([{"choice1": "x", "choice2": "y", "label": 0}, {"choice1": "p", "choice2": "q", "label": 1}], ["x", "q"]),
        ([{"option_a": "x", "option_b": "y", "correct_option": "b"}], ["y"]),
        ([{"question": {"stem": "Q", "choices": [{"text": "x", "label": "1"}, {"text": "y", "label": "2"}]},
           "answerKey": "2"}], ["y"]),
        ([{"options": ["x", "y"], "answer": "B) y"}, {"options": ["p", "q"], "answer": "A. p"}], ["y", "p"]),
    ],
)  # fmt: skip
def test_options_and_the_right_one_by_text_letter_number_or_name(
    rows: list[dict[str, Any]], right: list[str]
) -> None:
    task = imported_task(
        lines("a.jsonl", *({"question": f"Which {n}?", **row} for n, row in enumerate(rows)))
    )
    assert task.own.answer.type == "choice"
    assert [question.answers for question in task.test] == [(text,) for text in right]


def test_lists_of_squads_objects_are_texts() -> None:
    row = {
        "question": "How long?",
        "answers": [{"text": "14 days", "answer_start": 3}, {"text": "two weeks"}],
    }
    assert asked(imported_task(lines("a.jsonl", row))) == [("How long?", ("14 days", "two weeks"))]


@pytest.mark.parametrize(
    "value",
    [
        {"0": PAIRS[0], "1": PAIRS[1]},
        {"columns": ["question", "answer"], "index": [0, 1], "data": [list(pair.values()) for pair in PAIRS]},
    ],
)
def test_data_frames_as_json(value: dict[str, Any]) -> None:
    assert asked(imported_task(whole("a.json", value))) == READ


def test_numbers_of_options_that_may_count_from_0_or_1_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [{"question": f"Which {n}?", "choices": ["a", "b", "c"], "answer": 1 + n % 2} for n in range(9)]
    assert "they may count from 0 as well as from 1" in refused(capsys, lines("a.jsonl", *rows))


def test_questions_with_and_without_options_are_one_text_task() -> None:
    rows = [
        {"question": "Which?", "choices": ["a", "b"], "answers": ["b"]},
        {"question": "Who?", "answers": ["Ada"]},
    ]
    task = imported_task(lines("a.jsonl", *rows))
    assert task.own.answer.type == "text"
    assert [len(question.choices) for question in task.test] == [2, 0]


def test_columns_that_are_not_what_their_names_say_are_left_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [
        {"id": 1, "question": f"Who {n}?", "answer": "Ada", "split": "A", "context": [1]} for n in range(2)
    ]
    assert [question.id for question in imported_task(lines("a.jsonl", *rows)).test] == ["line-1", "line-2"]
    said = capsys.readouterr().err
    assert "'id' is not taken as --id: it holds an id twice" in said
    assert "'context' is not taken as --context: it holds no texts" in said


def test_questions_in_objects_are_asked_as_json_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"question": {"stem": "Who?", "by": 1}, "answer": "Ada"}
    assert asked(imported_task(lines("a.jsonl", row))) == [('{"stem": "Who?", "by": 1}', ("Ada",))]
    said = capsys.readouterr().err
    assert "'question' holds objects or lists, which are asked as JSON." in said
    assert "--question may name what they hold: question.stem and question.by." in said
    Path("mine").rename("first")
    assert asked(imported_task("a.jsonl", "--question", "question.stem")) == [("Who?", ("Ada",))]


def test_keys_of_objects_are_told_where_no_column_has_a_plain_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, lines("a.jsonl", {"inputs": {"question": "Who?"}, "outputs": {"answer": "Ada"}}))
    assert "So may be named what objects hold: 'inputs.question' and 'outputs.answer'." in said


def test_the_system_message_of_conversations_is_kept() -> None:
    turns = [{"role": "system", "content": "You are Ada."}, {"role": "user", "content": "Who?"}]
    task = imported_task(lines("a.jsonl", {"messages": [*turns, {"role": "assistant", "content": "Ada"}]}))
    assert task.own.prompt.system == "You are Ada."


def test_system_messages_that_differ_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    turns = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Ada"}]
    rows = [{"messages": [{"role": "system", "content": "Be brief."}, *turns]}, {"messages": turns}]
    task = imported_task(lines("a.jsonl", *rows))
    assert "Be brief" not in task.own.prompt.system
    assert "the system messages of the conversations differ" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.json", b'{"name": "x"}', "holds no list of records; its keys are 'name'."),
        ("a.json", b"3", "holds 3, and no records"),
        ("a.json", b"[]", "holds no records"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.jsonl", b'{"question": "a", "answer": "b"}\n{"question"\n', "a.jsonl:2: broken JSON"),
        ("a.jsonl", b'{"question": "Who?", "answer": "Ada"}\n3\n', "line 2: is 3, and no object with a key for each"),
        ("a.jsonl", b'3\n"x"\n', "2 rows: line 1: is 3, and no object"),
        ("a.jsonl", b'{"question": "Who?", "answer": "\\ud800"}\n', "half a surrogate pair"),
        ("a.jsonl", b'{"q": "Who?", "answer": "!"}\n{"q": "", "answer": "a"}\n', "line 2, column 'q': is empty"),
        ("a.parquet", b"PAR1 nothing PAR1", "is no Parquet file that can be read"),
        ("a.parquet", None, "there is no such file"),
        ("a.jsonl", b'{"messages": [{"role": "user", "content": "Who?"}]}\n', "no conversation of one user's message"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence(
    capsys: pytest.CaptureFixture[str], name: str, data: bytes | None, message: str
) -> None:
    if data is not None:
        Path(name).write_bytes(data)
    assert message in refused(capsys, name)
