"""The table of readers: a file's suffix → what its documents are. Reading another format is one row.

A reader yields the documents of a file, a mistake for each record that cannot be read, and NotRead for what of the
file is not in its document. It raises NotRead where the file as a whole cannot be read; the corpus goes on without it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from harness.corpus.document import Document, Entry, NotRead, Parsed, document_of_parts
from harness.corpus.formats.books import epub, odt
from harness.corpus.formats.mail import mail
from harness.corpus.formats.md import markdown
from harness.corpus.formats.notebook import notebook
from harness.corpus.formats.pdf import pdf
from harness.corpus.formats.rst import rst
from harness.corpus.formats.shape import plain
from harness.corpus.formats.sheets import delimited, xlsx
from harness.corpus.formats.slides import pptx
from harness.corpus.formats.web import html
from harness.corpus.formats.word import docx
from harness.corpus.jsonl import records
from harness.corpus.source import page_of, read_bytes, read_text, text_of
from harness.errors import InputError

Reader = Callable[[Path, str], Iterator[Entry | InputError | NotRead]]
"""Path, and the id of a document that is the whole file → the documents in it, and what is wrong with others."""

T = TypeVar("T")

_HALF_PAIRS = re.compile("[\ud800-\udfff]")
EXTRA = "pip install 'rag-vs-finetune[documents]'"


def _text(form: Callable[[str, str], tuple[str, str]], decode: Callable[[bytes], str] = text_of) -> Reader:
    """The reader of text files that hold a document each; `form`: source and stem → title and text."""

    def read(path: Path, doc_id: str) -> Iterator[Entry | InputError | NotRead]:
        source = read_text(path, decode)
        title, text = _parsed(lambda: form(source.text, path.stem))
        yield Entry(Document(doc_id, _writable(title), _writable(text)), encoding=source.encoding)

    return read


def _binary(form: Callable[[bytes, str], Parsed]) -> Reader:
    """The reader of other files that hold a document each; `form`: bytes and stem → title and parts."""

    def read(path: Path, doc_id: str) -> Iterator[Entry | InputError | NotRead]:
        data = read_bytes(path)
        parsed = _parsed(lambda: form(data, path.stem))
        parts = [(_writable(label), _writable(text)) for label, text in parsed.parts]
        yield Entry(document_of_parts(doc_id, _writable(parsed.title), parts), encoding=parsed.encoding)
        yield from parsed.gaps

    return read


def _writable(text: str) -> str:
    """Text without halves of surrogate pairs, which JSON and old heads of e-mails can spell, and no file can hold."""
    return _HALF_PAIRS.sub("\ufffd", text)


def _parsed(parse: Callable[[], T]) -> T:
    """What a parser makes of a file. Raises NotRead where its library is missing, or where it fails."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd files: what they lack is told by what is read of them
            return parse()
    except NotRead:
        raise
    except ImportError as error:
        raise NotRead("extra", f"files of this type need a further package: {EXTRA}") from error
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise NotRead("broken", f"it is damaged, or not what its suffix says ({reason})") from error


READERS: dict[str, Reader] = {
    ".md": _text(markdown),
    ".markdown": _text(markdown),
    ".mdx": _text(markdown),
    ".html": _text(html, page_of),
    ".htm": _text(html, page_of),
    ".xhtml": _text(html, page_of),
    ".txt": _text(plain),
    ".jsonl": records,
    ".ndjson": records,
    ".rst": _text(rst),
    ".ipynb": _text(notebook),
    ".csv": _text(delimited(None)),
    ".tsv": _text(delimited("\t")),
    ".pdf": _binary(pdf),
    ".docx": _binary(docx),
    ".pptx": _binary(pptx),
    ".xlsx": _binary(xlsx),
    ".xlsm": _binary(xlsx),
    ".odt": _binary(odt),
    ".epub": _binary(epub),
    ".eml": _binary(mail),
}
"""Lower-case suffix → reader."""
