"""A corpus on disk → documents with ids, titles and plain text, or all its mistakes at once.

A corpus is a folder, one file or a glob of Markdown, text, HTML or JSONL files. A file's document id is
its path without suffix, relative to the corpus; a JSONL record brings its own. Hidden files are left
out, and so are documents without any text.
"""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.corpus import formats
from harness.errors import InputError, InputErrors
from harness.files import sha256_json

_PARSERS: dict[str, Callable[[str, str], tuple[str, str]]] = {
    ".md": formats.markdown,
    ".markdown": formats.markdown,
    ".html": formats.html,
    ".htm": formats.html,
    ".txt": formats.plain,
}
_RECORDS = ".jsonl"
_SURROGATE = re.compile("[\ud800-\udfff]")
SUFFIXES = (*_PARSERS, _RECORDS)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a corpus, as it is chunked. `text` is never empty."""

    doc_id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class _Raw:
    """A document before its format is parsed, and where it stands. `title` is None outside JSONL."""

    doc_id: str
    body: str
    title: str | None
    path: Path
    line: int | None = None

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else str(self.path)


def read_corpus(path: str | Path) -> tuple[Document, ...]:
    """Read every document of a corpus, sorted by id.

    Raises InputErrors with every mistake found: a missing path, a file that cannot be read or is not
    UTF-8, a broken or incomplete JSONL record, an id that occurs twice, no text at all.
    """
    documents = [_parse(raw) for raw in _read_raw(path)]
    filled = tuple(sorted((document for document in documents if document.text.strip()), key=_by_id))
    if not filled:
        raise InputErrors([_empty(path)])
    return filled


def document_ids(path: str | Path) -> set[str]:
    """The ids of documents that are not blank, without parsing Markdown or HTML; raises like `read_corpus`."""
    found = {raw.doc_id for raw in _read_raw(path) if raw.body.strip()}
    if not found:
        raise InputErrors([_empty(path)])
    return found


def corpus_sha256(documents: Iterable[Document]) -> str:
    """The hash that names a corpus by its content, wherever it lies and whatever order it is read in."""
    return sha256_json(
        [[document.doc_id, document.title, document.text] for document in sorted(documents, key=_by_id)]
    )


def _by_id(document: Document) -> str:
    return document.doc_id


def _empty(path: str | Path) -> InputError:
    return InputError(
        "the corpus has no documents with text. "
        f"It needs at least one {', '.join(SUFFIXES)} file that is not empty.",
        path=Path(path),
    )


def _read_raw(path: str | Path) -> list[_Raw]:
    errors: list[InputError] = []
    found: dict[str, _Raw] = {}
    for raw in _raw_documents(_files(path), errors):
        first = found.setdefault(raw.doc_id, raw)
        if first is not raw:
            errors.append(
                InputError(
                    f"document id {raw.doc_id!r} is taken already, by {first.place}.",
                    path=raw.path,
                    line=raw.line,
                )
            )
    if not found and not errors:
        errors.append(_empty(path))
    if errors:
        raise InputErrors(errors)
    return list(found.values())


def _files(path: str | Path) -> list[tuple[Path, str]]:
    """The files of a corpus in a stable order, each with its path without suffix relative to the corpus."""
    given = Path(path)
    try:
        if given.is_dir():
            base, files = given, [file for file in given.rglob("*") if file.is_file()]
        elif given.exists():
            base, files = given.parent, [given]
            if given.suffix.lower() not in SUFFIXES:
                raise InputErrors(
                    [InputError(f"a corpus file ends in one of {', '.join(SUFFIXES)}.", path=given)]
                )
        elif glob.has_magic(str(path)):
            base = _fixed_part(given)
            files = [Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file()]  # noqa: PTH207
        else:
            raise InputErrors([InputError("there is no such corpus folder, file or glob.", path=given)])
    except OSError as error:
        raise InputErrors(
            [InputError(f"the corpus cannot be read: {error.strerror}.", path=given)]
        ) from error
    relative = {file: file.relative_to(base) for file in files if file.suffix.lower() in SUFFIXES}
    visible = [file for file in relative if not any(part.startswith(".") for part in relative[file].parts)]
    return [(file, relative[file].with_suffix("").as_posix()) for file in sorted(visible)]


def _fixed_part(pattern: Path) -> Path:
    """The folders of a glob before its first wildcard: `docs/**/*.md` → `docs`."""
    for parent in (pattern, *pattern.parents):
        if not glob.has_magic(str(parent)):
            return parent
    return Path()


def _raw_documents(files: Iterable[tuple[Path, str]], errors: list[InputError]) -> Iterator[_Raw]:
    """Documents file by file; what is wrong with a file goes to `errors` and the next file follows."""
    for path, doc_id in files:
        try:
            source = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            errors.append(InputError(f"not UTF-8 at byte {error.start}; save the file as UTF-8.", path=path))
            continue
        except OSError as error:
            errors.append(InputError(f"the file cannot be read: {error.strerror}.", path=path))
            continue
        source = source.replace("\r\n", "\n").replace("\r", "\n")
        if path.suffix.lower() == _RECORDS:
            yield from _raw_records(path, source, errors)
        else:
            yield _Raw(doc_id, source, None, path)


def _raw_records(path: Path, source: str, errors: list[InputError]) -> Iterator[_Raw]:
    # Only "\n" ends a line: str.splitlines would cut records at U+2028, which JSON allows in a string.
    for number, line in enumerate(source.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason, column = getattr(error, "msg", str(error)), getattr(error, "colno", None)
            errors.append(InputError(f"broken JSON: {reason}.", path=path, line=number, column=column))
            continue
        wrong = _wrong_record(row)
        if wrong:
            errors.append(InputError(wrong, path=path, line=number))
        else:
            yield _Raw(row["doc_id"], row["text"], row["title"], path, number)


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
    if any(_SURROGATE.search(row[name]) for name in fields):
        return "the record holds half of a surrogate pair (\\ud800 to \\udfff), which is no character."
    return "" if row["doc_id"].strip() else "doc_id is empty."


def _parse(raw: _Raw) -> Document:
    if raw.title is not None:
        title = " ".join(raw.title.split())
        return Document(raw.doc_id, title or formats.readable(raw.doc_id), formats.tidy(raw.body))
    title, text = _PARSERS[raw.path.suffix.lower()](raw.body, raw.path.stem)
    return Document(raw.doc_id, title, text)
