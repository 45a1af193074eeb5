"""Break-even: from how many queries on one system has cost less in all than another, and what an error must cost
for the more accurate one to be worth its price. The formulas, the rows of results.json and their sentences."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from harness.analysis.money.economics import CostInputs, Economics
from harness.analysis.results.money import BreakEven
from harness.quantities import NA, dollars, listed, percent

SHOWN_CYCLES = (1, 3, 5)
"""Tuning cycles for which every report shows the break-even volume."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One candidate of a task: its money and the accuracy it reached (None: nothing was answered)."""

    money: Economics
    accuracy: float | None
    valid: bool = True
    """False where it failed a check, so that its accuracy says nothing."""


@dataclass(frozen=True, slots=True)
class Accuracies:
    """What the questions show of accuracies. `resolved`: the pairs of which it is shown who is more accurate."""

    resolved: Collection[frozenset[str]] = ()
    graded: str | None = None
    """The primary metric, where an answer can be partly right by it."""


# Formulas


def break_even_queries(
    fixed_a: float, per_query_a: float, fixed_b: float, per_query_b: float
) -> float | None:
    """N* = (F_A − F_B) / (c_B − c_A): from how many queries on A has cost less than B in all.

    None: never, because a query of A is not cheaper. 0: from the first one.
    """
    return _over(fixed_a - fixed_b, per_query_b - per_query_a)


def break_even_per_refresh(
    refresh_a: float, per_query_a: float, per_query_b: float, refresh_b: float = 0.0
) -> float | None:
    """N_T* = refresh cost of A (more than B's) ÷ (c_B − c_A): queries between two changes of knowledge
    from which on A keeps its lead. None: never.
    """
    return _over(refresh_a - refresh_b, per_query_b - per_query_a)


def _over(dearer: float, saved: float) -> float | None:
    if saved <= 0:
        return None
    queries = max(0.0, dearer) / saved
    return queries if math.isfinite(queries) else None


def flip_error_price(
    per_query_a: float, accuracy_a: float, per_query_b: float, accuracy_b: float
) -> float | None:
    """H* = Δc / Δaccuracy: the price of a wrong answer at which c + (1 − accuracy)·H is the same for both.

    None where there is none above 0: one is at least as accurate and no dearer, or both are equally accurate.
    """
    better = accuracy_a - accuracy_b
    if better == 0:
        return None
    price = (per_query_a - per_query_b) / better
    return price if price > 0 and math.isfinite(price) else None


# Rows


def break_evens(
    entries: Sequence[Entry], inputs: CostInputs, accuracies: Accuracies | None = None
) -> tuple[BreakEven, ...]:
    """Each pair of systems at each shown number of tuning cycles and at the user's own.

    `a` is the one that costs more before the first query (one-off cost, and storage over the horizon), so
    `queries` is what it takes to pay that back; None where it never does. Where neither is tuned the cycles
    change nothing.
    """
    cycles = sorted({*SHOWN_CYCLES, inputs.cycles})
    pairs = itertools.combinations(entries, 2)
    return tuple(
        _pair(one, two, count, inputs, accuracies or Accuracies()) for one, two in pairs for count in cycles
    )


def _pair(one: Entry, two: Entry, cycles: int, inputs: CostInputs, accuracies: Accuracies) -> BreakEven:
    a, b = _ordered(one, two, cycles, inputs.horizon_months)
    names = (a.money.strategy, b.money.strategy)
    upfront_a, upfront_b = (entry.money.upfront_usd(inputs.horizon_months, cycles) for entry in (a, b))
    per_a, per_b = a.money.per_query_usd, b.money.per_query_usd
    row = BreakEven(
        a=names[0],
        b=names[1],
        cycles=cycles,
        tuned=bool(a.money.per_cycle_usd or b.money.per_cycle_usd),
        upfront_a_usd=upfront_a,
        upfront_b_usd=upfront_b,
        per_query_a_usd=per_a,
        per_query_b_usd=per_b,
        queries=_queries(upfront_a, per_a, upfront_b, per_b),
        batched_queries=_queries(upfront_a, a.money.batched_usd, upfront_b, b.money.batched_usd),
        per_refresh_queries=_per_refresh(a.money, b.money),
        flip_error_price_usd=_flip(a, b),
        accuracy_a=a.accuracy,
        accuracy_b=b.accuracy,
        accuracy_resolved=a.valid and b.valid and frozenset(names) in accuracies.resolved,
        excluded=tuple(entry.money.strategy for entry in (a, b) if not entry.valid),
        status="unknown",
        sentence=_unknown(a, b),
    )
    if per_a is None or per_b is None:
        return row
    if upfront_a is None or upfront_b is None:
        return replace(row, sentence=" ".join([row.sentence, *_worth(row, accuracies)]))
    row = replace(row, status=_status(row))
    return replace(
        row, sentence=" ".join([_cost_sentence(row), *_refresh_sentence(row), *_worth(row, accuracies)])
    )


def _ordered(one: Entry, two: Entry, cycles: int, months: float) -> tuple[Entry, Entry]:
    """The one that costs more up front first; where both cost the same, the one with the cheaper query."""
    first, second = (entry.money.upfront_usd(months, cycles) for entry in (one, two))
    if first is None or second is None:
        return one, two
    if first == second:
        dearer = (one.money.per_query_usd or 0.0) > (two.money.per_query_usd or 0.0)
        return (two, one) if dearer else (one, two)
    return (one, two) if first > second else (two, one)


def _queries(
    upfront_a: float | None, per_a: float | None, upfront_b: float | None, per_b: float | None
) -> float | None:
    if upfront_a is None or per_a is None or upfront_b is None or per_b is None:
        return None
    return break_even_queries(upfront_a, per_a, upfront_b, per_b)


def _per_refresh(a: Economics, b: Economics) -> float | None:
    """Queries between two changes of knowledge that pay for what refreshing A costs more than refreshing B."""
    if a.refresh_usd is None or b.refresh_usd is None or a.per_query_usd is None or b.per_query_usd is None:
        return None
    return break_even_per_refresh(a.refresh_usd, a.per_query_usd, b.per_query_usd, b.refresh_usd)


def _flip(a: Entry, b: Entry) -> float | None:
    if a.accuracy is None or b.accuracy is None:
        return None
    per_a, per_b = a.money.per_query_usd, b.money.per_query_usd
    if per_a is None or per_b is None or not (a.valid and b.valid):
        return None
    return flip_error_price(per_a, a.accuracy, per_b, b.accuracy)


def _status(row: BreakEven) -> str:
    """`reached` at `queries`; `always`: A is cheaper from the first query on; `never`; or `equal`."""
    if row.queries is not None:
        return "reached" if row.queries > 0 else "always"
    same = (row.upfront_a_usd, row.per_query_a_usd) == (row.upfront_b_usd, row.per_query_b_usd)
    return "equal" if same else "never"


# Sentences


def _unknown(a: Entry, b: Entry) -> str:
    reasons = [f"{e.money.strategy}: {e.money.reason}" for e in (a, b) if e.money.reason]
    return (
        f"The costs of {a.money.strategy} and {b.money.strategy} cannot be compared ({'; '.join(reasons)})."
    )


def _cost_sentence(row: BreakEven) -> str:
    a, b = row.a, row.b
    tuned = f" (tuning cycles: {row.cycles})" if row.tuned else ""
    upfront = f"{dollars(row.upfront_a_usd)} against {dollars(row.upfront_b_usd)} up front"
    query = f"{dollars(row.per_query_a_usd)} against {dollars(row.per_query_b_usd)} a query"
    match row.status:
        case "reached":
            return f"{a} pays back against {b} from {_counted(row.queries or 0.0)} on{tuned}: {upfront}, {query}."
        case "always":
            return f"{a} is cheaper than {b} from the first query on: it costs no more up front, and {query}."
        case "equal":
            return f"{a} and {b} cost the same: {upfront}, {query}."
    return f"{a} never pays back against {b}{tuned}: {upfront}, and {query}."


def _refresh_sentence(row: BreakEven) -> list[str]:
    queries = row.per_refresh_queries
    return [f"Each change of knowledge takes {_counted(queries)} to pay back."] if queries else []


def _worth(row: BreakEven, accuracies: Accuracies) -> list[str]:
    """What a wrong answer must cost for the dearer query to be worth it, where it was the more accurate one."""
    if row.excluded:
        return [f"{listed(row.excluded)} failed a validity check, so accuracies are not weighed."]
    flip = row.flip_error_price_usd
    if flip is None or row.accuracy_a is None or row.accuracy_b is None:
        return []
    better, worse = max(row.accuracy_a, row.accuracy_b), min(row.accuracy_a, row.accuracy_b)
    name = row.a if better == row.accuracy_a else row.b
    more = f"reached a higher {accuracies.graded}" if accuracies.graded else "was right more often"
    pays = (
        f"{name} is worth its price where a wrong answer costs more than {dollars(flip)}, one-off cost aside."
    )
    return [
        f"A query of {name} costs more, and {name} {more} ({percent(better)} against {percent(worse)})"
        + (
            f": {pays}"
            if row.accuracy_resolved
            else f". That difference is inconclusive; if it holds, {pays}"
        )
    ]


def _counted(queries: float) -> str:
    shown = whole_queries(queries)
    return "1 query" if shown == "1" else f"{shown} queries"


def whole_queries(queries: float) -> str:
    """Whole queries, rounded up: `63,493`; beyond what anybody asks in a lifetime, only that."""
    return "over 1,000,000,000,000" if queries > 1e12 else f"{math.ceil(round(queries, 6)):,}"


# Words for tables


def reached(row: BreakEven | None) -> str:
    """When `a` has paid back, in a table's cell; None: at this number of cycles `b` costs more up front."""
    if row is None:
        return "the other way round"
    fixed = {"always": "from the first", "never": "never", "equal": "the same"}
    return fixed.get(row.status) or queries(row.queries)


def queries(value: float | None) -> str:
    """A number of queries in a table's cell."""
    return "never" if value is None else whole_queries(value)


def flip(row: BreakEven) -> str:
    """The price of an error at which the choice turns, and whether the difference in accuracy behind it is shown."""
    if row.excluded:
        return "not weighed: failed a check"
    if row.accuracy_a is None or row.accuracy_b is None:
        return NA
    price = row.flip_error_price_usd
    shown = _no_flip(row) if price is None else dollars(price)
    return shown if row.accuracy_resolved else f"{shown} (inconclusive)"


def _no_flip(row: BreakEven) -> str:
    """Why no price of an error turns the choice: who loses nowhere, by the query and by the accuracy."""
    cost_a, cost_b = row.per_query_a_usd or 0, row.per_query_b_usd or 0
    right_a, right_b = row.accuracy_a or 0, row.accuracy_b or 0
    if (cost_a, right_a) == (cost_b, right_b):
        return "none: the same cost and accuracy"
    ahead = row.a if cost_a <= cost_b and right_a >= right_b else row.b
    price = "as cheap" if cost_a == cost_b else "cheaper"
    return f"none: {ahead} is {price} and not less accurate"
