"""Right answers as a source writes them → those of a question record, for the one kind of task that it makes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import InputError, LazyText, shown
from harness.imports.choices import options_of, way_of
from harness.imports.columns import Columns
from harness.imports.rows import Table
from harness.imports.values import as_text, is_empty, objects_of, one_line, texts_of
from harness.quantities import counted, listed
from harness.spec.remarks import spelt_alike
from harness.spec.taskspec import Answer

REFUSAL = "not in the documents"
"""The right reply where the source says that a question has no answer, and no flag says what to reply."""
_MARKS = ("answerable", "isimpossible", "impossible")
"""Columns that say whether a question has an answer, as `folded` has them."""
_BROKEN = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
"""What a spreadsheet shows where a formula fails."""
_NOTHING = frozenset({"n/a", "na", "nan", "null", "none", "nil", "-", "–", "?", "tbd", "todo"})
"""What programs and people write into a cell that holds nothing; it may also be an answer."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MOST_TOKENS = 1_000_000
"""Room for every answer while questions are checked: how many a task allows is worked out from all of them."""
_FEW_LABELS, _SEVERAL = 20, 5
_FEW_CELLS = 10
"""One cell in so many is worth a remark."""
_MOST_LABELS = 1000
"""More than a prompt can name."""


class Fault(Exception):
    """Why a row is no question: a sentence on its cell in `column`, of a `kind` that other rows may share; `hint`:
    what may be done about that kind."""

    def __init__(self, column: str | None, kind: str, text: str | LazyText, hint: str = "") -> None:
        super().__init__(text)
        self.column, self.kind, self.text, self.hint = column, kind, text, hint


@dataclass
class AnswerReader:
    """Reads the answer of a row, by its index. `answer`: what the task asks for."""

    answer: Answer
    read: Callable[[int], dict[str, Any]]
    unanswerable: Callable[[int], bool]
    remarks: tuple[str, ...] = ()


def answers_of(
    table: Table,
    columns: Columns,
    cells: Mapping[str, Sequence[Any]],
    separator: str | None,
    refusal: str | None,
) -> AnswerReader:
    """The reader of a table's answers: options where there are choices, labels where a column holds these, JSON where
    every answer is an object, else texts. Raises InputError for labels that are none."""
    impossible = _impossible(table, cells[str(columns.answer)] if columns.answer else ())
    if columns.choices:
        return _choosing(table, columns, cells, separator, refusal, impossible)
    if columns.label:
        return _labelling(table, columns.label, cells[columns.label], separator)
    column = str(columns.answer)
    values = cells[column]
    objects = [objects_of(value) for value in values if value == {} or not is_empty(value)]
    if objects and None not in objects:
        return _writing_json(table, column, values)
    return _phrasing(table, column, values, separator, refusal, impossible)


def _impossible(table: Table, answers: Sequence[Any]) -> Sequence[bool]:
    """Of each row whether the source says that its question has no answer: in a column, or by an empty list of texts,
    as SQuAD's rows do."""
    column = table.plain(_MARKS)
    says = "false" if column and column.casefold() == "answerable" else "true"
    said = [column is not None and one_line(row.cells.get(column)) in _SAID[says] for row in table.rows]
    empty = [isinstance(answer, Mapping) and answer.get("text") == [] for answer in answers] or [False] * len(
        said
    )
    return [mark or none for mark, none in zip(said, empty, strict=True)]


_SAID = {"false": ("no", "false", "False", "FALSE", "0"), "true": ("yes", "true", "True", "TRUE", "1")}


def _phrasing(
    table: Table,
    column: str,
    values: Sequence[Any],
    separator: str | None,
    refusal: str | None,
    impossible: Sequence[bool],
) -> AnswerReader:
    """Short texts, some of which may be refusals."""
    marked = sum(impossible)
    reply = refusal or (REFUSAL if marked else None)
    remarks = []
    if marked and refusal is None:
        remarks.append(
            f"{table.path}: {counted(marked, 'question has', 'questions have')} no answer; the right reply is "
            f"{REFUSAL!r} (--refusal says another)."
        )
    objects = sum(not is_empty(value) and objects_of(value) is not None for value in values)
    if objects:
        remarks.append(
            f"{table.path}: {column!r} holds objects in {counted(objects, 'row')} and texts in others, so objects are "
            "right answers as JSON writes them. --answer may name what they hold: COLUMN.KEY."
        )
    texts = [texts_of(value, separator, as_text) for value in values]
    different = {text for row in texts for text in row}
    if len(values) >= _SEVERAL * len(different) and 1 < len(different) <= _FEW_LABELS:
        remarks.append(
            f"{table.path}: {column!r} has {len(different)} different values in {counted(len(values), 'row')}: where "
            "these are labels to choose from, give it as --label."
        )
    remarks += [*_nothing(table, column, texts), *_whole_numbers(table, column, texts)]
    remarks += [] if separator else _several(table, column, texts)

    def unanswerable(index: int) -> bool:
        return impossible[index] or not texts[index]

    def read(index: int) -> dict[str, Any]:
        if impossible[index] or (refusal is not None and not texts[index]):
            return {"answers": [], "answerable": False}
        return {"answers": _filled(table, column, texts[index], _EMPTY)}

    return AnswerReader(
        Answer(type="text", max_tokens=_MOST_TOKENS, refusal=reply),
        read,
        unanswerable,
        tuple(remarks),
    )


def _several(table: Table, column: str, texts: Sequence[Sequence[str]]) -> list[str]:
    """A remark on cells that may hold several answers; of one answer each, as no separator was given."""
    for mark in ";|":
        rows = sum(mark in text for row in texts if len(row) == 1 for text in row)
        if rows and rows * _FEW_CELLS >= len(texts):
            return [
                f"{table.path}: {column!r} holds {mark!r} in {counted(rows, 'cell')}, each read as one answer: where "
                f"it stands between several, give --answers-separator {mark!r}."
            ]
    return []


def _whole_numbers(table: Table, column: str, texts: Sequence[Sequence[str]]) -> list[str]:
    """A remark on numbers of which all end in .0: so data frames write whole numbers beside empty cells."""
    numbers = [text for row in texts for text in row if _NUMBER.fullmatch(text)]
    if len(numbers) < 2 or not all(number.endswith(".0") for number in numbers):
        return []
    return [
        f"{table.path}: all numbers in {column!r} end in .0, such as {numbers[0]}, and a reply of "
        f"{numbers[0].removesuffix('.0')} is wrong: where they are whole numbers, write them so."
    ]


def _nothing(table: Table, column: str, texts: Sequence[Sequence[str]]) -> list[str]:
    """A remark on answers that may mean that there is none."""
    found = Counter(row[0] for row in texts if len(row) == 1 and row[0].casefold() in _NOTHING)
    rows = counted(found.total(), "row")
    said = (
        f"{table.path}: {column!r} holds {listed(map(shown, found))} in {rows}, taken as an answer: where it means "
        "that there is none, leave the cell empty and give --refusal."
    )
    return [said] if found else []


_EMPTY = " Write an answer, or give --refusal TEXT, the right reply where there is none."
_FORMULA = " A formula that was never calculated counts as empty: open the file in a spreadsheet and save it."


def _filled(table: Table, column: str, texts: list[str], hint: str = "") -> list[str]:
    """The texts of a cell. Raises Fault where there are none, or a formula failed."""
    if not texts:
        formula = _FORMULA if table.path.suffix.lower() == ".xlsx" else ""
        raise Fault(column, "empty", "is empty.", f"{hint}{formula}")
    for text in texts:
        if text in _BROKEN:
            raise Fault(column, "formula", f"holds {text}, the error of a formula.")
    return texts


def _writing_json(table: Table, column: str, values: Sequence[Any]) -> AnswerReader:
    def read(index: int) -> dict[str, Any]:
        found = objects_of(values[index])
        if not found:
            raise Fault(column, "empty", "is empty.")
        return {"answers": found}

    listed_objects = next((value for value in values if isinstance(value, list) and value), None)
    remarks = []
    if listed_objects:
        keys = listed(f"{column}.{key}" for key in listed_objects[0])
        remarks.append(
            f"{table.path}: {column!r} holds lists of objects, so the task asks for JSON, and any object of a list is "
            f"right; --answer may name a key instead: {keys}."
        )
    return AnswerReader(Answer(type="json", max_tokens=_MOST_TOKENS), read, lambda _: False, tuple(remarks))


def _labelling(table: Table, column: str, values: Sequence[Any], separator: str | None) -> AnswerReader:
    names = table.classes.get(column, ())
    remarks = []

    def named(value: Any) -> Any:
        if names and isinstance(value, int):
            return names[value] if 0 <= value < len(names) else None
        return value

    texts = [
        texts_of([named(one) for one in value] if isinstance(value, list) else named(value), separator)
        for value in values
    ]
    found = Counter(text for row in texts for text in row if text not in _BROKEN)
    labels = [name for name in dict.fromkeys(names) if name in found] or sorted(found)
    if len(labels) < 2:
        only = f"only {shown(labels[0])}" if labels else "no label"
        raise InputError(
            f"--label: {column!r} holds {only}, and a label task chooses between two or more.",
            path=table.path,
        )
    if len(labels) > min(_MOST_LABELS, max(_FEW_LABELS, len(values) // 2)):
        raise InputError(
            f"--label: {column!r} has {len(labels):,} different values in {counted(len(values), 'row')}, and labels "
            "repeat; give it as --answer.",
            path=table.path,
        )
    if alike := spelt_alike(labels):
        first = listed(map(repr, alike[0]))
        more = f", and so with {counted(len(alike) - 1, 'other label')}" if len(alike) > 1 else ""
        remarks.append(
            f"{table.path}: {column!r} holds {first}{more}: each spelling is a label of its own, and a reply is "
            "right in one of them alone. Spell each label in one way."
        )
    joined = next(
        (label for label in labels if len(parts := _parts(label)) > 1 and {*parts} <= {*labels}), None
    )
    if joined is not None:
        remarks.append(
            f"{table.path}: {column!r} holds {joined!r}, which reads like several labels, and is one: "
            "--answers-separator parts them, and either is then right."
        )
    if all(label.lstrip("-").isdecimal() for label in labels):
        remarks.append(
            f"{table.path}: the labels are the numbers {listed(labels, _SEVERAL)}: a model does better with words, so "
            "write in the task file's prompt what each means."
        )
    answer = Answer(type="label", max_tokens=_MOST_TOKENS, labels=tuple(labels))
    return AnswerReader(
        answer,
        lambda index: {"answers": _filled(table, column, texts[index])},
        lambda _: False,
        tuple(remarks),
    )


def _parts(label: str) -> list[str]:
    return [part.strip() for part in re.split("[,;|]", label)]


def _choosing(
    table: Table,
    columns: Columns,
    cells: Mapping[str, Sequence[Any]],
    separator: str | None,
    refusal: str | None,
    impossible: Sequence[bool],
) -> AnswerReader:
    """Options of each question, of which one is right. Where some questions have none, these are answered in words."""
    column = str(columns.answer or columns.label)
    options = [
        options_of({name: cells[name][index] for name in columns.choices}, separator)
        for index in range(len(table.rows))
    ]
    answers = [texts_of(value) for value in cells[column]]
    named = [(text, own) for texts, own in zip(answers, options, strict=True) for text in texts]
    way, said = way_of(named, table.path)
    words = _phrasing(table, column, cells[column], separator, refusal, impossible)
    mixed = any(own.texts for own in options) and not all(own.texts for own in options)

    def read(index: int) -> dict[str, Any]:
        own = options[index]
        if mixed and not own.texts:
            return words.read(index)
        places = [(text, way(text, own)) for text in _filled(table, column, answers[index])]
        wrong = next((text for text, place in places if place is None), None)
        if len(own.texts) < 2:
            raise Fault(
                columns.choices[0], "choices", f"holds {counted(len(own.texts), 'option')}.", _OPTIONS
            )
        if wrong is not None:
            raise Fault(column, "none", f"{shown(wrong)} is none of {counted(len(own.texts), 'option')}.")
        return {
            "choices": list(own.texts),
            "answers": [own.texts[place] for _, place in places if place is not None],
        }

    remarks = (f"{table.path}: {said}.",) if said else ()
    if mixed:
        return AnswerReader(words.answer, read, words.unanswerable, (*remarks, *words.remarks))
    return AnswerReader(Answer(type="choice", max_tokens=1), read, lambda _: False, remarks)


_OPTIONS = (
    " Options are a list, a text with --answers-separator between them, or several columns: --choices A,B,C."
)
