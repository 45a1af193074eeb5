"""A file or folder that somebody has → a table, by its suffix."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from harness.errors import InputError
from harness.imports.draft import SPLITS
from harness.imports.packed import GZIP, is_packed, suffix_of
from harness.imports.parquet import read_parquet
from harness.imports.records import read_records
from harness.imports.rows import Table
from harness.imports.sheet import read_csv, read_workbook
from harness.quantities import counted, listed

TEXTS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
"""Suffixes of those that are text, and may be packed."""
_NAMED = 5
SUFFIXES = (*TEXTS[:2], ".xlsx", ".parquet", *TEXTS[2:])


def read_table(
    path: Path, wanted: Collection[str], *, encoding: str | None = None, sheet: str | None = None
) -> Table:
    """Read a table, or a folder with a table for each split (`train.csv`, `test-00000-of-00001.parquet`).

    `wanted`: columns that tell where a CSV file or a sheet begins. Raises InputError for what cannot be read.
    """
    if path.is_dir():
        return _folder(path, wanted, encoding)
    suffix = suffix_of(path)
    if not _is_table(path):
        raise InputError(
            f"what is imported is a folder, or a file that ends in one of {', '.join(SUFFIXES)}; after "
            f"{listed(TEXTS)} may follow {GZIP}.",
            path=path,
        )
    if sheet is not None and suffix != ".xlsx":
        raise InputError("--sheet is for .xlsx files.", path=path)
    if encoding is not None and suffix not in TEXTS:
        raise InputError(f"--encoding is for {listed(TEXTS)} files.", path=path)
    if suffix == ".xlsx":
        return read_workbook(path, wanted, sheet)
    if suffix == ".parquet":
        return read_parquet(path)
    if suffix in (".csv", ".tsv"):
        return read_csv(path, wanted, encoding)
    return read_records(path, encoding)


def _folder(folder: Path, wanted: Collection[str], encoding: str | None) -> Table:
    """The tables of a folder whose names tell a split, one below the other."""
    found = [
        file
        for file in sorted(folder.rglob("*"))
        if not any(part.startswith(".") for part in file.relative_to(folder).parts)
        and _is_table(file)
        and file.is_file()
    ]
    first = any(map(_first_split, found))
    splits = [_first_split(file) if first else _any_split(file) for file in found]
    named = [(split, file) for split, file in zip(splits, found, strict=True) if split]
    if not named:
        there = f" Import one of its tables: {listed(map(str, found), _NAMED)}." if found else ""
        raise InputError(
            "the folder is neither in BEIR's form (corpus.jsonl, queries.jsonl, qrels/) nor has it a table for each "
            f"split, such as test.csv and train.csv ({', '.join(SUFFIXES)}).{there}",
            path=folder,
        )
    tables = [(split, read_table(file, wanted, encoding=encoding)) for split, file in named]
    columns = tables[0][1].columns
    others = [table for _, table in tables if set(table.columns) != set(columns)]
    if others:
        more = f", as have {counted(len(others) - 1, 'other table')}" if len(others) > 1 else ""
        raise InputError(
            f"its tables are of several kinds: {others[0].path.relative_to(folder)} has the columns "
            f"{others[0].shown_columns}, and {tables[0][1].path.relative_to(folder)} has others{more}. Import a folder "
            "with the tables of one data set.",
            path=folder,
        )
    rows = [
        replace(row, place=f"{table.path.relative_to(folder).as_posix()} {row.place}", split=split)
        for split, table in tables
        for row in table.rows
    ]
    remarks = [remark for _, table in tables for remark in table.remarks]
    unread = [str(file.relative_to(folder)) for split, file in zip(splits, found, strict=True) if not split]
    if unread:
        how = "begin with" if first else "tell"
        remarks.append(f"{folder}: left out, as their names {how} no split: {listed(unread, _NAMED)}.")
    return Table(folder, columns, tuple(rows), tuple(remarks), tables[0][1].classes)


def _is_table(file: Path) -> bool:
    return suffix_of(file) in (TEXTS if is_packed(file) else SUFFIXES)


def _first_split(file: Path) -> str | None:
    """The question file that a table's name begins with: `test-00.csv`."""
    return SPLITS.get(_words(file, "^[a-z]+")[0])


def _any_split(file: Path) -> str | None:
    """The one that it ends with, or its folder's name: `faq_test.csv`, `test/data.csv`. Asked only of folders where no
    name begins with a split, as `documents_test.csv` beside `train.csv` is something else."""
    return SPLITS.get(_words(file, "[a-z]+")[-1]) or SPLITS.get(file.parent.name.casefold())


def _words(file: Path, pattern: str) -> list[str]:
    return re.findall(pattern, file.name.casefold().partition(".")[0]) or [""]
