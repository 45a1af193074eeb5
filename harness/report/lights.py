"""Whether the race was valid, check by check; and where the accuracy went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.analysis.validity.check import Status, name_of
from harness.report import numbers
from harness.report.view import Table

Figures = dict[str, Any]
STATUSES = {
    Status.FAIL: "✗ failed",
    Status.WARN: "▲ warning",
    Status.PASS: "✓ passed",
    Status.NOT_APPLICABLE: "– not applicable",
}
COUNTS = {
    Status.FAIL: "failed",
    Status.WARN: "with a warning",
    Status.PASS: "passed",
    Status.NOT_APPLICABLE: "not applicable",
}
"""How a status is shown, worst first: a word and a mark, so that no colour is needed."""

DIFFERENCES = frozenset({"oracle_not_below_rag", "forgetting"})
"""Checks whose figure is a difference."""

STEPS = {
    "base": "base",
    "rag": "rag: what found passages add",
    "oracle": "oracle: what better retrieval could add",
    "perfect": "all right: what the reader loses",
}
BINS = {
    "retrieval_missed": "retrieval missed: no passage found for the prompt held an answer",
    "passage_dropped": "passage dropped: the prompt's budget took out the one that did",
    "reader_failed": "reader failed: an answer stood in the prompt",
    "answer_cut": "answer cut: it stood there, and the token limit ended the reply",
    "refusal_wrong": "refusal wrong: declined with an answer before it, or answered where there is none",
}


def checks(found: Sequence[Figures]) -> Table:
    """All checks of a task, the worst first."""
    order = list(STATUSES)
    rows = tuple(
        (
            name_of(check),
            STATUSES[check["status"]],
            _figure(check, "figure"),
            _figure(check, "threshold"),
            check["detail"],
            ", ".join(check["strategies"]) or "–",
        )
        for check in sorted(found, key=lambda check: order.index(check["status"]))
    )
    return Table(("Check", "Status", "Figure", "Limit", "What was found", "Strategies"), rows)


def _figure(check: Figures, key: str) -> str:
    """Shares as percentages, differences in points, and small absolute figures as they are."""
    value = check[key]
    if value is None:
        return numbers.NA
    if check["check"] in DIFFERENCES:
        return numbers.points(value)
    if check["check"] == "chat_template":
        return f"{value:.0f}"
    if check["check"] == "adapter_changes_logits" and check["threshold"]:
        return f"{value:.2g}"
    return numbers.percent(value)


def steps(task: Figures) -> Table | None:
    """The ladder from base to all right, on the same questions."""
    if task["waterfall"]["bins"] is None:
        return None
    rows = tuple(
        (
            STEPS[step["step"]],
            "not run" if step["mean"] is None else numbers.percent(step["mean"]),
            numbers.NA if step["gain"] is None else f"{numbers.points(step['gain'])} over {step['over']}",
            str(step["n"]),
        )
        for step in task["waterfall"]["steps"]
    )
    return Table(("Step", "Accuracy", "Gain", "Same questions"), rows)


def bins(task: Figures) -> Table | None:
    """Why each wrong answer of rag is wrong; each stands in one row."""
    counts, wrong = task["waterfall"]["bins"], task["waterfall"]["n_wrong"]
    if not wrong:
        return None
    rows = tuple((BINS[name], str(count), numbers.percent(count / wrong)) for name, count in counts.items())
    return Table(("Why rag was wrong", "Answers", "Share of the wrong ones"), rows)
