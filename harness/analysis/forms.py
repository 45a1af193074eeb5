"""Answers that are held to their form beside free ones: what the form changes, and what of a fine-tune's gain it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from harness.analysis.accuracy import ScoredAnswers
from harness.analysis.comparisons import Answered, by_itself
from harness.analysis.results.forms import FormEffect, FormShare
from harness.analysis.statistics.intervals import mean
from harness.spec.forms import FormReader
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.system import System
from harness.spec.taskspec import TaskSpec


def form_effects(answered: Answered, spec: TaskSpec | LmEvalSpec) -> tuple[FormEffect, ...]:
    """Every system that is held to its form, where the free one ran too, in the plan's order."""
    pairs = _pairs(answered.systems)
    form = spec.answer.form if isinstance(spec, TaskSpec) else None
    if not pairs or form is None:
        return ()
    reader = FormReader(form)

    def of_form(name: str) -> float | None:
        return mean([*map(reader.fits, answered.scored[name].answers.prediction)])

    return tuple(
        FormEffect(
            held,
            free,
            kind,
            by_itself(answered, free, held),
            of_form_free=of_form(free),
            of_form=of_form(held),
        )
        for held, free in pairs.items()
        if (kind := answered.systems[held].form)
    )


def form_shares(answered: Answered, effects: Sequence[FormEffect]) -> tuple[FormShare, ...]:
    """Every fine-tune beside the model with the same context, free and held to its form."""
    return tuple(_shares(answered, effects))


def _pairs(systems: Mapping[str, System]) -> dict[str, str]:
    """Held system → the same with free answers."""
    free = {system.id: name for name, system in systems.items() if system.form is None}
    known = {name: free.get(replace(system, form=None).id) for name, system in systems.items() if system.form}
    return {name: other for name, other in known.items() if other is not None}


def _shares(answered: Answered, effects: Sequence[FormEffect]) -> Iterator[FormShare]:
    tuned = [
        system
        for system in answered.systems.values()
        if system.adapted and system.form is None and not system.trained_elsewhere(answered.task)
    ]
    for system in tuned:
        effect = next((row for row in effects if _same_prompt(answered.systems[row.free], system)), None)
        if effect is None:
            continue
        names = (system.name, effect.free, effect.system)
        alike = _on_common(answered, names)
        yield FormShare(
            *names,
            gain=by_itself(alike, effect.free, system.name),
            by_form=by_itself(alike, effect.free, effect.system),
            beyond=by_itself(alike, effect.system, system.name),
        )


def _same_prompt(base: System, tuned: System) -> bool:
    return not base.adapted and (base.model, base.context) == (tuned.model, tuned.context)


def _on_common(answered: Answered, names: Sequence[str]) -> Answered:
    """The answers of these systems to the questions that all of them answered."""
    common = set.intersection(*(set(answered.by_question[name]) for name in names))

    def kept(name: str) -> ScoredAnswers:
        scored = answered.scored[name]
        names = scored.answers.question_id
        return scored.taken([place for place, question in enumerate(names) if question in common])

    return replace(
        answered,
        systems={name: answered.systems[name] for name in names},
        scored={name: kept(name) for name in names},
    )
