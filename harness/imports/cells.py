"""What stands in the columns of a table, and whether they hold what they were taken for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.corpus.gold import GoldNames
from harness.errors import InputError, raise_all, shown
from harness.imports.columns import Columns
from harness.imports.contexts import passages_of
from harness.imports.rows import COLUMNS_SHOWN, Row, Table, folded
from harness.imports.values import as_text, decoded, is_empty, one_line, printed, texts_of
from harness.quantities import listed
from harness.spec.kinds import kind_of
from harness.spec.taskspec import Answer

Cells = Mapping[str, Sequence[Any]]
"""Column → its values, row by row."""


def with_answers_joined(table: Table, flag: str | None, separator: str | None) -> Table:
    """The table with one more column, where `--answer` names several: the right answers of all of them."""
    if flag is None or "," not in flag or folded(flag) in map(folded, table.columns):
        return table
    names = [table.column(name.strip(), "--answer") for name in flag.split(",")]

    def joined(row: Row) -> list[str]:
        return [text for name in names for text in texts_of(table.cell(row, name), separator, as_text)]

    rows = tuple(replace(row, cells={**row.cells, flag: joined(row)}) for row in table.rows)
    return replace(table, columns=(*table.columns, flag), rows=rows)


def cells_of(table: Table, columns: Columns) -> Cells:
    """What the columns hold. Raises InputErrors for lists and objects that cannot be read back."""
    cells: dict[str, Sequence[Any]] = {
        name: [table.cell(row, name) for row in table.rows] for name in columns.names
    }
    cells |= {name: decoded(cells[name]) for name in columns.of_lists}
    raise_all([_printed(table, name) for name in columns.of_lists if printed(cells[name])])
    return cells


def _printed(table: Table, column: str) -> InputError:
    """Lists and objects that a table of text cannot hold, and that were printed into it."""
    return InputError(
        f"column {shown(column)} holds lists or objects as Python prints them, which cannot be read back for certain; "
        "save the data as JSON lines or Parquet.",
        path=table.path,
    )


def usable(columns: Columns, table: Table, cells: Cells, gold: GoldNames | None) -> tuple[Columns, list[str]]:
    """The columns without those that were guessed and are not what their names say; a remark for each of these."""
    why = {}
    if "id" in columns.guessed and columns.id:
        ids = Counter(one_line(value) for value in cells[columns.id] if not is_empty(value))
        if any(times > 1 for times in ids.values()):
            why["id"] = "it holds an id twice, so ids are made of the rows"
    if "gold" in columns.guessed and columns.gold and gold:
        names = {name for value in cells[columns.gold] for name in texts_of(value)}
        if not any(gold.ids_of(name) for name in names):
            why["gold"] = "it names no document of the corpus"
    held = cells[columns.context] if "context" in columns.guessed and columns.context else ()
    if any(passages_of(value) is None for value in held):
        why["context"] = "it holds no texts"
    if "tag" in columns.guessed and columns.tag and len(table.rows) > 1:
        tags = {tuple(texts_of(value)) for value in cells[columns.tag[0]]}
        if len(tags) == 1:
            why["tag"] = "it says the same of every row"
    for kind in columns.kinds:
        if kind in columns.guessed and columns.answer and not _fits(kind, cells, columns):
            why[kind] = "the answers of some rows do not fit it"
    kept = columns
    for what in why:
        kept = kept.without(what)
    return kept, [
        f"{table.path}: {shown(name[0] if isinstance(name, tuple) else name)} is not taken as --{what}: {reason}."
        for what, reason in why.items()
        if (name := getattr(columns, what))
    ]


def _fits(kind: str, cells: Cells, columns: Columns) -> bool:
    """Whether the answers of all rows are of the kind that a column says they are."""
    rows = zip(cells[str(columns.answer)], cells[getattr(columns, kind)], strict=True)
    return not any(
        kind_of({"answers": texts_of(answer), kind: of_kind(kind, value, None)}, None)[1]
        for answer, value in rows
        if not is_empty(value)
    )


def of_kind(kind: str, value: Any, separator: str | None) -> Any:
    """The cell of a column that tells the kind of an answer, as a question record has it."""
    return texts_of(value, separator) if kind == "parts" else one_line(value)


def of_words(columns: Columns, answer: Answer, path: Path, *, tolerance: bool) -> Columns:
    """The columns without those that tell of answers in words, where there are none. Raises InputError for flags that
    name such columns."""
    if answer.type == "text":
        return columns
    given = [f"--{kind}" for kind in columns.kinds if kind not in columns.guessed]
    given += ["--tolerance"] if tolerance else []
    if given:
        raise InputError(
            f"{listed(given)}: only of answers in words, and these are of type {answer.type}.",
            path=path,
        )
    for kind in columns.kinds:
        columns = columns.without(kind)
    return columns


def asked_as_json(table: Table, columns: Columns, cells: Cells) -> Iterable[str]:
    """A remark for each column of questions that holds objects or lists."""
    for name in columns.question:
        held = [value for value in cells[name] if isinstance(value, dict | list)]
        if held:
            keys = (
                listed((f"{name}.{key}" for key in held[0]), COLUMNS_SHOWN)
                if isinstance(held[0], dict)
                else ""
            )
            yield (
                f"{table.path}: {shown(name)} holds objects or lists, which are asked as JSON."
                f"{f' --question may name what they hold: {keys}.' if keys else ''}"
            )
