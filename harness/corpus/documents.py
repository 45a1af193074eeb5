"""A corpus on disk → documents with ids, titles and plain text, and the files that were passed over.

A corpus is a folder, one file or a glob of files that `READERS` knows. A file's document id is its path without
suffix, relative to the corpus; a JSONL record brings its own. Of files that differ in their suffix alone, the first
type in the table of readers has that id, and the others keep their suffix (`loans`, `loans.pdf`). Ids are in
Unicode's composed form (NFC), whichever form the file system keeps. One file that cannot be read does not stop the
others: it is passed over, and told. Hidden files and folders are no part of a corpus, and are not told.
"""

from __future__ import annotations

import glob
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.corpus.document import Document, Entry, NotRead
from harness.corpus.readers import READERS
from harness.errors import InputError, collecting, raise_all
from harness.files import sha256_json
from harness.records import Cause, Inventory, PassedOver
from harness.spec.mistakes import is_unicode


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of a corpus, sorted by id, none of them empty; and what it holds, file by file."""

    documents: tuple[Document, ...]
    inventory: Inventory
    files: Mapping[str, str] = field(default_factory=dict, compare=False)
    """By id: the path of the file that a document is, with `/`; of records, which share a file, none."""

    @property
    def passed_over(self) -> tuple[PassedOver, ...]:
        return self.inventory.passed_over

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(document.doc_id for document in self.documents)

    def __iter__(self) -> Iterator[Document]:
        return iter(self.documents)

    def __len__(self) -> int:
        return len(self.documents)


def read_corpus(path: str | Path) -> Corpus:
    """Read every document of a corpus, and tell which files were passed over.

    Raises InputError with every mistake found: a missing path, a broken or incomplete JSONL record, an id that occurs
    twice, no text at all.
    """
    reading = _Reading()
    files, passed_over = _files(path)
    reading.passed_over += passed_over
    for file in files:
        with collecting(reading.errors):
            reading.read(file)
    raise_all(reading.errors)
    filled = tuple(document for _, (document, _) in sorted(reading.documents.items()))
    if not filled:
        raise _empty(path, reading.passed_over)
    inventory = Inventory(
        files=reading.formats.total(),
        documents=len(filled),
        characters=sum(len(document.text) for document in filled),
        formats=tuple(sorted(reading.formats.items())),
        passed_over=tuple(sorted(reading.passed_over, key=lambda file: file.path)),
        guessed={name: tuple(dict.fromkeys(files)) for name, files in sorted(reading.guessed.items())},
    )
    return Corpus(filled, inventory, reading.files)


@dataclass(slots=True)
class _Reading:
    """What the files of a corpus gave so far."""

    documents: dict[str, tuple[Document, str]] = field(default_factory=dict)
    """By id: a document, and the place it was read at."""
    files: dict[str, str] = field(default_factory=dict)
    formats: Counter[str] = field(default_factory=Counter)
    passed_over: list[PassedOver] = field(default_factory=list)
    guessed: dict[str, list[str]] = field(default_factory=dict)
    """As of `Inventory`; a file stands there once for each of its documents."""
    errors: list[InputError] = field(default_factory=list)

    def read(self, file: _File) -> None:
        try:
            entries = list(READERS[file.suffix](file.path, file.doc_id))
        except NotRead as reason:
            self.passed_over.append(PassedOver(file.name, reason.cause, str(reason), file.doc_id))
            return
        added = []
        for entry in entries:
            if isinstance(entry, Entry):
                added.append(self._add(file, entry))
            elif isinstance(entry, NotRead):
                self.passed_over.append(PassedOver(file.name, entry.cause, str(entry), file.doc_id))
            else:
                self.errors.append(entry)
        if any(added):
            self.formats[file.suffix] += 1
        elif not entries:
            self.passed_over.append(PassedOver(file.name, "empty", "it is empty", file.doc_id))

    def _add(self, file: _File, entry: Entry) -> bool:
        """Whether a document joins the corpus: its id is new, and it has text."""
        doc_id = _composed(entry.document.doc_id)
        if doc_id in self.documents and entry.line is None:
            doc_id = _composed(file.name)
        if doc_id in self.documents:
            text = f"document id {doc_id!r} is taken already, by {self.documents[doc_id][1]}."
            self.errors.append(InputError(text, path=file.path, line=entry.line))
            return False
        if not entry.document.text.strip():
            name = f"{file.name}:{entry.line}" if entry.line else file.name
            self.passed_over.append(PassedOver(name, "empty", "it has no text after parsing", doc_id))
            return False
        place = f"{file.path}:{entry.line}" if entry.line else str(file.path)
        self.documents[doc_id] = (entry.document.named(doc_id), place)
        if entry.encoding:
            self.guessed.setdefault(entry.encoding, []).append(file.name)
        if entry.line is None:
            self.files[doc_id] = _composed(file.path.as_posix())
        return True


def corpus_sha256(documents: Iterable[Document]) -> str:
    """The hash that names a corpus by its content, wherever it lies and whatever order it is read in."""
    rows = []
    for document in sorted(documents, key=lambda document: document.doc_id):
        places = [[[place.start, place.label] for place in document.places]] if document.places else []
        rows.append([document.doc_id, document.title, document.text, *places])
    return sha256_json(rows)


def _composed(doc_id: str) -> str:
    """An id in NFC, the form that people type: macOS names files in the other one."""
    return unicodedata.normalize("NFC", doc_id)


_TOLD = 5
_HIDDEN = (".", "~$")
"""Beginnings of names that are left out: hidden ones, and the locks that Office keeps beside open files."""


def _empty(path: str | Path, passed_over: list[PassedOver]) -> InputError:
    told = "".join(f"\n  {file.path}: {file.reason}" for file in passed_over[:_TOLD])
    if len(passed_over) > _TOLD:
        told += f"\n  … and {len(passed_over) - _TOLD} more files that were passed over."
    return InputError(
        "the corpus has no documents with text. "
        f"It needs at least one {', '.join(READERS)} file that is not empty.{told}",
        path=Path(path),
    )


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a corpus that a reader knows. `name`: its path relative to the corpus, with `/`."""

    path: Path
    name: str

    @property
    def suffix(self) -> str:
        return self.path.suffix.lower()

    @property
    def doc_id(self) -> str:
        return _composed(self.name[: len(self.name) - len(self.path.suffix)])


def _files(path: str | Path) -> tuple[list[_File], list[PassedOver]]:
    """The files of a corpus that readers know, in a stable order, and the others."""
    given = Path(path)
    passed_over: list[PassedOver] = []
    home = given
    try:
        if given.is_dir():
            found, passed_over = _below(given)
        elif given.exists():
            found, home = [(given.name, given)], Path(os.path.realpath(given)).parent
            if given.suffix.lower() not in READERS:
                raise InputError(f"a corpus file ends in one of {', '.join(READERS)}.", path=given)
        elif glob.has_magic(str(path)):
            home = _fixed_part(given)
            names = (Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
            found = [(file.relative_to(home).as_posix(), file) for file in names if not file.is_dir()]
        else:
            raise InputError("there is no such corpus folder, file or glob.", path=given)
    except OSError as error:
        raise InputError(f"the corpus cannot be read: {error.strerror}.", path=given) from error
    files: list[_File] = []
    real_home = Path(os.path.realpath(home))
    for name, file in sorted(found, key=_by_stem_and_type):
        if any(part.startswith(_HIDDEN) for part in name.split("/")):
            continue
        if not is_unicode(name):
            readable = name.encode("utf-8", "replace").decode("utf-8")
            passed_over.append(PassedOver(readable, "encoding", "its name is not UTF-8 text; rename it"))
        elif reason := _unfit(file, real_home):
            passed_over.append(PassedOver(name, *reason))
        else:
            files.append(_File(file, name))
    return files, passed_over


def _by_stem_and_type(found: tuple[str, Path]) -> tuple[str, int, str]:
    name, file = found
    suffix = file.suffix.lower()
    order = list(READERS).index(suffix) if suffix in READERS else len(READERS)
    return _composed(name[: len(name) - len(file.suffix)]), order, name


def _below(folder: Path) -> tuple[list[tuple[str, Path]], list[PassedOver]]:
    """Every file below a folder and every linked folder, each with its path relative to the folder; closed folders.

    Linked folders are not entered: a link can lead in a circle, or out of the corpus.
    """
    found, closed = [], []

    def refuse(error: OSError) -> None:
        name = Path(error.filename).relative_to(folder).as_posix()
        if name == ".":
            raise error
        closed.append(PassedOver(name, "unreadable", f"the folder cannot be opened ({error.strerror})"))

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in (*names, *links):
            file = Path(parent, name)
            found.append((file.relative_to(folder).as_posix(), file))
    return found, closed


def _unfit(file: Path, home: Path) -> tuple[Cause, str] | None:
    """Why a path of a corpus in the folder `home` is not even opened; None where a reader takes it."""
    if file.is_dir():
        return "link", "it is a link to a folder, and linked folders are not followed"
    if not file.exists():
        return "link", "it is a link to a file that is not there"
    if not file.is_file():
        return "type", "it is no regular file"
    if not Path(os.path.realpath(file)).is_relative_to(home):
        return "link", "it is a link to a file outside the corpus; copy the file to have it read"
    if file.suffix.lower() not in READERS:
        kind = f"files of type {file.suffix}" if file.suffix else "files without a suffix"
        newer = _NEWER.get(file.suffix.lower())
        return "type", f"{kind} are not read" + (f"; save them as {newer}" if newer else "")
    return None


_NEWER = {
    ".doc": ".docx",
    ".rtf": ".docx",
    ".xls": ".xlsx",
    ".ppt": ".pptx",
    ".ods": ".xlsx",
    ".odp": ".pptx",
}
"""Office files that no reader takes → the form to save them in."""


def _fixed_part(pattern: Path) -> Path:
    """The folders of a glob before its first wildcard: `docs/**/*.md` → `docs`."""
    for parent in (pattern, *pattern.parents):
        if not glob.has_magic(str(parent)):
            return parent
    return Path()
