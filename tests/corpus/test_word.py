"""Protects what is read of Word documents: nothing that a person sees is lost, no number changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.office import cause, corpus_of, saved, the_text

pytestmark = pytest.mark.filterwarnings("ignore")


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
            paragraph("", of=1, depth=1),
            paragraph("", of=1, depth=1).replace("</w:pPr>", "<w:rPr><w:del/></w:rPr></w:pPr>"),
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
            "      - dot\n        - plain\n  2.4 a month\n- unknown\n\n# 3 Loss\n\n  3.1 whole"
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

    def test_files_that_are_set_into_a_document(self, tmp_path: Path) -> None:
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls

        document = self.docx.Document()
        document.add_paragraph("before")
        kinds = {
            "a.html": ("aFChunk", "text/html"),
            "b.rtf": ("aFChunk", "application/rtf"),
            "c.xlsx": ("package", "x/y"),
        }
        for number, (name, (kind, content)) in enumerate(kinds.items()):
            page = b"<ul><li>14 days</ul>" if not number else b"x"
            part = Part(PackURI(f"/word/{name}"), content, page, document.part.package)
            named = document.part.relate_to(part, f"http://x/{kind}")
            chunk = parse_xml(f'<w:altChunk {nsdecls("w", "r")} r:id="{named}"/>')
            document.element.body.insert(number + 1, chunk)
        corpus = corpus_of(tmp_path, "a.docx", saved(document))
        assert [one.text for one in corpus if one.doc_id == "a"] == ["before\n\n- 14 days"]
        assert [file.reason for file in corpus.passed_over] == ["2 files set into it are not read"]

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
