"""Where parts of a manifest do not fit together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.run.manifest import Manifest
from harness.spec.task import fingerprint_of

Damage = tuple[Sequence[str | int], str]
"""Where in the file, and what is wrong there, without the full stop."""


def contradictions(manifest: Manifest, data: Any) -> Iterator[Damage]:
    """Where parts of a manifest do not fit together. `data`: what it was read from."""
    labels = [facts.label for facts in manifest.models]
    if len(set(labels)) < len(labels):
        yield ("other_models",), "'other_models' gives two models one label"
    for key, system in manifest.systems.items():
        if system.id != key:
            yield (
                ("systems", key),
                f"{key_of('systems', key)} is not the system that its id names, {system.id}",
            )
        elif system.model_label not in labels:
            yield (
                ("systems", key),
                f"{key_of('systems', key)} is of the model {system.model_label!r}, which is not there",
            )
    for name, task in manifest.tasks.items():
        facts = data["tasks"][name]
        if task.spec.name != name:
            yield ("tasks", name), f"{key_of('tasks', name)} is the task {task.spec.name!r}"
        if task.fingerprint and task.fingerprint != fingerprint_of(facts["spec"], task.files):
            yield ("tasks", name, "fingerprint"), f"{key_of('tasks', name)} is not what its fingerprint names"
    yield from _names_unknown(manifest)


def _names_unknown(manifest: Manifest) -> Iterator[Damage]:
    """Tasks and systems that are named but not there."""
    tasks, systems = manifest.tasks, manifest.systems
    called: dict[tuple[str, str], str] = {}
    planned: set[tuple[str, str, int]] = set()
    for index, entry in enumerate(manifest.plan):
        place = ("plan", index)
        if entry.task not in tasks or entry.system not in systems:
            yield (
                place,
                f"{key_of(*place)} names the system {entry.system!r} on {entry.task!r}, and one is not there",
            )
        elif (
            called.setdefault((entry.task, manifest.name(entry.task, entry.system)), entry.system)
            != entry.system
        ):
            yield place, f"{key_of(*place)} gives {entry.task!r} two systems of one name"
        if (entry.task, entry.system, entry.seed) in planned:
            yield place, f"{key_of(*place)} stands there twice"
        planned.add((entry.task, entry.system, entry.seed))
    for key in ("not_applicable", "set_aside", "indexes", "other_indexes", "example_indexes", "forgetting"):
        for name in getattr(manifest, key):
            if name not in tasks:
                yield (key,), f"{key!r} names the task {name!r}, which is not there"
    for index, trained in enumerate(manifest.adapters):
        if trained.system not in systems or not systems[trained.system].adapted:
            place = ("adapters", index)
            yield place, f"{key_of(*place)} is of {trained.system!r}, which is no system with an adapter"
    for index, row in enumerate(manifest.aggregates):
        if (row.task, row.system, row.seed) not in planned:
            yield ("aggregates", index), f"{key_of('aggregates', index)} is of a system that is not planned"


def key_of(*place: str | int) -> str:
    """A place in the file, as a sentence names it."""
    return repr(".".join(map(str, place)))
