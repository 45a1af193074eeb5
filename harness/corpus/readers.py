"""The table of readers: a file's suffix → what its documents are. Reading another format is one row.

A reader yields the documents of a file unparsed, and a mistake for each that cannot be read. It raises InputError
where the file itself cannot be read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.corpus import formats
from harness.errors import InputError
from harness.files import read_source
from harness.spec.mistakes import is_unicode


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a corpus, as it is chunked. `text` is never empty."""

    doc_id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A document as it stands in a file. `blank`: whether it shows without parsing that it has no text."""

    doc_id: str
    blank: bool
    parse: Callable[[], Document]
    path: Path
    line: int | None = None

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else str(self.path)


Reader = Callable[[Path, str], Iterator[Unparsed | InputError]]
"""Path, and the id of a document that is the whole file → the documents in it, and what is wrong with others."""


def _whole_file(form: Callable[[str, str], tuple[str, str]]) -> Reader:
    """The reader of text files that hold a document each; `form`: source and stem → title and text."""

    def read(path: Path, doc_id: str) -> Iterator[Unparsed | InputError]:
        source = _text(path)
        yield Unparsed(doc_id, not source.strip(), lambda: Document(doc_id, *form(source, path.stem)), path)

    return read


def _records(path: Path, _doc_id: str) -> Iterator[Unparsed | InputError]:
    """A JSONL file: a document a line, with an id of its own."""
    # Only "\n" ends a line: str.splitlines would cut records at U+2028, which JSON allows in a string.
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason, column = getattr(error, "msg", str(error)), getattr(error, "colno", None)
            yield InputError(f"broken JSON: {reason}.", path=path, line=number, column=column)
            continue
        if wrong := _wrong_record(row):
            yield InputError(wrong, path=path, line=number)
        else:
            document = Document(row["doc_id"], row["title"], row["text"])
            yield Unparsed(document.doc_id, not document.text.strip(), _tidied(document), path, number)


def _tidied(document: Document) -> Callable[[], Document]:
    title = " ".join(document.title.split()) or formats.readable(document.doc_id)
    return lambda: Document(document.doc_id, title, formats.tidy(document.text))


def _wrong_record(row: Any) -> str:
    """What is wrong with a JSONL record, as a sentence; empty where nothing is."""
    if not isinstance(row, dict):
        return "a record is a JSON object with doc_id, title and text."
    fields = ("doc_id", "title", "text")
    missing = [name for name in fields if name not in row]
    if missing:
        return f"the record lacks {', '.join(missing)}; it needs doc_id, title and text."
    wrong = [name for name in fields if not isinstance(row[name], str)]
    if wrong:
        return f"{', '.join(wrong)} must be text in quotes."
    if not all(is_unicode(row[name]) for name in fields):
        return "the record holds half of a surrogate pair (\\ud800 to \\udfff), which is no character."
    return "" if row["doc_id"].strip() else "doc_id is empty."


def _text(path: Path) -> str:
    """A UTF-8 file with line ends as "\\n". Raises InputError where it cannot be read."""
    return read_source(path).text.replace("\r\n", "\n").replace("\r", "\n")


READERS: dict[str, Reader] = {
    ".md": _whole_file(formats.markdown),
    ".markdown": _whole_file(formats.markdown),
    ".html": _whole_file(formats.html),
    ".htm": _whole_file(formats.html),
    ".txt": _whole_file(formats.plain),
    ".jsonl": _records,
}
