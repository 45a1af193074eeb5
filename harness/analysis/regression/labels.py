"""Models of two runs that go by other labels: the later run is told in the words of the earlier one.

A run of one model calls its systems `rag`, one of several `rag@small`; what is compared is the same.
"""

from __future__ import annotations

from dataclasses import replace

from harness.run.facts import ModelFacts
from harness.run.manifest import Manifest
from harness.spec.system import System


def with_labels_of(baseline: Manifest, run: Manifest) -> Manifest:
    """The manifest of a run whose models have the labels that `baseline` gives them; others keep their own."""
    new = _labels(baseline, run)
    if all(old == label for old, label in new.items()):
        return run
    models = [replace(facts, label=new[facts.label]) for facts in run.models]
    names = {
        system.home_name: replace(system, model_label=new[system.model_label]).home_name
        for system in run.systems.values()
    }
    return replace(
        run,
        model=models[0],
        other_models=tuple(models[1:]),
        systems={key: _renamed(system, new[system.model_label]) for key, system in run.systems.items()},
        not_applicable={
            task: {names.get(name, name): reason for name, reason in row.items()}
            for task, row in run.not_applicable.items()
        },
    )


def _labels(baseline: Manifest, run: Manifest) -> dict[str | None, str | None]:
    """Label in the run → label in the baseline, where that has the model: under its label, else with its weights, else
    its name. A label of the baseline is given once. Two runs of one model each always speak of the same one.
    """
    free = {facts.label: facts for facts in baseline.models}
    new: dict[str | None, str | None] = {}
    for facts in run.models:
        if facts.label in free:
            new[facts.label] = facts.label
            del free[facts.label]
    for facts in run.models:
        if facts.label in new:
            continue
        found = next((label for label, other in free.items() if _same(facts, other)), facts.label)
        free.pop(found, None)
        new[facts.label] = found
    return new


def _same(a: ModelFacts, b: ModelFacts) -> bool:
    if a.sha256 and b.sha256:
        return (a.sha256, a.dtype) == (b.sha256, b.dtype)
    return (a.name, a.server) == (b.name, b.server)


def _renamed(system: System, label: str | None) -> System:
    if system.model_label == label:
        return system
    relabelled = replace(system, model_label=label)
    return replace(relabelled, name=relabelled.home_name)
