"""Office files as tests make them, and what is read of one that lies beside a page."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from harness.corpus.documents import Corpus, read_corpus


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


def archived(**members: str) -> bytes:
    """An archive of files by name, with `__` for a slash and `_DOT_` for a dot."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in members.items():
            packed.writestr(name.replace("__", "/").replace("_DOT_", "."), text)
    return stream.getvalue()
