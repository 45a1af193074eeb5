"""Protects readers of archives against what is no office file: bombs, entities, missing libraries."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from harness.corpus.documents import read_corpus
from harness.corpus.formats import sheets
from harness.errors import InputError
from harness.imports.sheet import read_workbook
from tests.corpus.office import archived, cause, corpus_of, saved, the_text
from tests.corpus.test_books import CONTAINER, PACKAGE, PAGE

pytestmark = pytest.mark.filterwarnings("ignore")


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
