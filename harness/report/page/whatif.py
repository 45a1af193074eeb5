"""What the section "What if" reckons with: of every strategy exactly the figures that the formulas of `decide` need.

`assets/whatif.js` holds the same formulas; what does not move with an input of the page is worked out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.analysis.decision.candidates import ASSUMED_MONTHLY_QUERIES, Candidate
from harness.analysis.decision.election import case_of, needs_of
from harness.analysis.decision.needs import outcomes, unpriced
from harness.analysis.decision.pairs import difference
from harness.analysis.decision.sensitivity import REFRESHES, VOLUMES
from harness.analysis.decision.verdict import Case
from harness.analysis.derive import Scores, inputs_under
from harness.analysis.evidence import Evidence
from harness.analysis.latency import PERCENTILES
from harness.analysis.money import cost
from harness.analysis.money.economics import DAYS_PER_MONTH, CostInputs, Economics
from harness.analysis.money.tariff import Measured, Tariff, economics
from harness.report.page.text import visible
from harness.report.pictures import style
from harness.scoring.table import is_graded
from harness.spec.pricing import LEAST, MOST_CYCLES, MOST_USD_PER_HOUR
from harness.spec.requirement_flags import FIELDS
from harness.spec.requirements import LEAST_ERROR_PRICE, Requirements
from harness.spec.strategy import STRATEGIES

Block = dict[str, Any]
CONSTANT = ("max_memory_gb", "citations", "in_house")
"""Requirements without an input in the page: they stay as the run has them, and so does how they turn out."""
NEEDS = {
    "monthly_queries": "Queries a month",
    "error_price_usd": "Price of a wrong answer, $",
    "refresh_days": "Knowledge changes every … days",
    "min_accuracy": "Required accuracy, 0 to 1",
    "max_latency_s": "Longest latency, seconds",
    "monthly_budget_usd": "Budget a month, $",
    "horizon_months": "One-off costs over … months",
}
PRICES = {
    "usd_per_hour": ("Price of a machine hour, $", "--usd-per-hour", LEAST, MOST_USD_PER_HOUR),
    "utilisation": ("Utilisation, 0 to 1", "--utilisation", LEAST, 1.0),
    "tuning_cycles": ("Tuning cycles", "--tuning-cycles", 1, MOST_CYCLES),
}
"""Inputs that only a run with a price sheet has: label, flag, bounds."""


def whatif(run: Evidence, scores: Scores, results: Mapping[str, Any]) -> Block:
    """{inputs, own, tariff, …, tasks}: plain JSON values. `own`: the run's own terms, None where it has none."""
    needs = needs_of(run.manifest)
    inputs, sheet = inputs_under(run, needs), cost.tariff_of(run.manifest)
    tariff = sheet.under(inputs) if sheet else None
    return {
        "inputs": _inputs(tariff),
        "own": _own(needs, inputs, tariff),
        "assumed_monthly_queries": ASSUMED_MONTHLY_QUERIES,
        "percentiles": {name: least for name, (_, least) in PERCENTILES.items()},
        "grid": {"monthly_queries": list(VOLUMES), "refresh_days": list(REFRESHES)},
        "days_per_month": DAYS_PER_MONTH,
        "tariff": _tariff(tariff),
        "tasks": {name: _task(run, name, scores, block, tariff) for name, block in results["tasks"].items()},
    }


def fields(facts: Block) -> list[Block]:
    """Each input with what the run itself has there, in words."""
    return [{**one, "kept": _kept(facts, one["name"])} for one in facts["inputs"]]


def _kept(facts: Block, name: str) -> str:
    value = facts["own"][name]
    if value is None and name == "monthly_queries":
        return f"{ASSUMED_MONTHLY_QUERIES:,} assumed"
    return "not set" if value is None else f"{value:,.10g}"


def any_hosted(facts: Block) -> bool:
    """Whether any strategy's tokens were priced on a hosted model."""
    return any(one["hosted"]["models"] for task in facts["tasks"].values() for one in task["strategies"])


def _inputs(tariff: Tariff | None) -> list[Block]:
    """The fields of the form, with the flag of `decide` and the bounds that it accepts (None: no bound)."""
    found = [
        {"name": name, "label": label, "flag": FIELDS[name], **_bounds(name)} for name, label in NEEDS.items()
    ]
    prices = [
        {
            "name": name,
            "label": label,
            "flag": flag,
            "min": low,
            "max": high,
            "whole": name == "tuning_cycles",
        }
        for name, (label, flag, low, high) in PRICES.items()
    ]
    return found[:1] + (prices if tariff else []) + found[1:]


def _bounds(name: str) -> Block:
    field = Requirements.model_fields[name]
    limits = {
        end: next((getattr(one, mark) for one in field.metadata if hasattr(one, mark)), None)
        for end, mark in (("min", "ge"), ("max", "le"))
    }
    if name == "min_accuracy":  # a validator says it, not a bound
        limits["max"] = 1
    above = {"above": LEAST_ERROR_PRICE} if name == "error_price_usd" else {}
    return {**limits, **above, "whole": name in ("monthly_queries", "horizon_months")}


def _own(needs: Requirements, inputs: CostInputs, tariff: Tariff | None) -> Block:
    """What `decide` goes by where no flag says otherwise."""
    kept = needs.model_dump(mode="json")
    return {
        **{name: kept[name] for name in NEEDS},
        "latency_percentile": needs.latency_percentile,
        "accuracy_margin": needs.accuracy_margin,
        "value_margin": needs.value_margin,
        "usd_per_hour": tariff.usd_per_hour if tariff else None,
        "utilisation": tariff.utilisation if tariff else None,
        "tuning_cycles": inputs.cycles,
    }


def _tariff(tariff: Tariff | None) -> Block | None:
    if tariff is None:
        return None
    people = tariff.labour
    labour = people and {
        "cycle_usd": people.engineer_hours_per_cycle * people.wage_usd_per_hour,
        "refresh_usd": people.engineer_hours_per_refresh * people.wage_usd_per_hour,
        "evaluation_usd": people.evaluation_usd,
    }
    return {"changed_share": tariff.changed_share, "labour": labour}


def _task(run: Evidence, name: str, scores: Scores, block: Block, tariff: Tariff | None) -> Block:
    needs = needs_of(run.manifest)
    inputs = inputs_under(run, needs)
    answered = {strategy: scores.get((name, strategy), []) for strategy in block["strategies"]}
    case = case_of(run, name, block, answered, run.clusters(name), needs, inputs)
    standing = {one.strategy: one for one in case.candidates_at(case.setting)}
    deployable = [one for one in block["strategies"] if one in STRATEGIES and not STRATEGIES[one].control]
    return {
        "metric": block["primary_metric"],
        "graded": is_graded(block["primary_metric"]),
        "excluded": {strategy: visible(why) for strategy, why in case.excluded.items()},
        "unfit": case.unfit,
        "pairs": _pairs(block),
        "strategies": [
            {
                "name": one,
                "colour": style.colour(one),
                "dash": style.dash(one),
                "accuracy": block["strategies"][one]["accuracy"]["mean"],
                "fair": one not in case.excluded,
                "money": _money(cost.measured_of(run, (name, one)), tariff, inputs),
                "hosted": _hosted(block["strategies"][one]),
                "stands": _candidate(standing[one], case) if one in standing else None,
            }
            for one in deployable
        ],
    }


def _pairs(block: Block) -> list[Block]:
    """Accuracy of b minus that of a, by the primary metric, as the comparisons have it."""
    rows = [
        row
        for row in block["comparisons"]
        if row["delta"] is not None and row["metric"] == block["primary_metric"]
    ]
    found = [(row, difference(row)) for row in rows]
    return [
        {"a": row["a"], "b": row["b"], "low": one.low, "high": one.high, "p": one.p} for row, one in found
    ]


def _money(measured: Measured, tariff: Tariff | None, inputs: CostInputs) -> Block | None:
    """What was measured and what does not move with the price of an hour, the utilisation and the cycles."""
    if tariff is None:
        return None
    money, labour = economics(measured, tariff, inputs), tariff.labour
    by_token = tariff.embedding_usd_per_mtok if measured.embed_tokens is not None else None
    return {
        "serial_s": measured.serial_s,
        "adapted": measured.adapted,
        "training_s": measured.training_s,
        "labels_usd": measured.labels * labour.usd_per_label
        if labour and measured.labels is not None
        else None,
        "retrieves": measured.retrieves,
        "index_s": measured.index_s,
        "index_usd": None if by_token is None else (measured.embed_tokens or 0) / 1e6 * by_token,
        "storage_usd_per_month": money.storage_usd_per_month,
        "fixed_known": money.fixed_usd is not None,
        "refresh_known": money.refresh_usd is not None,
        "reason": _reason(money),
    }


def _reason(money: Economics) -> str:
    return money.reason or "a part of its cost was not measured"


def _candidate(one: Candidate, case: Case) -> Block:
    """What the requirements are held against. `constant`: how those that have no input turn out."""
    kept = {name: getattr(case.rules.needs, name) for name in CONSTANT}
    return {
        "interval": one.interval and list(one.interval),
        "latency": {
            "n": one.latency.get("n", 0),
            **{name: one.latency.get(name) for name in PERCENTILES},
            "ci": one.latency.get("ci") or {},
        },
        "update_s": one.update_s,
        "update_people_s": one.update_people_s,
        "unpriced": unpriced(one),
        "constant": [
            found.to_json()
            for found in outcomes(one, Requirements(**kept), case.setting)
            if found.requirement in CONSTANT
        ],
    }


def _hosted(block: Block) -> Block:
    """What its tokens would cost on hosted models: a projection, which takes no part in the choice."""
    rows = block["cost"]["projections"]
    return {
        "prompt_tokens": block["tokens"]["prompt_mean"],
        "completion_tokens": block["tokens"]["completion_mean"],
        "models": [
            {
                "model": visible(row["model"]),
                "per_query_usd": row["per_query_usd"],
                "feasible": row["feasible"],
            }
            for row in rows
            if row["per_query_usd"] is not None
        ],
    }
