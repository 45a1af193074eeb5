"""From the figures of a system to what takes part in a choice: a candidate, with its economics at any setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from harness.analysis.decision.candidates import Candidate, CandidatesAt, taught_of
from harness.analysis.evidence import Evidence
from harness.analysis.money import cost
from harness.analysis.money.economics import CostInputs
from harness.analysis.money.measured import MeasuredUse
from harness.analysis.money.priced import economics, economics_under
from harness.analysis.money.prices import Prices
from harness.analysis.results.run import SystemFigures
from harness.analysis.results.setting import Setting
from harness.run.facts import ModelFacts
from harness.spec.models import is_private
from harness.spec.strategy import rank
from harness.spec.system import System


def candidate_of(
    run: Evidence,
    task: str,
    figures: SystemFigures,
    scores: Mapping[str, float],
    prices: Prices | None,
    inputs: CostInputs,
) -> Candidate:
    system, accuracy = figures.system, figures.accuracy
    model = run.manifest.model_of(system)
    measured = cost.measured_of(run, (task, system.name))
    parts = [measured.training_s, measured.index_s]
    updated = prices and (measured.adapted or measured.searches)
    people = (
        prices.labour.refresh_hours(retrieves=measured.retrieves, adapted=measured.trained) if prices else 0.0
    )
    money = economics(measured, prices, inputs)
    return Candidate(
        name=system.name,
        scores=scores,
        economics=money,
        latency=figures.latency_s,
        memory_gb=_least_memory_gb(run, system, measured),
        memory_most_gb=_most_memory_gb(run, system),
        leaves=_leaves(model),
        weights_elsewhere=model.server is not None and model.by_token,
        cites=system.retrieved is not None,
        cited=figures.citations.gold if figures.citations else None,
        update_s=sum(part for part in parts if part is not None) if any(parts) else None,
        update_people_s=3600 * people if updated else None,
        update_unknown=measured.served_adapter,
        interval=accuracy.interval,
        rank=rank(system, hosted=money.by_token),
        parameters=model.parameters,
        beats_trivial=figures.over_trivial.beats if figures.over_trivial else None,
        taught=taught_of(figures, prices.changed_share if prices else None),
    )


BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Data type of weights → bytes a parameter."""


def _least_memory_gb(run: Evidence, system: System, measured: MeasuredUse) -> float | None:
    """Weights as the run held them, and what is stored beside them; the embedder's weights are not counted."""
    model = run.manifest.model_of(system)
    width = BYTES.get(str(model.dtype).removeprefix("torch."))
    if width is None or not model.parameters:
        return None
    return (model.parameters * width + (measured.stored_bytes or 0)) / 1e9


def _most_memory_gb(run: Evidence, system: System) -> float | None:
    """The peak of the run, training and embedder included; says nothing where weights lie on a GPU or a server.

    Nor of one of several models that were read here: the peak is of all of them.
    """
    device = run.manifest.model_of(system).device or "cpu"
    alone = sum(model.server is None for model in run.manifest.models) < 2
    return run.manifest.peak_memory_gb if alone and device.startswith("cpu") else None


def _leaves(model: ModelFacts) -> str | None:
    """How data leave machines of one's own where this model answers, a clause; None: they do not."""
    if model.server is None:
        return None
    if model.by_token:
        return "a service that bills its tokens answers, so data leave machines of your own"
    if all(map(is_private, model.addresses)):
        return None
    return "its server's address is in no private network, so data leave machines of your own"


def priced(
    run: Evidence, task: str, candidates: Sequence[Candidate], prices: Prices | None, inputs: CostInputs
) -> CandidatesAt:
    """Candidates at a setting's prices. What was measured is read once; prices are kept as long as they last."""
    if prices is None or not candidates:
        return lambda _: candidates
    measured = {candidate.name: cost.measured_of(run, (task, candidate.name)) for candidate in candidates}

    @cache
    def at(given: CostInputs) -> tuple[Candidate, ...]:
        priced = prices.under(given)
        return tuple(
            replace(candidate, economics=economics_under(measured[candidate.name], priced, given))
            for candidate in candidates
        )

    return lambda setting: at(_inputs_at(inputs, setting))


def _inputs_at(inputs: CostInputs, setting: Setting) -> CostInputs:
    """The cost inputs with what a setting says of prices; its volume and the like are told when costs are asked."""
    return replace(
        inputs,
        usd_per_hour=setting.usd_per_hour,
        utilisation=setting.utilisation,
        cycles=setting.cycles or inputs.cycles,
        tariff=setting.tariff,
        peak_factor=setting.peak_factor,
        people_factor=setting.people_factor,
        token_factor=1.0 if setting.token_factor is None else setting.token_factor,
    )
