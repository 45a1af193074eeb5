"""What a report says of the decision: one line a task on top, and for each task the figures it stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.analysis.decision.literature import expected
from harness.analysis.decision.summary import line
from harness.quantities import days, whole
from harness.report import numbers
from harness.report.view import Block, Bullets, Table

Figures = Mapping[str, Any]

STATUSES = {
    "recommended": "recommended",
    "undecided": "undecided",
    "none_feasible": "no strategy meets the requirements",
    "not_computed": "nothing to choose between",
}
LABELS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "monthly_queries": ("queries a month", whole),
    "horizon_months": ("horizon, months", whole),
    "error_price_usd": ("a wrong answer costs", numbers.dollars),
    "refresh_days": ("knowledge changes every", days),
    "min_accuracy": ("accuracy at least", numbers.percent),
    "max_latency_s": ("latency at most", numbers.seconds),
    "latency_percentile": ("held by the", str),
    "monthly_budget_usd": ("budget a month", numbers.dollars),
    "max_memory_gb": ("memory at most, GB", numbers.number),
    "citations": ("answers name their source", lambda _: "yes"),
}


def lines(results: Figures) -> tuple[str, ...]:
    """The verdict of each task, in one line each."""
    return tuple(f"{line(name, task['decision'])}." for name, task in results["tasks"].items())


def overview(results: Figures) -> list[Block]:
    """All tasks side by side, by kind, and what was required."""
    rows = tuple(
        (
            task,
            kind,
            STATUSES[row["status"]],
            row["recommended"] or (f"({row['favourite']})" if row["favourite"] else "–"),
            whole(row["questions_more"]) if row["questions_more"] else "–",
        )
        for kind, tasks in results["summary"]["by_kind"].items()
        for task, row in tasks.items()
    )
    headers = (
        "Task",
        "Kind",
        "Status",
        "Strategy (best bet in brackets)",
        "Questions more that would decide",
    )
    return [
        Table(headers, rows),
        Bullets(tuple(results["summary"]["sentences"])),
        required(results["requirements"]),
    ]


def required(needs: Figures) -> str:
    """What the user required, in one sentence."""
    said = [
        f"{LABELS[key][0]} {LABELS[key][1](value)}" for key, value in needs.items() if key in LABELS and value
    ]
    return (
        f"Required: {', '.join(said)}." if said else "Nothing was required; each task says what was assumed."
    )


def task_blocks(task: Figures) -> list[Block]:
    """The decision of one task: reasons first, then the figures, then what would change it."""
    decision = task["decision"]
    blocks: list[Block | None] = [
        Bullets(tuple(one["text"] for one in decision["reasons"])),
        candidates(decision),
        "Assumed:" if decision["assumptions"] else None,
        Bullets(tuple(one["text"] for one in decision["assumptions"])),
        "What would change it (one input moved alone):" if decision["would_change"] else None,
        Bullets(tuple(one["text"] for one in decision["would_change"])),
        "By the price of a wrong answer:" if len(decision["error_price"]) > 1 else None,
        error_prices(decision),
        map_lead(decision),
        decision_map(decision),
        "What the field expects, beside what was measured here. It takes no part in the decision:",
        expectations(decision["literature"]),
    ]
    return [block for block in blocks if block]


def candidates(decision: Figures) -> Table | None:
    """Every candidate at the user's setting."""
    chance = "worth most" if decision["basis"] == "value" else "most accurate"
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
        "Unbeaten (accuracy, cost, latency)",
        "Requirements",
    )
    return Table(headers, rows) if len(rows) > 1 or decision["status"] == "none_feasible" else None


def _with_errors(decision: Figures, row: Figures) -> str:
    """Dollars with wrong answers, or why there are none: an error has no price, or a cost is not known."""
    if decision["setting"]["error_price_usd"] is None:
        return "no price of errors"
    return numbers.dollars(row["total_usd"])


def _meets(row: Figures) -> str:
    if not row["requirements"]:
        return "none"
    worst = {outcome["status"] for outcome in row["requirements"]}
    return "missed" if "missed" in worst else "not all checked" if "unknown" in worst else "met"


def error_prices(decision: Figures) -> Table | None:
    """Who wins by expected value, from which price of a wrong answer on."""
    rows = tuple(
        (numbers.dollars(band["from_usd"]), band["winner"] or "none") for band in decision["error_price"]
    )
    return Table(("From, an error", "Least expected cost"), rows) if len(rows) > 1 else None


def map_lead(decision: Figures) -> str | None:
    if not decision["map"]:
        return None
    lead = "Which strategy is ahead, by volume and by how often the knowledge changes"
    if decision["basis"] == "value":
        return f"{lead}:"
    return (
        f"{lead}. Without a price of errors accuracy decides; in brackets the price of a wrong answer from which "
        "the same strategy also has the least expected cost:"
    )


def decision_map(decision: Figures) -> Table | None:
    """Winners over query volume and refresh interval; the user's own point is among them."""
    grid = decision["map"]
    if not grid:
        return None
    own = decision["setting"]["monthly_queries"]
    headers = tuple(f"{whole(v)} a month{' (yours)' if v == own else ''}" for v in grid["monthly_queries"])
    priced = decision["basis"] == "value"
    rows = tuple(
        (
            "never" if interval is None else f"every {days(interval)}",
            *(
                _cell(winner, None if priced else price)
                for winner, price in zip(winners, prices, strict=True)
            ),
        )
        for interval, winners, prices in zip(
            grid["refresh_days"], grid["winners"], grid["pays_from_usd"], strict=True
        )
    )
    return Table(("Knowledge changes", *headers), rows)


def _cell(winner: str | None, price: float | None) -> str:
    return f"{winner or 'none'} ({numbers.dollars(price)})" if price else winner or "none"


def expectations(found: Figures) -> Table:
    """Advice and figures of the literature, each with what was measured."""
    advice = tuple(
        (row["advice"], "–", row["text"], row["verdict"], row["source"]) for row in found["priors"]
    )
    shapes = tuple(
        (row["shape"], expected(row), row["text"], _verdict(row), row["source"]) for row in found["shapes"]
    )
    return Table(("Expected", "There", "Measured here", "Verdict", "Source"), advice + shapes)


def _verdict(row: Figures) -> str:
    """The verdict; where the interval also holds the other one, that is said."""
    if row["measured"] is None or row["certain"]:
        return str(row["verdict"])
    return f"{row['verdict']} (the interval allows both)"
