"""A history → index.html: one file that opens from disk, loads nothing and runs nothing."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from harness.analysis.history.history import History
from harness.analysis.history.runs import Figure, Run
from harness.errors import InputError
from harness.report import trend as words
from harness.report.page import assets
from harness.report.pictures import history as pictures
from harness.report.pictures.plot import draw
from harness.report.places import check_files, path_to, write_there
from harness.run.folder import PAGE
from harness.run.manifest_file import MANIFEST

TITLE = "History of runs"
_ORDER = (
    "Runs are listed in the order in which they were made. Only runs that asked the same questions of a task and "
    "scored the answers alike are compared; another set of questions gets another letter and a dotted line."
)
_MARKED = {
    Figure.ACCURACY: (
        "A change of accuracy is marked where two neighbouring runs differ by more than chance explains: a paired test "
        "on the same questions, questions of one document together, adjusted p below 0.05 over all steps of the task. "
        "A slow drift in steps too small to show is not marked."
    ),
    Figure.LATENCY: (
        "Latency is compared as a multiple of base's on the same question of the same run, never in seconds, which "
        "depend on the machine and the hour. A change is marked where two 95 % intervals lie more than 1.25 times "
        "apart."
    ),
    Figure.COST: (
        "Cost per query is shown as measured. A change is marked where tokens or prices alone move it by more than "
        "1 %, at the speed of the earlier run; measured seconds take no part."
    ),
}
_CAUSES = "What differs between two runs is read from their manifests, the likeliest first. It does not prove a cause."
_HOLLOW = "Quick and incomplete runs are shown hollow and are not compared."


def reading(history: History) -> list[str]:
    """How to read the page: of the figures and the runs that are in it."""
    shown = {which for task in history.tasks.values() for which in words.followed(task)}
    aside = any(not run.compared for run in history.runs if isinstance(run, Run))
    changed = any(task.changes for task in history.tasks.values())
    return [
        _ORDER,
        *(text for which, text in _MARKED.items() if which in shown),
        *([_CAUSES] if changed else []),
        *([_HOLLOW] if aside else []),
    ]


def check_page(page: Path, folder: Path) -> None:
    """Raise InputError where the page cannot be written there; what is wrong with `folder` shows when it is read."""
    if not folder.is_dir() or (folder / MANIFEST).exists():
        return
    if (page.parent / MANIFEST).exists():
        raise InputError(
            f"{page.parent} is a run, and nothing is written into it; name another file.", path=page
        )
    check_files([page], (".html",))


def write_page(history: History, page: Path) -> None:
    write_there(page, render(history, page.parent).encode())


def render(history: History, beside: Path) -> str:
    """The page of a history, with links as they lead from a file in the folder `beside`."""
    html: str = assets.template("trend.html.j2").render(
        title=TITLE,
        refresh=None,
        policy=assets.policy([]),
        style=assets.own("page.css") + assets.own("trend.css"),
        history=history,
        runs={run.folder: run for run in history.runs},
        names=history.names,
        links={run.folder: _link(Path(history.folder, run.folder), beside) for run in history.runs},
        plots={name: pictures.plots(name, task) for name, task in history.tasks.items()},
        draw=draw,
        words=words,
        reading=reading(history),
    )
    return html


def _link(folder: Path, beside: Path) -> str | None:
    """The relative way to a run's report, as an address; a `./` in front keeps a colon from being read as a scheme."""
    there = os.path.isfile(folder / PAGE)  # noqa: PTH113 - never raises, though the folder may not be looked into
    way = path_to(folder / PAGE, beside) if there else None
    return way and f"./{quote(way)}"
