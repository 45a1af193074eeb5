"""Protects what is read of office files, with files made by the libraries that people's programs resemble.

Tables keep their headings, numbers their digits, places their names; nothing that a person sees is lost.
"""

from __future__ import annotations

import datetime
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.documents import Corpus, read_corpus
from harness.corpus.formats import sheets
from harness.corpus.formats.sheets import shown
from harness.errors import InputError
from harness.imports.sheet import read_workbook

pytestmark = pytest.mark.filterwarnings("ignore")


def corpus_of(folder: Path, name: str, data: bytes) -> Corpus:
    """A file beside a page that is always read; an earlier one is replaced."""
    for file in folder.iterdir():
        file.unlink()
    (folder / "page.md").write_text("A page.", encoding="utf-8")
    (folder / name).write_bytes(data)
    return read_corpus(folder)


def the_text(folder: Path, name: str, data: bytes) -> str:
    corpus = corpus_of(folder, name, data)
    assert corpus.passed_over == ()
    return next(document.text for document in corpus if document.doc_id != "page")


def cause(folder: Path, name: str, data: bytes) -> str:
    (file,) = corpus_of(folder, name, data).passed_over
    assert file.doc_id == name.rsplit(".", 1)[0]
    return file.cause


def saved(document: Any) -> bytes:
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


class TestWord:
    docx = pytest.importorskip("docx", reason="needs the documents extra")

    def test_headings_lists_tables_and_raised_numbers(self, tmp_path: Path) -> None:
        document = self.docx.Document()
        document.core_properties.title = "The rules"
        document.add_heading("Loans", 1)
        paragraph = document.add_paragraph("Up to 10")
        paragraph.add_run("6").font.superscript = True
        paragraph.add_run(" litres, ")
        paragraph.add_run("7 days").font.strike = True
        paragraph.add_run(" 14 days.")
        paragraph.add_run("secret").font.hidden = True
        document.add_paragraph("drill", style="List Bullet")
        document.add_paragraph("saw", style="List Bullet")
        table = document.add_table(3, 3)
        for row, cells in zip(
            table.rows, [("Item", "Fee", "Days"), ("drill", "20", "14"), ("", "30", "7")], strict=True
        ):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
        table.cell(1, 0).merge(table.cell(2, 0))
        document.sections[0].header.paragraphs[0].text = "Valid from May"
        corpus = corpus_of(tmp_path, "rules.docx", saved(document))
        (read,) = (document for document in corpus if document.doc_id == "rules")
        assert read.title == "The rules"
        assert read.text == (
            "# Loans\n\nUp to 10^6 litres, ~~7 days~~ 14 days.\n\n- drill\n- saw\n\n"
            "| Item | Fee | Days |\n| --- | --- | --- |\n| drill | 20 | 14 |\n| drill | 30 | 7 |\n\nValid from May"
        )

    def test_what_the_library_passes_over_is_read_too(self, tmp_path: Path) -> None:
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls

        document = self.docx.Document()
        body = document.element.body
        kinds = nsdecls("w")
        inner = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
        pieces = [
            f"<w:sdt {kinds}><w:sdtContent>{inner.format('control')}</w:sdtContent></w:sdt>",
            f"<w:p {kinds}><w:ins><w:r><w:t>inserted</w:t></w:r></w:ins>"
            "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del></w:p>",
            f"<w:p {kinds}><w:r><w:t>before</w:t></w:r><w:r><w:pict><w:txbxContent>{inner.format('box')}"
            "</w:txbxContent></w:pict></w:r></w:p>",
            f'<w:p {kinds}><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink><w:r><w:tab/><w:t>a</w:t><w:br/>'
            '<w:t>b</w:t></w:r></w:p>',
        ]  # fmt: skip
        for piece in reversed(pieces):
            body.insert(0, parse_xml(piece))
        assert (
            the_text(tmp_path, "a.docx", saved(document))
            == "control\n\ninserted\n\nbefore\n\nbox\n\nlink\ta\nb"
        )

    def test_raised_text_is_one_however_many_runs_it_has(self, tmp_path: Path) -> None:
        document = self.docx.Document()
        paragraph = document.add_paragraph("10")
        for words in ("-", "1", "2"):
            paragraph.add_run(words).font.superscript = True
        paragraph.add_run(" mol, 5")
        paragraph.add_run("th ").font.superscript = True
        paragraph.add_run("Avenue")
        assert the_text(tmp_path, "a.docx", saved(document)) == "10^-12 mol, 5th Avenue"

    def test_signs_pictures_readings_and_formulas(self, tmp_path: Path) -> None:
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls

        kinds = nsdecls("w", "m", "wp")
        run, part = (
            '<w:r><w:t xml:space="preserve">{}</w:t></w:r>',
            "<m:{0}><m:r><m:t>{1}</m:t></m:r></m:{0}>",
        )
        sign = '<w:r><w:sym w:font="Symbol" w:char="F0{}"/></w:r>'
        fraction = f"<m:f>{part.format('num', 'a+b')}{part.format('den', '2')}</m:f>"
        power = f"<m:sSup>{part.format('e', '10')}{part.format('sup', '6')}</m:sSup>"
        root = f"<m:rad><m:deg/>{part.format('e', '2')}</m:rad>"
        brackets = (
            f"<m:sSup><m:e><m:d>{part.format('e', 'a+b')}</m:d></m:e>{part.format('sup', '2')}</m:sSup>"
        )
        total = f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr>{part.format("sub", "i")}'
        total += f"{part.format('sup', 'n')}{part.format('e', 'x')}</m:nary>"
        pieces = [
            f"{run.format('20')}{sign.format('B0')}{run.format('C ')}{sign.format('A3')}{run.format(' 5 ')}"
            f'<w:r><w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr><w:t>\uf06d</w:t></w:r>{run.format("m")}',
            f"<w:r><w:ruby><w:rt>{run.format('kan')}</w:rt><w:rubyBase>{run.format('漢')}</w:rubyBase></w:ruby></w:r>",
            f"<m:oMath>{fraction}{power}{root}{brackets}{total}</m:oMath>",
            '<w:r><w:drawing><wp:docPr id="1" name="x" descr="14 loans in May"/></w:drawing></w:r>',
        ]
        document = self.docx.Document()
        for piece in reversed(pieces):
            document.element.body.insert(
                0, parse_xml(f"<w:p {kinds}>{piece}</w:p>".replace("<w:t>", '<w:t xml:space="preserve">'))
            )
        assert the_text(tmp_path, "a.docx", saved(document)) == (
            "20°C ≤ 5 μm\n\n漢(kan)\n\n(a+b)/2 10^6√2(a+b)^2∑_i^n x\n\n[image: 14 loans in May]"
        )

    def test_numbers_that_word_writes_by_itself(self, tmp_path: Path) -> None:
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls

        def level(depth: int, form: str, text: str, more: str = "") -> str:
            kind = f'<w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/>{more}'
            return f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/>{kind}</w:lvl>'

        def paragraph(words: str, *, of: int = 0, depth: int = 0, style: str = "") -> str:
            own = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{of}"/></w:numPr>' if of else ""
            named = f'<w:pStyle w:val="{style}"/>' if style else ""
            return f"<w:p {nsdecls('w')}><w:pPr>{named}{own}</w:pPr><w:r><w:t>{words}</w:t></w:r></w:p>"

        clauses = level(0, "decimal", "%1", '<w:pStyle w:val="Heading1"/>') + level(1, "decimal", "%1.%2")
        clauses += level(2, "lowerLetter", "(%3)") + level(3, "bullet", "·") + level(4, "none", "")
        restart = '<w:lvlOverride w:ilvl="2"><w:startOverride w:val="4"/></w:lvlOverride>'
        document = self.docx.Document()
        numbering = document.part.numbering_part.element
        for element in list(numbering):
            numbering.remove(element)
        for xml in (
            f'<w:abstractNum {nsdecls("w")} w:abstractNumId="7">{clauses}</w:abstractNum>',
            f'<w:num {nsdecls("w")} w:numId="1"><w:abstractNumId w:val="7"/></w:num>',
            f'<w:num {nsdecls("w")} w:numId="2"><w:abstractNumId w:val="7"/>{restart}</w:num>',
        ):
            numbering.append(parse_xml(xml))
        style = document.styles["Heading 1"].element.get_or_add_pPr()
        style.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:numId w:val="1"/></w:numPr>'))
        lines = [
            paragraph("Scope", style="Heading1"),
            paragraph("Fees", style="Heading1"),
            *(paragraph(words, of=1, depth=1) for words in ("a day", "a week")),
            *(paragraph(words, of=1, depth=2) for words in ("drill", "saw")),
            *(paragraph(words, of=2, depth=2) for words in ("late", "later")),
            paragraph("dot", of=1, depth=3),
            paragraph("plain", of=1, depth=4),
            paragraph("a month", of=1, depth=1),
            paragraph("unknown", of=9),
            paragraph("Loss", style="Heading1"),
            paragraph("whole", of=1, depth=1),
        ]
        for line in reversed(lines):
            document.element.body.insert(0, parse_xml(line))
        assert the_text(tmp_path, "a.docx", saved(document)) == (
            "# 1 Scope\n\n# 2 Fees\n\n  2.1 a day\n  2.2 a week\n    (a) drill\n    (b) saw\n    (d) late\n"
            "    (e) later\n"
            "      - dot\n        - plain\n  2.3 a month\n- unknown\n\n# 3 Loss\n\n  3.1 whole"
        )

    def test_charts_and_diagrams_where_they_stand(self, tmp_path: Path) -> None:
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls

        def points(name: str, *texts: str) -> str:
            inner = "".join(f'<pt idx="{at}"><v>{text}</v></pt>' for at, text in enumerate(texts))
            return f"<{name}><x>{inner}</x></{name}>"

        years = points("cat", "2024", "2025")
        series = f"<ser><tx><v>loans</v></tx>{years}{points('val', '12', '0.30000000000000004')}</ser>"
        series += f"<ser><tx><v>fees</v></tx>{years}{points('val', '20')}</ser>"
        series += f"<ser>{points('xVal', '1')}{points('yVal', '2.5')}</ser>"
        data = {
            "chart": f"<c><chart><title><t>A year</t></title>{series}</chart></c>",
            "diagramData": "<d><p><t>Ask</t></p><p/><p><t>Pay 20</t><t> EUR</t></p></d>",
        }
        document = self.docx.Document()
        pieces = []
        for kind, xml in data.items():
            part = Part(PackURI(f"/word/{kind}.xml"), "application/xml", xml.encode(), document.part.package)
            named = document.part.relate_to(part, f"http://x/{kind}")
            pieces.append(f'<chart r:id="{named}"/>' if kind == "chart" else f'<relIds r:dm="{named}"/>')
        body = document.element.body
        body.insert(
            0, parse_xml(f"<w:p {nsdecls('w', 'r')}><w:r><w:t>See</w:t>{''.join(pieces)}</w:r></w:p>")
        )
        assert the_text(tmp_path, "a.docx", saved(document)) == (
            "See\n\nA year\n\n|  | loans | fees |\n| --- | --- | --- |\n| 2024 | 12 | 20 |\n| 2025 | 0.3 |  |\n\n"
            "| 1 | 2.5 |\n\n- Ask\n- Pay 20 EUR"
        )

    def test_rows_that_word_repeats_are_a_header(self, tmp_path: Path) -> None:
        from docx.oxml import OxmlElement

        document = self.docx.Document()
        table = document.add_table(3, 3)
        for row, cells in zip(
            table.rows, [("Item", "Fee", ""), ("", "day", "week"), ("drill", "3", "15")], strict=True
        ):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
        table.cell(0, 0).merge(table.cell(1, 0))
        table.cell(0, 1).merge(table.cell(0, 2))
        for row in table.rows[:2]:
            row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        text = "| Item | Fee / day | Fee / week |\n| --- | --- | --- |\n| drill | 3 | 15 |"
        assert the_text(tmp_path, "a.docx", saved(document)) == text

    def test_an_older_file_a_locked_one_and_a_damaged_one_are_told(self, tmp_path: Path) -> None:
        compound = b"\xd0\xcf\x11\xe0" + b"\0" * 600
        assert cause(tmp_path, "a.docx", compound) == "broken"
        assert cause(tmp_path, "a.docx", compound + "EncryptedPackage".encode("utf-16-le")) == "encrypted"
        assert cause(tmp_path, "a.docx", b"A drill may be kept 14 days.\n") == "broken"
        assert cause(tmp_path, "a.docx", saved(self.docx.Document())[:2000]) == "broken"
        assert cause(tmp_path, "a.docx", saved(self.docx.Document())) == "empty"


class TestSlides:
    pptx = pytest.importorskip("pptx", reason="needs the documents extra")

    def test_each_slide_is_a_place(self, tmp_path: Path) -> None:
        from pptx.chart.data import CategoryChartData
        from pptx.enum.chart import XL_CHART_TYPE
        from pptx.util import Inches

        show = self.pptx.Presentation()
        first = show.slides.add_slide(show.slide_layouts[1])
        first.shapes.title.text = "Loans"
        first.placeholders[1].text = "Drills: 14 days"
        first.placeholders[1].text_frame.add_paragraph().text = "with a case"
        first.placeholders[1].text_frame.paragraphs[1].level = 1
        first.notes_slide.notes_text_frame.text = "Say it slowly"
        second = show.slides.add_slide(show.slide_layouts[5])
        second.shapes.title.text = "Fees"
        size = [Inches(1)] * 4
        table = second.shapes.add_table(2, 2, *size).table
        for (row, column), text in {(0, 0): "Item", (0, 1): "Fee", (1, 0): "drill", (1, 1): "20 EUR"}.items():
            table.cell(row, column).text = text
        data = CategoryChartData()
        data.categories = ["2024", "2025"]
        data.add_series("loans", (12, 14.5))
        second.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *size, data)
        group = second.shapes.add_group_shape()
        group.shapes.add_textbox(*size).text_frame.text = "grouped"
        corpus = corpus_of(tmp_path, "show.pptx", saved(show))
        (read,) = (document for document in corpus if document.doc_id == "show")
        assert read.title == "Loans"
        assert [place.label for place in read.places] == ["slide 1: Loans", "slide 2: Fees"]
        assert read.text == (
            "## Loans\n\nDrills: 14 days\n- with a case\n\nNotes: Say it slowly\n\n"
            "## Fees\n\n| Item | Fee |\n| --- | --- |\n| drill | 20 EUR |\n\n"
            "|  | loans |\n| --- | --- |\n| 2024 | 12 |\n| 2025 | 14.5 |\n\ngrouped"
        )
        assert read.text[read.places[1].start :].startswith("## Fees")

    def test_scatter_charts_pictures_and_runs(self, tmp_path: Path) -> None:
        from PIL import Image
        from pptx.chart.data import XyChartData
        from pptx.enum.chart import XL_CHART_TYPE
        from pptx.util import Inches

        show = self.pptx.Presentation()
        slide = show.slides.add_slide(show.slide_layouts[6])
        size = [Inches(1)] * 4
        box = slide.shapes.add_textbox(*size).text_frame
        box.text = "10"
        for words, attribute, value in (("-", "baseline", "30000"), ("6", "baseline", "30000"), (" ", "b", "1"),
                                        ("7", "strike", "sngStrike")):  # fmt: skip
            run = box.paragraphs[0].add_run()
            run.text = words
            run._r.get_or_add_rPr().set(attribute, value)
        box.add_paragraph().text = "# of days"
        data = XyChartData()
        data.add_series("speed").add_data_point(1, 2.5)
        slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, *size, data)
        stream = BytesIO()
        Image.new("RGB", (1, 1)).save(stream, "PNG")
        slide.shapes.add_picture(stream, 0, 0)._element.nvPicPr.cNvPr.set("descr", "14 loans")
        assert the_text(tmp_path, "a.pptx", saved(show)) == (
            "10^-6 ~~7~~\n\\# of days\n\n| x | speed |\n| --- | --- |\n| 1 | 2.5 |\n\n[image: 14 loans]"
        )

    def test_numbers_that_powerpoint_writes_by_itself(self, tmp_path: Path) -> None:
        from pptx.oxml import parse_xml
        from pptx.util import Inches

        show = self.pptx.Presentation()
        box = show.slides.add_slide(show.slide_layouts[6]).shapes.add_textbox(*[Inches(1)] * 4).text_frame
        space = "http://schemas.openxmlformats.org/drawingml/2006/main"
        lines = [("Ask", 0, "arabicPeriod"), ("by mail", 1, "alphaLcParenR"), ("by call", 1, "alphaLcParenR")]
        lines += [("Pay", 0, "arabicPeriod"), ("at once", 1, "alphaLcParenR"), ("plain", 0, "")]
        lines += [("Keep", 0, "arabicPeriod"), ("x", 0, "romanUcParenBoth")]
        for number, (text, level, form) in enumerate(lines):
            paragraph = box.paragraphs[0] if not number else box.add_paragraph()
            paragraph.text, paragraph.level = text, level
            if form:
                sign = parse_xml(f'<a:buAutoNum xmlns:a="{space}" type="{form}"/>')
                paragraph._p.get_or_add_pPr().append(sign)
        assert the_text(tmp_path, "a.pptx", saved(show)) == (
            "1. Ask\na) by mail\nb) by call\n2. Pay\na) at once\nplain\n1. Keep\n(I) x"
        )


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


def archived(**members: str) -> bytes:
    """An archive of files by name, with `__` for a slash and `_DOT_` for a dot."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in members.items():
            packed.writestr(name.replace("__", "/").replace("_DOT_", "."), text)
    return stream.getvalue()


OPEN_TEXT = """<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b" xmlns:style="s" xmlns:fo="f">
<office:automatic-styles><style:style style:name="T1"><style:text-properties style:text-position="super 58%"/>
</style:style></office:automatic-styles><office:body><office:text>
<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>
<text:h text:outline-level="2">Loans</text:h>
<text:p>Up to 10<text:span text:style-name="T1">6</text:span> litres<text:note>
<text:note-citation>1</text:note-citation>
<text:note-body><text:p>or less</text:p></text:note-body></text:note>, 14<text:s text:c="2"/>days<text:line-break/>each.
</text:p>
<text:list><text:list-item><text:p>drill</text:p><text:list><text:list-item><text:p>case</text:p></text:list-item>
</text:list></text:list-item></text:list>
<table:table><table:table-row><table:table-cell><text:p>Item</text:p></table:table-cell><table:table-cell><text:p>Fee</text:p>
</table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>drill</text:p></table:table-cell>
<table:table-cell><text:p>20</text:p></table:table-cell></table:table-row></table:table>
</office:text></office:body></office:document-content>"""


def test_open_document_text(tmp_path: Path) -> None:
    data = archived(content_DOT_xml=OPEN_TEXT, **{"META-INF__manifest_DOT_xml": "<m/>"})
    assert the_text(tmp_path, "a.odt", data) == (
        "## Loans\n\nUp to 10^6 litres [^1], 14  days\neach.\n\n- drill\n  - case\n\n"
        "| Item | Fee |\n| --- | --- |\n| drill | 20 |\n\n[^1]: or less"
    )
    locked = archived(content_DOT_xml="x", **{"META-INF__manifest_DOT_xml": "<m><encryption-data/></m>"})
    assert cause(tmp_path, "a.odt", locked) == "encrypted"


STYLED = """<x xmlns:text="t" xmlns:table="b" xmlns:style="s" xmlns:svg="v">
<style:style style:name="up"><style:text-properties style:text-position="33% 58%"/></style:style>
<style:style style:name="out"><style:text-properties style:text-line-through-style="solid"/></style:style>
<style:style style:name="off"><style:text-properties text:display="none"/></style:style>
<style:style style:name="even"><style:text-properties style:text-position="0% 100%"/></style:style><body>
<text:p text:style-name="Title">The rules</text:p>
<text:p>10<text:span text:style-name="up">-</text:span><text:span text:style-name="up">6</text:span><text:span
text:style-name="off">secret</text:span> <text:span text:style-name="out">7</text:span> <text:span
text:style-name="even">14</text:span> days</text:p>
<text:p><frame><svg:title>x</svg:title><svg:desc>14 loans</svg:desc></frame></text:p>
<table:table><table:table-row><table:table-cell table:number-rows-spanned="2"><text:p>Drill</text:p></table:table-cell>
<table:table-cell><text:p>3</text:p></table:table-cell></table:table-row><table:table-row><table:covered-table-cell/>
<table:table-cell><text:p>2</text:p></table:table-cell></table:table-row></table:table></body></x>"""


def test_open_document_text_by_its_styles_and_spans(tmp_path: Path) -> None:
    data = archived(content_DOT_xml=STYLED, **{"META-INF__manifest_DOT_xml": "<m/>"})
    assert the_text(tmp_path, "a.odt", data) == (
        "# The rules\n\n10^-6 ~~7~~ 14 days\n\n[image: 14 loans]\n\n| Drill | 3 |\n| Drill | 2 |"
    )


CONTAINER = '<container xmlns="c"><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
PACKAGE = """<package xmlns="p" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
<dc:title>The book</dc:title></metadata>
<manifest><item id="a" href="a.xhtml"/><item id="b" href="text/b%20c.xhtml"/><item id="n" href="nav.xhtml"/></manifest>
<spine><itemref idref="n"/><itemref idref="b"/><itemref idref="a"/></spine></package>"""
PAGE = '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title>{0}</title></head>{1}</html>'


def test_epub_in_reading_order(tmp_path: Path) -> None:
    members = {
        "META-INF__container_DOT_xml": CONTAINER,
        "OPS__book_DOT_opf": PACKAGE,
        "OPS__nav_DOT_xhtml": PAGE.format("Contents", "<nav>menu</nav>"),
        "OPS__text__b c_DOT_xhtml": PAGE.format("Loans", "<p>14 days"),
        "OPS__a_DOT_xhtml": PAGE.format("The book", "<p>10<sup>6</sup> litres"),
    }
    corpus = corpus_of(tmp_path, "a.epub", archived(**members))
    (read,) = (document for document in corpus if document.doc_id == "a")
    assert (read.title, read.text) == ("The book", "14 days\n\n10^6 litres")
    assert [place.label for place in read.places] == ["chapter 2: Loans", "chapter 3"]
    members["OPS__a_DOT_css"] = "span.up { vertical-align: super }"
    members["OPS__a_DOT_xhtml"] = PAGE.format("The book", "<p>10<span class='up'>6</span> litres")
    corpus = corpus_of(tmp_path, "a.epub", archived(**members))
    assert [document.text for document in corpus if document.doc_id == "a"] == ["14 days\n\n10^6 litres"]
    members["META-INF__encryption_DOT_xml"] = '<e><d URI="OPS/a.xhtml"/></e>'
    assert cause(tmp_path, "a.epub", archived(**members)) == "encrypted"


def test_bombs_are_told_not_unpacked(tmp_path: Path) -> None:
    manifest = {"META-INF__manifest_DOT_xml": "<m/>"}
    big = BytesIO()
    with (
        zipfile.ZipFile(big, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("content.xml", "w", force_zip64=True) as member,
    ):
        for _ in range(160):
            member.write(b" " * 1_000_000)
    assert cause(tmp_path, "a.odt", big.getvalue()) == "large"
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    assert cause(tmp_path, "a.odt", archived(content_DOT_xml=laughs, **manifest)) == "broken"
    reads_files = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>'
    assert cause(tmp_path, "a.docx", archived(word__document_DOT_xml=reads_files)) == "broken"
    assert cause(tmp_path, "a.xlsx", archived(xl__workbook_DOT_xml=laughs)) == "broken"


def changed(data: bytes, member: str, old: str, new: str) -> bytes:
    """An archive in which the text of one member is changed wherever it stands."""
    with zipfile.ZipFile(BytesIO(data)) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    assert old.encode() in members[member]
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content.replace(old.encode(), new.encode()) if name == member else content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "rows",
    ['<row r="99999999999"><c r="A1"/></row>', '<row><c r="XFD1"/></row>' * 100],
    ids=["row", "column"],
)
def test_a_cell_far_out_does_not_fill_the_memory(
    tmp_path: Path, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="needs the documents extra")
    monkeypatch.setattr(sheets, "MOST_ROWS", 10_000)
    monkeypatch.setattr(sheets, "MOST_CELLS", 1_000_000)
    name = "xl/worksheets/sheet1.xml"
    data = changed(saved(openpyxl.Workbook()), name, '<dimension ref="A1:A1"/>', "")
    data = changed(data, name, "<sheetData></sheetData>", f"<sheetData>{rows}</sheetData>")
    assert cause(tmp_path, "a.xlsx", data) == "large"
    with pytest.raises(InputError, match="is no workbook that can be read: a sheet has more than"):
        read_workbook(tmp_path / "a.xlsx", ())


def test_a_chart_that_claims_a_billion_points_is_not_drawn(tmp_path: Path) -> None:
    pptx = pytest.importorskip("pptx", reason="needs the documents extra")
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE

    show = pptx.Presentation()
    drawn = CategoryChartData()
    drawn.categories = ["2024", "2025"]
    drawn.add_series("loans", (12, 14))
    shapes = show.slides.add_slide(show.slide_layouts[5]).shapes
    chart = shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, 9, 9, drawn).chart
    data = changed(saved(show), chart.part.partname[1:], 'ptCount val="2"', 'ptCount val="2000000000"')
    assert cause(tmp_path, "a.pptx", data) == "large"


def test_a_chapter_or_a_slide_that_is_named_again_and_again_is_read_once(tmp_path: Path) -> None:
    spine = '<itemref idref="b"/>' * 1000
    members = {
        "META-INF__container_DOT_xml": CONTAINER,
        "OPS__book_DOT_opf": PACKAGE.replace(
            '<itemref idref="n"/><itemref idref="b"/><itemref idref="a"/>', spine
        ),
        "OPS__text__b c_DOT_xhtml": PAGE.format("Loans", "<p>14 days"),
    }
    assert the_text(tmp_path, "a.epub", archived(**members)) == "14 days"
    pptx = pytest.importorskip("pptx", reason="needs the documents extra")
    show = pptx.Presentation()
    show.slides.add_slide(show.slide_layouts[5]).shapes.title.text = "14 days"
    slide = '<p:sldId id="300" r:id="rId7"/></p:sldIdLst>'
    again = changed(saved(show), "ppt/presentation.xml", "</p:sldIdLst>", slide)
    assert the_text(tmp_path, "a.pptx", again) == "## 14 days"


def test_a_missing_library_is_told_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("docx", "pptx", "openpyxl", "pypdf", "docutils"):
        monkeypatch.setitem(sys.modules, name, None)
    for suffix in ("docx", "pptx", "xlsx", "pdf", "rst"):
        data = archived(a="b") if suffix != "rst" else b"text"
        (file,) = corpus_of(tmp_path, f"a.{suffix}", data).passed_over
        assert (file.cause, file.path) == ("extra", f"a.{suffix}")
        assert "pip install 'rag-vs-finetune[documents]'" in file.reason


def test_a_lone_file_that_cannot_be_read_is_an_error_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"a\.docx: it is damaged"):
        read_corpus(tmp_path / "a.docx")
