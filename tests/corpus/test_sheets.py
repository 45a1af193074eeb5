"""Protects what is read of spreadsheets: rows under their headings, numbers as the sheet shows them."""

from __future__ import annotations

import datetime
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.formats.sheets import shown
from tests.corpus.office import corpus_of, saved, the_text

pytestmark = pytest.mark.filterwarnings("ignore")


class TestSheets:
    openpyxl = pytest.importorskip("openpyxl", reason="needs the documents extra")

    def test_each_sheet_is_a_place_and_each_row_a_line_under_its_headings(self, tmp_path: Path) -> None:
        book = self.openpyxl.Workbook()
        prices = book.active
        prices.title = "Prices"
        for row in (
            ["Price list 2025"],
            [],
            ["Item", "Fee", "Share"],
            ["drill", 20.0, 0.05],
            ["saw", 0.1 + 0.2, None],
        ):
            prices.append(row)
        prices["B4"].number_format = '#,##0.00 "EUR"'
        prices["C4"].number_format = "0%"
        hidden = book.create_sheet("Old")
        hidden.sheet_state = "hidden"
        hidden.append(["a", "=1+1"])
        book.create_sheet("Empty")
        corpus = corpus_of(tmp_path, "fees.xlsx", saved(book))
        (read,) = (document for document in corpus if document.doc_id == "fees")
        assert [place.label for place in read.places] == ["sheet Prices", "sheet Old (hidden)"]
        assert read.text == (
            "## Prices\n\nPrice list 2025\n\n| Item | Fee | Share |\n| --- | --- | --- |\n| drill | 20.00 EUR | 5% |\n"
            "| saw | 0.3 |  |\n\n## Old\n\n| a | =1+1 |\n| --- | --- |"
        )

    def test_raised_and_struck_pieces_of_a_cell(self) -> None:
        from openpyxl.cell.rich_text import CellRichText, TextBlock
        from openpyxl.cell.text import InlineFont

        raised, struck = InlineFont(vertAlign="superscript"), InlineFont(strike=True)
        cell = CellRichText(
            "10", TextBlock(raised, "-"), TextBlock(raised, "6"), " l, ", TextBlock(struck, "7"), " 14"
        )
        assert shown(cell) == "10^-6 l, ~~7~~ 14"

    def test_text_in_boxes_on_a_sheet(self, tmp_path: Path) -> None:
        book = self.openpyxl.Workbook()
        book.active.append(["Item", "Fee"])
        stream = BytesIO(saved(book))
        drawing = "<d><txBody><p><t>Valid from </t><t>May</t></p><p><t>Ask Ann</t></p></txBody></d>"
        with zipfile.ZipFile(stream, "a") as packed:
            packed.writestr(
                "xl/worksheets/_rels/sheet1.xml.rels", '<R><r Target="../drawings/drawing1.xml"/></R>'
            )
            packed.writestr("xl/drawings/drawing1.xml", drawing)
        text = "| Item | Fee |\n| --- | --- |\n\nValid from May\nAsk Ann"
        assert the_text(tmp_path, "a.xlsx", stream.getvalue()) == text

    def test_merged_cells_stand_in_each_row_and_over_each_column(self, tmp_path: Path) -> None:
        book = self.openpyxl.Workbook()
        page = book.active
        for row in (
            ["Region", "Sales", None, "Staff"],
            [None, 2024, 2025, None],
            ["North", 1, 2, 3],
            [None, 4, 5, 6],
        ):
            page.append(row)
        for cells in ("A1:A2", "B1:C1", "D1:D2", "A3:A4"):
            page.merge_cells(cells)
        assert the_text(tmp_path, "a.xlsx", saved(book)) == (
            "| Region | Sales / 2024 | Sales / 2025 | Staff |\n| --- | --- | --- | --- |\n"
            "| North | 1 | 2 | 3 |\n| North | 4 | 5 | 6 |"
        )

    def test_a_title_begins_another_table_and_a_group_does_not(self, tmp_path: Path) -> None:
        rows = "Drills,\nModel,Fee\nA1,3\n,\nSaws,\nModel,Fee\nB1,4\n,\nLarge,\nB2,5\n"
        assert the_text(tmp_path, "a.csv", rows.encode()) == (
            "Drills\n\n| Model | Fee |\n| --- | --- |\n| A1 | 3 |\n\n"
            "Saws\n\n| Model | Fee |\n| --- | --- |\n| B1 | 4 |\n| Large |  |\n| B2 | 5 |"
        )

    @pytest.mark.parametrize(
        ("rows", "text"),
        [
            ("Name,Dept\n\nFinance,\nAnna,Accounts\nBen,Audit\n\nHR,\nCarl,Hiring",
             "| Name | Dept |\n| --- | --- |\n| Finance |  |\n| Anna | Accounts |\n| Ben | Audit |\n| HR |  |\n"
             "| Carl | Hiring |"),
            ("Name,Dept,Room\n\nFinance\nAnna,Accounts\nBen,Audit,A\n\nHR\nCarl,Hiring",
             "| Name | Dept | Room |\n| --- | --- | --- |\n| Finance |  |  |\n| Anna | Accounts |  |\n"
             "| Ben | Audit | A |\n| HR |  |  |\n| Carl | Hiring |  |"),
            ("Name,Dept\nAnna,Audit\n\nRooms\nRoom,Floor,Desks\nA,first,3",
             "| Name | Dept |\n| --- | --- |\n| Anna | Audit |\n\nRooms\n\n"
             "| Room | Floor | Desks |\n| --- | --- | --- |\n| A | first | 3 |"),
        ],
    )  # fmt: skip
    def test_the_name_of_a_group_begins_no_table(self, tmp_path: Path, rows: str, text: str) -> None:
        assert the_text(tmp_path, "a.csv", rows.encode()) == text

    @pytest.mark.parametrize("heading", ["Note", "Description of what is done " * 3])
    def test_a_heading_over_several_columns_is_repeated_for_one_below_it_alone(
        self, tmp_path: Path, heading: str
    ) -> None:
        book = self.openpyxl.Workbook()
        page = book.active
        for row in (["Item", heading], ["drill", "large"], ["saw", "small"]):
            page.append(row)
        page.merge_cells("B1:G1")
        assert the_text(tmp_path, "a.xlsx", saved(book)) == (
            f"| Item | {heading.strip()} |\n| --- | --- |\n| drill | large |\n| saw | small |"
        )

    def test_the_separator_that_excel_states_is_no_text(self, tmp_path: Path) -> None:
        text = "| a,b | c |\n| --- | --- |\n| 1 | 2 |"
        assert the_text(tmp_path, "a.csv", b"sep=;\r\na,b;c\r\n1;2\r\n") == text

    @pytest.mark.parametrize(
        ("value", "number_format", "text"),
        [
            (20.0, "General", "20"),
            (1234567.891, "General", "1234567.891"),
            (0.075, "0.0%", "7.5%"),
            (20, "[$€-407]#,##0.00", "€20.00"),
            (20, '#,##0.00\\ "€"', "20.00 €"),
            (20.5, "[$-409]#,##0.0", "20.5"),
            (1e15 + 1, "General", "1000000000000001"),
            (True, "General", "TRUE"),
            (datetime.datetime(2025, 5, 1), "General", "2025-05-01"),
            (datetime.datetime(2025, 5, 1, 9, 30), "General", "2025-05-01 09:30:00"),
            (datetime.time(9, 30), "General", "09:30:00"),
            (7, "0000", "0007"),
            (4711, "000-0000", "000-4711"),
            (2125550199, "(000) 000-0000", "(212) 555-0199"),
            (12345678, "00\\ 00\\ 00", "1234 56 78"),
            (12, "(0)", "(12)"),
            (5, "0/0", "5"),
            (42024, r"00\/0000", "04/2024"),
            (datetime.timedelta(hours=26, minutes=5), "[h]:mm", "26:05"),
            (14_000, '#,##0.0,"k"', "14.0 k"),
            (14_000, "#,##0,", "14"),
            (-5.25, '0.0 "°C"', "-5.3 °C"),
            (1e300, '0.0 "kg"', f"{1e300:.1f} kg"),
            ("014", "@", "014"),
        ],
    )
    def test_numbers_show_as_in_the_sheet(self, value: Any, number_format: str, text: str) -> None:
        assert shown(value, number_format) == text
