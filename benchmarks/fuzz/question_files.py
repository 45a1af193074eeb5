"""Question files and tables that were changed, damaged, blown up or are no files: `tasks validate`, `tasks import`."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import random
from pathlib import Path
from typing import Any

from benchmarks.fuzz import _hostile as hostile
from benchmarks.fuzz.documents import valid
from benchmarks.fuzz.task_files import TASK

PRELOAD = (
    "openpyxl",
    "pyarrow.parquet",
    "harness.imports.beir",
    "harness.imports.sources",
    "harness.imports.write",
)
ROWS: list[dict[str, Any]] = [
    {"id": f"q{n}", "question": f"Which port is number {n}?", "answers": [f"Port {n}", str(n)], "gold_docs": ["a"],
     "fact_id": f"f{n // 2}", "cluster": "c", "tags": ["t"],
     **({}, {"pattern": r"Port \d+"}, {"parts": ["Port", str(n)]})[n % 3]}
    for n in range(6)
]  # fmt: skip
UNANSWERABLE = {"id": "u", "question": "Who?", "answers": [], "answerable": False}
ANSWERS: list[dict[str, Any]] = [
    {"type": "text", "max_tokens": 8, "refusal": "none"},
    {"type": "label", "max_tokens": 8, "labels": [f"Port {n}" for n in range(6)] + [*"012345"]},
    {"type": "json", "max_tokens": 8},
    {"type": "choice", "max_tokens": 8},
]
METRICS = {
    "text": ["contains", "exact_match", "kind_match", "f1", "squad_f1", "refusal"],
    "label": ["label"],
    "json": ["exact_json"],
}


def make(rng: random.Random, folder: Path) -> list[str]:
    if rng.random() < 0.45:
        return _import(rng, folder)
    tasks = folder / "tasks"
    (tasks / "docs").mkdir(parents=True)
    (tasks / "docs" / "a.md").write_text("# Ports\n\nPort 1, Port 2 and Port 3.\n")
    answer = rng.choices(ANSWERS, (6, 2, 1, 1))[0]
    task = {**TASK, "answer": answer, "metrics": METRICS.get(answer["type"], ["contains"])}
    (tasks / "t.yaml").write_text(json.dumps(task))
    for role in ("test", "train", "dev"):
        path = tasks / f"{role}.jsonl"
        path.write_bytes(_lines(rng, role))
        if rng.random() < 0.02:
            hostile.no_file(rng, path)
    return ["tasks", "validate", "t"]


def _lines(rng: random.Random, role: str) -> bytes:
    rows: list[Any] = [{**row, "id": f"{role}-{row['id']}"} for row in copy.deepcopy(ROWS)]
    rows.append({**UNANSWERABLE, "id": f"{role}-u"})
    if rng.random() < 0.03:
        return hostile.encoded(rng, _bomb(rng))
    for _ in range(rng.choice((0, 1, 1, 3))):
        rows = hostile.change(rng, rows)
    if not isinstance(rows, list):
        return hostile.encoded(rng, hostile.spelled(rows))
    end = rng.choices(("\n", "\r\n", "\n\n", "\r", "\u2028", ","), (12, 1, 1, 1, 1, 1))[0]
    data = hostile.encoded(rng, end.join(map(hostile.spelled, rows)) + end)
    return hostile.damaged(rng, data) if rng.random() < 0.3 else data


def _bomb(rng: random.Random) -> str:
    n = rng.choice((100, 2_000, 60_000))
    few = min(n, 2_000)
    row = ROWS[0]
    return rng.choice(
        (
            json.dumps({**row, **{f"key{i}": i for i in range(n)}}),
            json.dumps({**row, **{f"answer{i}": i for i in range(n)}}),
            "\n".join(json.dumps({**row, "id": f"{i}", "gold_docs": [f"document-{i}"]}) for i in range(few)),
            "\n".join(json.dumps({**row, "id": f"{i}"}) for i in range(few)),
            "\n".join(json.dumps({**row, "id": f"{i}", "question": f"Who is {i}?"}) for i in range(few)),
            "\n".join(json.dumps(row) for _ in range(few)),
            json.dumps({**row, "answers": [f"Port {i}" for i in range(n)]}),
            json.dumps({**row, "choices": [f"Port {i}" for i in range(n)]}),
            json.dumps({**row, "choices": ["Port"] * n}),
            json.dumps(
                {
                    **row,
                    "question": rng.choice(("a", "a ", "1,", "-", "1 ", "é", "$1", "(", "½")) * n * 5,
                }
            ),
            json.dumps(
                {**row, "answers": [rng.choice(("a", "1,", "-", "1 ", "$", "km^2 ", "½", "the ")) * n]}
            ),
            '{"id": ' + "[" * n,
            '{"id": ' + '{"a":' * n,
            '{"id": ' + "9" * n * 10 + "}",
            '{"id": 1e' + "9" * 50 + "}",
            '{"id": "' + "x" * n * 100 + '"}',
            "{" + '"id": 1,' * n + '"a": 1}',
            "\n" * n * 10,
            "x\n" * n,
        )
    )


def _import(rng: random.Random, folder: Path) -> list[str]:
    suffix = rng.choice((".csv", ".csv", ".tsv", ".xlsx", ".json", ".jsonl", ".parquet", ".beir"))
    if suffix == ".beir":
        return _beir(rng, folder)
    path = folder / f"table{suffix}"
    path.write_bytes(
        {".xlsx": _workbook, ".parquet": _parquet, ".json": _records, ".jsonl": _records}.get(
            suffix, lambda rng: _table(rng, suffix)
        )(rng)
    )
    if rng.random() < 0.03:
        hostile.no_file(rng, path)
    (folder / "docs").mkdir()
    (folder / "docs" / "a.md").write_text("# Ports\n\nPort 1\n")
    more = rng.choice(
        ([], ["--gold", "gold", "--corpus", "docs"], ["--id", "id", "--split", "split"], ["--refusal", "none"],
         ["--answers-separator", "|"], ["--sheet", "Sheet"], ["--split", "test=50,train=50"], ["--skip"],
         ["--encoding", "cp1252"], ["--choices", "id,answer"], ["--context", "gold"])
    )  # fmt: skip
    named = rng.choice(([], ["--question", "question", "--answer", "answer"], ["--label", "split"]))
    return ["tasks", "import", str(path.name), "made", *named, *more]


def _cells(rng: random.Random) -> list[list[Any]]:
    rows: list[Any] = [["id", "question", "answer", "gold", "split"]]
    rows += [[f"r{n}", f"Which port is {n}?", f"Port {n}|{n}", "a", "test"] for n in range(5)]
    for _ in range(rng.choice((0, 1, 2, 5))):
        row = rng.choice(rows)
        place = rng.randrange(len(row) + 1)
        row[place : place + 1] = rng.choice(([], [hostile.value(rng)], [hostile.value(rng)], ["x"] * 500))
        if not row:
            row.append("")
    many = (
        rng.choice((1, 1, 1, 1, 400)) if sum(len(_text(cell)) for row in rows for cell in row) < 10_000 else 1
    )
    return rows * many


def _table(rng: random.Random, suffix: str) -> bytes:
    written = io.StringIO()
    mark = "\t" if suffix == ".tsv" else rng.choice((",", ",", ";", "|"))
    csv.writer(written, delimiter=mark).writerows([map(_text, row) for row in _cells(rng)])
    data = hostile.encoded(
        rng, rng.choices(("", "sep=;\n", "sep=\n", '"'), (9, 1, 1, 1))[0] + written.getvalue()
    )
    return hostile.damaged(rng, data) if rng.random() < 0.4 else data


def _text(entry: Any) -> str:
    return entry if isinstance(entry, str) else hostile.spelled(entry)


def _records(rng: random.Random) -> bytes:
    """JSON in one of the shapes that are read, changed: records, columns, splits, SQuAD's articles, conversations."""
    (names, *rows) = ([_text(cell) for cell in row] for row in _cells(rng)[:50])
    records: Any = [dict(zip(names, row, strict=False)) for row in rows]
    turns = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Ada"}]
    asked = [{"id": "1", "question": "Who?", "answers": [{"text": "Ada"}], "is_impossible": False}]
    tree: Any = rng.choice(
        (
            records,
            {"data": records},
            {"test": records, "train": records},
            {name: [row.get(name) for row in records] for name in names},
            {"data": [{"title": "T", "paragraphs": [{"context": "Ada did.", "qas": asked}]}]},
            [{"messages": turns}] * 3,
            [{"question": "Which?", "choices": {"text": ["a", "b"], "label": ["1", "2"]}, "answer": "2"}] * 3,
        )
    )
    for _ in range(rng.choice((0, 1, 1, 3))):
        tree = hostile.change(rng, tree)
    lines = isinstance(tree, list) and rng.random() < 0.5
    data = hostile.encoded(rng, "\n".join(map(hostile.spelled, tree)) if lines else hostile.spelled(tree))
    return hostile.damaged(rng, data) if rng.random() < 0.3 else data


def _parquet(rng: random.Random) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names, *rows = ([_legal(_text(cell)) for cell in row] for row in _cells(rng)[:50])
    table = pa.Table.from_pylist([dict(zip(names, row, strict=False)) for row in rows])
    made = io.BytesIO()
    pq.write_table(table, made)
    return hostile.damaged(rng, made.getvalue()) if rng.random() < 0.7 else made.getvalue()


def _workbook(rng: random.Random) -> bytes:
    import openpyxl

    if rng.random() < 0.3:
        return hostile.damaged(rng, valid()[".xlsx"])
    book = openpyxl.Workbook()
    for row in _cells(rng)[:200]:
        book.active.append([_legal(cell) for cell in row[:50]])
    made = io.BytesIO()
    book.save(made)
    data = made.getvalue()
    return hostile.damaged(rng, data) if rng.random() < 0.4 else data


def _legal(cell: Any) -> Any:
    """What openpyxl writes: numbers, and texts without control characters."""
    if isinstance(cell, bool | float) or (isinstance(cell, int) and abs(cell) < 10**300):
        return cell
    return "".join(sign for sign in _text(cell)[:30_000] if sign.isprintable())


def _beir(rng: random.Random, folder: Path) -> list[str]:
    beir = folder / "beir"
    (beir / "qrels").mkdir(parents=True)
    queries: Any = [{"_id": f"q{n}", "text": f"Which {n}?", "answers": [f"Port {n}"]} for n in range(4)]
    documents: Any = [{"_id": f"d{n}", "title": "T", "text": f"Port {n}"} for n in range(4)]
    judged: Any = [["query-id", "corpus-id", "score"], *([f"q{n}", f"d{n}", "1"] for n in range(4))]
    for _ in range(rng.choice((0, 1, 2))):
        queries, documents, judged = (hostile.change(rng, rows) for rows in (queries, documents, judged))
    for name, rows in (("queries.jsonl", queries), ("corpus.jsonl", documents)):
        lines = map(hostile.spelled, rows if isinstance(rows, list) else [rows])
        data = hostile.encoded(rng, "\n".join(lines))
        (beir / name).write_bytes(hostile.damaged(rng, data) if rng.random() < 0.3 else data)
    lines = (
        ["\t".join(map(_text, row if isinstance(row, list) else [row])) for row in judged]
        if isinstance(judged, list)
        else [_text(judged)]
    )
    split = beir / "qrels" / rng.choice(("test.tsv", "test.tsv", "test.tsv", "train.tsv", "odd.tsv"))
    split.write_bytes(hostile.encoded(rng, "\n".join(lines)))
    if rng.random() < 0.05:
        hostile.no_file(rng, beir / rng.choice(("queries.jsonl", "corpus.jsonl", f"qrels/{split.name}")))
    return ["tasks", "import", "beir", rng.choice(("made", "made", "a/b", "tasks", f"x{os.sep}"))]
