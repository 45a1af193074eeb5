"""Break-even: from how many queries a month on one system costs less than another, and what an error must cost for the
more accurate one to be worth its price. The formulas, and the rows of results.json."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from harness.analysis.money import breakeven_words as words
from harness.analysis.money.economics import CostInputs, Economics
from harness.analysis.results import crossover
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import BreakEven
from harness.analysis.results.setting import ASSUMED_MONTHLY_QUERIES
from harness.spec.tariff import Tariff

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


def cheaper_from(
    a: Economics, b: Economics, inputs: CostInputs, cycles: int | None = None, *, batched: bool = False
) -> float | None:
    """The volume a month above which A always costs less than B. 0: always; None: there is none, or it is not known."""
    first, second = (
        one.line(_standing(one, inputs, cycles or inputs.cycles), batched=batched) for one in (a, b)
    )
    return crossover.cheaper_from(first, second) if first and second else None


def _standing(money: Economics, inputs: CostInputs, cycles: int) -> float | None:
    return money.standing_usd(inputs.horizon_months, inputs.refresh_days, cycles)


# Rows


def break_evens(
    entries: Sequence[Entry], inputs: CostInputs, accuracies: Accuracies | None = None
) -> tuple[BreakEven, ...]:
    """Each pair of systems at each shown number of tuning cycles and at the user's own.

    `a` is the one that costs more a month before the first query, so `monthly_queries` is what it takes to pay that
    back; None where it never does. Where neither is tuned the cycles change nothing.
    """
    cycles = sorted({*SHOWN_CYCLES, inputs.cycles})
    pairs = itertools.combinations(entries, 2)
    return tuple(
        _pair(one, two, count, inputs, accuracies or Accuracies()) for one, two in pairs for count in cycles
    )


def _pair(one: Entry, two: Entry, cycles: int, inputs: CostInputs, accuracies: Accuracies) -> BreakEven:
    a, b = _ordered(one, two, cycles, inputs)
    names = (a.money.strategy, b.money.strategy)
    volume = inputs.monthly_queries or ASSUMED_MONTHLY_QUERIES
    upfront_a, upfront_b = (entry.money.upfront_usd(inputs.horizon_months, cycles) for entry in (a, b))
    standing_a, standing_b = (_standing(entry.money, inputs, cycles) for entry in (a, b))
    per_a, per_b = (entry.money.per_query_usd(volume) for entry in (a, b))
    row = BreakEven(
        a=names[0],
        b=names[1],
        cycles=cycles,
        tuned=bool(a.money.per_cycle_usd or b.money.per_cycle_usd),
        upfront_a_usd=upfront_a,
        upfront_b_usd=upfront_b,
        standing_a_usd=standing_a,
        standing_b_usd=standing_b,
        seconds_a=a.money.seconds,
        seconds_b=b.money.seconds,
        hourly_a_usd=_hourly(a.money),
        hourly_b_usd=_hourly(b.money),
        per_query_a_usd=per_a,
        per_query_b_usd=per_b,
        monthly_queries=cheaper_from(a.money, b.money, inputs, cycles),
        batched_monthly_queries=cheaper_from(a.money, b.money, inputs, cycles, batched=True),
        queries=_in_all(a.money, b.money, inputs, cycles),
        batched_queries=_in_all(a.money, b.money, inputs, cycles, batched=True),
        per_refresh_queries=_per_refresh(a.money, b.money),
        flip_error_price_usd=_flip(a, b, volume),
        accuracy_a=a.accuracy,
        accuracy_b=b.accuracy,
        accuracy_resolved=a.valid and b.valid and frozenset(names) in accuracies.resolved,
        excluded=tuple(entry.money.strategy for entry in (a, b) if not entry.valid),
        status="unknown",
        sentence=_unknown(a, b),
    )
    if per_a is None or per_b is None:
        return row
    worth = words.worth(row, accuracies.graded)
    if standing_a is None or standing_b is None:
        return replace(row, sentence=" ".join([row.sentence, *worth]))
    row = replace(row, status=_status(row, a, b))
    told = [words.costs(row, a.money.hosting, b.money.hosting), *words.pays_back(row), *worth]
    return replace(row, sentence=" ".join(told))


def _ordered(one: Entry, two: Entry, cycles: int, inputs: CostInputs) -> tuple[Entry, Entry]:
    """The one that costs more before the first query first; where both cost the same, the one with the faster query.

    A machine that is kept up costs before the first query too, where the other's answers are paid for otherwise.
    """
    lines = [entry.money.line(_standing(entry.money, inputs, cycles)) for entry in (one, two)]
    first, second = lines
    if first is None or second is None:
        return one, two
    mixed = not crossover.same_machines(one.money.hosting, two.money.hosting)
    usd, other = (line.first if mixed else line.standing for line in (first, second))
    if usd == other:
        slower = (one.money.seconds or 0.0) > (two.money.seconds or 0.0)
        return (two, one) if slower else (one, two)
    return (one, two) if usd > other else (two, one)


def _hourly(money: Economics) -> float | None:
    return money.hosting.usd_per_hour if isinstance(money.hosting, Hosting) else None


def _linear(a: Economics, b: Economics, *, batched: bool = False) -> tuple[float, float] | None:
    """Dollars that a query costs with each at every volume; None where it depends on that, or is not known."""
    per_a, per_b = (one.per_query_usd(1, batched=batched) for one in (a, b))
    linear = all(
        one.by_token or (isinstance(one.hosting, Hosting) and one.hosting.tariff is Tariff.SHARED)
        for one in (a, b)
    )
    return (per_a, per_b) if linear and per_a is not None and per_b is not None else None


def _in_all(
    a: Economics, b: Economics, inputs: CostInputs, cycles: int, *, batched: bool = False
) -> float | None:
    upfront_a, upfront_b = (one.upfront_usd(inputs.horizon_months, cycles) for one in (a, b))
    per_query = _linear(a, b, batched=batched)
    if upfront_a is None or upfront_b is None or per_query is None:
        return None
    return break_even_queries(upfront_a, per_query[0], upfront_b, per_query[1])


def _per_refresh(a: Economics, b: Economics) -> float | None:
    """Queries between two changes of knowledge that pay for what refreshing A costs more than refreshing B."""
    per_query = _linear(a, b)
    if a.refresh_usd is None or b.refresh_usd is None or per_query is None:
        return None
    return break_even_per_refresh(a.refresh_usd, *per_query, b.refresh_usd)


def _flip(a: Entry, b: Entry, volume: float) -> float | None:
    if a.accuracy is None or b.accuracy is None:
        return None
    per_a, per_b = a.money.per_query_usd(volume), b.money.per_query_usd(volume)
    if per_a is None or per_b is None or not (a.valid and b.valid):
        return None
    return flip_error_price(per_a, a.accuracy, per_b, b.accuracy)


def _status(row: BreakEven, a: Entry, b: Entry) -> str:
    """`reached` at `monthly_queries`; `always`: A is cheaper from the first query on; `never`; or `equal`."""
    if row.monthly_queries is not None:
        return "reached" if row.monthly_queries > 0 else "always"
    if crossover.same_machines(a.money.hosting, b.money.hosting):
        same = (row.standing_a_usd, row.seconds_a) == (row.standing_b_usd, row.seconds_b)
    else:
        same = a.money.by_token and b.money.by_token and row.standing_a_usd == row.standing_b_usd
        same = same and row.per_query_a_usd == row.per_query_b_usd
    return "equal" if same else "never"


def _unknown(a: Entry, b: Entry) -> str:
    reasons = [f"{e.money.strategy}: {e.money.reason}" for e in (a, b) if e.money.reason]
    return (
        f"The costs of {a.money.strategy} and {b.money.strategy} cannot be compared ({'; '.join(reasons)})."
    )
