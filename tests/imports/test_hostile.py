"""A workbook that is damaged inside is a mistake of the file's, wherever its parser notices."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from harness.errors import InputError
from harness.imports.sheet import read_workbook


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (("question", "answer"), ("Who?", "I")):
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def with_sheet(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if "sheet1" in name else old.read(name))
    return made.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        with_sheet(b"<worksheet><sheetData><row><c>"),
        with_sheet(b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>'),
        workbook()[:-40],
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
