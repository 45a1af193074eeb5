"""A question file (JSONL) → questions, with every mistake as `file:line: what is wrong`.

Two kinds of mistakes: a record that is no question at all (its shape), and a question that the task
could not ask or score (its sense). Keys that a record does not need are left alone, as real data carries
many, unless one looks like a misspelling of a key that is absent.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.errors import InputError, LazyText, did_you_mean, nearest, shown
from harness.files import numbered_lines, read_json, read_source
from harness.records import Question
from harness.scoring.normal import normalise
from harness.spec.kinds import METRIC, kind_of, misspelled
from harness.spec.mistakes import is_unicode
from harness.spec.taskspec import Answer

_TEXTS = ("id", "question", "fact_id", "cluster")
_LISTS = ("answers", "gold_docs", "choices", "tags")
_FIELDS = (*_TEXTS, *_LISTS, "answerable")
LONGEST, LONGEST_RECORD = 200_000_000, 10_000_000
"""The most bytes of a question file, and characters of a question."""
MOST_KEYS = 1000
_NAMED = 12
_OTHER_FORM = (
    "is no JSON object, {…}: a question file holds one a line. Of a table (as CSV) or a list of records, "
    "`harness tasks import` makes such files."
)
Said = str | LazyText


@dataclass(frozen=True)
class QuestionFile:
    """A question file as it was read: `lines` tells the line of each id, `errors` all that is wrong."""

    path: Path
    sha256: str
    questions: tuple[Question, ...] = ()
    lines: dict[str, int] = field(default_factory=dict)
    errors: tuple[InputError, ...] = ()

    def place(self, question: Question) -> str:
        return f"{self.path}:{self.lines[question.id]}"


def read_questions(path: Path, answer: Answer | None, metrics: Sequence[str] = ()) -> QuestionFile:
    """Read a question file; never raises for what is in it, but lists the mistakes in `errors`.

    Without `answer` (the task file is wrong there) only what every type asks for is checked. `metrics`: of the task;
    what a record says of its kind is held to its form where one of them goes by it.
    Raises InputError where the file is missing, unreadable or not UTF-8.
    """
    source = read_source(path, LONGEST)
    questions: list[Question] = []
    lines: dict[str, int] = {}
    errors: list[InputError] = []
    records = 0
    for number, line in numbered_lines(source.text):
        if not records and not line.lstrip().startswith("{"):
            return QuestionFile(
                path, source.sha256, errors=(InputError(_OTHER_FORM, path=path, line=number),)
            )
        records += 1
        question, mistakes = parse_record(line, answer, metrics)
        if question and question.id in lines:
            mistakes.append(f"the id {shown(question.id)} is taken already, in line {lines[question.id]}.")
        elif question:
            lines[question.id] = number
            questions.append(question)
        errors += [InputError(mistake, path=path, line=number) for mistake in mistakes]
    if not records:
        errors.append(InputError("the file holds no questions.", path=path))
    return QuestionFile(path, source.sha256, tuple(questions), lines, tuple(errors))


def parse_record(
    line: str, answer: Answer | None, metrics: Sequence[str] = ()
) -> tuple[Question | None, list[Said]]:
    """One line of a question file: the question (None where its shape is wrong) and its mistakes."""
    if len(line) > LONGEST_RECORD:
        return None, [f"has more than {LONGEST_RECORD:,} characters, which is no question."]
    try:
        row = read_json(line, _distinct)
    except json.JSONDecodeError as error:
        return None, [f"broken JSON at column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}."]
    except ValueError as error:
        return None, [f"broken JSON: {error}."]
    except RecursionError:
        return None, ["broken JSON: nested too deeply."]
    if not isinstance(row, dict):
        return None, ["is not a JSON object: a question is {…} with id, question and answers."]
    if answer is None or answer.type == "json":
        try:
            row |= _objects_as_texts(row.get("answers"))
        except RecursionError:
            return None, ["broken JSON: nested too deeply."]
    mistakes = _shape(row)
    if mistakes:
        return None, mistakes
    texts: dict[str, Any] = {key: row.get(key) for key in _TEXTS}
    lists: dict[str, Any] = {key: tuple(row.get(key) or ()) for key in _LISTS}
    lists["gold_docs"] = tuple(unicodedata.normalize("NFC", doc) for doc in lists["gold_docs"])
    kind, wrong = kind_of(row, answer.tolerance) if answer and answer.type == "text" else ({}, [])
    question = Question(**texts, **lists, **({} if wrong else kind), answerable=row.get("answerable", True))
    if METRIC in metrics:
        wrong += misspelled(row, _FIELDS)
    return question, [*_sense(question, answer), *(wrong if METRIC in metrics else ())]


def _objects_as_texts(answers: Any) -> dict[str, list[Any]]:
    """The answers of a json task: an object may stand as it is, and is kept as the text that a model would write."""
    if not isinstance(answers, list):
        return {}
    return {"answers": [json.dumps(x, ensure_ascii=False) if isinstance(x, dict) else x for x in answers]}


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise ValueError(f"the key {shown(twice)} is given twice")
    return row


def _shape(row: dict[str, Any]) -> list[Said]:
    """What keeps a record from being a question: missing keys, misspelled keys, wrong types."""
    if len(row) > MOST_KEYS:
        return [f"has {len(row):,} keys; a question has some ten."]
    meant = {near: key for key in row if (near := _meant(key)) and near not in row}
    mistakes: list[Said] = [
        f"{shown(key)} is not a known key (did you mean {near!r}?)." for near, key in meant.items()
    ]
    mistakes += [f"{key!r} is missing." for key in ("id", "question") if key not in row and key not in meant]
    unanswerable = row.get("answerable") is False
    if "answers" not in row and "answers" not in meant and not unanswerable:
        mistakes.append("'answers' is missing (only a question with answerable: false has none).")
    mistakes += [text for key in _TEXTS if key in row and (text := _wrong_text(key, row[key]))]
    mistakes += [text for key in _LISTS if key in row and (text := _wrong_list(key, row[key]))]
    if "answerable" in row and not isinstance(row["answerable"], bool):
        mistakes.append(f"'answerable' must be true or false, but is {shown(row['answerable'])}.")
    return mistakes


@lru_cache(maxsize=1024)
def _meant(key: str) -> str | None:
    """The known key that an unknown one is probably a misspelling of."""
    return None if key in _FIELDS else next(iter(nearest(key, _FIELDS, cutoff=0.85)), None)


def _wrong_text(key: str, value: Any) -> str:
    if value is None and key not in ("id", "question"):
        return ""  # optional, and left open
    if not isinstance(value, str):
        return f"{key!r} must be text, but is {shown(value)}{_as_text(value)}."
    if not value.strip():
        return f"{key!r} is empty."
    return "" if is_unicode(value) else f"{key!r} has half a surrogate pair, which is no character."


def _as_text(value: Any) -> str:
    """What to write in place of a number."""
    return f" (write {json.dumps(str(value))})" if type(value) in (int, float) else ""


def _wrong_list(key: str, value: Any) -> str:
    if value is None and key != "answers":
        return ""  # optional, and left open
    if not isinstance(value, list):
        short = type(value) in (str, int, float) and len(str(value)) <= 60
        hint = f" (write [{json.dumps(str(value), ensure_ascii=False)}])" if short else ""
        hint = " (write [{…}])" if isinstance(value, dict) and key == "answers" else hint
        return f"{key!r} must be a list of texts, but is {shown(value)}{hint}."
    wrong = [entry for entry in value if not isinstance(entry, str) or not entry.strip()]
    if wrong:
        return f"{key!r} must hold texts that are not empty, but holds {shown(wrong[0])}{_as_text(wrong[0])}."
    good = all(is_unicode(text) for text in value)
    return "" if good else f"{key!r} has half a surrogate pair, which is no character."


def _sense(question: Question, answer: Answer | None) -> list[Said]:
    """What keeps the task from asking or scoring a question of good shape."""
    mistakes: list[Said] = [*_wrong_answers(question, answer), *_wrong_choices(question, answer)]
    if answer is None or not question.answers:
        return mistakes
    if answer.type == "label" and answer.labels:
        strange = [text for text in question.answers if text not in _as_set(answer.labels)]
        mistakes += [LazyText(_strange, text, answer.labels) for text in strange[:1]]
    if answer.type == "json":
        mistakes += [text for reply in question.answers if (text := _wrong_object(reply))]
    if answer.type == "text":
        empty = [text for text in question.answers if not normalise(text)]
        mistakes += [
            f"nothing is left of the answer {shown(text)} once texts are normalised." for text in empty
        ]
    if answer.type in ("text", "label") and not question.choices:
        mistakes += _cut_short(question, answer)
    return mistakes


def _strange(text: str, labels: Sequence[str]) -> str:
    return f"the answer {shown(text)} is not in answer.labels{did_you_mean(text, labels)}."


@lru_cache(maxsize=1)
def _as_set(labels: tuple[str, ...]) -> frozenset[str]:
    return frozenset(labels)


def _wrong_answers(question: Question, answer: Answer | None) -> list[str]:
    if question.answerable:
        empty = "'answers' is empty (only a question with answerable: false has none)."
        return [] if question.answers else [empty]
    if question.answers:
        return ["a question with answerable: false has no answers; leave 'answers' empty."]
    if question.choices:
        return ["a question with choices is answered by picking one, so it cannot have answerable: false."]
    if answer is not None and answer.type != "text":
        cannot = "cannot be refused, so the question cannot have answerable: false."
        return [f"answers of type {answer.type} {cannot}"]
    if answer is not None and answer.refusal is None:
        return ["a question with answerable: false needs answer.refusal, the right reply, in the task file."]
    return []


def _wrong_choices(question: Question, answer: Answer | None) -> list[str]:
    choices = question.choices
    if not choices:
        missing = "'choices' is missing: answers of type choice need them."
        return [missing] if answer and answer.type == "choice" else []
    mistakes: list[str] = []
    if answer and answer.type not in ("choice", "text"):
        only = "only with choice and text."
        mistakes.append(f"'choices' cannot be used with answers of type {answer.type}, {only}")
    if len(choices) < 2:
        mistakes.append("'choices' needs at least two.")
    if len(set(choices)) < len(choices):
        twice = next(text for text, times in Counter(choices).items() if times > 1)
        mistakes.append(f"'choices' holds {shown(twice)} more than once.")
    if question.answers and not set(question.answers) & set(choices):
        known = ", ".join(map(shown, choices[:_NAMED])) + ", …" * (len(choices) > _NAMED)
        mistakes.append(f"none of the answers is among the choices, {known}.")
    return mistakes


def _wrong_object(reply: str) -> str:
    try:
        value = read_json(reply)
    except json.JSONDecodeError as error:
        return f"the answer {shown(reply)} is not JSON: {error.msg[:1].lower()}{error.msg[1:]}."
    except (ValueError, RecursionError) as error:
        return f"the answer {shown(reply)} is not JSON: {error}."
    return "" if isinstance(value, dict) else f"the answer {shown(reply)} is not a JSON object {{…}}."


def _cut_short(question: Question, answer: Answer) -> list[str]:
    """An answer that holds a stop text can never be given in full."""
    for stop in answer.stop:
        if all(stop in text.strip() for text in question.answers):
            return [f"every answer holds the stop text {shown(stop)}, so none could be given in full."]
    return []


def across(files: Mapping[str, QuestionFile]) -> list[InputError]:
    """Mistakes between the files of a task (by role): an id taken twice."""
    errors: list[InputError] = []
    seen: dict[str, str] = {}
    for file in files.values():
        for question in file.questions:
            first = seen.setdefault(question.id, file.place(question))
            if first != file.place(question):
                text = f"the id {shown(question.id)} is taken already, at {first}."
                errors.append(InputError(text, path=file.path, line=file.lines[question.id]))
    return errors


def leaks(files: Mapping[str, QuestionFile]) -> dict[str, str]:
    """Train and dev questions that are test questions too: question id → where the test question stands.

    Not a mistake of the author's: short utterances ("Not today.") do recur in real data. But a test question
    must stay unseen, so whoever trains leaves these out.
    """
    test = files.get("test")
    if test is None:
        return {}
    asked = {same_words(question): test.place(question) for question in reversed(test.questions)}
    return {
        question.id: asked[key]
        for role, file in files.items()
        if role != "test"
        for question in file.questions
        if (key := same_words(question)) in asked
    }


def same_words(question: Question) -> tuple[str, Sequence[str]]:
    """What two spellings of one question share: the normalised words, the choices. Near copies are judged elsewhere."""
    return normalise(question.question).text, tuple(sorted(question.choices))
