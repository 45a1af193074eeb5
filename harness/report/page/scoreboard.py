"""The scoreboard: one line a strategy, with its interval as a bar and whether it can be told from the leader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.analysis.statistics.paired import A_BETTER, B_BETTER
from harness.quantities import NA, counted, dollars, percent, points, signed
from harness.report import costs, numbers, tables

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval of a share, as drawn: positions in percent of the width, from 0 to 100."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A strategy beside the leader. `state`: leader, lower, higher, unresolved or unknown."""

    state: str
    text: str
    interval: str


@dataclass(frozen=True, slots=True)
class Score:
    """One line of the scoreboard; every cell is text."""

    name: str
    control: bool
    answered: bool
    """False where the run stopped before the strategy answered anything, so that every cell is empty."""
    accuracy: str
    interval: str
    bar: Bar | None
    standing: Standing
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Board:
    metric: str
    headers: tuple[str, ...]
    scores: tuple[Score, ...]
    timed: str | None
    absent: tuple[tuple[str, str], ...]
    """(strategy, why it does not apply)."""


HEADERS = (
    "Latency p50",
    "First token p50",
    "Tok/s, decode per user",
    "Tok/s, end to end",
    "Tok/s, batched system",
    "Cost per query",
    "Cost per correct answer",
    "One-off cost",
)


def board(task: Figures) -> Board:
    best = leader(task)
    scores = tuple(_score(name, block, task, best) for name, block in task["strategies"].items())
    return Board(numbers.metric_of(task), HEADERS, scores, timed(task), tuple(task["not_applicable"].items()))


def leader(task: Figures) -> str | None:
    """The most accurate strategy that one could deploy (of equals the first); none that failed a check."""
    means = _runners(task)
    return max(means, key=lambda name: means[name]) if means else None


def _runners(task: Figures) -> dict[str, float]:
    """The accuracy of each strategy that one could deploy and that failed no check."""
    out = task["decision"]["excluded"]
    return {
        name: block["accuracy"]["mean"]
        for name, block in task["strategies"].items()
        if not block["control"]
        and "@" not in name
        and name not in out
        and block["accuracy"]["mean"] is not None
    }


def _score(name: str, block: Figures, task: Figures, best: str | None) -> Score:
    fair = block["accuracy"]
    foreign = "@" in name
    return Score(
        name=name,
        control=block["control"],
        answered=fair["mean"] is not None,
        accuracy=percent(fair["mean"]),
        interval="" if fair["ci_low"] is None else f"{100 * fair['ci_low']:.1f}–{100 * fair['ci_high']:.1f}",
        bar=_bar(fair),
        standing=standing(name, task, best),
        cells=(
            numbers.percentile(block["latency_s"], "p50"),
            numbers.percentile(block["ttft_s"], "p50"),
            *(
                numbers.per_second(block["tokens_per_s"][key])
                for key in ("decode_per_user", "end_to_end", "system_output")
            ),
            tables.money(dict(block), "per_query_usd"),
            _per_correct(dict(block)),
            NA if foreign else once(block["cost"]),
        ),
    )


def _per_correct(block: dict[str, Any]) -> str:
    """Dollars of a right answer; the range is that of the accuracy."""
    found = block["cost"]["per_correct_ci_usd"]
    return tables.money(block, "per_correct_usd") + (f" ({costs.span(found)})" if found else "")


def once(cost: Figures) -> str:
    """One-off cost, and how much of it is the price sheet's people's time and labels, which nobody measured."""
    fixed, people = cost["fixed_usd"], cost["fixed_people_usd"]
    return f"{dollars(fixed)} ({dollars(people)} assumed)" if people else dollars(fixed)


def timed(task: Figures) -> str | None:
    """On how many timed questions latency and cost rest; None where none were."""
    counts = sorted({block["latency_s"]["n"] for block in task["strategies"].values()} - {0})
    if not counts:
        return None
    fewest = "" if len(counts) == 1 else f"{counts[0]} to "
    return (
        f"Latency, first token and dollars per query rest on {fewest}{counted(counts[-1], 'timed question')} a "
        "strategy; their intervals stand among all figures of the task."
    )


def _bar(fair: Figures) -> Bar | None:
    if fair["mean"] is None:
        return None
    low, high = (fair["mean"] if fair[key] is None else fair[key] for key in ("ci_low", "ci_high"))
    return Bar(round(100 * fair["mean"], 2), round(100 * low, 2), round(100 * high, 2))


def standing(name: str, task: Figures, best: str | None) -> Standing:
    """What the paired comparison with the leader says; another task's adapter is compared with base instead."""
    if name == best:
        return Standing("leader", "leads" if len(_runners(task)) > 1 else "runs alone", "")
    if name in task["decision"]["excluded"]:
        return Standing("unknown", "left out: failed a check", "")
    row = _pair(name, task, "base" if "@" in name else best)
    if row is None or row["delta"] is None:
        return Standing("unknown", NA, "")
    gain = row["delta"] if row["b"] == name else -row["delta"]
    against = row["a"] if row["b"] == name else row["b"]
    ends = [end if row["b"] == name else -end for end in (row["ci_low"], row["ci_high"]) if end is not None]
    interval = f"{signed(min(ends))} to {signed(max(ends))}" if len(ends) == 2 else ""
    if row["verdict"] not in (A_BETTER, B_BETTER):
        return Standing("unresolved", f"≈ not told apart from {against}, {points(gain)}", interval)
    return Standing("higher" if gain > 0 else "lower", f"{points(gain)} against {against}", interval)


def _pair(name: str, task: Figures, other: str | None) -> Figures | None:
    rows = [*task["comparisons"], *task["forgetting"]]
    found = [row for row in rows if {row["a"], row["b"]} == {name, other}]
    return found[0] if found else None
