"""Rows of a table → questions, by the columns that flags name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from unicodedata import normalize

from harness.corpus.documents import read_corpus
from harness.errors import InputError, InputErrors, Later, did_you_mean, raise_all, shown
from harness.imports.draft import SPLITS, Draft
from harness.imports.sheet import Row, Sheet, read_sheet


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what; None: there is none."""

    question: str
    answer: str
    id: str | None = None
    gold: str | None = None
    split: str | None = None

    def found_in(self, sheet: Sheet) -> Columns:
        """The names as the sheet has them. Raises InputErrors for all that it lacks."""
        names: dict[str, str] = {}
        errors: list[InputError] = []
        for field in self.__slots__:
            wanted = getattr(self, field)
            if wanted is not None:
                try:
                    names[field] = sheet.column(wanted, f"--{field}")
                except InputError as error:
                    errors.append(error)
        raise_all(errors)
        return Columns(**names)

    @property
    def named(self) -> list[str]:
        return [name for field in self.__slots__ if (name := getattr(self, field)) is not None]


@dataclass(frozen=True, slots=True)
class Reading:
    """How cells are read. `separator`: between several answers (or gold documents) of a cell; None: a cell holds one.

    `refusal`: the right reply to questions without an answer; None: each has one. `corpus`: holds the gold documents.
    """

    separator: str | None = None
    refusal: str | None = None
    corpus: Path | None = None
    sheet: str | None = None


def draft_of_table(path: Path, columns: Columns, reading: Reading) -> Draft:
    """A draft of the questions in a CSV, TSV or XLSX file. Raises InputErrors with row and column of every mistake."""
    if columns.gold and reading.corpus is None:
        raise InputError("--gold names documents of a corpus: say where it lies with --corpus.")
    sheet = read_sheet(path, columns.named, reading.sheet)
    columns = columns.found_in(sheet)
    documents = read_corpus(reading.corpus).ids if reading.corpus else frozenset()
    draft = Draft(path.name, reading.corpus, reading.refusal, remarks=list(sheet.remarks))
    errors: list[InputError] = []
    rows_of: dict[str, int] = {}
    for row in sheet.rows:
        try:
            role, record = _record(sheet, row, columns, reading, documents)
        except InputError as error:
            errors += error.errors
            continue
        if (first := rows_of.setdefault(record["id"], row.number)) != row.number:
            errors.append(
                sheet.error(row, columns.id or "", f"the id {shown(record['id'])} stands in row {first} too.")
            )
        draft.add(role, record)
    if not sheet.rows:
        errors.append(
            InputError("the table has no rows under its first, which names the columns.", path=path)
        )
    raise_all(errors)
    if not draft.records.get("test"):
        raise InputError(f"no row has 'test' in the column {shown(columns.split)}.", path=path)
    return draft


def _record(
    sheet: Sheet, row: Row, columns: Columns, reading: Reading, documents: Collection[str]
) -> tuple[str, dict[str, Any]]:
    """The question of a row, and the file it goes into."""
    errors: list[InputError] = []

    def cell(column: str | None) -> str:
        return row.cells.get(column, "") if column else ""

    for column in (columns.question, columns.id):
        errors += sheet.wrong(row, column) if column else []
    answers = _several(cell(columns.answer), reading.separator)
    if answers:
        errors += sheet.wrong(row, columns.answer)
    elif reading.refusal is None:
        hint = " Write an answer, or give --refusal TEXT, the right reply where there is none."
        errors.append(sheet.empty(row, columns.answer, hint))
    gold = []
    for name in _several(cell(columns.gold), reading.separator):
        doc = _document(name, documents)
        if doc is None:
            errors.append(sheet.error(row, columns.gold or "", Later(_unknown, name, documents, reading)))
        else:
            gold.append(doc)
    split = cell(columns.split) or "test"
    if split.casefold() not in SPLITS:
        known = ", ".join(dict.fromkeys(SPLITS.values()))
        errors.append(
            sheet.error(row, columns.split or "", f"{shown(split)} is no split; write one of {known}.")
        )
    if errors:
        raise InputErrors(errors)
    record: dict[str, Any] = {
        "id": cell(columns.id) or f"row-{row.number}",
        "question": cell(columns.question),
        "answers": answers,
    }
    record |= {} if answers else {"answerable": False}
    record |= {"gold_docs": gold} if gold else {}
    return SPLITS[split.casefold()], record


def _unknown(name: str, documents: Collection[str], reading: Reading) -> str:
    one = (
        "" if reading.separator else " A cell names one, unless --answers-separator says what stands between."
    )
    return f"the corpus has no document {shown(name)}{did_you_mean(name, documents)}.{one}"


def _several(cell: str, separator: str | None) -> list[str]:
    """The texts of a cell, each once and on one line: a reply ends at the end of a line."""
    parts = cell.split(separator) if separator else [cell]
    return list(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))


def _document(name: str, documents: Collection[str]) -> str | None:
    """The id of a document that a cell names by its id or by its file."""
    composed = normalize("NFC", name)
    ids = (composed, str(PurePosixPath(composed).with_suffix("")))
    return next((doc for doc in ids if doc in documents), None)
