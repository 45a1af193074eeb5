"""`tasks import`: questions that somebody has in a table, or in BEIR's form, as a task folder."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from harness.commands.flags import place
from harness.errors import InputError
from harness.quantities import listed

TABLE_FLAGS = ("question", "answer", "id", "gold", "split", "answers_separator", "refusal", "corpus", "sheet")


def add_import(verbs: Any) -> None:
    parser = verbs.add_parser(
        "import", help="make a task of a CSV, TSV or XLSX file, or of a folder in BEIR's form"
    )
    add = parser.add_argument
    add("source", metavar="SOURCE", type=place,
        help="a table, or a folder with corpus.jsonl, queries.jsonl and qrels/")  # fmt: skip
    add("folder", metavar="FOLDER", type=place, help="the new task folder; its name is the task's")
    add("--question", metavar="COL", help="table: the column of the questions")
    add("--answer", metavar="COL", help="table: the column of the right answers")
    add(
        "--answers-separator",
        metavar="TEXT",
        help="table: what stands between several answers or gold documents",
    )
    add(
        "--gold",
        metavar="COL",
        help="table: the column that names the documents with the answer (needs --corpus)",
    )
    add("--id", metavar="COL", help="table: the column of the ids (default: the row's number)")
    add(
        "--split",
        metavar="COL",
        help="table: the column that says test, train or dev (default: all are test)",
    )
    add("--corpus", metavar="PATH", type=place, help="table: folder or file of the documents")
    add("--refusal", metavar="TEXT", help="table: the right reply where the answer is empty")
    add("--sheet", metavar="NAME", help="XLSX: the sheet (default: the first)")
    add("--answers", metavar="FILE", type=place, help="BEIR: a table with the columns query-id and answer")
    parser.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> None:
    from harness.imports.beir import draft_of_beir
    from harness.imports.table import draft_of_table
    from harness.imports.write import free, remarks_on, write_task

    free(options.folder)
    beir = options.source.is_dir()
    foreign = [name for name in (TABLE_FLAGS if beir else ("answers",)) if getattr(options, name) is not None]
    if foreign:
        flags = listed(f"--{name.replace('_', '-')}" for name in foreign)
        raise InputError(
            f"{flags} cannot be given with {'a folder' if beir else 'a table'}, as {options.source} is."
        )
    if beir:
        draft = draft_of_beir(options.source, options.answers)
    else:
        draft = draft_of_table(options.source, *_table_options(options))
    for path in write_task(draft, options.folder):
        print(path)
    for remark in remarks_on(draft):
        print(remark, file=sys.stderr)


def _table_options(options: argparse.Namespace) -> Any:
    """The columns and how cells are read. Raises InputError where question or answer is not named."""
    from harness.imports.table import Columns, Reading

    missing = [f"--{name}" for name in ("question", "answer") if getattr(options, name) is None]
    if missing:
        raise InputError(f"say with {listed(missing)} which column of {options.source} holds them.")
    return (
        Columns(options.question, options.answer, options.id, options.gold, options.split),
        Reading(options.answers_separator, options.refusal, options.corpus, options.sheet),
    )
