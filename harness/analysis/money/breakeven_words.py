"""What a break-even says: its sentences, and its words in the cells of tables."""

from __future__ import annotations

import math

from harness.analysis.results.crossover import Paid, same_machines
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import BreakEven
from harness.analysis.results.tokens import ByToken
from harness.quantities import NA, dollars, listed, percent, seconds
from harness.spec.tariff import Tariff


def costs(row: BreakEven, one: Paid | None, two: Paid | None) -> str:
    """From when on `a` costs less, and what each pays: a sentence. `one`, `two`: how `a` and `b` are paid for."""
    a, b = row.a, row.b
    tuned = f" (tuning cycles: {row.cycles})" if row.tuned else ""
    standing = (
        f"{dollars(row.standing_a_usd)} against {dollars(row.standing_b_usd)} a month whatever the volume"
    )
    if same_machines(one, two):
        query = f"{seconds(row.seconds_a)} against {seconds(row.seconds_b)} a query"
    else:
        ways = (
            _paid(one, row.seconds_a, row.hourly_a_usd, row.per_query_a_usd),
            _paid(two, row.seconds_b, row.hourly_b_usd, row.per_query_b_usd),
        )
        query = " against ".join(ways)
    match row.status:
        case "reached":
            return (
                f"{a} costs less than {b} from {_counted(row.monthly_queries or 0.0)} a month on{tuned}: "
                f"{standing}, and {query}."
            )
        case "always":
            return (
                f"{a} costs less than {b} from the first query on: it costs no more before that, and {query}."
            )
        case "equal":
            return f"{a} and {b} cost the same: {standing}, and {query}."
    return f"{a} never costs less than {b}{tuned}: {standing}, and {query}."


def _paid(paid: Paid | None, taken: float | None, hourly: float | None, query: float | None) -> str:
    """What a query is paid for by, a clause, where two are paid for in different ways."""
    if isinstance(paid, ByToken):
        return f"{dollars(query)} a query by the token"
    kept = " kept up" if isinstance(paid, Hosting) and paid.tariff is Tariff.KEPT_UP else ""
    return f"{seconds(taken)} a query on a machine{kept} at {dollars(hourly)} an hour"


def pays_back(row: BreakEven) -> list[str]:
    """Where a query costs as much at every volume: what it takes to pay back, in all and at each change."""
    found = []
    if row.queries:
        found.append(f"What it costs up front is paid back after {_counted(row.queries)} in all.")
    if row.per_refresh_queries:
        found.append(f"Each change of knowledge takes {_counted(row.per_refresh_queries)} to pay back.")
    return found


def worth(row: BreakEven, graded: str | None) -> list[str]:
    """What a wrong answer must cost for the dearer query to be worth it, where it was the more accurate one. `graded`:
    the primary metric, where an answer can be partly right by it.
    """
    if row.excluded:
        return [f"{listed(row.excluded)} failed a validity check, so accuracies are not weighed."]
    flip = row.flip_error_price_usd
    if flip is None or row.accuracy_a is None or row.accuracy_b is None:
        return []
    better, worse = max(row.accuracy_a, row.accuracy_b), min(row.accuracy_a, row.accuracy_b)
    name = row.a if better == row.accuracy_a else row.b
    more = f"reached a higher {graded}" if graded else "was right more often"
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
    """From when on `a` costs less, in a table's cell; None: at this number of cycles `b` costs more up front."""
    if row is None:
        return "the other way round"
    fixed = {"always": "from the first", "never": "never", "equal": "the same"}
    return fixed.get(row.status) or queries(row.monthly_queries)


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
