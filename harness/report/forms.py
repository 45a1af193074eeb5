"""What holding answers to their form changed: a table, and one sentence per fine-tune."""

from __future__ import annotations

from harness.analysis.results.forms import FormEffect
from harness.analysis.results.run import TaskResult
from harness.quantities import percent
from harness.report import numbers
from harness.report.view import Block, Bullets, Table, table_of

LEAD = (
    "An answer that is held to its form can be nothing but a label, or JSON of the task's schema; the prompt is the "
    "same. The difference is of the held answers to the free ones, on the same questions."
)
_WAYS = {"constrained": "each token", "options": "the likeliest label"}


def note(task: TaskResult) -> str:
    """What the form changes of each strategy, and how much of a fine-tune's gain it is; empty where none was held."""
    effects = (
        f"{row.system}: {row.comparison.in_points} by the form alone, which "
        f"{percent(row.of_form_free)} of the answers of {row.free} have."
        for row in task.forms
    )
    return " ".join([*effects, *(words for share in task.form_shares if (words := share.in_words))])


def blocks(task: TaskResult) -> list[Block]:
    """Nothing where no answers were held to a form."""
    shares = Bullets(tuple(words for share in task.form_shares if (words := share.in_words)))
    return [LEAD, *([shares] if shares else []), effects(task)] if task.forms else []


def effects(task: TaskResult) -> Table:
    def accuracy(name: str) -> str:
        return percent(task.strategies[name].accuracy.mean)

    def of_form(row: FormEffect) -> str:
        return f"{percent(row.of_form_free)} → {percent(row.of_form)}"

    return table_of(
        task.forms,
        ("Strategy", lambda row: row.system),
        ("Held by", lambda row: _WAYS[row.form]),
        ("Accuracy, free → held", lambda row: f"{accuracy(row.free)} → {accuracy(row.system)}"),
        ("Difference (95 % interval)", lambda row: row.comparison.in_points),
        ("Same questions", lambda row: str(row.comparison.n)),
        ("p", lambda row: numbers.probability(row.comparison.p)),
        ("Answers of the form, free → held", of_form),
    )
