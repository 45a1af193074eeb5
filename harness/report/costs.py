"""What a report says of one task's money."""

from __future__ import annotations

from harness.analysis.latency import FEWEST_MEAN
from harness.analysis.money import breakeven
from harness.analysis.results.money import BreakEven, Cost, MonthlyTotal
from harness.analysis.results.run import SystemResult, TaskResult
from harness.quantities import NA, days, dollars, months, percent, queries
from harness.report.numbers import figure, span
from harness.report.view import Block, Bullets, Table

PROJECTED = (
    "A projection, not a measurement: the token counts of this run, as its own model's tokenizer counts them, at a "
    "hosted model's prices. Nobody asked that model: its answers would be of other lengths, and its accuracy "
    "is not the one above."
)
RULED_OUT = "data may not leave your own machines"


def per_query(row: SystemResult) -> str:
    """Dollars a query, or why they are not known."""
    return _or_why(row.cost.per_query_usd, row.cost.reason)


def per_correct(row: SystemResult) -> str:
    """Dollars a correct answer, or why they are not known."""
    reason = row.cost.reason or ("none was right" if row.accuracy.mean == 0 else None)
    return _or_why(row.cost.per_correct_usd, reason)


def _or_why(usd: float | None, reason: str | None) -> str:
    return f"{NA} ({reason})" if usd is None and reason else dollars(usd)


def task_blocks(task: TaskResult) -> list[Block]:
    """Everything about one task's money that is known, in the order in which it is asked for."""
    parts: tuple[tuple[str, Table | Bullets], ...] = (
        ("", queries_table(task)),
        ("What is paid once, at each change of knowledge, and for storage:", once(task)),
        (_totals_lead(task), totals(task)),
        ("From how many queries on the first has cost less in all than the second:", break_even(task)),
        ("", Bullets(sentences(task))),
        (PROJECTED, projections(task)),
    )
    blocks: list[Block] = []
    for lead, body in parts:
        if body.items if isinstance(body, Bullets) else body.rows:
            blocks += [lead, body] if lead else [body]
    return blocks


def queries_table(task: TaskResult) -> Table:
    """Dollars a query by how the machine is used, its parts, and the throughput they were made from."""
    headers = (
        "Strategy",
        "Timed questions",
        "Per query, one at a time",
        "95 % interval",
        "of it retrieval",
        "of it prompt",
        "of it answer",
        "Per query, batched",
        "One at a time, machine fully used",
        "Queries/s, one at a time",
        "Queries/s, batched",
        "Utilisation",
    )
    rows = []
    for row in task.strategies.values():
        parts, assumed = row.cost.components, row.cost.assumptions
        if parts.serial_usd is None and parts.batched_usd is None:
            continue
        rows.append(
            (
                row.label,
                str(row.cost.timed_n),
                dollars(parts.serial_usd),
                _query_interval(row.cost),
                dollars(parts.retrieve_usd),
                dollars(parts.prompt_usd),
                dollars(parts.generate_usd),
                dollars(parts.batched_usd),
                dollars(parts.serial_full_use_usd),
                figure(assumed.serial_queries_per_s),
                figure(assumed.batched_queries_per_s),
                percent(assumed.utilisation),
            )
        )
    return Table(headers, tuple(rows))


def _query_interval(cost: Cost) -> str:
    if cost.per_query_ci_usd is None:
        return _or_why(None, cost.per_query_ci_reason)
    return span(cost.per_query_ci_usd)


def once(task: TaskResult) -> Table:
    """One-off cost with its terms, refresh and storage, of the systems that have any."""
    headers = (
        "Strategy",
        "One-off cost",
        "Tuning cycles",
        "Training, a cycle",
        "Engineer, a cycle",
        "Labels",
        "Evaluation",
        "Index",
        "Each change of knowledge",
        "Storage a month",
    )
    rows = []
    for name, row in task.strategies.items():
        cost, parts = row.cost, row.cost.components
        terms = (
            parts.training_usd,
            parts.labour_usd,
            parts.labels_usd,
            parts.evaluation_usd,
            parts.index_usd,
        )
        if all(term is None for term in terms):
            continue
        rows.append(
            (
                name,
                _or_why(cost.fixed_usd, cost.fixed_reason),
                str(cost.assumptions.tuning_cycles or "–"),
                *("–" if term is None else dollars(term) for term in terms),
                dollars(cost.refresh_usd),
                dollars(cost.storage_usd_per_month) if cost.assumptions.stored_gb else "not recorded",
            )
        )
    return Table(headers, tuple(rows))


def _totals_lead(task: TaskResult) -> str:
    if not task.cost_totals:
        return ""
    total = task.cost_totals[0]
    if total.refresh_days is None:
        change = "no change of knowledge"
    else:
        change = f"a change of knowledge every {days(total.refresh_days)}"
    return (
        f"Dollars a month by queries a month, one-off cost spread over {months(total.horizon_months)}, {change}. "
        "Utilisation is the same at every volume: at small ones a machine of your own may stand idle for more. "
        f"In brackets the 95 % interval that the timed questions leave, or, where they are fewer than {FEWEST_MEAN}, "
        "their number n: too few to say. Prices are taken as they stand, and batched figures have no interval."
    )


def totals(task: TaskResult) -> Table:
    """A month in all, at each volume, one at a time and batched."""
    known = [total for total in task.cost_totals if total.monthly_usd is not None]
    volumes = list(dict.fromkeys(total.monthly_queries for total in task.cost_totals))
    rows = []
    for name in dict.fromkeys(total.strategy for total in known):
        by_volume = {total.monthly_queries: total for total in known if total.strategy == name}
        rows.append((name, *(_month(by_volume.get(volume)) for volume in volumes)))
        batched = {volume: total.batched_monthly_usd for volume, total in by_volume.items()}
        if any(value is not None for value in batched.values()):
            rows.append((f"{name}, batched", *(dollars(batched.get(volume)) for volume in volumes)))
    own = {total.monthly_queries for total in task.cost_totals if total.own_volume}
    headers = (f"{queries(volume)}{' (yours)' if volume in own else ''}" for volume in volumes)
    return Table(("Strategy", *headers), tuple(rows))


def _month(total: MonthlyTotal | None) -> str:
    if total is None:
        return NA
    doubt = f"n={total.timed_n}" if total.monthly_ci_usd is None else span(total.monthly_ci_usd)
    return f"{dollars(total.monthly_usd)} ({doubt})"


def break_even(task: TaskResult) -> Table:
    """A row a pair: the break-even by tuning cycles, by refresh, and the error price at which it turns."""
    known = [row for row in task.decision.break_even if row.status != "unknown"]
    cycles = list(dict.fromkeys(row.cycles for row in known))
    pairs: dict[tuple[str, str], dict[int, BreakEven]] = {}
    for row in known:
        pairs.setdefault((row.a, row.b), {})[row.cycles] = row
    rows = []
    for (a, b), by_cycles in pairs.items():
        first = next(iter(by_cycles.values()))
        reached = (breakeven.reached(by_cycles.get(count)) for count in cycles)
        rows.append(
            (
                f"{a} against {b}",
                *reached,
                breakeven.queries(first.per_refresh_queries),
                breakeven.flip(first),
            )
        )
    headers = (
        "Pair",
        *(f"Tuning cycles: {count}" for count in cycles),
        "Queries for each change of knowledge",
        "Error price at which the choice turns, one-off cost aside",
    )
    return Table(headers, tuple(rows))


def sentences(task: TaskResult) -> tuple[str, ...]:
    """What the table says of the user's own number of tuning cycles, in words."""
    rows = task.decision.break_even
    tuned = [row.cost.assumptions.tuning_cycles for row in task.strategies.values()]
    used = [*filter(None, tuned), *(row.cycles for row in rows)]
    return tuple(row.sentence for row in rows if row.cycles == used[0] and row.status != "unknown")


def projections(task: TaskResult) -> Table:
    """What the measured tokens would cost on hosted models."""
    headers = (
        "Strategy",
        "Priced as",
        "Kind of figure",
        "Per query",
        "Per million tokens, in / out",
        "One training",
        "Price of",
        "Source",
        "Ruled out",
    )
    rows = tuple(
        (
            name,
            f"{hosted.provider} {hosted.model}{', fine-tuned' if hosted.kind == 'fine-tuned' else ''}",
            hosted.label,
            _or_why(hosted.per_query_usd, hosted.reason),
            f"{dollars(hosted.input_usd_per_mtok)} / {dollars(hosted.output_usd_per_mtok)}",
            dollars(hosted.training_usd) if hosted.kind == "fine-tuned" else "–",
            hosted.priced_on or NA,
            hosted.source or NA,
            RULED_OUT if hosted.missed else "–",
        )
        for name, row in task.strategies.items()
        for hosted in row.cost.projections
    )
    return Table(headers, rows)
