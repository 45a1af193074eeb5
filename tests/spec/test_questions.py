"""Question files: each mistake at its line, real data's extra keys let through, no other exception ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.records import Question
from harness.spec.questions import across, leaks, parse_record, read_questions
from harness.spec.taskspec import Answer

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


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("{", "broken JSON at column 2"),
        ("nonsense", "broken JSON at column 1"),
        ('{"id": "a"} {"id": "b"}', "broken JSON at column 13: extra data"),
        ("[" * 100_000, "broken JSON: nested too deeply."),
        ('{"id": "a", "w": NaN}', "broken JSON: NaN is no JSON value."),
        ('{"id": "a", "w": -Infinity}', "broken JSON: -Infinity is no JSON value."),
        ('{"id": "a", "w": ' + "9" * 5000 + "}", "broken JSON: "),
        ('{"id": "a", "id": "b"}', "broken JSON: the key 'id' is given twice."),
        ("[1]", "is not a JSON object"),
        ("null", "is not a JSON object"),
        ({**GOOD, "id": ""}, "'id' is empty."),
        ({**GOOD, "id": 7}, "'id' must be text, but is 7 (write \"7\")."),
        ({**GOOD, "id": None}, "'id' must be text, but is None."),
        ({"question": "Who?", "answers": ["Ann"]}, "'id' is missing."),
        ({"id": "q", "answers": ["Ann"]}, "'question' is missing."),
        ({**GOOD, "question": " "}, "'question' is empty."),
        ({**GOOD, "question": ["Who?"]}, "'question' must be text, but is ['Who?']."),
        ({**GOOD, "question": "\ud800"}, "'question' has half a surrogate pair"),
        ({**GOOD, "fact_id": 3}, "'fact_id' must be text, but is 3"),
        ({**GOOD, "answers": "Ann"}, "'answers' must be a list of texts, but is 'Ann' (write [\"Ann\"])."),
        ({**GOOD, "answers": None}, "'answers' must be a list of texts, but is None."),
        ({**GOOD, "answers": [1]}, "'answers' must hold texts that are not empty, but holds 1."),
        ({**GOOD, "answers": [None]}, "'answers' must hold texts that are not empty, but holds None."),
        ({**GOOD, "answers": ["Ann", " "]}, "'answers' must hold texts that are not empty, but holds ' '."),
        ({**GOOD, "answers": ["\udfff"]}, "'answers' has half a surrogate pair"),
        ({**GOOD, "answers": []}, "'answers' is empty (only a question with answerable: false has none)."),
        ({"id": "q", "question": "Who?"}, "'answers' is missing (only a question with answerable: false"),
        ({**GOOD, "gold_docs": "d"}, "'gold_docs' must be a list of texts, but is 'd'"),
        ({**GOOD, "tags": {"a": 1}}, "'tags' must be a list of texts"),
        ({**GOOD, "answerable": "no"}, "'answerable' must be true or false, but is 'no'."),
        ({**GOOD, "answerable": None}, "'answerable' must be true or false, but is None."),
        ({**GOOD, "answerable": False}, "a question with answerable: false has no answers"),
        ({**GOOD, "choices": ["Ann"]}, "'choices' needs at least two."),
        ({**GOOD, "choices": ["Ann", "Bob", "Bob"]}, "'choices' holds 'Bob' more than once."),
        ({**GOOD, "choices": ["Bob", "Cay"]}, "none of the answers is among the choices, 'Bob', 'Cay'."),
        (
            {**GOOD, "answers": [], "answerable": False, "choices": ["a", "b"]},
            "a question with choices is answered by",
        ),
        ({**GOOD, "answers": ["a\nb", "c\nd"]}, "every answer holds the stop text '\\n'"),
    ],
)
def test_a_wrong_record_gets_one_sentence(record: Any, said: str) -> None:
    got = mistakes(record)
    assert len(got) == 1, got
    assert got[0].startswith(said)


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


def test_answer_for_answers_is_one_mistake_and_harmless_beside_answers() -> None:
    record = {"id": "q", "question": "Who?", "answer": "Ann"}
    assert mistakes(record) == ["'answer' is not a known key (did you mean 'answers'?)."]
    assert mistakes({**record, "answers": ["Ann"]}) == []


@pytest.mark.parametrize(
    ("answer", "record", "said"),
    [
        (
            LABEL,
            {"answers": ["refnd"]},
            "the answer 'refnd' is not in answer.labels (did you mean 'refund'?).",
        ),
        (
            LABEL,
            {"answers": ["refund", "Parking"]},
            "the answer 'Parking' is not in answer.labels (did you mean",
        ),
        (
            LABEL,
            {"answers": ["refund"], "choices": ["refund", "x"]},
            "'choices' cannot be used with answers of type label",
        ),
        (LABEL, {"answers": [], "answerable": False}, "answers of type label cannot be refused"),
        (JSON, {"answers": ["{a: 1}"]}, "the answer '{a: 1}' is not JSON: expecting property name"),
        (JSON, {"answers": ["[1]"]}, "the answer '[1]' is not a JSON object {…}."),
        (JSON, {"answers": ['{"a": NaN}']}, "the answer '{\"a\": NaN}' is not JSON: NaN is no JSON value."),
        (CHOICE, {"answers": ["Ann"]}, "'choices' is missing: answers of type choice need them."),
        (
            PLAIN,
            {"answers": [], "answerable": False},
            "a question with answerable: false needs answer.refusal",
        ),
    ],
)
def test_a_question_must_suit_the_answer_type(answer: Answer, record: dict[str, Any], said: str) -> None:
    got = mistakes({**GOOD, **record}, answer)
    assert len(got) == 1, got
    assert got[0].startswith(said)


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


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n" + '{"id": "é"}'.encode("latin-1"))
    with pytest.raises(InputError, match=r"q\.jsonl:2: not UTF-8"):
        read_questions(path, TEXT)


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
