"""What `run.json` says when a run begins, and whether a stopped run is still the one it began as."""

from __future__ import annotations

import dataclasses
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import __version__
from harness.engines.engine import ModelIdentity
from harness.errors import InputError
from harness.run import surroundings
from harness.run.folder import SCHEMA_VERSION, RunFolder
from harness.run.plan import Plan
from harness.run.settings import Settings
from harness.spec.pricing import prices_of
from harness.spec.task import Task


def describe(
    settings: Settings, plan: Plan, identity: ModelIdentity, command: str, output: Path
) -> dict[str, Any]:
    """The manifest as it stands at the start of a run in the folder `output`."""
    now = datetime.now(UTC)
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        "created": now.isoformat(timespec="seconds"),
        "status": "running",
        "quick": settings.quick,
        "command": command,
        "harness_version": __version__,
        "settings": settings.stored_in(output),
        "model": dataclasses.asdict(identity),
        "embedder": None,
        "tasks": {name: _describe_task(task) for name, task in plan.tasks.items()},
        "strategies": list(settings.strategies),
        "plan": [
            {"task": job.task, "strategy": job.name, "seed": job.seed, "adapter": None} for job in plan.jobs
        ],
        "not_applicable": plan.not_applicable,
        "guards": list(plan.guards.names),
        "adapters": [],
        "indexes": {},
        **prices_of(settings.to_json(), identity.device_kind, now.date()).to_json(),
        "seeds": {
            "sampling": settings.seed,
            "training": list(settings.training_seeds),
            "order": settings.seed,
        },
        "libraries": surroundings.libraries(),
        "machine": surroundings.machine(identity.device),
        "git_commit": surroundings.git_commit(),
    }


def _describe_task(task: Task) -> dict[str, Any]:
    return {
        "spec": task.spec.model_dump(mode="json"),
        "fingerprint": task.fingerprint,
        "files": dict(task.files),
        "questions": len(task.test),
        "train_questions": len(task.train),
        "left_out": list(task.left_out),
    }


def reopen(output: Path, manifest: dict[str, Any]) -> RunFolder:
    """Open a run to go on with it, if the tasks and the model are still the ones it began with."""
    folder = RunFolder.resume(output)
    old = folder.manifest
    changed = [
        f"task {name!r} has changed since the run began"
        for name, task in manifest["tasks"].items()
        if old["tasks"].get(name, {}).get("fingerprint") != task["fingerprint"]
    ]
    for key in ("sha256", "dtype"):
        if old["model"][key] != manifest["model"][key]:
            changed.append(f"the model's {key} is not the one the run began with")
    if changed:
        raise InputError(f"{output} cannot be resumed: {'; '.join(changed)}. Start a new run.")
    folder.update(status="running")
    return folder
