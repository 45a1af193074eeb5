"""TEMPORARY: what a manifest of schema 1 says → types."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from harness.analysis.evidence import Evidence
from harness.analysis.results.run import AdapterResult
from harness.analysis.throughput import rate
from harness.run.manifest import EmbedderFacts, IndexFacts, MachineFacts, ModelFacts
from harness.run.settings import Settings
from harness.spec.prices import UsedSheet
from harness.spec.settings import Examples, Finetune, Retrieval
from harness.spec.strategy import STRATEGIES, TaskSettings, forgetting_system, system_of
from harness.spec.system import ModelRef, System


@functools.cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def run_facts(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What `RunResult` takes over from a manifest of schema 1."""
    settings, sheet, model = (manifest.get(name) for name in ("settings", "price_sheet", "model"))
    embedder, command = manifest.get("embedder"), manifest.get("command")
    values: dict[str, tuple[Any, Any]] = {
        "model": (ModelFacts, {"name": "", **(model or {})}),
        "embedder": (EmbedderFacts | None, {"sha256": "", **embedder} if embedder else None),
        "machine": (MachineFacts, manifest.get("machine") or {}),
        "libraries": (dict[str, str], manifest.get("libraries") or {}),
        "settings": (Settings | None, settings if settings and "tasks" in settings else None),
        "price_sheet": (UsedSheet | None, sheet if sheet and sheet.get("machine") else None),
        "indexes": (
            dict[str, IndexFacts],
            {name: index or {} for name, index in (manifest.get("indexes") or {}).items()},
        ),
        "adapters": (
            tuple[AdapterResult, ...],
            [_adapter_result(record) for record in manifest.get("adapters", ())],
        ),
    }
    passed_on = ("created", "status", "harness_version", "git_commit", "load_s", "first_query_s")
    return {
        **{name: _adapter(kind).validate_json(json.dumps(value)) for name, (kind, value) in values.items()},
        **{name: manifest.get(name) for name in passed_on},
        "command": " ".join(map(str, command)) if isinstance(command, list | tuple) else command,
    }


def _adapter_result(record: Mapping[str, Any]) -> dict[str, Any]:
    seconds, tokens = record.get("seconds"), record.get("train_tokens")
    losses = [
        point["train_loss"] for point in record.get("loss_curve") or () if point.get("train_loss") is not None
    ]
    return {
        **record,
        "train_tokens_per_s": rate(tokens, seconds) if tokens and seconds else None,
        "first_train_loss": losses[0] if losses else None,
    }


def system_in(run: Evidence, task: str, name: str) -> System:
    """The system that a run of schema 1 only names."""
    strategy, at, trained_for = name.partition("@")
    settings = _settings(run, trained_for or task)
    model = run.manifest.get("model") or {}
    ref = ModelRef(model.get("name", ""), model.get("sha256"), model.get("dtype"), model.get("revision"))
    if strategy not in STRATEGIES:
        return System(name, name, ref)
    system = system_of(STRATEGIES[strategy], ref, settings)
    return forgetting_system(system) if at else system


def _settings(run: Evidence, task: str) -> TaskSettings:
    spec = run.spec(task)
    seed = (run.manifest.get("settings") or {}).get("seed", 0)
    embedder = (run.manifest.get("embedder") or {}).get("name", "")
    return TaskSettings(
        task,
        Retrieval(**spec.get("retrieval", {})),
        Examples(**spec.get("examples", {})),
        Finetune(**spec.get("finetune", {})),
        embedder,
        seed,
    )
