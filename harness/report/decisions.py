"""What a report says of the decision: one line per task on top, and for each task the figures it stands on."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import PurePath

from harness.analysis.decision.literature import NOT_MEASURED, expected_range
from harness.analysis.decision.requirements.table import required
from harness.analysis.results.decision import CandidateFigures, Decision
from harness.analysis.results.literature import Literature
from harness.analysis.results.reason import Reason
from harness.analysis.results.requirements import Met
from harness.analysis.results.run import RunResult, TaskResult
from harness.analysis.results.turns import DecisionMap
from harness.analysis.results.verdict import STATUS_WORDS, Verdict
from harness.quantities import days, dollars, percent, whole
from harness.report import per_query
from harness.report.view import Block, Bullets, Table, led

MARKS = {
    Verdict.RECOMMENDED: "✓",
    Verdict.BEST_OF_JUDGED: "✓",
    Verdict.UNDECIDED: "?",
    Verdict.NONE_FEASIBLE: "✗",
    Verdict.NOT_COMPUTED: "–",
}
UNSETTLED = "?"
"""Behind the best bet of an undecided cell."""


WHAT_WOULD_CHANGE = "What would change it"


def lines(results: RunResult) -> tuple[str, ...]:
    """What to do on each task, in one line each."""
    return tuple(f"{name}: {task.decision.headline}" for name, task in results.tasks.items())


def at_run(results: RunResult, run: PurePath) -> RunResult:
    """The results for a terminal, with commands that can be copied; a page may be read elsewhere, and says `RUN`."""

    def there(decision: Decision) -> Decision:
        return replace(decision, next_steps=tuple(step.at(run) for step in decision.next_steps))

    tasks = {name: replace(task, decision=there(task.decision)) for name, task in results.tasks.items()}
    return replace(results, tasks=tasks)


def beside(decision: Decision) -> tuple[tuple[str, str], ...]:
    """(title, sentence): how sure the headline is, what would change it, and the verdict by other metrics."""
    return _titled(decision, "How sure", decision.how_sure)


def cards(decision: Decision) -> tuple[tuple[str, str], ...]:
    """The same where the figures of how sure it is stand above."""
    return _titled(decision, "Bear in mind", decision.caveats)


def _titled(decision: Decision, title: str, first: Reason) -> tuple[tuple[str, str], ...]:
    pairs = (
        (title, first),
        (WHAT_WOULD_CHANGE, decision.what_would_change),
        ("By other metrics", decision.other_metrics),
    )
    return tuple((title, sentence.text) for title, sentence in pairs if sentence.text)


def overall(results: RunResult) -> tuple[str, ...]:
    """What holds over all tasks, and what was required."""
    return (*results.summary.sentences, required(results.requirements).in_words)


def task_blocks(task: TaskResult) -> list[Block]:
    """The decision of one task, and what others expected."""
    return [
        *grounds(task.decision),
        "What the field expects, beside what was measured here. It takes no part in the decision:",
        expectations(task.decision.literature),
    ]


def opening(decision: Decision) -> list[Block]:
    """What to do, how sure that is, what would change it, what to do next, and why."""
    return [
        decision.headline,
        *(f"{title}: {sentence}" for title, sentence in beside(decision)),
        *led("What to do next:", Bullets(decision.next_steps)),
        *led("Why:", Bullets(tuple(reason.text for reason in decision.why))),
    ]


def grounds(decision: Decision) -> list[Block]:
    """The opening, then the figures, what was assumed, and what would change it."""
    blocks: list[Block | None] = [
        *opening(decision),
        candidates(decision),
        "Assumed:" if decision.assumptions else None,
        Bullets(tuple(reason.text for reason in decision.assumptions)),
        *would_change(decision),
        "By the price of a wrong answer:" if len(decision.error_price) > 1 else None,
        error_prices(decision),
        map_lead(decision),
        decision_map(decision),
    ]
    return [block for block in blocks if block]


def would_change(decision: Decision) -> list[Block]:
    """One line per input that changes anything, moved alone."""
    return list(led("What would change it (one input moved alone):", Bullets(changes(decision))))


def changes(decision: Decision) -> tuple[str, ...]:
    """Of every input that changes anything, a sentence; the one that has to move least is told already, if alone."""
    texts = tuple(change.text for change in decision.would_change if change.turns)
    return texts if len(texts) > 1 else ()


def candidates(decision: Decision) -> Table | None:
    """Every candidate at the user's setting."""
    if len(decision.candidates) < 2 and decision.status is not Verdict.NONE_FEASIBLE:
        return None
    priced = decision.setting.error_price_usd is not None
    rows = tuple(
        (
            name,
            percent(row.accuracy),
            dollars(row.monthly_usd) + per_query.in_brackets(row.monthly_ci_usd),
            dollars(row.total_usd) if priced else "no price of errors",
            "–" if row.probability_best is None else percent(row.probability_best),
            "yes" if row.pareto else "no",
            _meets(row),
        )
        for name, row in decision.candidates.items()
    )
    best = "worth most" if decision.by_value else "most accurate"
    headers = (
        "Strategy",
        "Accuracy",
        "Dollars a month",
        "With wrong answers",
        f"Chance to be {best}",
        f"Unbeaten ({', '.join(decision.pareto_dimensions)})",
        "Requirements",
    )
    return Table(headers, rows)


def _meets(row: CandidateFigures) -> str:
    if not row.requirements:
        return "none"
    found = {outcome.status for outcome in row.requirements}
    return Met.MISSED if Met.MISSED in found else "not all checked" if Met.UNKNOWN in found else Met.MET


def error_prices(decision: Decision) -> Table | None:
    """Which system has the least expected cost, from which price of a wrong answer on."""
    bands = decision.error_price
    rows = tuple((dollars(band.from_usd), band.winner or "none", STATUS_WORDS[band.status]) for band in bands)
    return Table(("From, an error", "Least expected cost", "Status"), rows) if len(rows) > 1 else None


def map_lead(decision: Decision) -> str | None:
    """What the map shows."""
    if not decision.map:
        return None
    if _nobody(decision.map):
        return "No strategy meets the requirements at any volume and refresh interval that a map would show."
    lead = "Which strategy is ahead, by volume and by how often the knowledge changes"
    if Verdict.UNDECIDED in itertools.chain(*decision.map.statuses):
        lead += f" ({UNSETTLED} marks the best bet where the task is undecided)"
    if _costless(decision):
        return f"{lead}. Not every cost is known, so accuracy alone speaks here:"
    if decision.by_value:
        return f"{lead}:"
    if not _prices_shown(decision.map):
        return f"{lead}. Without a price of errors accuracy decides:"
    limited = any(row.requirements for row in decision.candidates.values())
    among = " of those that meet the requirements" if limited else ""
    return (
        f"{lead}. Without a price of errors accuracy decides; in brackets the prices of a wrong answer at which "
        f"the same strategy also has the least expected cost{among}:"
    )


def _prices_shown(grid: DecisionMap) -> bool:
    """Whether any field of the map has prices of a wrong answer in brackets."""
    fields = (grid.winners, grid.weighed, grid.pays_from_usd, grid.pays_to_usd)
    flat = zip(*(itertools.chain(*rows) for rows in fields), strict=True)
    return any(winner and weighed and _pays(low, high) for winner, weighed, low, high in flat)


def _nobody(grid: DecisionMap) -> bool:
    """Whether no strategy meets the requirements anywhere."""
    return not any(itertools.chain(*grid.winners))


def _costless(decision: Decision) -> bool:
    """Whether costs are missing at the user's own setting already."""
    return any(row.feasible and row.monthly_usd is None for row in decision.candidates.values())


def decision_map(decision: Decision) -> Table | None:
    """Which system is ahead over query volume and refresh interval; the user's own point is among them."""
    grid, own = decision.map, decision.setting.monthly_queries
    if not grid or _nobody(grid):
        return None
    headers = tuple(f"{whole(n)} a month{' (yours)' if n == own else ''}" for n in grid.monthly_queries)
    rows = tuple(
        (
            "never" if interval is None else f"every {days(interval)}",
            *(_cell(decision, grid, row, column) for column in range(len(headers))),
        )
        for row, interval in enumerate(grid.refresh_days)
    )
    return Table(("Knowledge changes", *headers), rows)


def _cell(decision: Decision, grid: DecisionMap, row: int, column: int) -> str:
    """`rag`, `rag ?` where it is undecided, and without a price of errors `rag (from $0.10)`."""
    winner, weighed = grid.winners[row][column], grid.weighed[row][column]
    if not weighed and not _costless(decision):
        return "cannot be weighed"
    if winner is None:
        return "none"
    text = f"{winner} {UNSETTLED}" if grid.statuses[row][column] is Verdict.UNDECIDED else winner
    if decision.by_value or not weighed:
        return text
    return f"{text}{_pays(grid.pays_from_usd[row][column], grid.pays_to_usd[row][column])}"


def _pays(low: float | None, high: float | None) -> str:
    """Between which prices of an error a choice also pays; nothing where it does at any."""
    if low is None:
        return " (at no price)"
    if high is None:
        return f" (from {dollars(low)})" if low else ""
    return f" ({dollars(low)} to {dollars(high)})"


def expectations(literature: Literature) -> Table:
    """Advice and figures of the literature, each with what was measured; verdicts in doubt say so."""
    advice = tuple(
        (row.advice, "–", row.text, _verdict(row.verdict, row.settled, "not settled"), row.source)
        for row in literature.priors
    )
    shapes = tuple(
        (
            row.shape,
            expected_range(row),
            row.text,
            _verdict(row.verdict, row.certain, "the interval allows both"),
            row.source,
        )
        for row in literature.shapes
    )
    return Table(("Expected", "There", "Measured here", "Verdict", "Source"), advice + shapes)


def _verdict(verdict: str, certain: bool, doubt: str) -> str:
    return verdict if certain or verdict == NOT_MEASURED else f"{verdict} ({doubt})"
