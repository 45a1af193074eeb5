"""From a run's evidence to the decision of each task: who stands, at which prices, under which requirements."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.accuracy import ScoredAnswer, per_question
from harness.analysis.decision.candidates import ASSUMED_MONTHLY_QUERIES, Candidate, CandidatesAt, Setting
from harness.analysis.decision.choice import Rules
from harness.analysis.decision.pairs import Pairs
from harness.analysis.decision.verdict import Case
from harness.analysis.evidence import Evidence, Pair
from harness.analysis.money import cost
from harness.analysis.money.economics import CostInputs
from harness.analysis.money.tariff import Measured, Tariff, economics
from harness.analysis.validity import Status, forbidden
from harness.analysis.validity.check import clause, name_of
from harness.spec.requirements import Requirements, requirements_of
from harness.spec.strategy import STRATEGIES, Source

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
Block = dict[str, Any]


def stored_requirements(manifest: Mapping[str, Any]) -> Block:
    """What the user required when the run was made; nothing for a run that was asked for nothing."""
    settings = manifest.get("settings") or {}
    volume = settings.get("monthly_queries")
    return {**({} if volume is None else {"monthly_queries": volume}), **(settings.get("requirements") or {})}


def needs_of(manifest: Mapping[str, Any]) -> Requirements:
    """Raises InputErrors where a run stores requirements that this version does not know."""
    return requirements_of(stored_requirements(manifest))


def with_needs(inputs: CostInputs, needs: Requirements) -> CostInputs:
    """Cost inputs in the setting that the requirements name; what they leave out stays as it is."""
    shared = ("horizon_months", "monthly_queries", "refresh_days", "error_price_usd", "in_house")
    named: Block = {field: getattr(needs, field) for field in shared if field in needs.model_fields_set}
    return dataclasses.replace(inputs, **named)


def case_of(
    run: Evidence,
    name: str,
    task: Mapping[str, Any],
    answered: Mapping[str, Sequence[ScoredAnswer]],
    clusters: Mapping[str, str],
    needs: Requirements,
    inputs: CostInputs,
) -> Case:
    """What a decision rests on. `task`: its block of results.json so far; `answered`: strategy → its answers."""
    out, tariff = forbidden(task["validity"]), cost.tariff_of(run.manifest)
    own = [strategy for strategy in answered if strategy in STRATEGIES and answered[strategy]]
    standing = [
        _candidate(run, (name, strategy), task, answered[strategy], tariff, inputs)
        for strategy in own
        if strategy not in out and not STRATEGIES[strategy].control
    ]
    return Case(
        task,
        _priced(run, name, standing, tariff, inputs),
        Rules(needs, Pairs(task["comparisons"], task["primary_metric"]), clusters),
        _setting(inputs, tariff),
        excluded={strategy: _failed(strategy, task["validity"]) for strategy in own if strategy in out},
        unfit=unfit(run, task),
        volume_assumed=inputs.monthly_queries is None,
        run={
            "parameters": (run.manifest.get("model") or {}).get("parameters"),
            "adapters": run.manifest.get("adapters", ()),
        },
    )


def _setting(inputs: CostInputs, tariff: Tariff | None) -> Setting:
    """Where strategies are valued: the inputs, and the prices as the run has them."""
    prices = tariff.under(inputs) if tariff else None
    return Setting(
        monthly_queries=inputs.monthly_queries or ASSUMED_MONTHLY_QUERIES,
        horizon_months=inputs.horizon_months,
        error_price_usd=inputs.error_price_usd,
        refresh_days=inputs.refresh_days,
        usd_per_hour=prices.usd_per_hour if prices else None,
        utilisation=prices.utilisation if prices else None,
        cycles=inputs.cycles if prices else None,
    )


def _failed(strategy: str, checks: Sequence[Mapping[str, Any]]) -> str:
    """Which checks a strategy failed, and what they found."""
    found = [
        f"{name_of(check)}: {clause(check['detail'])}"
        for check in checks
        if check["status"] == Status.FAIL and strategy in check["strategies"]
    ]
    return f"it failed a check of validity ({'; '.join(found)})."


def unfit(run: Evidence, task: Mapping[str, Any]) -> str | None:
    """Why a run is not fit for decisions, as a clause; None where it is."""
    if run.manifest.get("quick"):
        return "this was a quick run, with few questions and little training"
    missing = any(block["n_answered"] < task["n"] for block in task["strategies"].values())
    if missing or run.manifest.get("status") != "complete":
        return "the run is not complete"
    return None


def _candidate(
    run: Evidence,
    pair: Pair,
    task: Mapping[str, Any],
    scored: Sequence[ScoredAnswer],
    tariff: Tariff | None,
    inputs: CostInputs,
) -> Candidate:
    block, strategy = task["strategies"][pair[1]], STRATEGIES[pair[1]]
    measured, fair = cost.measured_of(run, pair), block["accuracy"]
    parts = [measured.training_s, measured.index_s]
    labour = tariff.labour if tariff and strategy.adapted else None
    return Candidate(
        strategy=pair[1],
        scores=per_question(scored, task["primary_metric"]),
        economics=economics(measured, tariff, inputs),
        latency=block["latency_s"],
        memory_gb=_least_memory_gb(run, measured),
        memory_most_gb=_most_memory_gb(run),
        cites=Source.RETRIEVED in strategy.context,
        update_s=sum(part for part in parts if part is not None) if any(parts) else None,
        update_people_s=3600 * labour.refresh_hours if labour else None,
        interval=None if fair["ci_low"] is None else (fair["ci_low"], fair["ci_high"]),
    )


def _least_memory_gb(run: Evidence, measured: Measured) -> float | None:
    """Weights as the run held them, and what is stored beside them; the embedder's weights are not counted."""
    model = run.manifest.get("model") or {}
    width = BYTES.get(str(model.get("dtype")).removeprefix("torch."))
    if width is None or not model.get("parameters"):
        return None
    weights: float = model["parameters"] * width
    return (weights + (measured.stored_bytes or 0)) / 1e9


def _most_memory_gb(run: Evidence) -> float | None:
    """The process's peak, training and embedder included; says nothing where weights lie on a GPU."""
    device = str((run.manifest.get("model") or {}).get("device") or "cpu")
    peak: float | None = run.manifest.get("peak_memory_gb")
    return peak if device.startswith("cpu") else None


def _priced(
    run: Evidence, task: str, standing: Sequence[Candidate], tariff: Tariff | None, inputs: CostInputs
) -> CandidatesAt:
    """Candidates at a setting's prices. What was measured is read once; prices are kept as long as they last."""
    measured = {one.strategy: cost.measured_of(run, (task, one.strategy)) for one in standing}
    known: dict[tuple[Any, ...], tuple[Candidate, ...]] = {}

    def at(setting: Setting) -> tuple[Candidate, ...]:
        key = (setting.usd_per_hour, setting.utilisation, setting.cycles)
        if key not in known:
            given = dataclasses.replace(
                inputs,
                usd_per_hour=setting.usd_per_hour,
                utilisation=setting.utilisation,
                cycles=setting.cycles or inputs.cycles,
            )
            known[key] = tuple(
                dataclasses.replace(one, economics=economics(measured[one.strategy], tariff, given))
                for one in standing
            )
        return known[key]

    return at
