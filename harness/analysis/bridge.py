"""TEMPORARY: what a manifest of schema 1 says → types."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from harness.analysis.evidence import Evidence
from harness.run.manifest import Manifest
from harness.spec.settings import Examples, Finetune, Retrieval
from harness.spec.strategy import STRATEGIES, TaskSettings, forgetting_system, system_of
from harness.spec.system import ModelRef, System


@functools.cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def system_in(run: Evidence, task: str, name: str) -> System:
    """The system of this name on a task."""
    return run.systems(task)[name]


def legacy(record: Manifest) -> dict[str, Any]:
    """A manifest as dictionaries of schema 1."""
    systems = record.systems
    plain: dict[str, Any] = json.loads(_adapter(Manifest).dump_json(record))
    plan = [
        {"task": e.task, "strategy": record.name(e.task, e.system), "seed": e.seed, "adapter": e.adapter}
        for e in record.plan
    ]
    adapters = [
        {
            **asdict(trained.record),
            "task": trained.record.task,
            "strategy": systems[trained.system].strategy,
            "seed": trained.seed,
            "reused": trained.reused,
            "bytes": trained.bytes,
        }
        for trained in record.adapters
    ]
    aggregates = [
        {
            "task": a.task,
            "strategy": record.name(a.task, a.system),
            "seed": a.seed,
            "metric": a.metric,
            "value": a.value,
        }
        for a in record.aggregates
    ]
    planned = {(e.task, name): one for e in record.plan for name, one in record.systems_of(e.task).items()}
    return {**plain, "plan": plan, "adapters": adapters, "aggregates": aggregates, "planned": planned}


def planned_systems(manifest: Mapping[str, Any]) -> dict[tuple[str, str], System]:
    """(Task, name) → system, of a manifest as `legacy` gives it, or one that only names strategies."""
    if "planned" in manifest:
        return dict(manifest["planned"])
    pairs = dict.fromkeys((row["task"], row["strategy"]) for row in manifest.get("plan") or ())
    return {pair: _named(manifest, *pair) for pair in pairs}


def _named(manifest: Mapping[str, Any], task: str, name: str) -> System:
    strategy, at, trained_for = name.partition("@")
    model = manifest.get("model") or {}
    ref = ModelRef(model.get("name", ""), model.get("sha256"), model.get("dtype"), model.get("revision"))
    if strategy not in STRATEGIES:
        return System(name, name, ref)
    spec = (manifest.get("tasks") or {}).get(trained_for or task, {}).get("spec", {})
    settings = TaskSettings(
        trained_for or task,
        Retrieval(**spec.get("retrieval", {})),
        Examples(**spec.get("examples", {})),
        Finetune(**spec.get("finetune", {})),
        (manifest.get("embedder") or {}).get("name", ""),
    )
    system = system_of(STRATEGIES[strategy], ref, settings)
    return forgetting_system(system, task) if at else system
