"""TEMPORARY: results as dictionaries → the types of `harness.analysis.results`, while producers are rewritten."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from harness.analysis.evidence import Evidence
from harness.analysis.results.figures import Comparison
from harness.analysis.results.run import RunResult, TaskFigures
from harness.spec.settings import Examples, Finetune, Retrieval
from harness.spec.strategy import STRATEGIES, TaskSettings, forgetting_system, system_of
from harness.spec.system import ModelRef, System


@functools.cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def typed(run: Evidence, results: Mapping[str, Any]) -> RunResult:
    """The results as types."""
    tasks = {name: _task(run, name, block) for name, block in results["tasks"].items()}
    settings = results.get("settings")
    sheet = results.get("price_sheet")
    data = {
        **results,
        "model": {"name": "", **(results["model"] or {})},
        "embedder": {"sha256": "", **results["embedder"]} if results["embedder"] else None,
        "machine": results["machine"] or {},
        "libraries": results["libraries"] or {},
        "indexes": {name: index or {} for name, index in (results["indexes"] or {}).items()},
        "settings": settings if settings and "tasks" in settings else None,
        "price_sheet": sheet if sheet and sheet.get("machine") else None,
        "command": _text(results["command"]),
        "tasks": tasks,
    }
    result: RunResult = _adapter(RunResult).validate_json(json.dumps(data))
    return result


def untyped(figures: TaskFigures) -> dict[str, Any]:
    """A task's figures as the dictionary that they were before they had types."""
    block: dict[str, Any] = json.loads(json.dumps(asdict(figures)))
    for name, row in block["strategies"].items():
        del row["system"]
        row["control"] = figures.strategies[name].control
    block["forgetting"] = [
        {"name": row.pop("system"), **row.pop("comparison"), **row} for row in block["forgetting"]
    ]
    for row in block["forgetting"]:
        del row["latency_ratio"], row["excluded"]
    return block


def plain(value: Any) -> Any:
    """A type of results as the JSON value that it was before; assumptions that were not made are left out."""
    from pydantic_core import to_jsonable_python

    found = to_jsonable_python(value)
    if isinstance(found, dict) and isinstance(found.get("assumptions"), dict):
        kept = set(list(found["assumptions"])[:9])
        found["assumptions"] = {
            name: amount
            for name, amount in found["assumptions"].items()
            if amount is not None or name in kept
        }
    return found


def typed_figures(run: Evidence, name: str, block: Mapping[str, Any]) -> TaskFigures:
    """A task's block of `measure`, without costs and decision, as types."""
    result: TaskFigures = _adapter(TaskFigures).validate_json(json.dumps(_task(run, name, block)))
    return result


def _text(command: Any) -> str | None:
    return " ".join(map(str, command)) if isinstance(command, list | tuple) else command


def _task(run: Evidence, name: str, block: Mapping[str, Any]) -> dict[str, Any]:
    strategies = {
        system: {**row, "system": asdict(system_in(run, name, system))}
        for system, row in block["strategies"].items()
    }
    known = {field.name for field in fields(Comparison)}
    forgetting = [
        {
            "system": row["name"],
            **{key: row[key] for key in ("strategy", "trained_for", "base", "adapter")},
            "comparison": {key: value for key, value in row.items() if key in known},
        }
        for row in block["forgetting"]
    ]
    checks = [{**check, "figures": dict(check["figures"])} for check in block["validity"]]
    return {**block, "name": name, "strategies": strategies, "forgetting": forgetting, "validity": checks}


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
