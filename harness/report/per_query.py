"""What a report says of the cost of a query: in dollars for a thousand, by its parts, and how it is paid for."""

from __future__ import annotations

from collections.abc import Mapping

from harness.analysis.results.crossover import Paid
from harness.analysis.results.figures import Interval
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import Cost
from harness.analysis.results.run import SystemResult, TaskResult
from harness.analysis.results.tokens import ByToken
from harness.quantities import NA, capitalised, dollars, listed, percent, queries, seconds
from harness.report.numbers import figure, span
from harness.report.view import Table, table_of
from harness.spec.tariff import TARIFF_WORDS

THOUSAND = 1_000
"""Queries, or correct answers, that a cost is told for: of one it is a fraction of a cent."""


def thousand(usd: float | None) -> str:
    """What a thousand cost, of the cost of one."""
    return dollars(None if usd is None else THOUSAND * usd)


def per_thousand(row: SystemResult) -> str:
    """Dollars for 1,000 queries with the interval that the timed questions leave (or their number), or why they are
    not known.

    No interval where machines are kept up and as many are needed at both of its ends.
    """
    cost = row.cost
    if cost.per_query_usd is None:
        return or_why(None, cost.reason)
    interval = cost.per_query_ci_usd
    if interval is None:
        return f"{thousand(cost.per_query_usd)} ({_observed(cost)})"
    return thousand(cost.per_query_usd) + in_brackets(_thousand_ends(interval))


def _thousand_ends(interval: Interval) -> Interval:
    low, high = interval
    return THOUSAND * low, THOUSAND * high


def _observed(cost: Cost) -> str:
    """How many observations a cost without an interval rests on."""
    if isinstance(cost.hosting, ByToken):
        return f"n={cost.hosting.n}"
    return f"one pass of {cost.pass_n}" if cost.pass_n else f"n={cost.timed_n}"


def in_brackets(interval: Interval | None) -> str:
    """An interval behind its figure; nothing where there is none, or it has no width."""
    return "" if interval is None or interval[0] == interval[1] else f" ({span(interval)})"


def per_thousand_correct(row: SystemResult) -> str:
    """Dollars for 1,000 correct answers over the interval of the accuracy, or why they are not known."""
    usd, interval = row.cost.per_correct_usd, row.cost.per_correct_ci_usd
    if usd is None:
        return or_why(None, row.cost.reason or ("none was right" if row.accuracy.mean == 0 else None))
    return thousand(usd) + in_brackets(_thousand_ends(interval) if interval else None)


def or_why(usd: float | None, reason: str | None) -> str:
    return f"{NA} ({reason})" if usd is None and reason else dollars(usd)


def hosting_of(task: TaskResult) -> Hosting | None:
    """How the run's machines are paid for, else those of a server; None where no machine is."""
    found = [row.cost.hosting for row in task.strategies.values() if isinstance(row.cost.hosting, Hosting)]
    return next((one for one in found if not one.own_price), next(iter(found), None))


def has_own_hour(cost: Cost) -> bool:
    """Whether a server of its own price answers."""
    return isinstance(cost.hosting, Hosting) and cost.hosting.own_price


def paid_by_token(task: TaskResult) -> list[str]:
    """The systems whose tokens are paid for."""
    return [name for name, row in task.strategies.items() if isinstance(row.cost.hosting, ByToken)]


def tariff_words(paid: Mapping[str, Paid]) -> str:
    """How answers are paid for, by system: the start of a sentence."""
    hosting = next((one for one in paid.values() if isinstance(one, Hosting)), None)
    tokens = [name for name, one in paid.items() if isinstance(one, ByToken)]
    machines = f"One query at a time, {TARIFF_WORDS[hosting.tariff]}" if hosting else ""
    words = "; ".join(filter(None, (machines, f"by the token {listed(tokens)}" if tokens else "")))
    return capitalised(words)


def basis(task: TaskResult) -> str:
    """At which volume and tariff the costs of a query are, a clause; "" where there are none."""
    hosting, tokens = hosting_of(task), paid_by_token(task)
    if hosting is None and not tokens:
        return ""
    cost = next(iter(task.strategies.values())).cost
    ways = [f"with {TARIFF_WORDS[hosting.tariff]}"] if hosting else []
    if tokens:
        ways.append(f"by the token for {listed(tokens)}" if hosting else "by the token")
    return f"at {queries(cost.queries)} a month {', '.join(ways)}"


def queries_lead(task: TaskResult) -> str:
    at = basis(task)
    if not at:
        return ""
    notes = [f"What a query costs, {at}."]
    if hosting_of(task):
        notes.append("Fully used is the limit: a machine that answers without a pause, which none does.")
    passes = [name for name, row in task.strategies.items() if row.cost.pass_n]
    if passes:
        notes.append(
            f"A server answers several at once, so the seconds of {listed(passes)} are those of its answer pass by "
            "the question, at the latency that many at once have."
        )
    if paid_by_token(task):
        notes.append(
            "Tokens are those that the server counted; a machine that retrieves for it is not counted."
        )
        notes += _retried(task)
    return " ".join(notes)


def _retried(task: TaskResult) -> list[str]:
    """Which answers by the token took more than one attempt."""
    paid = {name: row.cost.hosting for name, row in task.strategies.items()}
    again = [
        f"{name} ({one.retried} of {one.n})"
        for name, one in paid.items()
        if isinstance(one, ByToken) and one.retried
    ]
    if not again:
        return []
    return [f"Answers that took more than one attempt are paid for each time: {listed(again)}."]


def queries_table(task: TaskResult) -> Table:
    """Seconds and dollars a query with their interval, its parts, and the limit of a machine that is fully used."""
    return table_of(
        [
            row
            for row in task.strategies.values()
            if {row.cost.components.serial_usd, row.cost.components.batched_usd} != {None}
        ],
        ("Strategy", lambda row: row.label),
        ("Timed questions", lambda row: str(row.cost.timed_n)),
        ("Seconds, mean", lambda row: seconds(row.cost.seconds)),
        ("95 % interval", lambda row: _seconds_interval(row.cost)),
        ("Per query", lambda row: dollars(row.cost.components.serial_usd)),
        ("95 % interval of that", lambda row: _query_interval(row.cost)),
        ("Busy with retrieval", lambda row: _busy(row.cost, row.cost.components.retrieve_usd)),
        ("Busy with the prompt", lambda row: _busy(row.cost, row.cost.components.prompt_usd)),
        ("Busy with the answer", lambda row: _busy(row.cost, row.cost.components.generate_usd)),
        ("Per query, batched", lambda row: dollars(row.cost.components.batched_usd)),
        ("One at a time, fully used", lambda row: dollars(row.cost.components.serial_full_use_usd)),
        ("Queries/s, one at a time", lambda row: figure(row.cost.assumptions.serial_queries_per_s)),
        ("Queries/s, batched", lambda row: figure(row.cost.assumptions.batched_queries_per_s)),
    )


def _busy(cost: Cost, part: float | None) -> str:
    """The share of a query's seconds that one part takes. A machine kept up waits besides, which no part causes."""
    whole = cost.components.serial_usd
    return percent(part / whole) if part is not None and whole else NA


def _seconds_interval(cost: Cost) -> str:
    if cost.seconds_ci is None:
        return or_why(None, cost.per_query_ci_reason)
    return "–".join(seconds(end) for end in cost.seconds_ci)


def _query_interval(cost: Cost) -> str:
    interval = cost.per_query_ci_usd
    return span(interval) if interval else or_why(None, cost.per_query_ci_reason)
