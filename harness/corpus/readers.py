"""The table of readers: a file's suffix → what its documents are. Reading another format is one row.

A reader yields the documents of a file, and a mistake for each record that cannot be read. It raises NotRead where
the file as a whole cannot be read; the corpus then goes on without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness.corpus import formats
from harness.corpus.document import Document, Entry, NotRead
from harness.errors import InputError
from harness.files import LFS_POINTER, is_lfs_pointer
from harness.spec.mistakes import is_unicode

Reader = Callable[[Path, str], Iterator[Entry | InputError]]
"""Path, and the id of a document that is the whole file → the documents in it, and what is wrong with others."""


def _whole_file(form: Callable[[str, str], tuple[str, str]]) -> Reader:
    """The reader of text files that hold a document each; `form`: source and stem → title and text."""

    def read(path: Path, doc_id: str) -> Iterator[Entry | InputError]:
        yield Entry(Document(doc_id, *form(_text(path), path.stem)))

    return read


def _records(path: Path, _doc_id: str) -> Iterator[Entry | InputError]:
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
            title = " ".join(row["title"].split()) or formats.readable(row["doc_id"])
            yield Entry(Document(row["doc_id"], title, formats.tidy(row["text"])), number)


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


def read_bytes(path: Path) -> bytes:
    """The bytes of a file. Raises NotRead where it cannot be opened or is what Git LFS leaves in its place."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotRead("unreadable", f"it cannot be opened ({error.strerror})") from error
    if is_lfs_pointer(data):
        raise NotRead("lfs", f"it is {LFS_POINTER}")
    return data


def _text(path: Path) -> str:
    """A UTF-8 file with line ends as "\\n". Raises NotRead where it cannot be read."""
    data = read_bytes(path)
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotRead("encoding", f"line {line} is not UTF-8 text; save the file as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


READERS: dict[str, Reader] = {
    ".md": _whole_file(formats.markdown),
    ".markdown": _whole_file(formats.markdown),
    ".html": _whole_file(formats.html),
    ".htm": _whole_file(formats.html),
    ".txt": _whole_file(formats.plain),
    ".jsonl": _records,
}
