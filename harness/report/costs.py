"""What a report says of one task's money."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.analysis.latency import FEWEST_MEAN
from harness.analysis.money import breakeven_words
from harness.analysis.results.crossover import Paid
from harness.analysis.results.figures import Interval
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import BreakEven, Components, Cost, MonthlyTotal, Projection
from harness.analysis.results.run import SystemResult, TaskResult
from harness.analysis.results.tokens import ByToken
from harness.quantities import NA, counted, days, dollars, listed, months, percent, plain, queries, seconds
from harness.report.numbers import figure, span
from harness.report.view import Block, Bullets, Table, led, table_of
from harness.spec.tariff import TARIFF_WORDS, Tariff

Column = tuple[str, Callable[[SystemResult], str]]
PROJECTED = (
    "A projection, not a measurement: the token counts of this run, as its own model's tokenizer counts them, at a "
    "hosted model's prices. Nobody asked that model: its answers would be of other lengths, and its accuracy "
    "is not the one above."
)


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
        return _or_why(None, cost.reason)
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
        return _or_why(None, row.cost.reason or ("none was right" if row.accuracy.mean == 0 else None))
    return thousand(usd) + in_brackets(_thousand_ends(interval) if interval else None)


def _or_why(usd: float | None, reason: str | None) -> str:
    return f"{NA} ({reason})" if usd is None and reason else dollars(usd)


def task_blocks(task: TaskResult) -> list[Block]:
    """Everything about one task's money that is known, in the order in which it is asked for."""
    blocks = [
        *led(_queries_lead(task), queries_table(task)),
        *led("What is paid once, at each change of knowledge, and for storage:", once(task)),
        *led(_totals_lead(task), totals(task)),
        *led(
            "From how many queries a month on the first costs less in all than the second:", break_even(task)
        ),
        Bullets(sentences(task)),
        *led(PROJECTED, projections(task)),
    ]
    return [block for block in blocks if block]


def _hosting(task: TaskResult) -> Hosting | None:
    """How the run's machines are paid for, else those of a server; None where no machine is."""
    found = [row.cost.hosting for row in task.strategies.values() if isinstance(row.cost.hosting, Hosting)]
    return next((one for one in found if not one.own_price), next(iter(found), None))


def _own_hour(cost: Cost) -> bool:
    """Whether a server of its own price answers."""
    return isinstance(cost.hosting, Hosting) and cost.hosting.own_price


def _tokens(task: TaskResult) -> list[str]:
    """The systems whose tokens are paid for."""
    return [name for name, row in task.strategies.items() if isinstance(row.cost.hosting, ByToken)]


def tariff_words(paid: Mapping[str, Paid]) -> str:
    """How answers are paid for, by system: the start of a sentence."""
    hosting = next((one for one in paid.values() if isinstance(one, Hosting)), None)
    tokens = [name for name, one in paid.items() if isinstance(one, ByToken)]
    machines = f"One query at a time, {TARIFF_WORDS[hosting.tariff]}" if hosting else ""
    words = "; ".join(filter(None, (machines, f"by the token {listed(tokens)}" if tokens else "")))
    return f"{words[:1].upper()}{words[1:]}"


def basis(task: TaskResult) -> str:
    """At which volume and tariff the costs of a query are, a clause; "" where there are none."""
    hosting, tokens = _hosting(task), _tokens(task)
    if hosting is None and not tokens:
        return ""
    cost = next(iter(task.strategies.values())).cost
    ways = [f"with {TARIFF_WORDS[hosting.tariff]}"] if hosting else []
    if tokens:
        ways.append(f"by the token for {listed(tokens)}" if hosting else "by the token")
    return f"at {queries(cost.queries)} a month {', '.join(ways)}"


def _queries_lead(task: TaskResult) -> str:
    at = basis(task)
    if not at:
        return ""
    notes = [f"What a query costs, {at}."]
    if _hosting(task):
        notes.append("Fully used is the limit: a machine that answers without a pause, which none does.")
    passes = [name for name, row in task.strategies.items() if row.cost.pass_n]
    if passes:
        notes.append(
            f"A server answers several at once, so the seconds of {listed(passes)} are those of its answer pass by "
            "the question, at the latency that many at once have."
        )
    if _tokens(task):
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
        ("Seconds, mean", lambda row: NA if row.cost.seconds is None else seconds(row.cost.seconds)),
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
    return percent(part / whole) if part is not None and whole else dollars(None)


def _seconds_interval(cost: Cost) -> str:
    if cost.seconds_ci is None:
        return _or_why(None, cost.per_query_ci_reason)
    return "–".join(seconds(end) for end in cost.seconds_ci)


def _query_interval(cost: Cost) -> str:
    interval = cost.per_query_ci_usd
    return span(interval) if interval else _or_why(None, cost.per_query_ci_reason)


def once(task: TaskResult) -> Table:
    """One-off cost with its terms, refresh and storage. Nothing where all pay for their prompt and evaluation alone."""
    rows = [row for row in task.strategies.values() if row.cost.components.evaluation_usd is not None]
    return table_of(
        rows if any(_apart(row.cost.components) for row in rows) else [],
        ("Strategy", lambda row: row.system.name),
        ("One-off cost", lambda row: _or_why(row.cost.fixed_usd, row.cost.fixed_reason)),
        ("Engineer, prompt", lambda row: _term(row.cost.components.prompt_people_usd)),
        *([SERVED] if any(row.cost.components.upfront_usd is not None for row in rows) else []),
        ("Engineer, retrieval", lambda row: _term(row.cost.components.retrieval_people_usd)),
        ("Index", lambda row: _term(row.cost.components.index_usd)),
        ("Tuning cycles", lambda row: str(row.cost.assumptions.tuning_cycles or "–")),
        *([SEARCH] if any(row.cost.components.tuning_usd is not None for row in rows) else []),
        ("Training, a cycle", lambda row: _term(row.cost.components.training_usd)),
        ("Engineer, a cycle", lambda row: _term(row.cost.components.labour_usd)),
        ("Labels", lambda row: _term(row.cost.components.labels_usd)),
        ("Evaluation", lambda row: _term(row.cost.components.evaluation_usd)),
        ("Each change of knowledge", lambda row: dollars(row.cost.refresh_usd)),
        ("Storage a month", lambda row: _storage(row.cost)),
    )


SEARCH: Column = ("Search for settings", lambda row: _term(row.cost.components.tuning_usd))
SERVED: Column = ("Adapter, as declared", lambda row: _term(row.cost.components.upfront_usd))
"""Where a server holds an adapter: what it cost whoever made it."""


def _apart(parts: Components) -> bool:
    """Whether anything is paid once besides the prompt and its evaluation."""
    terms = (
        parts.training_usd, parts.labour_usd, parts.index_usd, parts.retrieval_people_usd, parts.upfront_usd,
    )  # fmt: skip
    return any(term is not None for term in terms)


def _term(usd: float | None) -> str:
    return "–" if usd is None else dollars(usd)


def _storage(cost: Cost) -> str:
    if cost.assumptions.stored_gb:
        return dollars(cost.storage_usd_per_month)
    stores = cost.components.index_usd is not None or cost.components.training_usd is not None
    return "not recorded" if stores else "–"


def _totals_lead(task: TaskResult) -> str:
    hosting, tokens = _hosting(task), _tokens(task)
    if not task.cost_totals or not (hosting or tokens):
        return ""
    ways = [_paid(hosting)] if hosting else []
    own = [name for name, row in task.strategies.items() if _own_hour(row.cost)]
    ways += (
        [f"{listed(own)} at the hour of their own server"] if own and len(own) < len(task.strategies) else []
    )
    ways += [f"{listed(tokens)} by the token"] if tokens else []
    total = task.cost_totals[0]
    often = total.refresh_days
    change = "no change of knowledge" if often is None else f"a change of knowledge every {days(often)}"
    return (
        f"Dollars a month by queries a month, {', '.join(ways)}, one-off cost spread over "
        f"{months(total.horizon_months)}, {change}. "
        f"In brackets the 95 % interval that the timed questions leave, or, where they are fewer than {FEWEST_MEAN}, "
        "their number n: too few to say. Prices are taken as they stand, and batched figures have no interval."
    )


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
    """A row a pair: the break-even by tuning cycles, by refresh, and the error price at which it turns."""
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


def _cached(hosted: Projection) -> str:
    """Dollars a query once the front that all prompts share is cached, or why it is not."""
    prefix, usd = hosted.shared_prefix_tokens, hosted.cached_per_query_usd
    if prefix is None or usd is None:
        return NA
    if not hosted.cached_tokens:
        return f"as uncached (about {prefix:,} tokens are too few)"
    return f"{dollars(usd)} ({hosted.cached_tokens:,} of about {prefix:,} tokens)"


def _machines_from(hosted: Projection, cost: Cost) -> str:
    """The volume above which machines of one's own cost less than the tokens."""
    if hosted.per_query_usd is None or cost.per_query_usd is None:
        return NA
    volume = hosted.machine_cheaper_from
    return "from the first" if volume == 0 else breakeven_words.queries(volume)


def projections(task: TaskResult) -> Table:
    """What the measured tokens would cost on hosted models."""
    return table_of(
        [
            (name, hosted, hosted.kind == "fine-tuned")
            for name, row in task.strategies.items()
            for hosted in row.cost.projections
        ],
        ("Strategy", lambda row: row[0]),
        ("Priced as", lambda row: f"{row[1].provider} {row[1].model}{', fine-tuned' if row[2] else ''}"),
        ("Kind of figure", lambda row: row[1].label),
        ("Per query", lambda row: _or_why(row[1].per_query_usd, row[1].reason)),
        ("With the shared prefix cached", lambda row: _cached(row[1])),
        (
            "Machines cost less from, a month",
            lambda row: _machines_from(row[1], task.strategies[row[0]].cost),
        ),
        (
            "Per million tokens, in / out",
            lambda row: f"{dollars(row[1].input_usd_per_mtok)} / {dollars(row[1].output_usd_per_mtok)}",
        ),
        ("One training", lambda row: dollars(row[1].training_usd) if row[2] else "–"),
        ("Price of", lambda row: row[1].priced_on or NA),
        ("Source", lambda row: row[1].source or NA),
        ("Ruled out", lambda row: "data may not leave your own machines" if row[1].missed else "–"),
    )
