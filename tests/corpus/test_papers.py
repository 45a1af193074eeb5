"""Protects what is read of PDF files: every page's text under its number, and what has none is told."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from harness.corpus.chunks import chunk_documents
from harness.corpus.documents import Corpus, read_corpus
from harness.corpus.formats import pdf
from tests.corpus.fakes import HashEmbedder
from tests.corpus.papers import drawn, pdf_of

pypdf = pytest.importorskip("pypdf", reason="needs the documents extra")
count = HashEmbedder().count_tokens


def corpus_of(folder: Path, data: bytes) -> Corpus:
    (folder / "page.md").write_text("A page.", encoding="utf-8")
    (folder / "rules.pdf").write_bytes(data)
    return read_corpus(folder)


def test_pages_are_places_that_passages_carry(tmp_path: Path) -> None:
    pages = [["Loans", "A drill may be kept 14 days."], ["Fees", "20 EUR (a week)."]]
    _, document = corpus_of(tmp_path, pdf_of(pages, title="The rules"))
    assert document.title == "The rules"
    assert document.text == "Loans\nA drill may be kept 14 days.\n\nFees\n20 EUR (a week)."
    assert [(place.start, place.label) for place in document.places] == [(0, "page 1"), (36, "page 2")]
    passages = chunk_documents([document], count, 20, 0)
    assert [passage.place for passage in passages] == ["page 1", "page 2"]


def test_divided_words_meet_and_sentences_run_on(tmp_path: Path) -> None:
    lines = [
        "The work-",
        "shop lends a well-",
        "known drill for four-",
        "teen days and",
        "not longer.",
        "Next",
        "- item",
    ]
    _, document = corpus_of(tmp_path, pdf_of([lines, ["It is well-known."]]))
    assert document.text.startswith(
        "The workshop lends a well-known drill for fourteen days and not longer.\nNext\n- item"
    )


@pytest.mark.parametrize("title", ["", "untitled", "Microsoft Word - rules.docx", "Document1"])
def test_a_title_that_a_program_made_up_is_none(tmp_path: Path, title: str) -> None:
    assert corpus_of(tmp_path, pdf_of([["x"]], title=title)).documents[1].title == "Rules"


def test_a_scan_is_told_not_indexed_as_empty(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, pdf_of([[], []]))
    (file,) = corpus.passed_over
    assert (file.path, file.cause, file.doc_id, corpus.ids) == ("rules.pdf", "scanned", "rules", {"page"})
    assert "its 2 pages hold pictures only" in file.reason


def test_pages_without_text_are_told_and_the_others_read(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, pdf_of([["one"], [], ["three"], []]))
    assert [place.label for place in corpus.documents[1].places] == ["page 1", "page 3"]
    (file,) = corpus.passed_over
    assert (file.cause, file.reason) == ("scanned", "2 of its 4 pages have no text (page 2, 4)")


def test_pages_that_would_take_days_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_MOST_OPERATIONS", 40)
    (file,) = corpus_of(tmp_path, pdf_of([["14 days"] * 8] * 3)).passed_over
    assert (file.path, file.cause) == ("rules.pdf", "large")


def test_a_locked_file_and_a_damaged_one_are_told(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(pdf_of([["secret"]])))
    writer.encrypt("password", algorithm="RC4-128")
    stream = BytesIO()
    writer.write(stream)
    assert [file.cause for file in corpus_of(tmp_path, stream.getvalue()).passed_over] == ["encrypted"]
    for data in (b"A drill may be kept 14 days.\n", b"%PDF-1.4\n%%EOF"):
        assert [file.cause for file in corpus_of(tmp_path, data).passed_over] == ["broken"]


def test_protection_without_a_password_for_readers_is_no_obstacle(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(pdf_of([["open"]])))
    writer.encrypt("", "owner", algorithm="RC4-128")
    stream = BytesIO()
    writer.write(stream)
    assert corpus_of(tmp_path, stream.getvalue()).documents[1].text == "open"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("72 700 Td (up to 10) Tj /F1 7 Tf 36.2 3.6 Td (-6) Tj /F1 10 Tf 6.3 -3.6 Td ( mol) Tj", "up to 10^-6 mol"),
        ("1 0 0 1 72 700 Tm (kept 14) Tj 4 Ts /F1 7 Tf (2) Tj 0 Ts /F1 10 Tf ( days) Tj", "kept 14^2 days"),
        ("/F1 1 Tf 10 0 0 10 72 700 Tm (10) Tj 7 0 0 7 83.2 704 Tm (6) Tj 10 0 0 10 87.1 700 Tm ( l) Tj", "10^6 l"),
        ("72 700 Td (14 days) Tj /F1 7 Tf 33.4 4 Td (3) Tj /F1 10 Tf -33.4 -18 Td (Next) Tj", "14 days [3]\nNext"),
        ("72 700 Td (log 10) Tj /F1 7 Tf 27.3 -2 Td (2) Tj", "log 10_2"),
        ("72 700 Td (A) Tj /F1 8 Tf (NNUAL 14) Tj", "ANNUAL 14"),
        ("72 700 Td (Body) Tj /F1 7 Tf 0 -600 Td (2) Tj /F1 9 Tf 4 -3 Td ( Or less.) Tj", "Body\n2 Or less."),
        ("72 700 Td (2) Tj /F1 7 Tf 5.6 4 Td (n+1) Tj", "2^(n+1)"),
        ("72 700 Td (days) Tj /F1 7 Tf 21.1 4 Td (a,b) Tj", "days [a,b]"),
        ("72 700 Td (l) Tj /F1 7 Tf 2.3 4 Td (a) Tj /F1 10 Tf 4 -4 Td (er) Tj", "laer"),
        ("72 700 Td (days) Tj /F1 7 Tf 21.1 4 Td (a) Tj /F1 10 Tf 4 -4 Td ( or) Tj", "days [a] or"),
        ("1 0 0 1 72 700 Tm (S) Tj ET BT /F1 7 Tf 1 0 0 1 72 700 Tm 6.67 0 Td (MALL 14) Tj", "SMALL 14"),
        ("72 700 Td (Total) Tj /F1 7 Tf 200 4 Td (14) Tj", "Total 14"),
        ("72 700 Td (# stop) Tj", "\\# stop"),
    ],
)  # fmt: skip
def test_raised_numbers_touch_no_others(tmp_path: Path, content: str, text: str) -> None:
    _, document = corpus_of(tmp_path, drawn([f"BT /F1 10 Tf {content} ET".encode()]))
    assert document.text == text


def test_ligatures_are_letters() -> None:
    from harness.corpus.formats.pdf import _tidied

    assert _tidied("\ufb01nal e\ufb03cient 10\u00b2") == "final efficient 10\u00b2"
    assert _tidied("\ufef3\ufeee\ufee3\ufe8e") == "\u064a\u0648\u0645\u0627"


def test_what_is_typed_into_a_form_and_onto_a_page_is_read(tmp_path: Path) -> None:
    from pypdf.annotations import FreeText
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

    def named(**entries: object) -> DictionaryObject:
        return DictionaryObject({NameObject(f"/{key}"): value for key, value in entries.items()})

    writer = pypdf.PdfWriter(clone_from=BytesIO(pdf_of([["Loan of a tool"], ["Second"]])))
    fields = [
        named(Subtype=NameObject("/Widget"), T=TextStringObject("days"), V=TextStringObject("14")),
        named(Subtype=NameObject("/Widget"), TU=TextStringObject("Insured"), V=NameObject("/Yes")),
        named(Subtype=NameObject("/Widget"), T=TextStringObject("late"), V=NameObject("/Off")),
        named(Subtype=NameObject("/Widget"), T=TextStringObject("empty")),
        named(Subtype=NameObject("/Link")),
        NameObject("/None"),
    ]
    writer.pages[0][NameObject("/Annots")] = ArrayObject(fields)
    writer.add_annotation(1, FreeText(text="paid 20 EUR", rect=(50, 550, 200, 650)))
    stream = BytesIO()
    writer.write(stream)
    _, document = corpus_of(tmp_path, stream.getvalue())
    assert document.text == "Loan of a tool\n\ndays: 14\nInsured: Yes\n\nSecond\n\npaid 20 EUR"
