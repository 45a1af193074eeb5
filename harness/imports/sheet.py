"""A CSV, TSV or XLSX file → rows of text by column, each with the number that a spreadsheet shows for it."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from harness.corpus.formats.sheets import STATED, bounded, rich
from harness.corpus.source import archive
from harness.errors import InputError, did_you_mean, shown
from harness.files import read_input
from harness.imports.packed import suffix_of
from harness.imports.rows import Row, Table, folded
from harness.imports.text import read_text
from harness.quantities import counted, listed

_DELIMITERS = (",", ";", "\t", "|")
_TOLD = 12
_HEADINGS = 10
"""The first rows in which the names of columns are looked for: a title may stand above them."""


def read_csv(path: Path, wanted: Collection[str], encoding: str | None = None) -> Table:
    """Read a table whose rows are lines. `wanted`: names of columns that tell its delimiter and where it begins.

    `encoding`: as of `read_text`. Raises InputError, with the row, for what cannot be read.
    """
    names = {folded(name) for name in wanted}
    text, remarks = read_text(path, encoding)
    lines, told = _lines(path, text, names)
    return _table(path, lines, names, (*remarks, *told), ragged=False)


def read_workbook(path: Path, wanted: Collection[str], sheet: str | None = None) -> Table:
    """Read one sheet of an XLSX file, by default the first; else as `read_csv`."""
    lines, remarks, others = _workbook(path, sheet)
    table = _table(path, lines, {folded(name) for name in wanted}, remarks, ragged=True, hint=others)
    return replace(table, remarks=(f"{path}: {others}", *table.remarks)) if others else table


def _table(
    path: Path,
    lines: Sequence[tuple[int, list[str]]],
    wanted: Collection[str],
    remarks: Sequence[str] = (),
    *,
    ragged: bool,
    hint: str = "",
) -> Table:
    """Rows under the one that names the columns. `ragged`: notes may stand beside them, in cells without a column."""
    filled = [(number, cells) for number, cells in lines if any(cells)]
    if not filled:
        elsewhere = f" {hint}" if hint else ""
        raise InputError(f"the table is empty: its first row names the columns.{elsewhere}", path=path)
    named = [_named(cells, wanted) for _, cells in filled[:_HEADINGS]]
    if max(named) >= min(2, len(wanted)):
        start = named.index(max(named))
    else:  # the first row of several cells, as a title has one
        start = next((place for place, (_, cells) in enumerate(filled) if sum(map(bool, cells)) > 1), 0)
    top, columns = filled[start][0], tuple(filled[start][1])
    above = f"{path}: row {top} names the columns; what stands above it is left out."
    rows = []
    for number, cells in filled[start + 1 :]:
        fault = None
        if not ragged and any(cells[len(columns) :]):
            fault = (
                f"has {counted(len(cells), 'cell')} and row {top} names {len(columns)}; a cell with the "
                "delimiter in it stands in quotes."
            )
        held = {name: text for name, text in zip(columns, cells, strict=False) if text}
        rows.append(Row(f"row {number}", held, fault=fault))
    told = (*remarks, above) if start else tuple(remarks)
    return Table(path, columns, tuple(rows), told, hint=hint)


def _named(cells: Sequence[str], wanted: Collection[str]) -> int:
    """How many of the wanted columns a row names."""
    return len({folded(cell) for cell in cells if cell} & set(wanted))


def _lines(
    path: Path, text: str, wanted: Collection[str]
) -> tuple[list[tuple[int, list[str]]], tuple[str, ...]]:
    """Every record of a CSV file, from 1, under its own delimiter; a remark where quotes mean nothing.

    That is the one that a first line `sep=;` names, as Excel writes it, else the one under which one of the first
    records has most of the wanted columns; of equals the one under which records are equally long. Between tabs quotes
    that make no CSV are letters, as databases write them.
    """
    stated = STATED.match(text)
    body = text[stated.end() :] if stated else text
    marks = sorted(_DELIMITERS, key=lambda mark: mark != "\t") if suffix_of(path) == ".tsv" else _DELIMITERS

    def fit(delimiter: str) -> tuple[int, bool, int]:
        first = _first_records(body, delimiter)
        lengths = {len(cells) for cells in first if any(cells)}
        named = max((_named(cells, wanted) for cells in first), default=0)
        return named, len(lengths) == 1 and lengths != {1}, max(lengths, default=0)

    mark, first = (stated["mark"], 2) if stated else (max(marks, key=fit), 1)
    try:
        return _records(
            path, csv.reader(io.StringIO(body, newline=""), delimiter=mark, strict=True), first
        ), ()
    except InputError as error:
        if mark != "\t":
            raise
        plain = csv.reader(io.StringIO(body, newline=""), delimiter=mark, quoting=csv.QUOTE_NONE)
        return _records(path, plain, first), (f"{error} So quotes were read as letters.",)


def _records(path: Path, reader: Iterable[list[str]], first: int) -> list[tuple[int, list[str]]]:
    """The records of a reader, counted from `first`. Raises InputError, with the row, for what is no CSV."""
    number, records = first, []
    try:
        for number, cells in enumerate(reader, first):
            records.append((number, [cell.strip() for cell in cells]))
    except csv.Error as error:
        reason = str(error).replace("\t", "\\t")
        raise InputError(
            f"row {number + bool(records)} is no CSV: {reason} (a cell in quotes ends with one, and a quote within it "
            "is written twice).",
            path=path,
        ) from None
    return records


def _first_records(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [[cell.strip() for cell in cells] for cells in islice(reader, _HEADINGS)]
    except csv.Error:
        return []


def _workbook(path: Path, name: str | None) -> tuple[list[tuple[int, list[str]]], list[str], str]:
    """The rows of one sheet, what was written otherwise than the sheet shows it, and which sheets were not read."""
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            "reading .xlsx needs openpyxl: pip install 'rag-vs-finetune[documents]'.", path=path
        ) from None
    data = read_input(path)
    with _readable(path):
        with archive(data):
            pass
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, rich_text=True)
    try:
        names = [sheet.title for sheet in book.worksheets]
        if name is not None and name not in names:
            known = listed(map(repr, names), _TOLD)
            raise InputError(
                f"--sheet: there is no sheet {shown(name)}{did_you_mean(name, names)}; the sheets are {known}.",
                path=path,
            )
        remarks, others = [], ""
        if name is None and len(names) > 1:
            unread = listed(map(repr, names[1:]), _TOLD)
            others = f"Of {len(names)} sheets, {names[0]!r} was read; --sheet names another: {unread}."
        formatted = 0
        records = []
        with _readable(path):
            for number, cells in enumerate(bounded(book[name or names[0]].iter_rows()), 1):
                records.append((number, [_text(cell) for cell in cells]))
                formatted += sum(map(_formatted, cells))
        if formatted:
            remarks.append(
                f"{path}: {counted(formatted, 'cell')} with a date or a formatted number were written plainly "
                "(2026-03-01, 1234.5, 5%): where people say it otherwise, write the cell as text."
            )
        return records, remarks, others
    finally:
        book.close()


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raises InputError for whatever the parser of a broken archive raises."""
    try:
        yield
    except Exception as error:
        reason = " ".join(f"{error}".split())[:200]
        raise InputError(f"is no workbook that can be read: {reason}", path=path) from error


def _text(cell: Any) -> str:
    """What a cell holds, as text: dates in ISO form, whole numbers without a point, shares of 100 as percent."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        whole = value.time() == datetime.time()
        return value.date().isoformat() if whole else value.isoformat(" ", "minutes")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.time):
        return value.isoformat("minutes")
    if isinstance(value, int | float):
        percent = "%" in str(cell.number_format)
        return f"{100 * value:.15g}%" if percent else f"{value:.15g}"
    return rich(value).strip()


def _formatted(cell: Any) -> bool:
    """Whether a cell shows something else than its value: a date, or a number with a format of its own."""
    value = cell.value
    if isinstance(value, datetime.date | datetime.time):
        return True
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and str(cell.number_format) not in ("General", "0", "@")
