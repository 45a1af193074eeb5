"""Protects what is read of PDF files: every page's text under its number, and what has none is told."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from harness.corpus.chunks import chunk_documents
from harness.corpus.documents import Corpus, read_corpus
from tests.corpus.fakes import HashEmbedder
from tests.corpus.papers import pdf_of

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


def test_a_locked_file_and_a_damaged_one_are_told(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(pdf_of([["secret"]])))
    writer.encrypt("password", algorithm="RC4-128")
    stream = BytesIO()
    writer.write(stream)
    assert [file.cause for file in corpus_of(tmp_path, stream.getvalue()).passed_over] == ["encrypted"]
    for data in (b"A drill may be kept 14 days.\n", b"%PDF-1.4\n%%EOF", b""):
        assert [file.cause for file in corpus_of(tmp_path, data).passed_over] == ["broken"]


def test_protection_without_a_password_for_readers_is_no_obstacle(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(pdf_of([["open"]])))
    writer.encrypt("", "owner", algorithm="RC4-128")
    stream = BytesIO()
    writer.write(stream)
    assert corpus_of(tmp_path, stream.getvalue()).documents[1].text == "open"
