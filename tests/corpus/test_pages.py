"""Protects pages and documents laid out in usual ways: XHTML, headings and code in lists and tables, nested tables."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from harness.corpus.formats.books import odt
from harness.corpus.formats.web import html
from harness.corpus.layout import layout


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<math><msqrt><mn>2</mn></msqrt></math> <math><mroot><mn>8</mn><mn>3</mn></mroot></math>", "√2 3√8"),
        ("<math><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup></math>", "x_1^2"),
        ("10<span class=superscript>6</span> H<b class='x sub'>2</b>O <b class=subtitle>1</b>", "10^6 H2O 1"),
        ("<p># of days: 14<p>#1<h2>b # c</h2>", "\\# of days: 14\n\n#1\n\n## b # c"),
        ("<code># stop<br># start</code>", "\\# stop\n\\# start"),
        ("<ul><li><h3>Saws</h3>7 days</ul>", "### Saws\n\n7 days"),
        ("<dl><dt>Run<dd><pre># a</pre></dl>", "Run\n\n```\n# a\n```"),
        ("<ol><li><pre># a</pre></ol>", "1.\n\n```\n# a\n```"),
        ("<table><tr><th>#<th>Tool<tr><td>1<td>drill</table>", "| # | Tool |\n| --- | --- |\n| 1 | drill |"),
        ("<table><tr><td><table><tr><td><h2>Drills</h2>14 days</table></table>", "## Drills\n\n14 days"),
    ],
)  # fmt: skip
def test_text(source: str, text: str) -> None:
    assert html(source, "s")[1] == text


def test_code_in_a_list_has_no_headings() -> None:
    page = "<h2>Backup</h2><ul><li><pre># stop</pre></ul><dl><dd><pre># start</pre></dl>"
    text = html(page, "s")[1]
    assert {text[start : start + 9] for start in layout(text).headings} == {"## Backup"}


@pytest.mark.parametrize(
    "declared", ['<?xml version="1.0"?><html>', '<html xmlns="http://www.w3.org/1999/xhtml">']
)
def test_what_xhtml_closes_itself_is_closed(declared: str) -> None:
    page = f'{declared}<head><title/><script src="a.js" /></head><body><a id="p1"/>'
    page += "<h1>Loans</h1><p>14 days<br/><![CDATA[5 < 6]]></p></body></html>"
    assert html(page, "s") == ("Loans", "# Loans\n\n14 days\n5 < 6")


def test_a_heading_as_title_is_read_like_text() -> None:
    assert (
        html("<title></title><h1>10<sup>6</sup> l<br>of oil<a href='#x'>¶</a></h1>", "s")[0]
        == "10^6 l of oil"
    )


LAID_OUT = "| # 1 | Saw |\n\n## Drills\n\n14 days\n\n| Deposit | 20 EUR |\n\n\\# no heading"


def test_a_word_document_laid_out_by_a_table() -> None:
    docx = pytest.importorskip("docx", reason="needs the documents extra")
    from harness.corpus.formats.word import docx as read

    document = docx.Document()
    table = document.add_table(2, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "# 1", "Saw"
    table.cell(1, 0).add_paragraph("Drills", style="Heading 2")
    table.cell(1, 0).add_paragraph("14 days")
    inner = table.cell(1, 1).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "Deposit", "20 EUR"
    document.add_paragraph("# no heading")
    stream = BytesIO()
    document.save(stream)
    assert read(stream.getvalue(), "a").parts[0][1] == LAID_OUT


def test_an_open_document_laid_out_by_a_table() -> None:
    def row(*cells: str) -> str:
        return f"<table-row>{''.join(f'<table-cell>{cell}</table-cell>' for cell in cells)}</table-row>"

    nested = f"<table>{row('<p>Deposit</p>', '<p>20 EUR</p>')}</table>"
    rows = row("<p># 1</p>", "<p>Saw</p>") + row('<h outline-level="2">Drills</h><p>14 days</p>', nested)
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("META-INF/manifest.xml", "<m/>")
        packed.writestr("content.xml", f"<x><body><table>{rows}</table><p># no heading</p></body></x>")
    assert odt(stream.getvalue(), "a").parts[0][1] == LAID_OUT
