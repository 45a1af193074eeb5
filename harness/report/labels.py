"""What is shown of labels (macro-F1, F1 by label, which are taken for which) and of the fields of JSON answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from harness.analysis.results.figures import Estimate
from harness.analysis.results.labels import NO_LABEL, FieldFigures, LabelResult
from harness.analysis.results.run import SystemResult, TaskResult
from harness.quantities import NA, counted, listed, percent
from harness.report import numbers
from harness.report.scoreboard import leader
from harness.report.view import Block, Table

MATRIX = 8
"""Up to so many labels the confusion matrix of the most accurate strategy is shown whole;"""
SHOWN = 12
"""of more, as of the pairs that are taken for each other, the worst ones, and"""
FEW = 5
"""so many of these pairs in the short form."""
MACRO = (
    "Macro-F1 is the mean of F1 over the labels, however often each is asked for: a rare label counts as much as a "
    "frequent one. It is of all answers together, and no mean over questions, so no verdict rests on it."
)
FIELDS = (
    "A field is a key of the outermost object. It is right where its value equals that of the right answer, over the "
    "questions whose right answer has it; it is invented where the right answer has none and the reply does."
)


def blocks(task: TaskResult) -> list[Block | None]:
    """Nothing where the task has no labels."""
    rows = [(row, row.labels) for row in task.strategies.values() if row.labels]
    if not rows:
        return []
    return [MACRO, _macro(rows), _hardest(rows), _confused(rows), _matrix(task)]


def field_blocks(task: TaskResult) -> list[Block | None]:
    """Nothing where answers are no JSON."""
    rows = [row for row in task.strategies.values() if row.fields]
    if not rows:
        return []
    right = _fields(rows, "Field: right", lambda row: row.accuracy)
    invented = _fields(rows, "Field: invented", lambda row: row.invented if row.invented.n else None)
    return [FIELDS, right, invented]


def note(task: TaskResult) -> str:
    """Macro-F1 of each strategy, and of the most accurate one how right each field is; empty where there is neither."""
    macro = [f"{name} {numbers.estimate(row.labels.macro_f1)}" for name, row in _systems(task) if row.labels]
    best = leader(task)
    fields = task.strategies[best].fields if best else {}
    shares = (f"{key} {percent(row.accuracy.mean)}" for key, row in fields.items())
    return " ".join(
        [
            *([f"Macro-F1: {', '.join(macro)}."] if macro else []),
            *([f"Fields of {best}: {listed(shares, SHOWN)} right."] if fields else []),
        ]
    )


def compact(task: TaskResult) -> Table | None:
    """What is taken for what, for the short form: the whole matrix of few labels, else the most confused pairs."""
    rows = [(row, row.labels) for _, row in _systems(task) if row.labels]
    return _matrix(task) or (_confused(rows, FEW) if rows else None)


def _systems(task: TaskResult) -> Iterable[tuple[str, SystemResult]]:
    return task.deployable.items()


Rows = list[tuple[SystemResult, LabelResult]]


def _macro(rows: Rows) -> Table:
    return Table(
        ("Strategy", "Macro-F1 (95 % interval)", "Replies that are no label"),
        tuple(
            (
                row.label,
                numbers.estimate(labels.macro_f1),
                str(sum(given.get(NO_LABEL, 0) for given in labels.confusion.values())),
            )
            for row, labels in rows
        ),
    )


def _hardest(rows: Rows) -> Table:
    """F1 by label; of many labels those with the lowest mean over the strategies, the lowest first."""
    names = dict.fromkeys(name for _, labels in rows for name in labels.by_label)
    scores = {
        name: [labels.by_label[name].f1 for _, labels in rows if name in labels.by_label] for name in names
    }
    worst = sorted(names, key=lambda name: sum(scores[name]) / len(scores[name]))
    asked = {
        name: max(labels.by_label[name].n for _, labels in rows if name in labels.by_label) for name in names
    }

    def cell(labels: LabelResult, name: str) -> str:
        return percent(labels.by_label[name].f1) if name in labels.by_label else NA

    lead = "F1 of the label" if len(names) <= SHOWN else f"F1 of the {SHOWN} hardest of {len(names)} labels"
    return Table(
        (lead, "Questions", *(row.label for row, _ in rows)),
        tuple(
            (name, str(asked[name]), *(cell(labels, name) for _, labels in rows)) for name in worst[:SHOWN]
        ),
    )


def _confused(rows: Rows, most: int = SHOWN) -> Table | None:
    """Which label was replied in place of which, and how often; the most frequent pairs over all strategies first."""
    found = [labels.confused for _, labels in rows]
    total: Counter[tuple[str, str]] = Counter()
    for pairs in found:
        total.update(pairs)
    worst = sorted(total, key=lambda pair: (-total[pair], pair))
    lead = "Right label → reply"
    if len(worst) > most:
        lead += f" (the {most} most frequent of {counted(len(worst), 'pair')})"
    return Table(
        (lead, *(row.label for row, _ in rows)),
        tuple(
            (f"{right} → {_named(given)}", *(str(pairs.get((right, given), 0)) for pairs in found))
            for right, given in worst[:most]
        ),
    )


def _named(label: str) -> str:
    return label or "no label"


def _matrix(task: TaskResult) -> Table | None:
    """The confusion matrix of the most accurate strategy; None of many labels."""
    best = leader(task)
    labels = task.strategies[best].labels if best else None
    if labels is None:
        return None
    given = dict.fromkeys((*labels.confusion, *(to for row in labels.confusion.values() for to in row)))
    columns = [*(to for to in given if to), *([NO_LABEL] if NO_LABEL in given else [])]
    if len(columns) > MATRIX + 1:
        return None
    return Table(
        (f"{best}: right label ↓, reply →", *map(_named, columns)),
        tuple((right, *(str(row.get(to, 0)) for to in columns)) for right, row in labels.confusion.items()),
    )


def _fields(rows: list[SystemResult], lead: str, figure: Callable[[FieldFigures], Estimate | None]) -> Table:
    names = dict.fromkeys(key for row in rows for key in row.fields)
    if len(names) > SHOWN:
        lead += f" (the {SHOWN} most frequent of {len(names)})"
    return Table(
        (lead, *(row.label for row in rows)),
        tuple(
            (key, *(numbers.with_n(figure(row.fields[key])) if key in row.fields else NA for row in rows))
            for key in list(names)[:SHOWN]
        ),
    )
