"""What a run says about money: from its evidence and the price sheet in its manifest to figures in dollars.

Seconds are this run's; the price is a machine's on the sheet, so a figure holds as far as that machine is as
fast as the one that was measured. The formulas stand in `economics.py` and `tariff.py`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis import latency, throughput
from harness.analysis.evidence import Evidence, Pair
from harness.analysis.money.economics import CostInputs, Economics, per_correct_usd, with_error_price
from harness.analysis.money.tariff import LABOUR, Labour, Measured, Tariff, economics
from harness.analysis.statistics.intervals import mean
from harness.spec.prices import used_sheet
from harness.spec.strategy import STRATEGIES, Source

STALE_DAYS = 180
"""A price sheet older than this at the run's start is flagged."""


def tariff_of(manifest: dict[str, Any]) -> Tariff | None:
    """The prices in a run's manifest, or None where the run has no price sheet.

    Sheets of older versions have a machine only; what they lack is None, never 0. Raises InputErrors where
    the sheet is damaged.
    """
    sheet = used_sheet(manifest)
    if sheet is None:
        return None
    machine = sheet["machine"]
    storage, embedding, refresh = (sheet.get(name) or {} for name in ("storage", "embedding", "refresh"))
    return Tariff(
        usd_per_hour=machine["usd_per_hour"],
        utilisation=sheet["utilisation"],
        labour=_labour(sheet),
        lacking=tuple(name for name in LABOUR if not sheet.get(name)),
        changed_share=refresh.get("changed_share"),
        storage_usd_per_gb_month=storage.get("usd_per_gb_month", 0.0),
        embedding_usd_per_mtok=embedding.get("usd_per_mtok"),
        assumptions={
            "machine": machine["name"],
            "provider": machine.get("provider"),
            "usd_per_hour": machine["usd_per_hour"],
            "utilisation": sheet["utilisation"],
            "priced_on": machine.get("date"),
            "source": machine.get("source"),
        },
    )


def _labour(sheet: dict[str, Any]) -> Labour | None:
    people, labels, evaluation = (sheet.get(name) for name in LABOUR)
    if not (people and labels and evaluation):
        return None
    return Labour(
        wage_usd_per_hour=people["wage_usd_per_hour"],
        engineer_hours_per_cycle=people["engineer_hours_per_cycle"],
        engineer_hours_per_refresh=people["engineer_hours_per_refresh"],
        evaluation_hours=evaluation["engineer_hours"],
        usd_per_label=labels["usd_per_label"],
    )


def inputs_of(manifest: dict[str, Any]) -> CostInputs:
    """What the user set when the run was made; defaults for what an older run does not know."""
    settings = manifest.get("settings") or {}
    return CostInputs(
        cycles=settings.get("tuning_cycles") or CostInputs().cycles,
        utilisation=settings.get("utilisation"),
        usd_per_hour=settings.get("usd_per_hour"),
        monthly_queries=settings.get("monthly_queries"),
    )


def measured_of(run: Evidence, pair: Pair) -> Measured:
    """What the run measured of one strategy on one task; seconds are means over the deployed form."""
    strategy = STRATEGIES.get(pair[1])  # None for another task's adapter: it answers bare
    adapted = strategy is not None and strategy.adapted
    retrieves = strategy is not None and Source.RETRIEVED in strategy.context
    timings = [row for row in run.timings.get(pair, ()) if row.merged]
    passed = throughput.batched(run.batches.get(pair, ()), run.answers.get(pair, ()))
    adapter = adapter_of(run, pair) if adapted else {}
    index = (run.manifest.get("indexes", {}).get(pair[0]) or {}) if retrieves else {}
    sizes = [part.get("bytes") for part in (adapter, index) if part]
    seconds = [row.e2e_s for row in timings]
    return Measured(
        strategy=pair[1],
        adapted=adapted,
        retrieves=retrieves,
        candidate=strategy is not None,
        serial_s=mean(seconds),
        timed=len(seconds),
        serial_ci_s=latency.mean_interval(seconds),
        retrieve_s=mean([row.retrieve_s for row in timings if row.retrieve_s is not None]),
        ttft_s=mean([row.ttft_s for row in timings]),
        generation_s=passed.wall_s / passed.questions if passed and passed.questions else None,
        training_s=adapter.get("seconds"),
        labels=adapter.get("examples"),
        index_s=index.get("seconds"),
        embed_tokens=index.get("embed_tokens"),
        stored_bytes=None if not sizes or None in sizes else sum(size for size in sizes if size),
    )


def adapter_of(run: Evidence, pair: Pair) -> dict[str, Any]:
    """The manifest's record of the adapter that answered, or nothing where there is none."""
    key = run.adapter_key(pair)
    adapters: Sequence[dict[str, Any]] = run.manifest.get("adapters", ()) if key else ()
    return next((a for a in adapters if key in (a.get("sha256"), a.get("key"))), {})


def economics_of(run: Evidence, pair: Pair, inputs: CostInputs) -> Economics:
    """The money of one strategy on one task, at the prices of the run's sheet."""
    return economics(measured_of(run, pair), tariff_of(run.manifest), inputs)


def block(money: Economics, fair: Mapping[str, Any], inputs: CostInputs) -> dict[str, Any]:
    """`strategies[s].cost` of results.json.

    `per_query_usd` is one request at a time, `batched_usd` the batched pass, both at the utilisation that
    `assumptions` names. `per_query_ci_usd`: what the `timed_n` timed questions leave open of the first, [low, high]
    at 95 %, or None and `per_query_ci_reason`. `reason` says why `per_query_usd` is None, `fixed_reason` why
    `fixed_usd` is. `fixed_people_usd`, `refresh_people_usd`: the part that is people's, from the price sheet.
    `fair`: the accuracy with its interval. `per_correct_ci_usd` is c over that interval's ends, [low, high], and None
    where the lower end is 0: then there is no highest price.
    """
    accuracy = fair["mean"]
    dearest = per_correct_usd(money.per_query_usd, fair["ci_low"])
    return {
        "per_query_usd": money.per_query_usd,
        "per_query_ci_usd": None if money.per_query_ci_usd is None else list(money.per_query_ci_usd),
        "per_query_ci_reason": _no_interval(money),
        "timed_n": money.timed,
        "batched_usd": money.batched_usd,
        "per_correct_usd": per_correct_usd(money.per_query_usd, accuracy),
        "per_correct_ci_usd": dearest and [per_correct_usd(money.per_query_usd, fair["ci_high"]), dearest],
        "with_error_price_usd": with_error_price(money.per_query_usd, accuracy, inputs.error_price_usd),
        "error_price_usd": inputs.error_price_usd,
        "fixed_usd": money.fixed_usd,
        "fixed_people_usd": money.people_usd,
        "refresh_usd": money.refresh_usd,
        "refresh_people_usd": money.people_refresh_usd,
        "storage_usd_per_month": money.storage_usd_per_month,
        "components": money.components,
        "assumptions": money.assumptions,
        "reason": money.reason if money.per_query_usd is None else None,
        "fixed_reason": money.fixed_reason,
    }


def _no_interval(money: Economics) -> str | None:
    if money.per_query_usd is None or money.per_query_ci_usd is not None:
        return None
    return f"n={money.timed} < {latency.FEWEST_MEAN}"


def prices_block(manifest: dict[str, Any], inputs: CostInputs) -> dict[str, Any]:
    """`prices` of results.json: how old the sheet was when the run began, what the user set, API prices used.

    Ages are in days between two dates of the manifest, None where one of them is missing.
    """
    sheet = used_sheet(manifest) or {}
    created, used = manifest.get("created"), manifest.get("api_prices") or []
    age = age_days(sheet.get("date"), created)
    return {
        "date": sheet.get("date"),
        "age_days": age,
        "stale_after_days": STALE_DAYS,
        "stale": age is not None and age > STALE_DAYS,
        "stale_api_prices": sorted(
            {one["model"] for one in used if (age_days(one["priced_on"], created) or 0) > STALE_DAYS}
        ),
        "sections_from_shipped": sheet.get("sections_from_shipped", []),
        "tuning_cycles": inputs.cycles,
        "horizon_months": inputs.horizon_months,
        "monthly_queries": inputs.monthly_queries,
        "refresh_days": inputs.refresh_days,
        "error_price_usd": inputs.error_price_usd,
        "api_prices": used,
    }


def age_days(seen: str | None, at: str | None) -> int | None:
    """Days from a price's date to a run's start (ISO dates, the second perhaps with a time)."""
    try:
        return (datetime.date.fromisoformat((at or "")[:10]) - datetime.date.fromisoformat(seen or "")).days
    except ValueError:
        return None
