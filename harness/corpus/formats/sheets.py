"""Spreadsheets → text: a row a line under its headings, sheet by sheet, numbers as the sheet shows them."""

from __future__ import annotations

import csv
import datetime
import re
from collections.abc import Iterable, Iterator
from io import BytesIO, StringIO
from itertools import zip_longest
from typing import Any

from harness.corpus.document import NotRead, Parsed
from harness.corpus.formats.shape import one_line, readable, sheet
from harness.corpus.source import archive

_CURRENCY = re.compile(
    r"\[\$(?P<named>[^\]-]+)(?:-[^\]]*)?\]|\"(?P<quoted>[^\"]*)\"|(?P<sign>[€£¥$])(?![^\[]*\])"
)
_LONGEST_FIELD = 10_000_000
_LONGEST_FORMAT = 200


def delimited(separator: str | None) -> Any:
    """The reader of CSV (`separator` None: the one that the first lines use) and TSV: text, stem → title, text."""

    def read(source: str, stem: str) -> tuple[str, str]:
        csv.field_size_limit(_LONGEST_FIELD)
        try:
            rows = list(csv.reader(StringIO(source, newline=""), delimiter=separator or _separator(source)))
        except csv.Error as error:
            raise NotRead("broken", f"its rows cannot be told apart ({error})") from error
        return readable(stem), sheet(rows)

    return read


def _separator(source: str) -> str:
    """The sign that divides the first lines into the same number of cells, two or more."""
    lines = source.split("\n", 20)[:20]
    best, cells = ",", 0
    for sign in (",", ";", "\t", "|"):
        counts = [len(row) for row in csv.reader(lines, delimiter=sign) if row]
        usual = max(set(counts), key=counts.count, default=0)
        agreeing = counts.count(usual) if usual > 1 else 0
        if agreeing > cells:
            best, cells = sign, agreeing
    return best


def xlsx(data: bytes, stem: str) -> Parsed:
    """Title (of the file's properties, else the stem) and the text of each sheet."""
    from openpyxl import load_workbook

    with archive(data) as packed:
        formulas = any(
            b"<f" in packed.read(name)
            for name in packed.namelist()
            if name.startswith("xl/worksheets/") and name.endswith(".xml")
        )
    # Macros are neither kept nor run; what formulas gave when the file was saved is read.
    book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    written = load_workbook(BytesIO(data), read_only=True, keep_links=False) if formulas else None
    title = one_line(book.properties.title or "") or readable(stem)
    parts = []
    for page in book.worksheets:
        hidden = "" if page.sheet_state == "visible" else " (hidden)"
        same = written[page.title] if written else None
        parts.append((f"sheet {page.title}{hidden}", sheet(list(_rows(page, same)))))
    return Parsed(title, tuple(parts))


def _rows(page: Any, written: Any) -> Iterator[list[str]]:
    """The cells of a sheet as they show; a formula that was never computed stands as it is written."""
    for sheet_of in (page, written):
        if sheet_of is not None:
            sheet_of.reset_dimensions()  # some programs write a wrong size, and cells beyond it would be lost
    others: Iterable[Any] = written.iter_rows() if written is not None else ()
    for row, other in zip_longest(page.iter_rows(), others, fillvalue=()):
        cells = [shown(cell.value, cell.number_format) if cell.value is not None else "" for cell in row]
        for number, cell in enumerate(other[: len(cells)]):
            if not cells[number] and cell.value is not None:
                cells[number] = str(cell.value)
        yield cells


def shown(value: Any, number_format: str = "General") -> str:
    """A cell's value as a person sees it: no float's last digits, percent and currency with their signs."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat(" ") if isinstance(value, datetime.datetime) else value.isoformat()
    if not isinstance(value, int | float):
        return str(value)
    first = number_format[:_LONGEST_FORMAT].split(";")[0]
    if "%" in first:
        return f"{_plain(value * 100)}%"
    currency = _CURRENCY.search(first)
    sign = (currency["named"] or currency["quoted"] or currency["sign"] or "").strip() if currency else ""
    if currency is None or not sign:
        return _plain(value)
    decimals = re.search(r"0\.(0+)", first)
    number = f"{value:.{len(decimals[1])}f}" if decimals else _plain(value)
    behind = re.search(r"[0#]", first[: currency.start()])
    return f"{number} {sign}" if behind else f"{sign}{'' if len(sign) == 1 else ' '}{number}"


def _plain(value: float) -> str:
    """A number without the digits that only the computer's own form has."""
    return str(int(value)) if abs(value) < 1e16 and value == int(value) else f"{value:.15g}"
