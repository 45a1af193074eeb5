"""Sheets of a workbook become questions as a table does; their cells are what people would write."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest

from harness.errors import InputError
from harness.imports.sheet import _text, read_workbook
from tests.imports import FAQ, FLAGS, imported, refused, table, workbook


def test_cells_of_a_workbook_become_what_people_would_write(capsys: pytest.CaptureFixture[str]) -> None:
    values: dict[str, Any] = {
        "14": 14, "14.5": 14.5, "0.3": 0.1 + 0.2, "12345678901": 12345678901, "5%": 0.05, "1234.5": 1234.5,
        "2026-03-01": datetime.datetime(2026, 3, 1), "2026-03-01 09:30": datetime.datetime(2026, 3, 1, 9, 30),
        "17:00": datetime.time(17), "TRUE": True, "007": "007", "two\nlines": "two\nlines",
    }  # fmt: skip
    rows = [["Question", "Answer"], *([f"Which is {text!r}?", value] for text, value in values.items())]
    asked = imported(workbook({"One": rows}, {"B6": "0%", "B7": '"€"#,##0.00'}), "mine", *FLAGS)
    assert [row["answers"][0] for row in asked] == [*values]
    assert "5 cells with a date or a formatted number were written plainly" in capsys.readouterr().err


def test_the_first_sheet_is_read_and_the_others_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    sheets = {
        "Notes": [["nothing"]],
        "Questions": [[], ["Question", "Answer", None], [None, None], ["Why?", "So"]],
    }
    path = workbook(sheets)
    others = "the columns are 'nothing'.{} Of 2 sheets, 'Notes' was read; --sheet names another: 'Questions'."
    assert f"no column 'Question'; {others.format('')}" in refused(capsys, path, *FLAGS)
    told = others.format(" Give --question COL and --answer COL, or --label COL where they are labels.")
    assert told in refused(capsys, path)
    assert "(did you mean 'Questions'?)" in refused(capsys, path, *FLAGS, "--sheet", "Question")
    (row,) = imported(path, "mine", *FLAGS, "--sheet", "Questions")
    assert row == {"id": "row-4", "question": "Why?", "answers": ["So"]}


def test_an_empty_first_sheet_tells_of_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    path = workbook({"Cover": [], "Questions": [["Question", "Answer"], ["Why?", "So"]]})
    assert "the table is empty: its first row names the columns. Of 2 sheets" in refused(capsys, path)


def test_a_title_above_the_columns_and_notes_beside_them(capsys: pytest.CaptureFixture[str]) -> None:
    sheet = [["Questions of 2026"], [], ["Question", "Answer"], ["Why?", "So", None, "look again"]]
    (row,) = imported(workbook({"One": sheet}), "mine", *FLAGS)
    assert row == {"id": "row-4", "question": "Why?", "answers": ["So"]}
    assert "row 3 names the columns; what stands above it is left out" in capsys.readouterr().err
    text = "Questions of 2026\n\n" + FAQ.replace(",", ";")
    assert len(imported(table(text), "again", *FLAGS)) == 2


def test_a_formula_that_nobody_calculated_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    path = workbook({"One": [["Question", "Answer"], ["How many?", "=SUM(1,2)"]]})
    assert "is empty. Write an answer" in (said := refused(capsys, path, *FLAGS))
    assert "A formula that was never calculated counts as empty" in said


def test_a_workbook_that_is_none_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("openpyxl")
    Path("faq.xlsx").write_bytes(b"PK broken")
    assert "is no workbook that can be read" in refused(capsys, "faq.xlsx", *FLAGS)
    Path("faq.ods").write_bytes(b"x")
    assert "ends in one of .csv, .tsv, .xlsx, .parquet" in refused(capsys, "faq.ods", *FLAGS)


# Damaged inside


def packed() -> bytes:
    book = openpyxl.Workbook()
    for row in (("question", "answer"), ("Who?", "I")):
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def with_sheet(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed())) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if "sheet1" in name else old.read(name))
    return made.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        with_sheet(b"<worksheet><sheetData><row><c>"),
        with_sheet(b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>'),
        packed()[:-40],
        b"no archive",
    ],
)
def test_a_damaged_workbook_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(data)
    with pytest.raises(InputError, match=r"a\.xlsx: is no workbook that can be read"):
        read_workbook(tmp_path / "a.xlsx", ("question", "answer"))


def test_a_sheet_whose_checksum_is_wrong_is_named(tmp_path: Path) -> None:
    data = bytearray(with_sheet(b"<worksheet><sheetData/></worksheet>"))
    at = data.find(b"<sheetData/>")
    data[at : at + 12] = b"<sheetDatb/>"
    (tmp_path / "a.xlsx").write_bytes(data)
    with pytest.raises(InputError, match="is no workbook that can be read"):
        read_workbook(tmp_path / "a.xlsx", ("question", "answer"))


def test_raised_pieces_of_a_cell_touch_no_number() -> None:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    raised = TextBlock(InlineFont(vertAlign="superscript"), "6")
    cell = SimpleNamespace(value=CellRichText("10", raised, " litres "), number_format="General")
    assert _text(cell) == "10^6 litres"
