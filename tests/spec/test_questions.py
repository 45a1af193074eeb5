"""Question files: each mistake at its line, real data's extra keys let through, no other exception ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import InputError, shown
from harness.records import Question
from harness.spec.questions import across, leaks, parse_record, read_questions
from harness.spec.taskspec import Answer
from tests.snapshots import Snapshots

TEXT = Answer(type="text", max_tokens=8, stop=("\n",), refusal="no idea")
PLAIN = Answer(type="text", max_tokens=8)
LABEL = Answer(type="label", max_tokens=4, labels=("refund", "parking"))
JSON = Answer(type="json", max_tokens=40, stop=("\n",))
CHOICE = Answer(type="choice", max_tokens=1)
GOOD = {"id": "q", "question": "Who?", "answers": ["Ann"]}


def mistakes(record: Any, answer: Answer | None = TEXT) -> list[str]:
    line = record if isinstance(record, str) else json.dumps(record)
    return parse_record(line, answer)[1]


def write(path: Path, *rows: Any) -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_full_record_becomes_a_question() -> None:
    record = {
        **GOOD,
        "gold_docs": ["d"],
        "choices": ["Ann", "Bob"],
        "tags": ["t"],
        "fact_id": "f",
        "cluster": "c",
        "answerable": True,
        "split": "dev",
        "answer_letter": "A",
        "requested_slots": {"deep": [1, None]},
    }
    question = Question("q", "Who?", ("Ann",), ("d",), True, ("Ann", "Bob"), ("t",), "f", "c")
    assert parse_record(json.dumps(record), TEXT) == (question, [])


def test_optional_keys_may_be_null_and_refusals_have_no_answers() -> None:
    nothing = dict.fromkeys(("gold_docs", "choices", "tags", "fact_id", "cluster"))
    assert mistakes({**GOOD, **nothing}) == []
    assert mistakes({"id": "q", "question": "Why?", "answerable": False}) == []
    assert mistakes({"id": "q", "question": "Why?", "answers": [], "answerable": False}) == []


def test_an_answer_of_a_json_task_may_stand_as_the_object_that_it_is() -> None:
    slots = {"date": "Montag, 3 März", "people": {"adults": 2}}
    question, said = parse_record(json.dumps({**GOOD, "answers": [slots, '{"b": 1}']}), JSON)
    assert question is not None
    assert said == []
    assert [json.loads(text) for text in question.answers] == [slots, {"b": 1}]
    assert "März" in question.answers[0]
    (text_only,) = mistakes({**GOOD, "answers": [slots]}, TEXT)
    assert "must hold texts" in text_only
    assert mistakes({**GOOD, "answers": slots}, JSON)[0].endswith("(write [{…}]).")


WRONG: list[Any] = [
    "{",
    "nonsense",
    '{"id": "a"} {"id": "b"}',
    "[" * 100_000,
    '{"id": "a", "w": NaN}',
    '{"id": "a", "w": -Infinity}',
    '{"id": "a", "w": ' + "9" * 5000 + "}",
    '{"id": "a", "id": "b"}',
    "[1]",
    "null",
    {**GOOD, "id": ""},
    {**GOOD, "id": 7},
    {**GOOD, "id": None},
    {"question": "Who?", "answers": ["Ann"]},
    {"id": "q", "answers": ["Ann"]},
    {**GOOD, "question": " "},
    {**GOOD, "question": ["Who?"]},
    {**GOOD, "question": "\ud800"},
    {**GOOD, "fact_id": 3},
    {**GOOD, "answers": "Ann"},
    {**GOOD, "answers": None},
    {**GOOD, "answers": [1]},
    {**GOOD, "answers": [None]},
    {**GOOD, "answers": ["Ann", " "]},
    {**GOOD, "answers": ["\udfff"]},
    {**GOOD, "answers": []},
    {"id": "q", "question": "Who?"},
    {**GOOD, "gold_docs": "d"},
    {**GOOD, "tags": {"a": 1}},
    {**GOOD, "answerable": "no"},
    {**GOOD, "answerable": None},
    {**GOOD, "answerable": False},
    {**GOOD, "choices": ["Ann"]},
    {**GOOD, "choices": ["Ann", "Bob", "Bob"]},
    {**GOOD, "choices": ["Bob", "Cay"]},
    {**GOOD, "answers": [], "answerable": False, "choices": ["a", "b"]},
    {**GOOD, "answers": ["a\nb", "c\nd"]},
]


def test_each_wrong_record_gets_one_sentence(snapshots: Snapshots) -> None:
    lines = []
    for record in WRONG:
        (sentence,) = mistakes(record)
        lines.append(f"{shown(record, 110)}\n    {sentence}\n")
    snapshots.check("spec/questions.txt", "".join(lines))


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("gold_doc", "gold_docs"),
        ("Gold-Docs", "gold_docs"),
        ("tag", "tags"),
        ("fact_ids", "fact_id"),
        ("ID", "id"),
    ],
)
def test_a_misspelled_key_is_told_apart_from_a_key_of_somebody_elses(wrong: str, meant: str) -> None:
    record = {key: value for key, value in GOOD.items() if key != meant}
    assert mistakes({**record, wrong: "x"}) == [f"{wrong!r} is not a known key (did you mean {meant!r}?)."]


def test_a_single_answer_is_shown_as_the_list_that_it_should_be() -> None:
    for answer in ("84", 84):
        (said,) = mistakes({**GOOD, "answers": answer})
        assert said.endswith('(write ["84"]).')


def test_answer_for_answers_is_one_mistake_and_harmless_beside_answers() -> None:
    record = {"id": "q", "question": "Who?", "answer": "Ann"}
    assert mistakes(record) == ["'answer' is not a known key (did you mean 'answers'?)."]
    assert mistakes({**record, "answers": ["Ann"]}) == []


UNSUITED: list[tuple[Answer, dict[str, Any]]] = [
    (LABEL, {"answers": ["refnd"]}),
    (LABEL, {"answers": ["refund", "Parking"]}),
    (LABEL, {"answers": ["refund"], "choices": ["refund", "x"]}),
    (LABEL, {"answers": [], "answerable": False}),
    (JSON, {"answers": ["{a: 1}"]}),
    (JSON, {"answers": ["[1]"]}),
    (JSON, {"answers": ['{"a": NaN}']}),
    (CHOICE, {"answers": ["Ann"]}),
    (PLAIN, {"answers": [], "answerable": False}),
]


def test_a_question_must_suit_the_answer_type(snapshots: Snapshots) -> None:
    lines = []
    for answer, record in UNSUITED:
        (sentence,) = mistakes({**GOOD, **record}, answer)
        lines.append(f"{answer.type}: {record}\n    {sentence}\n")
    snapshots.check("spec/questions_by_answer_type.txt", "".join(lines))


def test_what_suits_the_answer_type_is_accepted() -> None:
    assert mistakes({**GOOD, "answers": ["parking"]}, LABEL) == []
    assert (
        mistakes({**GOOD, "answers": ['{\n "a": 1}']}, JSON) == []
    )  # JSON may be written over several lines
    assert mistakes({**GOOD, "choices": ["Ann", "Bob"]}, CHOICE) == []
    assert mistakes({**GOOD, "answers": ["a\nb", "c"]}) == []
    assert mistakes({**GOOD, "answers": ["anything"]}, None) == []


def test_lines_are_counted_over_blank_ones_and_not_at_unicode_separators(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    first = json.dumps({**GOOD, "question": "a\u2028b\u0085c"}, ensure_ascii=False)
    path.write_bytes(("\ufeff" + first + "\r\n\r\n \n" + json.dumps({**GOOD, "id": "r"})).encode())
    file = read_questions(path, TEXT)
    assert file.errors == ()
    assert file.lines == {"q": 1, "r": 4}
    assert file.questions[0].question == "a\u2028b\u0085c"


def test_all_mistakes_of_a_file_come_at_once_with_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", GOOD, "{", GOOD, {**GOOD, "id": "r", "answers": []}, "[]")
    said = [
        str(error).replace(f"{tmp_path}/", "").split(": ")[0] for error in read_questions(path, TEXT).errors
    ]
    assert said == ["q.jsonl:2", "q.jsonl:3", "q.jsonl:4", "q.jsonl:5"]
    assert "the id 'q' is taken already, in line 1." in str(read_questions(path, TEXT).errors[1])


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file_holds_no_questions(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(text, encoding="utf-8")
    assert [str(error) for error in read_questions(path, TEXT).errors] == [
        f"{path}: the file holds no questions."
    ]


@pytest.mark.parametrize("text", ["\ufeffQuestion;Answer\r\nWho?;Ann\r\n", '\n[\n {"id": "q"}\n]\n'])
def test_a_table_or_a_list_in_place_of_lines_is_one_mistake_with_the_way_out(
    tmp_path: Path, text: str
) -> None:
    path = write(tmp_path / "test.jsonl", text)
    (error,) = read_questions(path, TEXT).errors
    assert "is no JSON object" in str(error)
    assert "`harness tasks import` makes such files" in str(error)


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n" + '{"id": "é"}'.encode("latin-1"))
    with pytest.raises(InputError, match=r"q\.jsonl:2: not UTF-8"):
        read_questions(path, TEXT)


def test_a_file_that_git_lfs_did_not_fetch_is_named_as_that(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n")
    with pytest.raises(InputError, match=r"Git LFS pointer.*git lfs pull"):
        read_questions(path, None)


def test_gold_documents_are_named_in_the_composed_form_of_unicode() -> None:
    row = {"id": "q", "question": "Wie lange?", "answers": ["a"], "gold_docs": ["Gro\u0308\u00dfen"]}
    question, mistakes = parse_record(json.dumps(row), None)
    assert not mistakes
    assert question is not None
    assert question.gold_docs == ("Gr\u00f6\u00dfen",)


def test_ids_are_unique_over_all_files_of_a_task(tmp_path: Path) -> None:
    test = read_questions(write(tmp_path / "test.jsonl", GOOD), TEXT)
    train = read_questions(write(tmp_path / "train.jsonl", {**GOOD, "question": "Whom?"}), TEXT)
    said = [str(error) for error in across({"test": test, "train": train})]
    assert said == [f"{train.path}:1: the id 'q' is taken already, at {test.path}:1."]


@pytest.mark.parametrize("role", ["train", "dev"])
def test_a_test_question_in_other_spelling_is_a_leak(tmp_path: Path, role: str) -> None:
    test = read_questions(write(tmp_path / "test.jsonl", {**GOOD, "question": "Who is the “mayor”?"}), TEXT)
    copy = {**GOOD, "id": "r", "question": " who is  the mayor "}
    other = read_questions(write(tmp_path / "other.jsonl", {**GOOD, "id": "s"}, copy), TEXT)
    assert leaks({"test": test, role: other}) == {other.questions[1].id: f"{test.path}:1"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"question": "What is 3-4?"}, {"question": "What is 34?"}),
        ({"question": "What is 2 + 2?"}, {"question": "What is 2 - 2?"}),
        (
            {"question": "Which holds?", "answers": ["a"], "choices": ["a", "b"]},
            {"question": "Which holds?", "answers": ["c"], "choices": ["c", "d"]},
        ),
    ],
)
def test_different_questions_are_no_leak(tmp_path: Path, one: dict[str, Any], other: dict[str, Any]) -> None:
    test = read_questions(write(tmp_path / "test.jsonl", {**GOOD, **one}), TEXT)
    train = read_questions(write(tmp_path / "train.jsonl", {**GOOD, "id": "r", **other}), TEXT)
    assert leaks({"test": test, "train": train}) == {}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_KEYS = st.sampled_from(
    [
        "id",
        "question",
        "answers",
        "gold_docs",
        "answerable",
        "choices",
        "tags",
        "fact_id",
        "cluster",
        "answer",
        "x",
    ]
)
_ANSWERS = st.sampled_from([TEXT, PLAIN, LABEL, JSON, CHOICE, None])


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.text('{}[]":,idntrue0.-e \\u', max_size=60), _ANSWERS)
def test_no_line_of_garbage_raises(line: str, answer: Answer | None) -> None:
    question, said = parse_record(line, answer)
    assert question is None
    assert said


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_KEYS, _JSON, max_size=8), _ANSWERS)
def test_every_object_is_a_question_or_a_list_of_sentences(
    row: dict[str, Any], answer: Answer | None
) -> None:
    question, said = parse_record(json.dumps(row), answer)
    assert said or isinstance(question, Question)
    for sentence in said:
        sentence.encode("utf-8")  # printable on any terminal


def test_what_no_person_wrote_is_refused_at_once() -> None:
    many = {"id": "a", "question": "Who?", "answers": ["x"], **{f"answer{n}": n for n in range(60_000)}}
    assert mistakes(many, TEXT) == ["has 60,003 keys; a question has some ten."]
    (long,) = parse_record('{"id": "' + "x" * 10_000_000 + '"}', TEXT)[1]
    assert long == "has more than 10,000,000 characters, which is no question."
    (digits,) = parse_record('{"id": ' + "9" * 1_000_000 + "}", TEXT)[1]
    assert digits == "broken JSON: a number has more than 4,300 digits."
