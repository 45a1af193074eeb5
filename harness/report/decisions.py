"""What a report says of the decision: one line a task on top, and for each task the figures it stands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from harness.analysis.decision.choice import BY_VALUE, NONE_FEASIBLE, NOT_COMPUTED, RECOMMENDED, UNDECIDED
from harness.analysis.decision.literature import NOT_MEASURED, expected
from harness.analysis.decision.needs import MET, MISSED, UNKNOWN
from harness.analysis.decision.outlook import UNKNOWN_COST
from harness.analysis.decision.summary import line
from harness.analysis.results.run import RunResult
from harness.quantities import days, whole
from harness.report import numbers
from harness.report.needs import required
from harness.report.view import Block, Bullets, Table

Figures = Mapping[str, Any]

STATUSES = {
    RECOMMENDED: "recommended",
    UNDECIDED: "undecided",
    NONE_FEASIBLE: "no strategy meets the requirements",
    NOT_COMPUTED: "nothing to choose between",
}
UNSETTLED = "?"
"""Behind the best bet of an undecided cell."""


def lines(results: RunResult) -> tuple[str, ...]:
    """The verdict of each task, in one line each."""
    return tuple(f"{line(name, asdict(task.decision))}." for name, task in results.tasks.items())


def overall(results: Figures) -> tuple[str, ...]:
    """What holds over all tasks, and what was required."""
    return (*results["summary"]["sentences"], required(results["requirements"]))


def task_blocks(task: Figures) -> list[Block]:
    """The decision of one task, and what others expected."""
    decision = task["decision"]
    return [
        *grounds(decision),
        "What the field expects, beside what was measured here. It takes no part in the decision:",
        expectations(decision["literature"]),
    ]


def grounds(decision: Figures) -> list[Block]:
    """Reasons first, then the figures, what was assumed, and what would change it."""
    blocks: list[Block | None] = [
        Bullets(tuple(one["text"] for one in decision["reasons"])),
        candidates(decision),
        "Assumed:" if decision["assumptions"] else None,
        Bullets(tuple(one["text"] for one in decision["assumptions"])),
        *would_change(decision),
        "By the price of a wrong answer:" if len(decision["error_price"]) > 1 else None,
        error_prices(decision),
        map_lead(decision),
        decision_map(decision),
    ]
    return [block for block in blocks if block]


def would_change(decision: Figures) -> list[Block]:
    """A line an input; one sentence where all of them would say the same."""
    alike = all_alike(decision)
    return [alike] if alike else _lines(decision["would_change"])


def all_alike(decision: Figures) -> str | None:
    """The sentence that says at once what every line of `would_change` would; None where they differ."""
    rows = decision["would_change"]
    searched = [row for row in rows if row["searched_low"] is not None]
    if rows and not searched:
        return f"What would change it {UNKNOWN_COST}."
    if rows and decision["status"] == NONE_FEASIBLE and not any(row[key] for row in rows for key in TURNS):
        labels = ", ".join(row["label"] for row in searched)
        return (
            f"What would change it: not one of these inputs, each moved alone over its whole range: {labels}. Less "
            "would have to be required."
        )
    return None


TURNS = ("down", "up", "verdict_down", "verdict_up", "unknown_down", "unknown_up")
"""What a row of `would_change` holds where its input turns something."""


def _lines(rows: Sequence[Figures]) -> list[Block]:
    if not rows:
        return []
    return ["What would change it (one input moved alone):", Bullets(tuple(row["text"] for row in rows))]


def candidates(decision: Figures) -> Table | None:
    """Every candidate at the user's setting."""
    chance = "worth most" if decision["basis"] == BY_VALUE else "most accurate"
    rows = tuple(
        (
            name,
            numbers.percent(row["accuracy"]),
            numbers.dollars(row["monthly_usd"]),
            _with_errors(decision, row),
            numbers.percent(row["probability_best"]) if row["probability_best"] is not None else "–",
            "yes" if row["pareto"] else "no",
            _meets(row),
        )
        for name, row in decision["candidates"].items()
    )
    headers = (
        "Strategy",
        "Accuracy",
        "Dollars a month",
        "With wrong answers",
        f"Chance to be {chance}",
        f"Unbeaten ({', '.join(decision['pareto_dimensions'])})",
        "Requirements",
    )
    return Table(headers, rows) if len(rows) > 1 or decision["status"] == NONE_FEASIBLE else None


def _with_errors(decision: Figures, row: Figures) -> str:
    """Dollars with wrong answers, or why there are none: an error has no price, or a cost is not known."""
    if decision["setting"]["error_price_usd"] is None:
        return "no price of errors"
    return numbers.dollars(row["total_usd"])


def _meets(row: Figures) -> str:
    if not row["requirements"]:
        return "none"
    worst = {outcome["status"] for outcome in row["requirements"]}
    return MISSED if MISSED in worst else "not all checked" if UNKNOWN in worst else MET


def error_prices(decision: Figures) -> Table | None:
    """Who wins by expected value, from which price of a wrong answer on."""
    rows = tuple(
        (numbers.dollars(band["from_usd"]), band["winner"] or "none", STATUSES[band["status"]])
        for band in decision["error_price"]
    )
    return Table(("From, an error", "Least expected cost", "Status"), rows) if len(rows) > 1 else None


def map_lead(decision: Figures) -> str | None:
    if not decision["map"]:
        return None
    if _nobody(decision["map"]):
        return "No strategy meets the requirements at any volume and refresh interval that a map would show."
    lead = "Which strategy is ahead, by volume and by how often the knowledge changes"
    if any(status == UNDECIDED for row in decision["map"]["statuses"] for status in row):
        lead += f" ({UNSETTLED} marks the best bet where the task is undecided)"
    if _costless(decision):
        return f"{lead}. Not every cost is known, so accuracy alone speaks here:"
    if decision["basis"] == BY_VALUE:
        return f"{lead}:"
    required = any(row["requirements"] for row in decision["candidates"].values())
    among = " of those that meet the requirements" if required else ""
    return (
        f"{lead}. Without a price of errors accuracy decides; in brackets the prices of a wrong answer at which "
        f"the same strategy also has the least expected cost{among}:"
    )


def _nobody(grid: Figures) -> bool:
    """Whether no strategy meets the requirements anywhere."""
    return not any(winner for row in grid["winners"] for winner in row)


def _costless(decision: Figures) -> bool:
    """Whether costs are missing at the user's own setting already."""
    return any(row["feasible"] and row["monthly_usd"] is None for row in decision["candidates"].values())


def decision_map(decision: Figures) -> Table | None:
    """Who is ahead over query volume and refresh interval; the user's own point is among them."""
    grid = decision["map"]
    if not grid or _nobody(grid):
        return None
    own = decision["setting"]["monthly_queries"]
    headers = tuple(f"{whole(v)} a month{' (yours)' if v == own else ''}" for v in grid["monthly_queries"])
    rows = tuple(
        (
            "never" if interval is None else f"every {days(interval)}",
            *(_cell(decision, row, column) for column in range(len(headers))),
        )
        for row, interval in enumerate(grid["refresh_days"])
    )
    return Table(("Knowledge changes", *headers), rows)


def _cell(decision: Figures, row: int, column: int) -> str:
    """`rag`, `rag ?` where it is undecided, and without a price of errors `rag (from $0.10)`."""
    winner, status, weighed, low, high = (
        decision["map"][key][row][column]
        for key in ("winners", "statuses", "weighed", "pays_from_usd", "pays_to_usd")
    )
    if not weighed and not _costless(decision):
        return "cannot be weighed"
    if winner is None:
        return "none"
    text = f"{winner} {UNSETTLED}" if status == UNDECIDED else str(winner)
    return text if decision["basis"] == BY_VALUE or not weighed else f"{text}{_pays(low, high)}"


def _pays(low: float | None, high: float | None) -> str:
    """Between which prices of an error a choice also pays; nothing where it does at any."""
    if low is None:
        return " (at no price)"
    if high is None:
        return f" (from {numbers.dollars(low)})" if low else ""
    return f" ({numbers.dollars(low)} to {numbers.dollars(high)})"


def expectations(found: Figures) -> Table:
    """Advice and figures of the literature, each with what was measured."""
    advice = tuple((row["advice"], "–", row["text"], _advised(row), row["source"]) for row in found["priors"])
    shapes = tuple(
        (row["shape"], expected(row), row["text"], _verdict(row), row["source"]) for row in found["shapes"]
    )
    return Table(("Expected", "There", "Measured here", "Verdict", "Source"), advice + shapes)


def _advised(row: Figures) -> str:
    """The verdict on a piece of advice; where it goes by the best bet of an undecided task, that is said."""
    doubt = row["verdict"] != NOT_MEASURED and not row["settled"]
    return f"{row['verdict']} (not settled)" if doubt else str(row["verdict"])


def _verdict(row: Figures) -> str:
    """The verdict; where the interval also holds the other one, that is said."""
    if row["measured"] is None or row["certain"]:
        return str(row["verdict"])
    return f"{row['verdict']} (the interval allows both)"
