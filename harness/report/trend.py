"""What `trend` says of runs and of what changed between them, and its tables for a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from harness.analysis.history.history import History, TaskHistory
from harness.analysis.history.marks import Mark, Moved
from harness.analysis.history.runs import Figure, Point, Run, TaskRun, Unread, moment_of
from harness.analysis.regression.pairing import LATENCY_MARGIN
from harness.quantities import NA, capitalised, counted, dollars, listed, number, percent, points
from harness.report.numbers import ends, factor, probability
from harness.report.view import Block, Section, Table

UP, DOWN = "▲", "▼"
"""A figure that rose, and one that fell, whichever is better."""
NOTHING_DIFFERS = "Nothing that the manifests record differs"
SHOWN_CAUSES = 6
COMMIT = 7
ROWS = 20
"""Runs of a task that a terminal gets where no number was asked for."""
NAME, MODEL = 34, 15
"""Widths of the column that names a run, and of the model in it; what is longer is cut."""
_NOISE = re.compile(r"\((R|TM)\)|\b(Processor|CPU)\b")
"""What processors are called besides their names."""


# Runs


def opening(history: History) -> str:
    """How many runs there are, and what became of those that take no part."""
    if not history.runs:
        return f"There are no runs in {history.folder}: no folder in it holds a run.json. harness compare makes one."
    read = [run for run in history.runs if isinstance(run, Run)]
    counts = {
        "quick": sum(run.quick for run in read),
        "incomplete": sum(run.incomplete and not run.quick for run in read),
        "that cannot be read": len(history.runs) - len(read),
    }
    aside = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    total = f"{counted(len(history.runs), 'run')} in {history.folder}"
    return f"{total}; {aside}: shown and not compared." if aside else f"{total}."


def when(created: str) -> str:
    """A time to the minute, in UTC; what cannot be read as a time stands as it is."""
    moment = moment_of(created)
    return f"{moment:%Y-%m-%d %H:%M}" if moment else created or "no date"


def state(run: Run | Unread, *, brief: bool = False) -> str:
    """Why a run takes no part, or nothing where it does. `brief`: without what is missing of it."""
    if isinstance(run, Unread):
        return "cannot be read"
    reasons = ["quick run"] if run.quick else []
    if run.incomplete:
        missing = f", {counted(run.missing_answers, 'answer')} missing" if run.missing_answers else ""
        reasons.append("incomplete" if brief else f"incomplete ({run.status}{missing})")
    if run.reason:
        reasons.append("answers damaged")
    return ", ".join(reasons)


def commit(run: Run) -> str:
    """Seven digits, with `+` where the checkout had changes."""
    known = run.git_commit or ""
    return known[:COMMIT] + ("+" if known.endswith("+") else "") if known else NA


def computed_on(run: Run) -> str:
    """The accelerator, else the processor, with its threads."""
    machine = run.machine
    if machine.accelerator:
        return machine.accelerator
    name = machine.cpu or run.model.device or NA
    return f"{name}, {machine.threads} threads" if machine.threads and name != NA else name


def facts(run: Run) -> tuple[str, ...]:
    """Model, embedder, commit, machine, tasks with their number of questions."""
    tasks = ", ".join(f"{name} ({n})" for name, n in run.questions.items())
    embedder = run.embedder.name if run.embedder else "none"
    models = ", ".join(model.name for model in run.models or (run.model,)) or NA
    return models, embedder, commit(run), computed_on(run), tasks


def figure(point: Point, which: Figure) -> str:
    """`45.2 %`, `$0.0030`, `1.50×`; base, of whose latency the others are multiples, has no ratio."""
    if which is Figure.LATENCY and point.system.bare:
        return "–"
    return WRITTEN[which](point.of(which).mean)


WRITTEN: dict[Figure, Callable[[float | None], str]] = {
    Figure.ACCURACY: percent,
    Figure.COST: dollars,
    Figure.LATENCY: factor,
}


# Changes


def spread(point: Point) -> str:
    """The interval of an accuracy: `40.1–55.0`."""
    return ends(point.accuracy.ci_low, point.accuracy.ci_high)


def unchanged(name: str, task: TaskHistory) -> str:
    compared = sum(run.compared for run in task.runs)
    if compared < 2:
        return f"{name}: nothing to compare yet."
    return f"{name}: no change is marked over {compared} runs."


def arrow(mark: Mark | None) -> str:
    return "" if mark is None else UP if mark.up else DOWN


def headline(mark: Mark) -> str:
    """What changed, in half a sentence: `rag: accuracy fell from 60.0 % to 45.0 %`."""
    verb = "rose" if mark.up else "fell"
    if mark.figure is Figure.COST:
        return f"{mark.strategy}: cost per query {verb} to {factor(mark.size)} by tokens and prices"
    value = WRITTEN[mark.figure]
    return f"{mark.strategy}: {mark.figure.value} {verb} from {value(mark.before)} to {value(mark.after)}"


def evidence(mark: Mark) -> str:
    """What the mark rests on."""
    if mark.figure is Figure.ACCURACY:
        difference = points(mark.size, mark.ci_low, mark.ci_high)
        asked = counted(mark.n, "question")
        return f"{difference} on the same {asked}, adjusted p {probability(mark.p_adjusted)}."
    if mark.figure is Figure.LATENCY:
        return f"The two 95 % intervals lie more than {LATENCY_MARGIN:g}× apart."
    parts = "; ".join(map(_moved, mark.moved))
    text = f"{capitalised(parts)}."
    if mark.before is None or mark.after is None:
        return text
    return (
        f"{text} Measured, the machine's speed included: {dollars(mark.before)}, then {dollars(mark.after)}."
    )


def _moved(part: Moved) -> str:
    value = number if part.name.endswith("tokens") else dollars
    return f"{part.name} went from {value(part.before)} to {value(part.after)}"


def what_differs(mark: Mark) -> str:
    """The candidates for a cause that the manifests show, the likeliest first."""
    if not mark.causes:
        return f"{NOTHING_DIFFERS} between the two runs."
    causes = listed((cause.sentence for cause in mark.causes), SHOWN_CAUSES, apart="; ")
    return f"What differs between the two runs: {causes}."


def sentence(mark: Mark, names: Mapping[str, str]) -> str:
    """The whole of a mark, for a terminal. `names`: of the runs, by their folders."""
    place = f"at {names[mark.run]} (before: {names[mark.since]})"
    return f"{arrow(mark)} {headline(mark)} {place}. {evidence(mark)} {what_differs(mark)}"


# For a terminal


def report(history: History, rows: int | None = None) -> tuple[Section, ...]:
    """One section per task: its `rows` newest runs, the newest first, and under them all that changed."""
    runs = {run.folder: run for run in history.runs if isinstance(run, Run)}
    names, sections = history.names, []
    for name, task in history.tasks.items():
        table = Table(("Run", "n", *task.strategies), tuple(_rows(task, runs)[: rows or ROWS]))
        changes = [f"{name}: {sentence(mark, names)}" for mark in task.changes] or [unchanged(name, task)]
        blocks: tuple[Block, ...] = (table, _reading(task, rows or ROWS), *changes)
        sections.append(Section(f"{name} ({task.runs[0].metric})", blocks))
    return tuple(sections)


def _reading(task: TaskHistory, rows: int) -> str:
    older = len(task.runs) - rows
    return (
        f"Accuracy{legend(task)}."
        + (f" {UP}{DOWN} changed since the last comparable run." if task.changes else "")
        + (
            " Letters tell the sets of questions apart; only equal ones are compared."
            if len(task.series) > 1
            else ""
        )
        + (f" {counted(older, 'older run')} stand in the page." if older > 0 else "")
    )


def legend(task: TaskHistory) -> str:
    """What stands below the accuracy in a cell: clauses, each behind a semicolon."""
    below = {
        Figure.COST: "dollars per query, one at a time",
        Figure.LATENCY: "latency as a multiple of base's",
    }
    return "".join(f"; {below[which]}" for which in followed(task)[1:])


def followed(task: TaskHistory) -> tuple[Figure, ...]:
    """The figures of a cell: accuracy, and those that some run has of a system; of latency, of another than base."""
    points = [point for run in task.runs for point in run.strategies.values()]
    others = (Figure.COST, Figure.LATENCY)
    known = [which for which in others if any(figure(point, which) not in (NA, "–") for point in points)]
    return Figure.ACCURACY, *known


def _rows(task: TaskHistory, runs: dict[str, Run]) -> list[tuple[str, ...]]:
    marks, shown = task.marks, followed(task)
    return [
        (
            _about(runs[run.folder]),
            f"{run.n}" + (f"\n{run.series}" if len(task.series) > 1 else ""),
            *(_cell(run, name, marks, shown) for name in task.strategies),
        )
        for run in task.runs
    ]


def _about(run: Run) -> str:
    model, _, made_by, machine, _ = facts(run)
    short = " ".join(_NOISE.sub("", machine).replace(" ,", ",").split())
    aside = state(run, brief=True)
    lines = [
        f"{when(run.created)}  {made_by}",
        run.name,
        f"{_cut(model, MODEL)}  {short}",
        *([f"({aside})"] if aside else []),
    ]
    return "\n".join(_cut(line, NAME) for line in lines)


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1]}…"


def _cell(
    run: TaskRun, name: str, marks: Mapping[tuple[str, str, str], Mark], shown: Sequence[Figure]
) -> str:
    point = run.strategies.get(name)
    if point is None:
        return "–"
    return "\n".join(
        f"{arrow(marks.get((run.folder, name, which)))} {figure(point, which)}".strip() for which in shown
    )
