"""What a run says about money: from its evidence and the price list in its manifest to the costs of its systems.

Seconds are this run's; the price is a machine's on the sheet, so a figure holds as far as that machine is as
fast as the one that was measured. The formulas stand in `economics.py`, `prices.py` and `results/hosting.py`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from harness.analysis import latency
from harness.analysis.evidence import Evidence, Pair
from harness.analysis.money.economics import CostInputs, Economics, per_correct_usd, with_error_price
from harness.analysis.money.measured import MeasuredUse
from harness.analysis.money.priced import assumptions, economics
from harness.analysis.money.prices import Prices
from harness.analysis.money.projection import SharedPrefix, projections, shared_prefix
from harness.analysis.money.serving import serving_of
from harness.analysis.results.crossover import Line, cheaper_from
from harness.analysis.results.figures import Estimate
from harness.analysis.results.hosting import Hosting
from harness.analysis.results.money import Cost, MonthlyTotal, PriceFacts, Projection
from harness.analysis.results.setting import ASSUMED_MONTHLY_QUERIES
from harness.analysis.results.tokens import ByToken
from harness.analysis.statistics.intervals import mean
from harness.analysis.tuning.effort import machine_seconds_of, searched_by, usd_of
from harness.run.facts import TrainedAdapter
from harness.run.manifest import Manifest
from harness.spec.system import ServedAdapter
from harness.spec.tariff import Tariff

N = TypeVar("N", int, float)

STALE_DAYS = 180
"""A price list older than this at the run's start is flagged."""
SHOWN_VOLUMES = (1_000, 10_000, 100_000)
"""Queries a month for which every report shows totals."""


def prices_of(run: Evidence) -> Prices | None:
    """The prices that a run was made with, or None where it has none."""
    sheet = run.manifest.price_sheet
    return None if sheet is None else Prices.of(sheet)


def inputs_of(run: Evidence) -> CostInputs:
    """What the user set when the run was made."""
    settings = run.manifest.settings
    tariff = (settings.requirements or {}).get("tariff", Tariff.KEPT_UP)
    return CostInputs(
        cycles=settings.tuning_cycles or CostInputs().cycles,
        utilisation=settings.utilisation,
        usd_per_hour=settings.usd_per_hour,
        monthly_queries=settings.monthly_queries,
        tariff=Tariff(tariff),
    )


def measured_of(run: Evidence, pair: Pair) -> MeasuredUse:
    """What the run measured of one system on one task; seconds are means over the deployed form."""
    system = run.systems(pair[0])[pair[1]]
    candidate = not system.trained_elsewhere(pair[0])
    adapted, retrieves = system.adapted and candidate, bool(system.retrieved)
    timings = [row for row in run.timings.get(pair, ()) if row.deployed]
    passed = run.passed(pair)
    adapter = adapter_of(run, pair) if adapted else None
    index = run.manifest.index_of(pair[0], system.retrieved)
    examples = run.manifest.examples_of(pair[0], system.nearest)
    indexes = [part for part in (index, examples) if part]
    sizes = [part.bytes for part in (adapter, *indexes) if part]
    seconds = [row.e2e_s for row in timings]
    model = run.manifest.model_of(system)
    searched = searched_by(run, pair[0], system) if candidate else ()
    held = system.adapter if candidate and isinstance(system.adapter, ServedAdapter) else None
    return MeasuredUse(
        strategy=pair[1],
        adapted=adapted,
        retrieves=retrieves,
        examples=bool(system.examples),
        finds_examples=system.nearest is not None,
        control=system.control,
        candidate=candidate,
        serial_s=mean(seconds),
        timed=len(seconds),
        serial_ci_s=latency.mean_interval(seconds),
        retrieve_s=mean([row.retrieve_s for row in timings if row.retrieve_s is not None]),
        ttft_s=mean([row.ttft_s for row in timings]),
        generation_s=passed.machine_s / passed.questions if passed and passed.questions else None,
        training_s=adapter.record.seconds if adapter else None,
        labels=adapter.record.examples if adapter else examples.documents if examples else None,
        index_s=_sum([part.seconds for part in indexes]),
        embed_tokens=_sum([part.embed_tokens for part in indexes]),
        tuning_s=machine_seconds_of(searched),
        tuning_usd=usd_of(searched),
        stored_bytes=None if not sizes or None in sizes else sum(size for size in sizes if size),
        load_s=run.manifest.load_s if model.load_s is None and model is run.manifest.model else model.load_s,
        serving=serving_of(model, run.answers[pair], adapted=system.adapted),
        at_once=model.server is not None,
        pass_n=passed.questions if passed else 0,
        served_adapter=held is not None,
        upfront_usd=model.upfront_usd.get(held.task) if held else None,
    )


def _sum(parts: Sequence[N | None]) -> N | None:
    """None where there is no part, or one is not known."""
    known = [part for part in parts if part is not None]
    return sum(known[1:], known[0]) if known and len(known) == len(parts) else None


def adapter_of(run: Evidence, pair: Pair) -> TrainedAdapter | None:
    """The adapter that answered, as it was trained; None where there is none."""
    key = run.adapter_key(pair)
    adapters = run.manifest.adapters if key else ()
    return next((one for one in adapters if key in (one.record.sha256, one.record.key)), None)


def economics_of(run: Evidence, pair: Pair, inputs: CostInputs) -> Economics:
    """The money of one system on one task, at the prices of the run's sheet."""
    return economics(measured_of(run, pair), prices_of(run), inputs)


def cost_of(run: Evidence, pair: Pair, money: Economics, accuracy: Estimate, inputs: CostInputs) -> Cost:
    """What a system costs. `per_correct_ci_usd` is None where the accuracy's lower end is 0: there is no highest
    price then."""
    volume = inputs.monthly_queries or ASSUMED_MONTHLY_QUERIES
    query, query_ci = money.per_query_usd(volume), money.per_query_ci_usd(volume)
    dearest, cheapest = (per_correct_usd(query, end) for end in (accuracy.ci_low, accuracy.ci_high))
    system = run.systems(pair[0])[pair[1]]
    own = not system.trained_elsewhere(pair[0])
    adapter = adapter_of(run, pair)
    projected = projections(
        run.manifest.api_prices,
        run.answers[pair],
        adapted=system.adapted,
        train_tokens=adapter.record.train_tokens if adapter and own else None,
        in_house=inputs.in_house,
        prefix=_prefix(run, pair),
    )
    no_interval = query is not None and query_ci is None
    return Cost(
        hosting=money.hosting,
        queries=volume,
        seconds=money.seconds,
        seconds_ci=money.seconds_ci,
        per_query_usd=query,
        per_query_ci_usd=query_ci,
        per_query_ci_reason=_no_interval(money) if no_interval else None,
        timed_n=money.timed,
        batched_usd=money.per_query_usd(volume, batched=True),
        per_correct_usd=per_correct_usd(query, accuracy.mean),
        per_correct_ci_usd=None if dearest is None or cheapest is None else (cheapest, dearest),
        with_error_price_usd=with_error_price(query, accuracy.mean, inputs.error_price_usd),
        error_price_usd=inputs.error_price_usd,
        fixed_usd=money.fixed_usd,
        fixed_people_usd=money.people_usd,
        refresh_usd=money.refresh_usd,
        refresh_people_usd=money.people_refresh_usd,
        storage_usd_per_month=money.storage_usd_per_month,
        components=money.components,
        assumptions=assumptions(measured_of(run, pair), prices_of(run), inputs),
        reason=money.reason if query is None else None,
        fixed_reason=money.fixed_reason,
        projections=tuple(_beside_machines(row, money) for row in projected),
        pass_n=money.pass_n,
    )


def _no_interval(money: Economics) -> str:
    """Why the cost of a query has no interval, in few words."""
    if money.pass_n:
        return f"one pass of {money.pass_n} answers"
    n = money.hosting.n if isinstance(money.hosting, ByToken) else money.timed
    return f"n={n} < {latency.FEWEST_MEAN}"


def _beside_machines(hosted: Projection, money: Economics) -> Projection:
    """With the volume above which machines cost less than the tokens."""
    usd, machines = hosted.per_query_usd, None if money.by_token else money.line(0.0)
    if machines is None or usd is None:
        return hosted
    tokens = ByToken(
        model=hosted.model, query_usd=usd, query_ci_usd=None, prompt_usd=0.0, completion_usd=0.0, n=hosted.n,
        retried=0, input_usd_per_mtok=0.0, output_usd_per_mtok=0.0, cached_usd_per_mtok=None, priced_on=None,
        source=None,
    )  # fmt: skip
    return replace(hosted, machine_cheaper_from=cheaper_from(machines, Line(tokens, 0.0, 0.0)))


def _prefix(run: Evidence, pair: Pair) -> SharedPrefix | None:
    sheet = run.manifest.price_sheet
    if sheet is None or sheet.prompt_cache is None:
        return None
    return shared_prefix(run.prompts.get(pair), run.answers[pair], sheet.prompt_cache)


def totals(systems: Iterable[Economics], inputs: CostInputs) -> tuple[MonthlyTotal, ...]:
    """Dollars a month and over the horizon, for each system at each shown volume and at the user's own."""
    own = inputs.monthly_queries
    volumes = sorted({*SHOWN_VOLUMES, *(() if own is None else (own,))})
    return tuple(_total(money, volume, inputs) for money in systems for volume in volumes)


def _total(money: Economics, queries: float, inputs: CostInputs) -> MonthlyTotal:
    months, refresh = inputs.horizon_months, inputs.refresh_days
    monthly = money.monthly_usd(queries, months, refresh)
    machines = money.hosting if isinstance(money.hosting, Hosting) else None
    kept = machines if machines and machines.tariff is Tariff.KEPT_UP else None
    return MonthlyTotal(
        strategy=money.strategy,
        monthly_queries=queries,
        own_volume=queries == inputs.monthly_queries,
        monthly_usd=monthly,
        monthly_ci_usd=money.monthly_ci_usd(queries, months, refresh),
        machines=kept.machines(queries, money.seconds) if kept and money.seconds is not None else None,
        standing_usd=money.standing_usd(months, refresh),
        timed_n=money.timed,
        batched_monthly_usd=money.monthly_usd(queries, months, refresh, batched=True),
        over_horizon_usd=None if monthly is None else monthly * months,
        horizon_months=months,
        refresh_days=refresh,
        reason=money.reason if monthly is None else None,
    )


def price_facts(manifest: Manifest, inputs: CostInputs) -> PriceFacts:
    """How old the sheet was when the run began, what the user set, and the prices of hosted models used.

    Ages are in days between two dates of the manifest, None where a price has none.
    """
    sheet, created, hosted = manifest.price_sheet, manifest.created, manifest.api_prices
    age = age_days(sheet.date if sheet else None, created)
    old = {price.model for price in hosted if (age_days(price.priced_on, created) or 0) > STALE_DAYS}
    return PriceFacts(
        date=sheet.date if sheet else None,
        age_days=age,
        stale_after_days=STALE_DAYS,
        stale=age is not None and age > STALE_DAYS,
        stale_api_prices=tuple(sorted(old)),
        sections_from_shipped=sheet.sections_from_shipped if sheet else (),
        tariff=inputs.tariff,
        tuning_cycles=inputs.cycles,
        horizon_months=inputs.horizon_months,
        monthly_queries=inputs.monthly_queries,
        refresh_days=inputs.refresh_days,
        error_price_usd=inputs.error_price_usd,
        api_prices=hosted,
    )


def age_days(seen: str | None, started: str | None) -> int | None:
    """Days from a price's date to a run's start (ISO dates, the second perhaps with a time)."""
    try:
        start = datetime.date.fromisoformat((started or "")[:10])
        return (start - datetime.date.fromisoformat(seen or "")).days
    except ValueError:
        return None
