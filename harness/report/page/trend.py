"""A history → index.html: one file that opens from disk, loads nothing and runs nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from harness.analysis.history.causes import ACCURACY, COST, LATENCY
from harness.analysis.history.changes import Change
from harness.analysis.history.document import has_page
from harness.analysis.history.history import History, TaskHistory
from harness.analysis.history.reading import PAGE, Run, Unread
from harness.errors import InputError
from harness.report import history as words
from harness.report.page import assets
from harness.report.page.template import template
from harness.report.pictures import history as pictures
from harness.report.pictures.draw import draw
from harness.report.pictures.plot import Missing, Plot
from harness.report.places import check_files, write_there

TITLE = "History of runs"
READING = (
    "Runs stand in the order in which they were made, and only those are compared that asked the same questions of a "
    "task and scored the answers alike. Another set of questions gets another letter and a dotted line.",
    "A change of accuracy is marked where the answers to the same questions in two neighbouring runs differ by more "
    "than chance explains: paired, questions of one document together, p below 0.05 after adjustment for all steps of "
    "the task. A slow drift, each step of it too small to be seen, is not marked.",
    "A latency is never compared in seconds, which belong to a machine and an hour, but as a multiple of base's on the "
    "same question of the same run. A change is marked where two 95 % intervals lie more than 1.25 times apart.",
    "Cost per query is shown as measured. A change is marked where tokens or prices alone move it by more than 1 %, at "
    "the speed of the earlier run; seconds, which never repeat, take no part.",
    "What differs between two runs is what their manifests show, the likeliest first. It is no proof of a cause.",
    "Quick and incomplete runs are shown hollow and are not compared.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One run in a table. `link`: where its report is, if it has one; `state`: why it takes no part."""

    name: str
    link: str | None
    when: str
    state: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One strategy in one run: each figure with the change that shows there, None where it was not measured."""

    accuracy: str
    interval: str
    cost: str
    ratio: str
    changes: Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class Told:
    """A change with the run it links to."""

    change: Change
    line: Line
    since: str
    headline: str
    evidence: str
    differs: str


def check_page(page: Path, folder: Path) -> None:
    """Raise InputError where the page cannot be written there; what is wrong with `folder` is told when it is read."""
    if not folder.is_dir() or (folder / "run.json").exists():
        return
    if (page.parent / "run.json").exists():
        raise InputError(
            f"{page.parent} is a run, and nothing is written into it; name another file.", path=page
        )
    check_files([page], (".html",))


def write_page(history: History, page: Path) -> None:
    write_there(page, render(history, page.parent).encode())


def render(history: History, beside: Path) -> str:
    """The page of a history, with links as they lead from a file in the folder `beside`."""
    lines = {entry.name: _line(entry, history, beside) for entry in history.entries}
    tasks = [
        {
            "name": name,
            "metric": one.runs[-1].tasks[name].metric,
            "several": len(one.series) > 1,
            "drawn": [draw(plot) for plot in plots if isinstance(plot, Plot)],
            "missing": [plot for plot in plots if isinstance(plot, Missing)],
            "strategies": one.strategies,
            "rows": [_row(run, one, lines) for run in reversed(one.runs)],
            "changes": [_told(change, lines) for change in reversed(one.changes)],
            "unchanged": words.unchanged(one),
        }
        for name, one in history.tasks.items()
        for plots in [pictures.plots(one)]
    ]
    html: str = template("trend.html.j2").render(
        title=TITLE,
        policy=assets.policy([]),
        style=assets.own("page.css") + assets.own("trend.css"),
        opening=words.opening(history),
        unread=[(lines[one.name], one.reason) for one in history.unread],
        faults=[(lines[place.name], reason) for place, reason in history.faults.items()],
        tasks=tasks,
        lines=[lines[entry.name] for entry in reversed(history.entries)],
        figures={"accuracy": ACCURACY, "cost": COST, "ratio": LATENCY},
        reading=READING,
    )
    return html


def _line(entry: Run | Unread, history: History, beside: Path) -> Line:
    link = _link(entry.folder, beside) if has_page(entry.folder) else None
    facts = tuple(_facts(entry)) if isinstance(entry, Run) else ()
    return Line(entry.name, link, words.when(entry.created), words.state(entry, history), facts)


def _facts(run: Run) -> Iterator[str]:
    """Model, embedder, commit, machine, tasks with their number of questions."""
    yield words.model(run)
    yield words.embedder(run)
    yield words.commit(run)
    yield words.computed_on(run)
    yield ", ".join(f"{name} ({block.n})" for name, block in run.tasks.items())


def _link(folder: Path, beside: Path) -> str | None:
    """The relative way to a run's report, as an address; a `./` in front keeps a colon from being read as a scheme."""
    try:
        way = os.path.relpath(folder.resolve() / PAGE, beside.resolve())
    except ValueError:  # on another drive
        return None
    return f"./{quote(Path(way).as_posix())}"


def _row(
    run: Run, task: TaskHistory, lines: Mapping[str, Line]
) -> tuple[Line, str, int, tuple[Cell | None, ...]]:
    block, found = run.tasks[task.task], words.marks(task)

    def cell(strategy: str) -> Cell | None:
        figures = block.strategies.get(strategy)
        if figures is None:
            return None
        changes = {
            figure: found[run.name, strategy, figure]
            for figure in (ACCURACY, COST, LATENCY)
            if (run.name, strategy, figure) in found
        }
        return Cell(
            words.accuracy(figures),
            words.accuracy_interval(figures),
            words.cost(figures),
            words.ratio(figures, strategy),
            changes,
        )

    return lines[run.name], task.letter(run), block.n, tuple(cell(name) for name in task.strategies)


def _told(change: Change, lines: Mapping[str, Line]) -> Told:
    step = change.step
    return Told(
        change,
        lines[step.after.name],
        step.before.name,
        words.headline(change),
        words.evidence(change),
        words.what_differs(change),
    )
