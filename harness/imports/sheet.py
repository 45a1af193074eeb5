"""A CSV, TSV or XLSX file → rows of text by column, each with the number that a spreadsheet shows for it."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from harness.corpus.source import archive
from harness.errors import InputError, Later, did_you_mean, shown
from harness.files import read_regular, read_source
from harness.quantities import counted, listed

TABLES = (".csv", ".tsv", ".xlsx")
_DELIMITERS = (",", ";", "\t", "|")
_STATED = re.compile(r"sep=(?P<mark>[^\r\n])\r?\n", re.I)
_TOLD = 12
_HEADINGS = 10
"""So many rows are looked at for the names of columns: a title may stand above them."""
_BROKEN = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
"""What a spreadsheet shows where a formula fails."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row with at least one filled cell. `cells`: stripped text by column; an empty cell has none."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its column names in the first row."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()

    def column(self, name: str, flag: str) -> str:
        """The column that a flag names, whatever its case. Raises InputError where there is not exactly one."""
        same = [column for column in self.columns if column == name]
        same = same or [column for column in self.columns if column.casefold() == name.strip().casefold()]
        if len(same) == 1:
            return same[0]
        if same:
            raise InputError(
                f"{flag}: {counted(len(same), 'column')} are called {shown(name)}.", path=self.path
            )
        known = listed(map(repr, filter(None, self.columns)), _TOLD)
        raise InputError(
            f"{flag}: there is no column {shown(name)}{did_you_mean(name, self.columns)}; the columns are {known}.",
            path=self.path,
        )

    def wrong(self, row: Row, column: str) -> list[InputError]:
        """What is wrong with a cell that must hold a text: nothing in it, or a formula that failed."""
        text = row.cells.get(column, "")
        if text in _BROKEN:
            return [self.error(row, column, f"holds {text}, the error of a formula.")]
        return [] if text else [self.empty(row, column)]

    def empty(self, row: Row, column: str, hint: str = "") -> InputError:
        formula = " A formula that was never calculated counts as empty: open the file in a spreadsheet and save it."
        return self.error(
            row, column, f"is empty.{hint}{formula if self.path.suffix.lower() == '.xlsx' else ''}"
        )

    def error(self, row: Row, column: str, sentence: str | Later) -> InputError:
        """What is wrong with a cell."""
        place = f"row {row.number}, column {shown(column)}"
        return InputError(Later("{}: {}".format, place, sentence), path=self.path)


def read_sheet(path: Path, wanted: Sequence[str], sheet: str | None = None) -> Sheet:
    """Read a table. `wanted`: columns that tell which delimiter a CSV file has. `sheet`: of an XLSX file.

    Raises InputError, with the row, for what cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix not in TABLES:
        raise InputError(f"a table to import ends in one of {', '.join(TABLES)}.", path=path)
    if sheet is not None and suffix != ".xlsx":
        raise InputError("--sheet is for .xlsx files.", path=path)
    lines, remarks = _workbook(path, sheet) if suffix == ".xlsx" else (_csv(path, wanted), [])
    filled = [(number, cells) for number, cells in lines if any(cells)]
    if not filled:
        raise InputError("the table is empty: its first row names the columns.", path=path)
    start = max(range(len(filled[:_HEADINGS])), key=lambda place: (_named(filled[place][1], wanted), -place))
    top, columns = filled[start][0], tuple(filled[start][1])
    if start:
        remarks.append(f"{path}: row {top} names the columns; what stands above it is left out.")
    rows = []
    for number, cells in filled[start + 1 :]:
        if suffix != ".xlsx" and any(cells[len(columns) :]):
            raise InputError(
                f"row {number} has {counted(len(cells), 'cell')} and row {top} names {len(columns)}: put a cell that "
                "holds the delimiter in quotes.",
                path=path,
            )
        rows.append(Row(number, {name: text for name, text in zip(columns, cells, strict=False) if text}))
    return Sheet(path, columns, tuple(rows), tuple(remarks))


def _named(cells: Sequence[str], wanted: Sequence[str]) -> int:
    """How many of the wanted columns a row names, whatever their case."""
    return len({name.strip().casefold() for name in wanted} & {cell.casefold() for cell in cells})


def _csv(path: Path, wanted: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Every record of a CSV file, from 1, under its own delimiter.

    That is the one that a first line `sep=;` names, as Excel writes it, else the one under which one of the first
    records has most of the wanted columns.
    """
    text = read_source(path).text
    stated = _STATED.match(text)
    body = text[stated.end() :] if stated else text
    marks = (
        sorted(_DELIMITERS, key=lambda mark: mark != "\t") if path.suffix.lower() == ".tsv" else _DELIMITERS
    )

    def fit(delimiter: str) -> tuple[int, int]:
        first = _first_records(body, delimiter)
        return max((_named(cells, wanted) for cells in first), default=0), max(map(len, first), default=0)

    reader = csv.reader(
        io.StringIO(body, newline=""),
        delimiter=stated["mark"] if stated else max(marks, key=fit),
        strict=True,
    )
    number = first = 2 if stated else 1
    records = []
    try:
        for number, cells in enumerate(reader, first):
            records.append((number, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise InputError(f"row {number + bool(records)} is no CSV: {error}.", path=path) from None
    return records


def _first_records(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [[cell.strip() for cell in cells] for cells in islice(reader, _HEADINGS)]
    except csv.Error:
        return []


def _workbook(path: Path, name: str | None) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """The rows of one sheet, and what was written otherwise than the sheet shows it."""
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            "reading .xlsx needs openpyxl: pip install 'rag-vs-finetune[documents]'.", path=path
        ) from None
    try:
        data = read_regular(path)
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}.", path=path) from None
    with _readable(path):
        with archive(data):
            pass
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    try:
        names = [sheet.title for sheet in book.worksheets]
        if name is not None and name not in names:
            known = listed(map(repr, names), _TOLD)
            raise InputError(
                f"--sheet: there is no sheet {shown(name)}{did_you_mean(name, names)}; the sheets are {known}.",
                path=path,
            )
        remarks = []
        if name is None and len(names) > 1:
            others = listed(map(repr, names[1:]), _TOLD)
            remarks.append(
                f"{path}: of {len(names)} sheets, {names[0]!r} was read; --sheet names another: {others}."
            )
        formatted = 0
        records = []
        with _readable(path):
            for number, cells in enumerate(book[name or names[0]].iter_rows(), 1):
                records.append((number, [_text(cell) for cell in cells]))
                formatted += sum(map(_formatted, cells))
        if formatted:
            remarks.append(
                f"{path}: {counted(formatted, 'cell')} with a date or a formatted number were written plainly "
                "(2026-03-01, 1234.5, 5%): where people say it otherwise, write the cell as text."
            )
        return records, remarks
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
    return str(value).strip()


def _formatted(cell: Any) -> bool:
    """Whether a cell shows something else than its value: a date, or a number with a format of its own."""
    value = cell.value
    if isinstance(value, datetime.date | datetime.time):
        return True
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and str(cell.number_format) not in ("General", "0", "@")
