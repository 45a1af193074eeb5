"""Spreadsheets → text: one line per row under its headings, sheet by sheet, numbers as the sheet shows them."""

from __future__ import annotations

import csv
import datetime
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO, StringIO
from itertools import zip_longest
from typing import Any

from harness.corpus.document import NotRead, Parsed
from harness.corpus.formats.drawings import boxes
from harness.corpus.formats.marks import down, settled, up
from harness.corpus.formats.shape import one_line, readable, sheet
from harness.corpus.source import archive

_CURRENCY = re.compile(
    r"\[\$(?P<named>[^\]-]+)(?:-[^\]]*)?\]|\"(?P<quoted>[^\"]*)\"|(?P<sign>[€£¥$])(?![^\[]*\])"
)
STATED = re.compile(r"sep=(?P<mark>[^\r\n])\r?\n", re.I)
"""A first line by which Excel says what stands between cells."""
MOST_ROWS, MOST_CELLS = 1_048_576, 20_000_000
"""Rows that a sheet may have, as in Excel, and cells, empty ones included."""
_LONGEST_FIELD = 10_000_000
_LONGEST_FORMAT = 200
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^<>]*\bref="([A-Z]{1,3}[1-9]\d{0,6}:[A-Z]{1,3}[1-9]\d{0,6})"')
_DRAWING = re.compile(rb'Target="(\.\./drawings/drawing\d{1,9}\.xml)"')
_WIDEST, _MOST_FILLED = 200, 1_000_000
"""Columns and cells that merged ones may fill; a file may claim all that a sheet can have."""
_CODE = re.compile(r"(?:[-() ]|\\[-()/ ])*0(?:0|[-() ]|\\[-()/ ])+")
"""Formats of codes, such as those of articles and telephones: zeros, and signs between them."""
_SCALED = re.compile(r"[0#?](,+)[^0#?,]*\Z")
"""A comma behind the last digit shows thousands."""


def delimited(separator: str | None) -> Any:
    """The reader of CSV (`separator` None: the one that the first lines use) and TSV: text, stem → title, text."""

    def read(source: str, stem: str) -> tuple[str, str]:
        csv.field_size_limit(_LONGEST_FIELD)
        stated = STATED.match(source)
        body = source[stated.end() :] if stated else source
        sign = stated["mark"] if stated else separator or _separator(source)
        try:
            rows = list(csv.reader(StringIO(body, newline=""), delimiter=sign))
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
    """Title (of the file's properties, else the stem) and the text of each sheet, under its name if not alone."""
    from openpyxl import load_workbook

    formulas, merged, drawn = False, {}, {}
    with archive(data) as packed:
        for name in packed.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                source = packed.read(name)
                formulas = formulas or b"<f" in source
                merged[name] = tuple(_ranges(source))
                drawn[name] = _boxes(packed, name)
    # Macros are neither kept nor run; what formulas gave when the file was saved is read.
    book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False, rich_text=True)
    written = load_workbook(BytesIO(data), read_only=True, keep_links=False) if formulas else None
    title = one_line(book.properties.title or "") or readable(stem)
    found = []
    for page in book.worksheets:
        same = written[page.title] if written else None
        place = page._worksheet_path.lstrip("/")
        rows = sheet(_unmerged(list(_rows(page, same)), merged.get(place, ())))
        if text := "\n\n".join(filter(None, (rows, drawn.get(place)))):
            found.append((page, text))
    parts = []
    for page, text in found:
        hidden = "" if page.sheet_state == "visible" else " (hidden)"
        name = f"## {one_line(page.title)}\n\n" if len(found) > 1 else ""
        parts.append((f"sheet {page.title}{hidden}", name + text))
    return Parsed(title, tuple(parts))


def _boxes(packed: zipfile.ZipFile, sheet_name: str) -> str:
    """The text in the boxes that are drawn onto a sheet."""
    from openpyxl.xml.functions import fromstring

    folder, name = posixpath.split(sheet_name)
    links = f"{folder}/_rels/{name}.rels"
    named = _DRAWING.findall(packed.read(links)) if links in packed.namelist() else ()
    places = (
        posixpath.normpath(posixpath.join(folder, target.decode("utf-8", "replace"))) for target in named
    )
    return "\n\n".join(
        boxes(fromstring(packed.read(place))) for place in places if place in packed.namelist()
    )


Range = tuple[int, int, int, int]
"""Merged cells: their first column and row, their last column and row, from 0."""


def _ranges(source: bytes) -> Iterator[Range]:
    from openpyxl.utils import range_boundaries

    for match in _MERGED.finditer(source):
        left, top, right, bottom = range_boundaries(match[1].decode())
        yield left - 1, top - 1, right - 1, bottom - 1


def _unmerged(rows: list[list[str]], ranges: Iterable[Range]) -> list[list[str]]:
    """Rows in which a cell over several rows stands in each; headings over several columns join those below them."""
    first = next((number for number, row in enumerate(rows) if sum(map(bool, row)) > 1), len(rows))
    spans: list[tuple[int, int]] = []
    filled = 0
    for left, top, right, bottom in ranges:
        if left == right < _WIDEST and filled < _MOST_FILLED:
            filled += bottom - top
            for row in rows[top + 1 : bottom + 1]:
                row += [""] * (left + 1 - len(row))
                row[left] = row[left] or (rows[top][left] if left < len(rows[top]) else "")
        elif top == bottom == first and right < _WIDEST:
            spans.append((left, right))
    if not spans or first + 1 == len(rows):
        return rows
    top_row = [*rows[first]]
    for left, right in spans:
        top_row += [""] * (right + 1 - len(top_row))
        top_row[left : right + 1] = [top_row[left]] * (right + 1 - left)
    over = {column for left, right in spans for column in range(left, right + 1)}
    pairs = list(zip_longest(top_row, rows[first + 1], fillvalue=""))
    if not all(
        below if column in over else below in ("", above) for column, (above, below) in enumerate(pairs)
    ):
        return rows
    header = [" / ".join(dict.fromkeys(filter(None, pair))) for pair in pairs]
    return [*rows[:first], header, *rows[first + 2 :]]


def _rows(page: Any, written: Any) -> Iterator[list[str]]:
    """The cells of a sheet as they show; a formula that was never computed stands as it is written."""
    for sheet_of in (page, written):
        if sheet_of is not None:
            sheet_of.reset_dimensions()  # some programs write a wrong size, and cells beyond it would be lost
    others: Iterable[Any] = written.iter_rows() if written is not None else ()
    for row, other in zip_longest(bounded(page.iter_rows()), others, fillvalue=()):
        cells = [shown(cell.value, cell.number_format) if cell.value is not None else "" for cell in row]
        for number, cell in enumerate(other[: len(cells)]):
            if not cells[number] and cell.value is not None:
                cells[number] = str(cell.value)
        yield cells


def bounded(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The rows of a sheet. Raises NotRead for more than a sheet has: one cell far out stands for all before it."""
    cells = 0
    for number, row in enumerate(rows, start=1):
        cells += len(row)
        if number > MOST_ROWS or cells > MOST_CELLS:
            what = f"a sheet has more than {MOST_ROWS:,} rows or {MOST_CELLS:,} cells, which is not safe"
            raise NotRead("large", what)
        yield row


def shown(value: Any, number_format: str = "General") -> str:
    """A cell's value as a person sees it: no float's last digits, percent and currency with their signs."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat(" ") if isinstance(value, datetime.datetime) else value.isoformat()
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    if not isinstance(value, int | float):
        return value if type(value) is str else rich(value)
    first = number_format[:_LONGEST_FORMAT].split(";")[0]
    if scaled := _SCALED.search(re.sub(r'"[^"]*"', "", first)):
        value /= 1000 ** len(scaled[1])
    if "%" in first:
        return f"{_plain(value * 100)}%"
    if _CODE.fullmatch(first) and value >= 0:
        return _coded(_decimals(value, 0), first.replace("\\", ""))
    currency = _CURRENCY.search(first)
    sign = (currency["named"] or currency["quoted"] or currency["sign"] or "").strip() if currency else ""
    if currency is None or not sign:
        return _plain(value)
    decimals = re.search(r"0\.(0+)", first)
    number = _decimals(value, len(decimals[1])) if decimals else _plain(value)
    behind = re.search(r"[0#]", first[: currency.start()])
    return f"{number} {sign}" if behind else f"{sign}{'' if len(sign) == 1 else ' '}{number}"


def rich(value: Any) -> str:
    """Text of several fonts: raised and lowered pieces apart from numbers, struck-out ones with their marks."""
    text = ""
    for piece in value if isinstance(value, list) else [value]:
        words, font = str(piece), getattr(piece, "font", None)
        place = getattr(font, "vertAlign", None)
        if words.strip() and place in ("superscript", "subscript"):
            text += up(words) if place == "superscript" else down(words)
        else:
            text += f"~~{words}~~" if words.strip() and getattr(font, "strike", None) else words
    return settled(text)


def _coded(digits: str, form: str) -> str:
    """The digits of a code in the places of its form, surplus ones in the first: 4711 as `000-0000` is `000-4711`."""
    form = form.replace("0", "0" * max(1, len(digits) - form.count("0") + 1), 1)
    left = iter(digits.zfill(form.count("0")))
    return "".join(next(left) if sign == "0" else sign for sign in form)


_EXACT = 1e15
"""From here on a number has more digits than a cell keeps."""


def _decimals(value: float, places: int) -> str:
    """A number with so many decimals, halves rounded up as Excel does."""
    if not abs(value) < _EXACT:
        return f"{value:.{places}f}"
    return str(Decimal(f"{value:.15g}").quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def _plain(value: float) -> str:
    """A number without the digits that only the computer's own form has."""
    return str(int(value)) if abs(value) < 1e16 and value == int(value) else f"{value:.15g}"
