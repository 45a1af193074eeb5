"""What people have, as it was read: rows of values by column, each row with the place that its file shows for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import InputError, LazyText, did_you_mean, shown
from harness.quantities import counted, listed

COLUMNS_SHOWN = 12
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A record with at least one value. `cells`: text, numbers, lists or objects by column; an empty cell has none.

    `place`: what a person finds it by, such as `row 7`. `split`: what its file or its part of the file is called.
    `fault`: why it cannot be a question, whatever its columns mean. `system`: the system message of a conversation.
    """

    place: str
    cells: Mapping[str, Any]
    split: str | None = None
    fault: str | None = None
    system: str | None = None


@dataclass(frozen=True)
class Table:
    """Rows under the names of their columns. `classes`: the names of a column's numbers, where the file brings them.

    `hint`: where else a column may be that this table lacks, a sentence.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hint: str = ""

    @property
    def shown_columns(self) -> str:
        return listed((shown(column) for column in self.columns if column), COLUMNS_SHOWN)

    @property
    def elsewhere(self) -> str:
        """The hint behind another sentence."""
        return f" {self.hint}" if self.hint else ""

    @cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        by_name: dict[str, list[str]] = {}
        for column in self.columns:
            by_name.setdefault(folded(column), []).append(column)
        return by_name

    def column(self, name: str, flag: str) -> str:
        """The column that a flag names, whatever its case, or `COLUMN.KEY` of its objects or lists of objects.

        Raises InputError where there is not exactly one.
        """
        if name in self.columns and self.columns.count(name) == 1:
            return name
        same = self._by_name.get(folded(name), [])
        if len(same) == 1:
            return same[0]
        if same:
            text = f"{flag}: {counted(len(same), 'column')} are called {shown(name)}."
            raise InputError(text, path=self.path)
        first = name.partition(".")[0]
        if "." in name and first in self.columns:
            return name
        raise InputError(
            f"{flag}: there is no column {shown(name)}{did_you_mean(name, self.columns)}; "
            f"the columns are {self.shown_columns}.{self.elsewhere}",
            path=self.path,
        )

    def plain(self, names: Iterable[str], taken: Collection[str] = ()) -> str | None:
        """The one column that is called by the first of some plain names that the table has beside those taken."""
        found = (self._by_name.get(name, ()) for name in names)
        return next((one[0] for one in found if len(one) == 1 and one[0] not in taken), None)

    def cell(self, row: Row, column: str | None) -> Any:
        """The value of a cell, None where it is empty or the row has no such column."""
        if column is None:
            return None
        if column in row.cells or column in self.columns:
            return row.cells.get(column)
        value: Any = row.cells
        for key in column.split("."):
            value = _key_of(value, key)
        return value


def _key_of(value: Any, key: str) -> Any:
    """What an object has under a key; of a list of objects, what each of them has. A text beside objects is itself."""
    if isinstance(value, Mapping):
        return value.get(key)
    if not isinstance(value, list):
        return value if isinstance(value, str) else None
    return [
        entry[key] if isinstance(entry, Mapping) else entry
        for entry in value
        if isinstance(entry, str) or (isinstance(entry, Mapping) and key in entry)
    ]


def folded(name: str) -> str:
    """A column's name as it is compared: letters and digits in lower case, but for a name that has none."""
    return re.sub(r"[\W_]+", "", name.casefold()) or name.strip()


class Problems:
    """What rows have wrong, by column and kind, so that each kind is one sentence however many rows have it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[tuple[str, str, str], list[tuple[str, str | LazyText]]] = {}
        self.rows: set[str] = set()

    def add(self, row: Row, column: str | None, kind: str, text: str | LazyText, hint: str = "") -> None:
        """`kind`: names this kind of mistake. `text`: of the row, a sentence. `hint`: of the kind, what to do."""
        self._found.setdefault((column or "", kind, hint), []).append((row.place, text))
        self.rows.add(row.place)

    def __bool__(self) -> bool:
        return bool(self._found)

    def sentences(self) -> Iterator[str]:
        for (column, _, hint), rows in self._found.items():
            where = f", column {shown(column)}" if column else ""
            place, text = rows[0]
            if len(rows) == 1:
                yield f"{place}{where}: {text}{hint}"
            elif len({str(text) for _, text in rows[:_EXAMPLES]}) == 1:
                places = listed((place for place, _ in rows), _EXAMPLES)
                yield f"{len(rows):,} rows{where}: {str(text).removesuffix('.')} ({places}).{hint}"
            else:
                told = (f"{place}: {str(text).removesuffix('.')}" for place, text in rows[:_EXAMPLES])
                more = f"; and {len(rows) - _EXAMPLES:,} more" if len(rows) > _EXAMPLES else ""
                yield f"{len(rows):,} rows{where}: {'; '.join(told)}{more}.{hint}"

    @property
    def errors(self) -> list[InputError]:
        return [InputError(sentence, path=self.path) for sentence in self.sentences()]
