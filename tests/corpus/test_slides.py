"""Protects what is read of PowerPoint files: slides are places, charts tables, numbers as they are shown."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from tests.corpus.office import corpus_of, saved, the_text

pytestmark = pytest.mark.filterwarnings("ignore")


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

    def test_a_formula_beside_its_picture(self, tmp_path: Path) -> None:
        from pptx.oxml import parse_xml
        from pptx.util import Inches

        show = self.pptx.Presentation()
        box = show.slides.add_slide(show.slide_layouts[6]).shapes.add_textbox(*[Inches(1)] * 4).text_frame
        box.text = "Up to "
        formula = "<oMath><sSup><e><r><t>10</t></r></e><sup><r><t>6</t></r></sup></sSup></oMath>"
        both = f"<AlternateContent><Choice>{formula}</Choice><Fallback><r><t>x</t></r></Fallback></AlternateContent>"
        box.paragraphs[0]._p.append(parse_xml(both))
        assert the_text(tmp_path, "a.pptx", saved(show)) == "Up to 10^6"

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
