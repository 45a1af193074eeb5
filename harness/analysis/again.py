"""A run decided again under other requirements and prices, and what that turned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from harness.analysis.decision import change_words
from harness.analysis.decision.case import Case, case_of
from harness.analysis.decision.needs import needs_of
from harness.analysis.decision.requirements.table import Requirements, Value, rows
from harness.analysis.decision.verdict import standing
from harness.analysis.derive import derive, inputs_under
from harness.analysis.evidence import Evidence
from harness.analysis.measure import TaskMeasures, measure
from harness.analysis.results.run import RunResult
from harness.analysis.results.turns import Turned, TurnedInput
from harness.spec.pricing import prices_anew

SHEET = ("prices", "machine")
"""A machine is one of a price list, so the two move together."""


@dataclass(frozen=True)
class Again:
    """The results under other terms, and for each task what follows from the run's own terms and what turned it."""

    results: RunResult
    turned: dict[str, Turned]


@dataclass(frozen=True)
class Terms:
    """What a run is decided under. `run`: with the prices of these terms; `prices`: settings that are not its own."""

    needs: Requirements
    run: Evidence
    prices: Mapping[str, Any]

    def with_prices(self, prices: Mapping[str, Any]) -> Terms:
        """Raises InputErrors for a wrong price list, machine or API model."""
        manifest = self.run.manifest
        device = manifest.model.device or "cpu"
        anew = prices_anew(manifest.price_sheet, asdict(manifest.settings), prices, device, manifest.created)
        changed = replace(manifest, settings=replace(manifest.settings, **prices))
        if anew:
            changed = replace(changed, price_sheet=anew.sheet, api_prices=anew.api)
        return replace(self, run=replace(self.run, manifest=changed), prices=prices)

    def case(self, task: str, measured: TaskMeasures) -> Case:
        inputs = inputs_under(self.run, self.needs)
        facts = (measured.figures, measured.answered, measured.clusters)
        return case_of(self.run, task, *facts, self.needs, inputs)


def again(run: Evidence, needs: Requirements, prices: Mapping[str, Any]) -> Again:
    """Decide a run under other terms. Raises InputErrors for a wrong price list, machine or API model."""
    measured = measure(run)
    own = Terms(needs_of(run), run, {})
    asked = replace(own.with_prices(prices), needs=needs)
    alone = dict(_alone(own, asked))
    return Again(
        derive(asked.run, needs=needs, measured=measured),
        {task: _turned(task, figures, own, asked, alone) for task, figures in measured.items()},
    )


def _turned(
    task: str, measured: TaskMeasures, own: Terms, asked: Terms, alone: Mapping[str, Terms]
) -> Turned:
    """An input turns the verdict alone where it leads to the present one by itself."""
    before, after = own.case(task, measured), asked.case(task, measured)
    was, now = standing(before), standing(after)
    turns = not was.same_as(now)
    changed = tuple(
        TurnedInput(
            field,
            change_words.name_of(field),
            _value(before, own, field),
            _value(after, asked, field),
            turns and standing(terms.case(task, measured)).same_as(now),
        )
        for field, terms in alone.items()
    )
    found = Turned(was, now, turns, changed)
    words = change_words.turned(task, found)
    return replace(found, text=words.text, figures=words.figures)


def _alone(own: Terms, asked: Terms) -> Iterator[tuple[str, Terms]]:
    """Each input that differs from the run's own, and the terms in which it alone does."""
    for field in rows():
        value = getattr(asked.needs, field)
        if value != getattr(own.needs, field):
            yield field, replace(own, needs=replace(own.needs, **{field: value}))
    settings = own.run.manifest.settings
    moved = {
        name: value
        for name, value in asked.prices.items()
        if name != "price_as" and value != getattr(settings, name)  # projections take no part in the decision
    }
    if sheet := {name: moved.pop(name) for name in SHEET if name in moved}:
        yield next(iter(sheet)), own.with_prices(sheet)
    for name, value in moved.items():
        yield name, own.with_prices({name: value})


def _value(case: Case, terms: Terms, field: str) -> Value:
    """What an input is set to: where it was not set, what was used instead."""
    used: dict[str, Value] = {
        "monthly_queries": case.setting.monthly_queries,
        "usd_per_hour": case.setting.usd_per_hour,
        "utilisation": case.setting.utilisation,
        "tuning_cycles": case.setting.cycles,
    }
    if field in used:
        return used[field]
    if field in rows():
        return cast(Value, getattr(terms.needs, field))
    return str(terms.prices.get(field) or "the run's own")
