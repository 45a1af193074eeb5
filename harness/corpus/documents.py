"""A corpus on disk → documents with ids, titles and plain text, or all its mistakes at once.

A corpus is a folder, one file or a glob of files that `READERS` knows. A file's document id is its path without
suffix, relative to the corpus; a JSONL record brings its own. Hidden files are left out, and so are documents
without any text.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from harness.corpus.readers import READERS, Document, Unparsed
from harness.errors import InputError, InputErrors, collecting
from harness.files import sha256_json


def read_corpus(path: str | Path) -> tuple[Document, ...]:
    """Read every document of a corpus, sorted by id.

    Raises InputError with every mistake found: a missing path, a file that cannot be read or is not
    UTF-8, a broken or incomplete JSONL record, an id that occurs twice, no text at all.
    """
    documents = [unparsed.parse() for unparsed in _unparsed(path)]
    filled = tuple(sorted((document for document in documents if document.text.strip()), key=_by_id))
    if not filled:
        raise _empty(path)
    return filled


def document_ids(path: str | Path) -> set[str]:
    """The ids of documents that are not blank, without parsing Markdown or HTML; raises like `read_corpus`."""
    ids = {unparsed.doc_id for unparsed in _unparsed(path) if not unparsed.blank}
    if not ids:
        raise _empty(path)
    return ids


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
        f"It needs at least one {', '.join(READERS)} file that is not empty.",
        path=Path(path),
    )


def _unparsed(path: str | Path) -> list[Unparsed]:
    errors: list[InputError] = []
    documents: dict[str, Unparsed] = {}
    for file, doc_id in _files(path):
        with collecting(errors):
            for document in READERS[file.suffix.lower()](file, doc_id):
                if isinstance(document, InputError):
                    errors.append(document)
                elif (first := documents.setdefault(document.doc_id, document)) is not document:
                    text = f"document id {document.doc_id!r} is taken already, by {first.place}."
                    errors.append(InputError(text, path=document.path, line=document.line))
    if not documents and not errors:
        errors.append(_empty(path))
    if errors:
        raise InputErrors(errors)
    return list(documents.values())


def _files(path: str | Path) -> list[tuple[Path, str]]:
    """The files of a corpus in a stable order, each with its path without suffix relative to the corpus."""
    given = Path(path)
    try:
        if given.is_dir():
            base, files = given, [file for file in given.rglob("*") if file.is_file()]
        elif given.exists():
            base, files = given.parent, [given]
            if given.suffix.lower() not in READERS:
                raise InputError(f"a corpus file ends in one of {', '.join(READERS)}.", path=given)
        elif glob.has_magic(str(path)):
            base = _fixed_part(given)
            files = [Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file()]  # noqa: PTH207
        else:
            raise InputError("there is no such corpus folder, file or glob.", path=given)
    except OSError as error:
        raise InputError(f"the corpus cannot be read: {error.strerror}.", path=given) from error
    relative = {file: file.relative_to(base) for file in files if file.suffix.lower() in READERS}
    visible = [file for file in relative if not any(part.startswith(".") for part in relative[file].parts)]
    return [(file, relative[file].with_suffix("").as_posix()) for file in sorted(visible)]


def _fixed_part(pattern: Path) -> Path:
    """The folders of a glob before its first wildcard: `docs/**/*.md` → `docs`."""
    for parent in (pattern, *pattern.parents):
        if not glob.has_magic(str(parent)):
            return parent
    return Path()
