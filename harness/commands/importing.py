"""`tasks import`: questions that somebody has in a table, in a data set or in BEIR's form, as a task folder."""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from harness.commands.flags import place
from harness.errors import InputError
from harness.quantities import listed
from harness.steps import typed

if TYPE_CHECKING:
    from harness.imports.draft import Draft

COLUMNS = (
    "question", "answer", "label", "choices", "gold", "id", "split", "context", "tag", "parts", "tolerance", "pattern",
)  # fmt: skip
TABLE_FLAGS = (*COLUMNS, "answers_separator", "refusal", "corpus", "sheet", "encoding", "skip")


def add_import(verbs: Any) -> None:
    parser = verbs.add_parser(
        "import",
        help="make a task of a table (CSV, TSV, XLSX, Parquet), JSON or JSONL, SQuAD, or a folder in BEIR's form",
    )
    add = parser.add_argument
    add("source", metavar="SOURCE", type=place,
        help="a file; a folder with one for each split, or with corpus.jsonl, queries.jsonl, qrels/")  # fmt: skip
    add("folder", metavar="FOLDER", type=place, help="the new task folder; its name is the task's")
    columns = parser.add_argument_group(
        "columns (where their names are plain, none has to be given)"
    ).add_argument
    columns("--question", metavar="COL", help="the questions; several columns, A,B, are put below each other")
    columns("--answer", metavar="COL", help="the right answers: texts, lists, or JSON objects")
    columns("--label", metavar="COL", help="the right labels, for a task that chooses between these")
    columns(
        "--choices", metavar="COL", help="the options of each question: a list, or a column for each: A,B,C,D"
    )
    columns("--gold", metavar="COL", help="the documents with the answer, by id or file (needs --corpus)")
    columns("--context", metavar="COL", help="the passage with the answer; together they become the corpus")
    columns("--id", metavar="COL", help="the ids (default: made of the row's number)")
    columns("--split", metavar="COL|SHARES",
        help="test, train or dev; or shares such as test=30,train=70 (default: all are test)")  # fmt: skip
    columns(
        "--tag",
        metavar="COL",
        help="your own marks, by which the report's questions are filtered; also several",
    )
    columns("--parts", metavar="COL", help="the parts that a right reply must all hold")
    columns("--tolerance", metavar="COL|NUMBER",
        help="how far a number may be off: 0.5 or 2%%, for all answers or by question")  # fmt: skip
    columns("--pattern", metavar="COL", help="the regular expression that a right reply matches")
    add("--answers-separator", metavar="TEXT",
        help="what stands between several answers, options, gold documents, tags or parts of a cell")  # fmt: skip
    add("--corpus", metavar="PATH", type=place, help="folder or file of the documents")
    add("--refusal", metavar="TEXT", help="the right reply where the answer is empty")
    add(
        "--skip",
        action="store_const",
        const=True,
        help="leave out rows that cannot be questions, and say how many",
    )
    add("--sheet", metavar="NAME", help="XLSX: the sheet (default: the first)")
    add(
        "--encoding",
        metavar="NAME",
        help="CSV, TSV, JSON: the encoding, where it is neither Unicode nor cp1252",
    )
    add("--answers", metavar="FILE", type=place, help="BEIR: a table with the columns query-id and answer")
    parser.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> None:
    from harness.imports.beir import draft_of_beir, is_beir
    from harness.imports.write import free, remarks_on, write_task
    from harness.spec.task import FOLDER_FILE

    free(options.folder)
    beir = is_beir(options.source)
    foreign = [name for name in (TABLE_FLAGS if beir else ("answers",)) if getattr(options, name) is not None]
    if foreign:
        flags = listed(f"--{name.replace('_', '-')}" for name in foreign)
        kind = "a folder in BEIR's form" if beir else "a table"
        raise InputError(f"{flags} cannot be given with {kind}, as {options.source} is.")
    draft = draft_of_beir(options.source, options.answers) if beir else _draft(options)
    for path in write_task(draft, options.folder):
        print(path)
    for remark in remarks_on(draft):
        print(remark, file=sys.stderr)
    print(
        f"Look over {options.folder / FOLDER_FILE}; `{typed('tasks', 'validate', options.folder)}` then says what a "
        "run of it will do.",
        file=sys.stderr,
    )


def _draft(options: argparse.Namespace) -> Draft:
    from harness.imports.columns import NAMES
    from harness.imports.questions import Reading, draft_of_table
    from harness.imports.sources import read_table
    from harness.imports.split import shares_of
    from harness.scoring.kinds import margin

    flags = {what: getattr(options, what) for what in COLUMNS}
    shares = shares_of(flags["split"]) if flags["split"] is not None else None
    if shares:
        flags["split"] = None
    tolerance = flags["tolerance"] if margin(flags["tolerance"] or "", Fraction(1)) is not None else None
    if tolerance:
        flags["tolerance"] = None
    given = [name for name in flags.values() if name is not None]
    table = read_table(options.source, given or NAMES, encoding=options.encoding, sheet=options.sheet)
    reading = Reading(
        options.answers_separator, options.refusal, tolerance, options.corpus, shares, bool(options.skip)
    )
    return draft_of_table(table, flags, reading)
