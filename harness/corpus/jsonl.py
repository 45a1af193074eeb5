"""JSONL corpora as people have them: one document per line, under the names that BEIR, Pyserini and data sets use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.corpus.document import Document, Entry, NotRead
from harness.corpus.formats.shape import readable, tidy
from harness.corpus.source import read_text
from harness.errors import InputError, shown
from harness.files import numbered_lines
from harness.spec.mistakes import is_unicode

IDS = ("doc_id", "_id", "id", "docid", "document_id", "docno", "pid")
TEXTS = ("text", "contents", "content", "body", "passage", "page_content", "document")
TITLES = ("title", "headline")
_NAMES = f"an id ({', '.join(IDS[:4])}) and a text ({', '.join(TEXTS[:4])})"


def records(path: Path, _doc_id: str) -> Iterator[Entry | InputError | NotRead]:
    """The documents of a JSONL file, and a mistake for each line that is none."""
    text, encoding = read_text(path)
    for number, line in numbered_lines(text):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason, column = getattr(error, "msg", str(error)), getattr(error, "colno", None)
            yield InputError(f"broken JSON: {reason}.", path=path, line=number, column=column)
            continue
        found = _document(row)
        if isinstance(found, str):
            yield InputError(found, path=path, line=number)
        else:
            yield Entry(found, number, encoding)


def _document(row: Any) -> Document | str:
    """The document that a record is, or what is wrong with it, as a sentence."""
    if not isinstance(row, dict):
        return f"a record is a JSON object with {_NAMES}; the title is optional."
    id_name, text_name, title_name = (_named(row, names) for names in (IDS, TEXTS, TITLES))
    lacks = [kind for kind, name in (("an id", id_name), ("a text", text_name)) if name is None]
    if id_name is None or text_name is None:
        keys = ", ".join(map(str, list(row)[:8])) or "no keys"
        return f"the record lacks {' and '.join(lacks)} (it has {keys}); it needs {_NAMES}."
    doc_id, text, title = row[id_name], row[text_name], row[title_name] if title_name else None
    doc_id = str(doc_id) if type(doc_id) is int else doc_id
    if isinstance(text, list | dict) and (parts := _parts(text)) is not None:
        text = "\n".join(parts)
    title = "" if title is None else str(title) if type(title) in (int, float) else title
    named = ((id_name, doc_id), (text_name, text), (title_name, title))
    wrong = [f"{name} is {shown(row[name])}" for name, value in named if name and not isinstance(value, str)]
    if wrong:
        return f"{', '.join(wrong)}; it must be text in quotes."
    if not all(is_unicode(value) for value in (doc_id, text, title)):
        return "the record holds half of a surrogate pair (\\ud800 to \\udfff), which is no character."
    if not doc_id.strip():
        return f"{id_name} is empty."
    if (
        not title.strip() and text_name == "contents"
    ):  # Pyserini puts the title on the first line; it stays there, too
        first, _, rest = text.partition("\n")
        title = first if rest.strip() and len(first) <= _LONGEST_TITLE else ""
    return Document(doc_id, " ".join(title.split()) or readable(doc_id), tidy(text))


_LONGEST_TITLE = 200
_DEEPEST = 5


def _parts(value: Any, depth: int = _DEEPEST) -> list[str] | None:
    """The texts of a list, also of lists and of objects that hold a text alone; None where there is anything else."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        text = _named(value, TEXTS)
        return (
            _parts(value[text], depth - 1)
            if text and depth and value.keys() <= {text, "type", "id"}
            else None
        )
    if not isinstance(value, list) or not depth:
        return None
    parts = [_parts(part, depth - 1) for part in value]
    return None if None in parts else [text for part in parts for text in part or ()]


def _named(row: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of some keys that a record has with a value."""
    return next((name for name in names if row.get(name) is not None), None)
