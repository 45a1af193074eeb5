"""A history in words: what the terminal and the page say of runs and of what changed between them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from harness.analysis.history.causes import ACCURACY, COST, LATENCY
from harness.analysis.history.changes import LATENCY_MARGIN, Change, Moved
from harness.analysis.history.figures import Figures
from harness.analysis.history.history import History, TaskHistory
from harness.analysis.history.reading import Run, Unread
from harness.analysis.latency_ratio import BASE
from harness.quantities import NA, counted, dollars, number, percent, points, signed
from harness.report.numbers import factor, probability

UP, DOWN = "▲", "▼"
"""A figure that rose, and one that fell, whichever is better."""
NOTHING_DIFFERS = "Nothing that the manifests record differs"
SHOWN_CAUSES = 6
COMMIT = 7

Marks = Mapping[tuple[str, str, str], Change]
"""(Name of a run, strategy, figure) → the change that shows there."""


def opening(history: History) -> str:
    """How many runs there are, and what became of those that take no part."""
    if not history.entries:
        return f"There are no runs in {history.folder}: no folder in it holds a run.json."
    quick = sum(run.quick for run in history.runs)
    cut = sum(run.incomplete and not run.quick for run in history.runs)
    aside = [
        *([f"{quick} quick"] if quick else []),
        *([f"{cut} incomplete"] if cut else []),
        *([f"{len(history.unread)} that cannot be read"] if history.unread else []),
    ]
    said = f"{counted(len(history.entries), 'run')} in {history.folder}"
    return f"{said}; {', '.join(aside)}: shown and not compared." if aside else f"{said}."


def marks(task: TaskHistory) -> Marks:
    return {(one.step.after.name, one.step.strategy, one.figure): one for one in task.changes}


def arrow(change: Change | None) -> str:
    return "" if change is None else UP if change.up else DOWN


def when(created: str) -> str:
    """To the minute, in UTC; what cannot be read as a time stands as it is."""
    moment = at(created)
    return f"{moment:%Y-%m-%d %H:%M}" if moment else created or "no date"


def at(created: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(created)
    except ValueError:
        return None
    return moment.astimezone(datetime.UTC) if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def state(entry: Run | Unread, history: History, *, brief: bool = False) -> str:
    """Why a run takes no part, or nothing where it does. `brief`: without what is missing of it."""
    if isinstance(entry, Unread):
        return "cannot be read"
    said = ["quick run"] if entry.quick else []
    if entry.incomplete:
        missing = f", {counted(entry.missing_answers, 'answer')} missing" if entry.missing_answers else ""
        said.append("incomplete" if brief else f"incomplete ({entry.status}{missing})")
    if entry.folder in history.faults:
        said.append("answers damaged")
    return ", ".join(said)


def model(run: Run) -> str:
    return str(_of(run, "model").get("name") or NA)


def embedder(run: Run) -> str:
    return str(_of(run, "embedder").get("name") or "none")


def _of(run: Run, part: str) -> Mapping[str, Any]:
    """A part of a run's manifest; nothing where something else stands in its place."""
    found = run.manifest.get(part)
    return found if isinstance(found, Mapping) else {}


def commit(run: Run) -> str:
    """Seven digits, with `+` where the checkout had changes."""
    said = str(run.manifest.get("git_commit") or "")
    return said[:COMMIT] + ("+" if said.endswith("+") else "") if said else NA


def computed_on(run: Run) -> str:
    """The accelerator, else the processor, with its threads."""
    found = _of(run, "machine")
    if found.get("accelerator"):
        return str(found["accelerator"])
    name = found.get("cpu") or _of(run, "model").get("device")
    return (f"{name}, {found['threads']} threads" if found.get("threads") else str(name)) if name else NA


def accuracy(found: Figures) -> str:
    return percent(found.accuracy.value if found.accuracy else None)


def accuracy_interval(found: Figures) -> str:
    fair = found.accuracy
    if fair is None or fair.low is None or fair.high is None:
        return ""
    return f"{100 * fair.low:.1f}–{100 * fair.high:.1f}"


def cost(found: Figures) -> str:
    return dollars(found.cost.value if found.cost else None)


def ratio(found: Figures, strategy: str) -> str:
    if strategy == BASE:
        return "–"
    return factor(found.ratio.value) if found.ratio else NA


# Changes


def unchanged(task: TaskHistory) -> str:
    compared = sum(run.counts for run in task.runs)
    if compared < 2:
        return f"{task.task}: nothing to compare yet."
    return f"{task.task}: no change is marked over {compared} runs."


def headline(change: Change) -> str:
    """What changed, in half a sentence: `rag: accuracy fell from 60.0 % to 45.0 %`."""
    verb = "rose" if change.up else "fell"
    if change.figure == COST:
        return f"{change.step.strategy}: cost per query {verb} to {factor(change.size)} by tokens and prices"
    tell = percent if change.figure == ACCURACY else _factor
    return (
        f"{change.step.strategy}: {change.figure} {verb} from {tell(change.before)} to {tell(change.after)}"
    )


def evidence(change: Change) -> str:
    """What the change rests on."""
    if change.figure == ACCURACY:
        ends = f"{signed(change.ci_low)} to {signed(change.ci_high)}"
        return (
            f"{points(change.size)} ({ends}) on the same {counted(change.n, 'question')}, "
            f"adjusted p {probability(change.p_adjusted)}."
        )
    if change.figure == LATENCY:
        return f"The two 95 % intervals lie more than {LATENCY_MARGIN:g}× apart."
    parts = "; ".join(map(_moved, change.moved))
    measured = ""
    if change.before is not None and change.after is not None:
        measured = (
            f" As measured, and so by how fast the machine was too: {dollars(change.before)}, then "
            f"{dollars(change.after)}."
        )
    return f"{parts[:1].upper()}{parts[1:]}.{measured}"


def what_differs(change: Change) -> str:
    """The candidates for a cause that the manifests show, the likeliest first."""
    shown = change.causes[:SHOWN_CAUSES]
    if not shown:
        return f"{NOTHING_DIFFERS} between the two runs."
    more = len(change.causes) - len(shown)
    listed = "; ".join(cause.sentence for cause in shown) + (f"; and {more} more" if more else "")
    return f"What differs between the two runs: {listed}."


def sentence(change: Change) -> str:
    """All of it, for a terminal."""
    step = change.step
    return (
        f"{arrow(change)} {headline(change)} at {step.after.name} (before: {step.before.name}). "
        f"{evidence(change)} {what_differs(change)}"
    )


def _factor(value: float | None) -> str:
    return NA if value is None else factor(value)


def _moved(part: Moved) -> str:
    tell = number if part.name.endswith("tokens") else dollars
    return f"{part.name} went from {tell(part.before)} to {tell(part.after)}"
