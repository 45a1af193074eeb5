"""What a report says of the effort that each strategy got before it was compared."""

from __future__ import annotations

from dataclasses import replace

from harness.analysis.results.run import TaskResult
from harness.analysis.results.tuning import LearningCurve, Trial, Tuning
from harness.analysis.tuning.effort import in_short
from harness.analysis.tuning.learning import in_words
from harness.quantities import NA, counted, dollars, percent, seconds, whole
from harness.report.numbers import estimate
from harness.report.view import Block, Columns, Table, Text, table_of
from harness.steps import Step

TUNE = Step("Choose among N settings of each", "--tune N")


def note(task: TaskResult) -> Text:
    """The effort in a sentence or two, with what more of it takes; empty where no strategy has anything to tune."""
    told = in_short(task.effort)
    return told if task.effort.tuning or not told else replace(TUNE, text=f"{told} {TUNE.text}")


def task_blocks(task: TaskResult) -> list[Block]:
    """The sentence, what came of each search, and every setting that was tried."""
    effort = task.effort
    if not effort.tuning:
        return []
    return [
        in_short(task.effort),
        "Settings are chosen on dev questions, never on test ones; the default stays unless another is better beyond "
        "chance (p at most 0.05). What the searches took stands in the one-off cost of their strategy.",
        searches(task),
        trials(task),
    ]


def curve_note(task: TaskResult) -> str:
    """What more labels would bring each strategy that learns from them; empty where that was not asked."""
    known = (row.cost.assumptions.usd_per_label for row in task.strategies.values())
    price = next((usd for usd in known if usd is not None), None)
    return " ".join(in_words(name, curve, price) for name, curve in task.effort.learning.items())


def curve_blocks(task: TaskResult) -> list[Block]:
    """The learning curves: what they come to, and what was measured."""
    if not task.effort.learning:
        return []
    return [
        curve_note(task),
        "Parts of the training questions are nested, and the same for every strategy. Wrong answers are fitted as a "
        "power of the examples; intervals are of the test questions alone, and one training stands for each size. "
        "These systems take part in no decision.",
        points(task),
    ]


def points(task: TaskResult) -> Table:
    """One row per size."""
    rows = [(name, curve, point) for name, curve in task.effort.learning.items() for point in curve.points]
    return table_of(
        rows,
        ("System", lambda row: row[2].name),
        ("Training questions", lambda row: whole(row[2].examples)),
        (f"Accuracy ({task.metric}, 95 % interval)", lambda row: estimate(row[2].accuracy)),
        ("By the fitted curve", lambda row: _fitted(row[1], row[2].examples)),
        ("Time to train and answer", lambda row: "–" if row[2].seconds is None else seconds(row[2].seconds)),
    )


def _fitted(curve: LearningCurve, examples: int) -> str:
    point = next((point for point in curve.fitted if point.examples == examples), None)
    return NA if point is None else percent(point.mean)


def searches(task: TaskResult) -> Table:
    """One row per search."""
    return table_of(
        task.effort.tuning.items(),
        ("Strategy", lambda row: row[0]),
        ("Settings tried", lambda row: str(row[1].tried)),
        ("What came of it", lambda row: row[1].said),
        ("Time", lambda row: seconds(row[1].seconds)),
        ("Requests to a server", lambda row: dollars(row[1].usd)),
    )


def trials(task: TaskResult) -> Table:
    """One row per setting, the default of each strategy first."""
    rows = [(name, search, trial) for name, search in task.effort.tuning.items() for trial in search.trials]
    return table_of(
        rows,
        ("Strategy", lambda row: row[0]),
        ("Setting", lambda row: row[2].label),
        ("Score on dev", lambda row: _score(row[1], row[2])),
        ("Time", lambda row: seconds(row[2].seconds)),
        ("Of it training", lambda row: seconds(row[2].train_s) if row[2].train_s else "–"),
        ("Tokens read", lambda row: whole(row[2].prompt_tokens)),
        ("Tokens written", lambda row: whole(row[2].completion_tokens)),
        *(PAID if any(row[2].usd is not None for row in rows) else ()),
        ("", lambda row: _fate(row[2])),
    )


Tried = tuple[str, Tuning, Trial]
"""A strategy, its search, and a setting of it."""


PAID: Columns[Tried] = (("Requests to a server", lambda row: dollars(row[2].usd)),)


def _score(search: Tuning, trial: Trial) -> str:
    if trial.score is None:
        return NA
    part = "" if trial.n == search.questions else f", n={trial.n}"
    trained = f", trained on {counted(trial.examples, 'example')}" if trial.examples else ""
    return f"{percent(trial.score)}{part}{trained}"


def _fate(trial: Trial) -> str:
    if trial.failed:
        return f"cannot be tried: {trial.failed}"
    if trial.chosen:
        return "compared"
    return "dropped early" if trial.dropped else "–"
