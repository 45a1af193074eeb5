"""A folder in BEIR's form → questions with their gold documents.

`corpus.jsonl` (`_id, title, text`), `queries.jsonl` (`_id, text`) and `qrels/SPLIT.tsv` (`query-id, corpus-id, score`),
as of Thakur et al. 2021 (arXiv 2104.08663). BEIR judges documents, not answers: these come from the queries' own
`answer` or `answers` (HotpotQA has them in `metadata`), or from a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unicodedata import normalize

from harness.corpus.documents import read_corpus
from harness.errors import InputError, raise_all, shown
from harness.files import read_json, read_source
from harness.imports.draft import SPLITS, Draft
from harness.imports.rows import Problems
from harness.imports.sources import read_table
from harness.imports.values import as_text, one_line, texts_of
from harness.quantities import counted, listed

QUERY_ID, ANSWER = "query-id", "answer"
_NAMED = 5


def is_beir(source: Path) -> bool:
    """Whether a folder is in BEIR's form, or nearly: what it lacks is then said."""
    return source.is_dir() and any((source / name).exists() for name in ("qrels", "queries.jsonl"))


def draft_of_beir(folder: Path, answers: Path | None) -> Draft:
    """A draft of the queries that a split judges. `answers`: a table with the columns `query-id` and `answer`.

    Raises InputErrors for what cannot be read, and InputError where no query of the test split has an answer.
    """
    missing = [
        name for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv") if not (folder / name).is_file()
    ]
    if missing:
        raise InputError(f"BEIR's form needs {listed(missing)}, which the folder lacks.", path=folder)
    queries = _queries(folder / "queries.jsonl")
    given = _answers(answers, queries) if answers else {}
    corpus = folder / "corpus.jsonl"
    documents = read_corpus(corpus).ids
    draft = Draft(folder.name, corpus)
    unknown: list[str] = []
    unanswered: list[str] = []
    again: list[str] = []
    seen: set[str] = set()
    for role, judged in _splits(folder / "qrels", queries).items():
        for query, relevant in judged.items():
            text, own = queries[query]
            gold = [doc for doc in relevant if doc in documents]
            unknown += [doc for doc in relevant if doc not in documents]
            if query in seen:
                again.append(query)
            elif right := given.get(query) or own:
                draft.add(role, {"id": query, "question": text, "answers": right, "gold_docs": gold})
            else:
                unanswered.append(query)
        seen |= judged.keys()
    if not draft.records.get("test"):
        raise InputError(_no_answers(len(unanswered)), path=folder / "queries.jsonl")
    for left, why in (
        (unanswered, "without an answer left out (--answers FILE gives them)"),
        (again, "of an earlier split left out of the later one"),
    ):
        if left:
            draft.remarks.append(
                f"{folder}: {counted(len(left), 'query', 'queries')} {why}: {listed(left, _NAMED)}."
            )
    if unknown:
        draft.remarks.append(
            f"{folder}: {counted(len(unknown), 'judgement')} of documents that the corpus lacks, or has without text, "
            f"left out: {listed(dict.fromkeys(unknown), _NAMED)}."
        )
    return draft


def _no_answers(queries: int) -> str:
    return (
        f"none of {counted(queries, 'judged query', 'judged queries')} has an answer. BEIR says which documents are "
        "relevant, and a task needs what is right to reply: give --answers FILE, a CSV, TSV or XLSX table "
        f"with the columns {QUERY_ID} and {ANSWER}, a row for each answer."
    )


def _records(path: Path) -> Iterator[tuple[int, Any]]:
    """The lines of a JSONL file with their numbers. Raises InputError for one that is no JSON object."""
    for number, line in enumerate(read_source(path).text.split("\n"), 1):
        if line.strip():
            try:
                row = read_json(line)
            except (ValueError, RecursionError) as error:
                raise InputError(f"broken JSON: {error}.", path=path, line=number) from None
            if not isinstance(row, dict):
                raise InputError(f"must be a JSON object, but is {shown(row)}.", path=path, line=number)
            yield number, row


def _queries(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Id → text and answers of its own."""
    queries: dict[str, tuple[str, list[str]]] = {}
    errors: list[InputError] = []
    for number, row in _records(path):
        name, text = row.get("_id", row.get("id")), row.get("text")
        if not isinstance(name, str | int) or not isinstance(text, str) or not text.strip():
            errors.append(
                InputError(
                    "a query needs _id and text, and its text must not be empty.", path=path, line=number
                )
            )
        elif str(name) in queries:
            errors.append(InputError(f"the _id {shown(str(name))} is taken already.", path=path, line=number))
        else:
            queries[str(name)] = (text.strip(), _own_answers(row))
    raise_all(errors)
    return queries


def _own_answers(row: Mapping[str, Any]) -> list[str]:
    """The answers that a query brings itself, beside its text or in its metadata."""
    metadata = row.get("metadata")
    for place in (row, metadata if isinstance(metadata, dict) else {}):
        for key in ("answers", "answer"):
            value = place.get(key)
            texts = value if isinstance(value, list) else [value]
            right = [text.strip() for text in texts if isinstance(text, str) and text.strip()]
            if right:
                return list(dict.fromkeys(right))
    return []


def _answers(path: Path, queries: Mapping[str, object]) -> dict[str, list[str]]:
    """Query id → its answers, from a table with a row for each."""
    table = read_table(path, (QUERY_ID, ANSWER))
    query, answer = (table.column(name, "--answers") for name in (QUERY_ID, ANSWER))
    given: dict[str, list[str]] = {}
    problems = Problems(path)
    for row in table.rows:
        name, texts = one_line(row.cells.get(query, "")), texts_of(row.cells.get(answer), spelled=as_text)
        if row.fault:
            problems.add(row, None, "row", row.fault)
        elif name not in queries:
            problems.add(row, query, "query", f"there is no query {shown(name)} in queries.jsonl.")
        elif not texts:
            problems.add(row, answer, "empty", "is empty.")
        else:
            known = given.setdefault(name, [])
            known += [text for text in texts if text not in known]
    raise_all(problems.errors)
    return given


def _splits(folder: Path, queries: Mapping[str, object]) -> dict[str, dict[str, list[str]]]:
    """Question file → query id → its relevant documents (judged above 0), test first."""
    splits: dict[str, dict[str, list[str]]] = {}
    errors: list[InputError] = []
    for path in sorted(
        folder.glob("*.tsv"), key=lambda path: (SPLITS.get(path.stem.casefold()) != "test", path.name)
    ):
        role = SPLITS.get(path.stem.casefold())
        if role is None:
            errors.append(InputError(f"is no split; the splits are {', '.join(SPLITS)}.", path=path))
            continue
        judged = splits.setdefault(role, {})
        for number, line in enumerate(read_source(path).text.split("\n"), 1):
            fields = line.rstrip("\r").split("\t")
            if not line.strip() or (number == 1 and not _is_number(fields[-1])):
                continue
            if len(fields) != 3 or not _is_number(fields[2]):
                text = "a judgement is query-id, corpus-id and score, with a tab between each."
                errors.append(InputError(text, path=path, line=number))
            elif fields[0] not in queries:
                text = f"there is no query {shown(fields[0])} in queries.jsonl."
                errors.append(InputError(text, path=path, line=number))
            elif float(fields[2]) > 0:
                judged.setdefault(fields[0], []).append(normalize("NFC", fields[1]))
    raise_all(errors)
    return splits


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
