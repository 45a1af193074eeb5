"""What a report says of a month in all: dollars by volume, and from where on one system costs less than another."""

from __future__ import annotations

from harness.analysis.latency import FEWEST_MEAN
from harness.analysis.money import breakeven_words
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import BreakEven, MonthlyTotal
from harness.analysis.results.run import TaskResult
from harness.quantities import NA, counted, days, dollars, listed, months, percent, plain, queries, seconds
from harness.report.numbers import span
from harness.report.per_query import has_own_hour, hosting_of, paid_by_token
from harness.report.view import Table
from harness.spec.tariff import Tariff


def totals_lead(task: TaskResult) -> str:
    hosting, tokens = hosting_of(task), paid_by_token(task)
    if not task.cost_totals or not (hosting or tokens):
        return ""
    ways = [_paid(hosting)] if hosting else []
    own = [name for name, row in task.strategies.items() if has_own_hour(row.cost)]
    ways += (
        [f"{listed(own)} at the hour of their own server"] if own and len(own) < len(task.strategies) else []
    )
    ways += [f"{listed(tokens)} by the token"] if tokens else []
    total = task.cost_totals[0]
    often = total.refresh_days
    change = "no change of knowledge" if often is None else f"a change of knowledge every {days(often)}"
    return (
        f"Dollars a month by queries a month, {', '.join(ways)}, one-off cost spread over "
        f"{months(total.horizon_months)}, {change}.{_doubts(task)}"
    )


def _doubts(task: TaskResult) -> str:
    """What stands in brackets, sentences with a blank before each."""
    known = [total for total in task.cost_totals if total.monthly_usd is not None]
    spans = [total.monthly_ci_usd for total in known]
    inside = (
        "the 95 % interval that the timed questions leave"
        if any(one and one[0] < one[1] for one in spans)
        else "",
        f"n, the number of timed questions, where they are fewer than {FEWEST_MEAN}: too few to say"
        if any(total.timed_n and total.monthly_ci_usd is None for total in known)
        else "",
    )
    if not any(inside):
        return ""
    batched = any(total.batched_monthly_usd is not None for total in known)
    plain_prices = (
        f"Prices are taken as they stand{', and batched figures have no interval' if batched else ''}."
    )
    return f" In brackets {', or '.join(filter(None, inside))}. {plain_prices}"


def _paid(hosting: Hosting) -> str:
    """The tariff with what it assumes, a clause."""
    match hosting.tariff:
        case Tariff.KEPT_UP:
            return (
                f"with {hosting.machine} kept up {plain(hosting.hours)} hours a month, at least one, and as many as a "
                f"peak of {plain(hosting.peak_factor)} times the mean load needs, one query at a time on each"
            )
        case Tariff.SCALE_TO_ZERO:
            return (
                f"with {hosting.machine} that scales to zero: its busy seconds, and at most "
                f"{plain(hosting.cold_starts)} cold starts of {seconds(hosting.load_s)} each"
            )
        case Tariff.SHARED:
            used = percent(hosting.utilisation)
            return f"with a shared {hosting.machine}: the seconds of a query, at {used} utilisation"


def totals(task: TaskResult) -> Table:
    """A month in all, at each volume, one at a time and batched."""
    known = [total for total in task.cost_totals if total.monthly_usd is not None]
    volumes = list(dict.fromkeys(total.monthly_queries for total in task.cost_totals))
    rows = []
    for name in dict.fromkeys(total.strategy for total in known):
        by_volume = {total.monthly_queries: total for total in known if total.strategy == name}
        rows.append((name, *(_month(by_volume.get(volume)) for volume in volumes)))
        batched = {volume: total.batched_monthly_usd for volume, total in by_volume.items()}
        if any(value is not None for value in batched.values()) and not task.strategies[name].cost.pass_n:
            rows.append((f"{name}, batched", *(dollars(batched.get(volume)) for volume in volumes)))
    own = {total.monthly_queries for total in task.cost_totals if total.own_volume}
    headers = (f"{queries(volume)}{' (yours)' if volume in own else ''}" for volume in volumes)
    return Table(("Strategy", *headers), tuple(rows))


def _month(total: MonthlyTotal | None) -> str:
    if total is None:
        return NA
    interval = total.monthly_ci_usd
    few = f"n={total.timed_n}" if total.timed_n else "one pass"
    doubt = few if interval is None else "" if interval[0] == interval[1] else span(interval)
    kept = "" if total.machines is None else counted(int(total.machines), "machine")
    inside = "; ".join(filter(None, (doubt, kept)))
    return f"{dollars(total.monthly_usd)} ({inside})" if inside else dollars(total.monthly_usd)


def break_even(task: TaskResult) -> Table:
    """One row per pair: the break-even by tuning cycles, by refresh, and the error price at which it turns."""
    by_refresh = any(row.per_refresh_queries is not None for row in task.decision.break_even)
    known = [row for row in task.decision.break_even if row.status != "unknown"]
    cycles = list(dict.fromkeys(row.cycles for row in known))
    pairs: dict[tuple[str, str], dict[int, BreakEven]] = {}
    for row in known:
        pairs.setdefault((row.a, row.b), {})[row.cycles] = row
    rows = []
    for by_cycles in pairs.values():
        row, *_ = by_cycles.values()
        reached = [breakeven_words.reached(by_cycles.get(count)) for count in cycles]
        refresh = [breakeven_words.queries(row.per_refresh_queries)] if by_refresh else []
        rows.append((f"{row.a} against {row.b}", *reached, *refresh, breakeven_words.flip(row)))
    headers = (
        "Pair",
        *(f"Tuning cycles: {count}" for count in cycles),
        *(["Queries for each change of knowledge"] if by_refresh else []),
        "Error price at which the choice turns, one-off cost aside",
    )
    return Table(headers, tuple(rows))


def sentences(task: TaskResult) -> tuple[str, ...]:
    """What the table says of the user's own number of tuning cycles, in words."""
    rows = task.decision.break_even
    tuned = [row.cost.assumptions.tuning_cycles for row in task.strategies.values()]
    used = next(filter(None, [*tuned, *(row.cycles for row in rows)]), None)
    return tuple(row.sentence for row in rows if row.cycles == used and row.status != "unknown")
