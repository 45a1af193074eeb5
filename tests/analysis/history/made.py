"""Points and entries of a history that were not read from any run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from harness.analysis.history.runs import Entry, Point, Run, TaskRun
from harness.analysis.results.figures import Estimate, Tokens
from harness.analysis.results.money import Components
from harness.run.facts import ModelFacts
from harness.run.machines import MachineFacts
from harness.run.manifest import Manifest
from harness.spec.system import ModelRef, System

NONE = Estimate(None, None, None, 0)


def spent(retrieve: float | None, prompt: float | None, generate: float | None) -> Components:
    """What a query costs, by its parts; nothing else is known."""
    known = {"retrieve_usd": retrieve, "prompt_usd": prompt, "generate_usd": generate}
    return Components(**{field.name: known.get(field.name) for field in fields(Components)})


def point(**known: Any) -> Point:
    """A point of which only this is known."""
    nothing: dict[str, Any] = {
        "system": System("rag", "rag", ModelRef("m")), "accuracy": NONE, "cost": NONE, "latency_ratio": NONE,
        "seeds": 1, "tokens": Tokens(None, None), "components": spent(None, None, None),
        "usd_per_hour_of_use": None, "hosted_usd": {},
    }  # fmt: skip
    return Point(**{**nothing, **known})


def entry(folder: Path, points: Mapping[str, Point], n: int, manifest: Manifest) -> Entry:
    """A whole run of the task `t`."""
    run = Run(
        folder=folder.name, created="", run_id=folder.name, status="complete", quick=False, incomplete=False,
        missing_answers=0, derived=False, compared=True, page=None, model=ModelFacts(name="m"), embedder=None,
        machine=MachineFacts(), git_commit=None, questions={"t": n},
    )  # fmt: skip
    task = TaskRun(folder.name, "", True, "series", n, "contains", dict(points))
    return Entry(folder, run, {"t": task}, manifest)
