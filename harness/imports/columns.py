"""Which column holds what: as flags say, else as plain names tell."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from harness.errors import InputError, collecting, raise_all, shown
from harness.imports.draft import SPLITS
from harness.imports.rows import COLUMNS_SHOWN, Table, folded
from harness.imports.values import is_empty, one_line
from harness.quantities import listed
from harness.spec.kinds import KEYS as KINDS

PLAIN: Mapping[str, tuple[str, ...]] = {
    "choices": ("choices", "options", "endings", "candidates"),
    "question": (
        "question", "questions", "query", "prompt", "instruction", "input", "utterance", "questiontext", "questionstem",
        "userinput", "stem", "problem", "request", "message", "text", "sentence", "ctx", "q",
    ),
    "answer": (
        "answers", "answer", "answertext", "rightanswer", "correctanswer", "expectedanswer", "referenceanswer",
        "goldanswer", "groundtruth", "expected", "expectedoutput", "reference", "target", "output", "response", "reply",
        "ideal", "completion", "solution", "answerkey", "correct", "correctoption", "correctchoice", "correctanswers",
        "possibleanswers", "goldenanswers", "goldanswers", "referenceanswers", "groundtruths", "shortanswers",
        "shortanswer", "a",
    ),
    "label": ("label", "labels", "category", "class", "intent", "topic", "sentiment"),
    "gold": ("golddocs", "golddoc", "golddocuments", "golddocument", "gold", "documents", "document", "docs", "doc",
             "docid", "sourcedocument", "sourcefile", "filename", "file"),
    "id": ("id", "qid", "questionid", "queryid", "key", "identifier"),
    "split": ("split", "subset", "partition", "set"),
    "context": ("context", "contexts", "referencecontexts", "passage", "passages", "paragraphs"),
    "tag": ("tags", "tag", "category", "type"),
    "parts": ("parts",),
    "tolerance": ("tolerance",),
    "pattern": ("pattern",),
}  # fmt: skip
"""What a column is called that plainly holds this, as `folded` has it, the likeliest name first."""
NAMES = tuple(name for names in PLAIN.values() for name in names)
SEVERAL = ("question", "choices", "tag")
"""What may be spread over several columns, whose names stand in a flag with commas between."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold what; None or none: there is none. `guessed`: those that no flag named."""

    question: tuple[str, ...] = ()
    answer: str | None = None
    label: str | None = None
    choices: tuple[str, ...] = ()
    gold: str | None = None
    id: str | None = None
    split: str | None = None
    context: str | None = None
    tag: tuple[str, ...] = ()
    parts: str | None = None
    tolerance: str | None = None
    pattern: str | None = None
    guessed: tuple[str, ...] = ()

    def without(self, what: str) -> Columns:
        return replace(self, **{what: () if what in SEVERAL else None})  # type: ignore[arg-type]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What tells the kind of an answer, of that which columns hold."""
        return tuple(kind for kind in KINDS if getattr(self, kind))

    @property
    def names(self) -> list[str]:
        """Every column that is taken."""
        taken = (self.answer, self.label, self.gold, self.id, self.split, self.context)
        kinds = (getattr(self, kind) for kind in self.kinds)
        return [*self.question, *self.choices, *self.tag, *(name for name in taken if name), *kinds]

    @property
    def of_lists(self) -> list[str]:
        """The columns whose cells may hold lists and objects."""
        alone = (self.answer, self.label, self.gold, self.context, self.parts)
        return [*self.choices, *self.tag, *filter(None, alone)]

    def remark(self, table: Table) -> str:
        """Which columns were taken without being told; empty where there are none."""
        if not self.guessed:
            return ""
        held = {what: getattr(self, what) for what in self.guessed}
        told = [
            f"{listed(map(repr, [name] if isinstance(name, str) else name))} as --{what}"
            for what, name in held.items()
            if name
        ]
        return f"{table.path}: taken by their names: {listed(told)}; the columns are {table.shown_columns}."


def columns_of(table: Table, flags: Mapping[str, str | None], *, corpus: bool) -> Columns:
    """The columns that flags name (what → name), and plain ones for the rest.

    `corpus`: whether documents are named, which gold documents are looked for in.
    Raises InputErrors for what flags name wrongly, and for questions or answers that no column plainly holds.
    """
    given: dict[str, tuple[str, ...]] = {}
    errors: list[InputError] = []
    for what, name in flags.items():
        if name is not None:
            with collecting(errors):
                given[what] = _named(table, what, name)
    raise_all(errors)
    if {"answer", "label"} <= given.keys():
        raise InputError("--answer and --label: a task has answers or labels; give one of them.")
    guessed = _guesses(table, given, corpus=corpus)
    found = given | guessed
    missing = []
    if "question" not in found:
        missing.append(("the questions", "--question COL"))
    if not {"answer", "label"} & found.keys():
        missing.append(("the right answers", "--answer COL, or --label COL where they are labels"))
    if missing:
        raise InputError(
            f"no column is plainly that of {listed(what for what, _ in missing)}; the columns are "
            f"{table.shown_columns}. Give {' and '.join(flag for _, flag in missing)}.{_keys(table)}{table.elsewhere}",
            path=table.path,
        )
    values = {what: names if what in SEVERAL else names[0] for what, names in found.items()}
    return Columns(**values, guessed=tuple(guessed))  # type: ignore[arg-type]


def _keys(table: Table) -> str:
    """A sentence on the keys of objects in cells, which a flag may name as well; empty where there are none."""
    first = table.rows[0].cells if table.rows else {}
    keys = [f"{name}.{key}" for name, value in first.items() if isinstance(value, Mapping) for key in value]
    return f" So may be named what objects hold: {listed(map(shown, keys), COLUMNS_SHOWN)}." if keys else ""


def _named(table: Table, what: str, name: str) -> tuple[str, ...]:
    """The columns of a flag's value. Raises InputErrors for those that the table lacks."""
    several = what in SEVERAL and "," in name and folded(name) not in map(folded, table.columns)
    errors: list[InputError] = []
    found = []
    for part in name.split(",") if several else [name]:
        with collecting(errors):
            found.append(table.column(part.strip(), f"--{what}"))
    raise_all(errors)
    return tuple(found)


def _guesses(
    table: Table, given: Mapping[str, tuple[str, ...]], *, corpus: bool
) -> dict[str, tuple[str, ...]]:
    """What the names of columns tell of that which no flag names."""
    taken = {column for columns in given.values() for column in columns}
    guessed: dict[str, tuple[str, ...]] = {}
    for what, names in PLAIN.items():
        if (
            what in given
            or (what == "gold" and not corpus)
            or (what == "context" and (corpus or "gold" in given))
        ):
            continue
        if what == "answer" and "label" in given:
            continue
        if what == "label" and ("answer" in given or "answer" in guessed):
            continue
        if what == "choices" and (lettered := _lettered(table, taken)):
            guessed[what] = lettered
            taken.update(lettered)
            continue
        column = table.plain(names, taken)
        if column is None or (what == "split" and not _tells_splits(table, column)):
            continue
        taken.add(column)
        guessed[what] = (column,)
        if folded(column) == "instruction" and (more := table.plain(("input",), taken)):
            guessed[what] = (column, more)  # the form of Alpaca
    return guessed


def _lettered(table: Table, taken: Collection[str]) -> tuple[str, ...]:
    """Columns called A, B, C, …, three or more, or Option 1, Option 2, …"""
    for stem, signs in itertools.product(("", "option", "choice"), ("abcdefgh", "12345678")):
        found = [table.plain([stem + sign], taken) for sign in signs if stem or sign.isalpha()]
        run = tuple(itertools.takewhile(bool, found))
        if len(run) > (1 if stem else 2):
            return tuple(map(str, run))
    return ()


def untold_splits(table: Table, columns: Columns) -> list[str]:
    """A remark on a column of splits of which some are unknown, so that all of its rows are test questions."""
    column = table.plain(PLAIN["split"], columns.names) if columns.split is None else None
    values = {one_line(row.cells[column]) for row in table.rows if column in row.cells} if column else set()
    unknown = sorted(value for value in values if value.casefold() not in SPLITS)
    if not unknown or len(unknown) == len(values) or any(row.split for row in table.rows):
        return []
    held = listed(map(shown, unknown), COLUMNS_SHOWN)
    return [
        f"{table.path}: {shown(column)} is not taken as --split: it holds {held}, and "
        f"splits are {', '.join(SPLITS)}. So every row is a test question."
    ]


def _tells_splits(table: Table, column: str) -> bool:
    """Whether a column says of every row which split it belongs to."""
    if any(row.split for row in table.rows):
        return False
    values = {
        one_line(row.cells[column]).casefold() for row in table.rows if not is_empty(row.cells.get(column))
    }
    return bool(values) and values <= SPLITS.keys()
