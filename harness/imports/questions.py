"""Rows → questions, by what their columns hold; what cannot be one is a sentence for all rows that have it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.corpus.documents import read_corpus
from harness.corpus.gold import GoldNames
from harness.errors import InputError, LazyText, raise_all, shown
from harness.imports.answers import AnswerReader, Fault, answers_of
from harness.imports.cells import (
    Cells,
    asked_as_json,
    cells_of,
    of_kind,
    of_words,
    usable,
    with_answers_joined,
)
from harness.imports.columns import Columns, columns_of, untold_splits
from harness.imports.contexts import Contexts, passages_of, supporting
from harness.imports.draft import ROLES, SPLITS, Draft
from harness.imports.rows import Problems, Table
from harness.imports.split import Shares, by_shares
from harness.imports.values import as_text, decoded, is_empty, one_line, texts_of
from harness.spec.kinds import METRIC as KIND_METRIC
from harness.spec.questions import parse_record

_KEPT = ("fact_id", "cluster")
"""Columns of our own question files that are kept as they are."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read. `separator`: between several texts of a cell; None: it holds one, or is a list.

    `refusal`: the right reply to questions without an answer; None: each has one, unless the source says otherwise.
    `tolerance`: of every answer that is a number. `corpus`: holds the gold documents. `shares`: of the splits, where
    rows do not say which they belong to.
    `skip`: rows that cannot be questions are left out.
    """

    separator: str | None = None
    refusal: str | None = None
    tolerance: str | None = None
    corpus: Path | None = None
    shares: Shares | None = None
    skip: bool = False


def draft_of_table(table: Table, flags: Mapping[str, str | None], reading: Reading) -> Draft:
    """A draft of the questions in a table; `flags`: the columns that were named, by what they hold.

    Raises InputErrors for columns that are not there, and with a sentence for each kind of mistake that rows have.
    """
    if flags.get("gold") and reading.corpus is None:
        raise InputError("--gold names documents of a corpus: say where it lies with --corpus.")
    if all(row.fault for row in table.rows):
        broken = Problems(table.path)
        for row in table.rows:
            broken.add(row, None, "row", str(row.fault))
        raise_all(broken.errors)
    table = with_answers_joined(table, flags.get("answer"), reading.separator)
    columns = columns_of(table, flags, corpus=reading.corpus is not None)
    if not table.rows:
        raise InputError("the table has no rows, only the names of columns.", path=table.path)
    gold = GoldNames(read_corpus(reading.corpus)) if reading.corpus else None
    cells = cells_of(table, columns)
    columns, left = usable(columns if not reading.shares else columns.without("split"), table, cells, gold)
    reader = answers_of(table, columns, cells, reading.separator, reading.refusal)
    columns = of_words(columns, reader.answer, table.path, tolerance=reading.tolerance is not None)
    making = _Making(table, columns, cells, reading, gold, reader)
    records = list(making.records())
    system, mixed = _system(table)
    draft = Draft(
        table.path.name,
        reading.corpus,
        reader.answer.refusal,
        kind=reader.answer.type,
        labels=reader.answer.labels or (),
        tolerance=reading.tolerance,
        system=system,
        documents=list(making.contexts.documents()),
        remarks=[
            *table.remarks,
            *filter(None, [columns.remark(table)]),
            *left,
            *([] if reading.shares else untold_splits(table, columns)),
            *asked_as_json(table, columns, cells),
            *mixed,
            *reader.remarks,
        ],
    )
    if making.problems:
        if not reading.skip or not records:
            hint = [] if reading.skip else [InputError("--skip leaves such rows out.", path=table.path)]
            raise_all([*making.problems.errors, *hint])
        draft.remarks += [f"{table.path}: left out: {sentence}" for sentence in making.problems.sentences()]
    roles = _roles(records, columns, cells, table, reading.shares, labelled=draft.kind == "label")
    draft.remarks += _tested(roles, table.path)
    for (_, record), role in zip(records, roles, strict=True):
        draft.add(role, record)
    return draft


class _Making:
    """Records in the making: what every row is read with, and what was found in it."""

    def __init__(
        self,
        table: Table,
        columns: Columns,
        cells: Cells,
        reading: Reading,
        gold: GoldNames | None,
        reader: AnswerReader,
    ) -> None:
        self.table, self.columns, self.cells, self.reading = table, columns, cells, reading
        self.gold, self.reader = gold, reader
        self.problems = Problems(table.path)
        self.contexts = Contexts()
        self._title = table.plain(("title",), columns.names)
        facts = table.plain(("supportingfacts",), columns.names)
        self._facts = decoded([table.cell(row, facts) for row in table.rows])
        self._rows_of: dict[str, str] = {}

    def records(self) -> Iterable[tuple[int, dict[str, Any]]]:
        """The question of each row that can be one, with the row's index; the mistakes of the others are kept."""
        readers = (
            self._id, self._question, self.reader.read, self._gold, self._split, self._kind, self._tags, self._others,
        )  # fmt: skip
        for index, row in enumerate(self.table.rows):
            if row.fault:
                self.problems.add(row, None, "row", row.fault)
                continue
            record: dict[str, Any] = {}
            faults = []
            for read in readers:
                try:
                    record |= read(index)
                except Fault as fault:
                    faults.append(fault)
            faults = faults or self._sense(record)
            for found in faults:
                self.problems.add(row, found.column, found.kind, found.text, found.hint)
            if not faults:
                yield index, record

    def _sense(self, record: dict[str, Any]) -> list[Fault]:
        """What keeps a task from asking or scoring the question."""
        metrics = (KIND_METRIC,) if self.columns.kinds else ()
        _, mistakes = parse_record(json.dumps(record, ensure_ascii=False), self.reader.answer, metrics)
        return [Fault(None, "sense", mistakes[0])] if mistakes else []

    def _id(self, index: int) -> dict[str, Any]:
        row, column = self.table.rows[index], self.columns.id
        value = self.cells[column][index] if column else None
        name = re.sub(r"\W+", "-", row.place) if is_empty(value) else one_line(value)
        if (first := self._rows_of.setdefault(name, row.place)) != row.place:
            raise Fault(column, "twice", f"the id {shown(name)} stands in {first} too.")
        return {"id": name}

    def _question(self, index: int) -> dict[str, Any]:
        parts = [self.cells[column][index] for column in self.columns.question]
        filled = [as_text(part) for part in parts if not is_empty(part)]
        if not filled:
            raise Fault(self.columns.question[0], "empty", "is empty.")
        return {"question": "\n".join(filled)}

    def _gold(self, index: int) -> dict[str, Any]:
        found: list[str] = []
        if self.columns.context:
            title = self.table.cell(self.table.rows[index], self._title)
            passages = passages_of(self.cells[self.columns.context][index], title) or []
            self.contexts.ids_of(passages)
            if not self.reader.unanswerable(index):  # else they hold what misleads, not the answer
                found = self.contexts.ids_of(supporting(passages, self._facts[index]))
        elif self.columns.gold and self.gold:
            for name in texts_of(self.cells[self.columns.gold][index], self.reading.separator):
                ids = self.gold.ids_of(name)
                if len(ids) != 1:
                    one = "" if self.reading.separator else _ONE_DOCUMENT
                    raise Fault(self.columns.gold, "gold", LazyText(self.gold.fault, name), one)
                found += ids
        return {"gold_docs": list(dict.fromkeys(found))} if found else {}

    def _split(self, index: int) -> dict[str, Any]:
        column = self.columns.split
        if column and not self.reading.shares:
            split = one_line(value) if not is_empty(value := self.cells[column][index]) else "test"
            if split.casefold() not in SPLITS:
                raise Fault(
                    column, "split", f"{shown(split)} is no split.", f" A split is {' or '.join(ROLES)}."
                )
        return {}

    def _kind(self, index: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for kind in self.columns.kinds:
            value = self.cells[getattr(self.columns, kind)][index]
            if not is_empty(value):
                found[kind] = of_kind(kind, value, self.reading.separator)
        return found

    def _tags(self, index: int) -> dict[str, Any]:
        values = (self.cells[column][index] for column in self.columns.tag)
        tags = dict.fromkeys(tag for value in values for tag in texts_of(value, self.reading.separator))
        return {"tags": list(tags)} if tags else {}

    def _others(self, index: int) -> dict[str, Any]:
        row = self.table.rows[index]
        return {
            name: one_line(row.cells[name])
            for name in _KEPT
            if not is_empty(row.cells.get(name)) and name not in self.columns.names
        }


_ONE_DOCUMENT = " A cell names one document, unless --answers-separator says what stands between several."


def _system(table: Table) -> tuple[str | None, list[str]]:
    """The system message of conversations where all have the same, else a remark."""
    messages = {row.system for row in table.rows if not row.fault}
    if len(messages) < 2:
        return next(iter(messages), None), []
    return None, [
        f"{table.path}: the system messages of the conversations differ, and a task has one: write yours into the task "
        "file."
    ]


def _roles(
    records: Sequence[tuple[int, dict[str, Any]]],
    columns: Columns,
    cells: Cells,
    table: Table,
    shares: Shares | None,
    *,
    labelled: bool,
) -> list[str]:
    """The question file of each record."""
    if shares:
        return by_shares([record for _, record in records], shares, labelled=labelled)
    if columns.split:
        values = cells[columns.split]
        return ["test" if is_empty(values[i]) else SPLITS[one_line(values[i]).casefold()] for i, _ in records]
    return [table.rows[i].split or "test" for i, _ in records]


def _tested(roles: list[str], path: Path) -> list[str]:
    """Makes dev questions test questions where there are no others, and says so. Raises InputError where there are
    questions to train on alone."""
    if "test" in roles:
        return []
    if "dev" not in roles:
        raise InputError(
            "every row is a train question, and none is left to test on: --split test=30,train=70 splits them.",
            path=path,
        )
    roles[:] = ["test" if role == "dev" else role for role in roles]
    return [f"{path}: no row is a test question, so the dev questions are."]
