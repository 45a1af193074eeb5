"""Protects what is read of OpenDocument text and EPUB books: order, raised numbers, the numbers of items."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.office import archived, cause, corpus_of, the_text

pytestmark = pytest.mark.filterwarnings("ignore")


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


NUMBERED = """<x xmlns:text="t" xmlns:style="s"><body>
<text:h text:outline-level="1">Scope</text:h><text:h text:outline-level="1">Fees</text:h>
<text:h text:outline-level="2">A day</text:h><text:h text:outline-level="3">None</text:h>
<text:list text:style-name="L"><text:list-item><text:p>drill</text:p><text:p>with case</text:p></text:list-item>
<text:list-item><text:list><text:list-item><text:p>small</text:p></text:list-item><text:list-item><text:p>large</text:p>
</text:list-item></text:list></text:list-item><text:list-item><text:p>saw</text:p></text:list-item></text:list>
<text:p>between</text:p>
<text:list text:style-name="L" text:continue-numbering="true"><text:list-item><text:p>hammer</text:p></text:list-item>
<text:list-item text:start-value="9"><text:p>axe</text:p></text:list-item></text:list>
<text:list text:style-name="L"><text:list-item><text:p>again</text:p></text:list-item></text:list>
<text:list text:style-name="B"><text:list-item><text:p>dot</text:p></text:list-item></text:list></body></x>"""
NUMBERS = """<x xmlns:text="t" xmlns:style="s">
<text:outline-style><text:outline-level-style text:level="1" style:num-format="1"/>
<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/>
<text:outline-level-style text:level="3" style:num-format=""/></text:outline-style>
<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>
<text:list-level-style-number text:level="2" style:num-format="a" style:num-prefix="(" style:num-suffix=")"/>
</text:list-style>
<text:list-style style:name="B"><text:list-level-style-bullet text:level="1"/></text:list-style></x>"""


def test_open_document_text_with_the_numbers_that_its_styles_write(tmp_path: Path) -> None:
    data = archived(
        content_DOT_xml=NUMBERED, styles_DOT_xml=NUMBERS, **{"META-INF__manifest_DOT_xml": "<m/>"}
    )
    assert the_text(tmp_path, "a.odt", data) == (
        "# 1 Scope\n\n# 2 Fees\n\n## 2.1 A day\n\n### None\n\n"
        "1. drill\nwith case\n  (a) small\n  (b) large\n2. saw\n\nbetween\n\n3. hammer\n9. axe\n\n1. again\n\n- dot"
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
