"""What a run was made of, as its manifest says: the one place of the gate that reads a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.analysis.bridge import planned_systems
from harness.analysis.evidence import Pair
from harness.spec.system import System

Facts = Mapping[str, Any]
"""Names as they stand in sentences → values, nested or plain."""

SCORING = ("type", "labels", "refusal")
"""What a task file says of an answer that decides whether it is right."""
LOCATION = ("name", "description", "corpus")
"""Keys of a task file that say where things lie and what they are called, not what they are."""
SECTIONS = ("retrieval", "examples", "finetune")
"""Parts of a task file that the systems hold as their own settings."""
SHEET_NOISE = ("date", "source", "priced_on", "sections_from_shipped")
"""What a price list says of itself and no cost depends on."""


@dataclass(frozen=True)
class Inputs:
    """A run's inputs, each part as facts that can be compared."""

    manifest: Facts

    @cached_property
    def systems(self) -> dict[Pair, System]:
        """(Task, name) → system, in the plan's order."""
        return planned_systems(self.manifest)

    @property
    def run_id(self) -> str | None:
        name = self.manifest.get("run_id")
        return None if name is None else str(name)

    @property
    def complete(self) -> bool:
        return self.manifest.get("status") == "complete"

    @property
    def device(self) -> Facts:
        return {"device": self._part("model").get("device")}

    @property
    def weights(self) -> Facts:
        """The model and what it ran on: times of one are of no use for another."""
        return {key: self._part("model").get(key) for key in ("sha256", "dtype", "device")}

    @property
    def embedder(self) -> Facts:
        return self._part("embedder")

    @property
    def libraries(self) -> Facts:
        return self._part("libraries")

    @property
    def machine(self) -> Facts:
        return self._part("machine")

    @property
    def flags(self) -> Facts:
        """Flags that shape the whole run."""
        return self._flags("seed", "seeds", "limit", "quick")

    @property
    def program(self) -> Facts:
        return {"commit": self.manifest.get("git_commit"), "version": self.manifest.get("harness_version")}

    @property
    def price_list(self) -> Facts:
        """The parts of the price list that price this run: of machines the price of its own, whatever its name."""
        sheet = self._part("price_sheet")
        rest = {key: value for key, value in sheet.items() if key not in ("machine", "machines", "default")}
        return _without_noise({**rest, "usd_per_hour": (sheet.get("machine") or {}).get("usd_per_hour")})

    @property
    def hosted_prices(self) -> Facts:
        """Hosted model with its kind → its prices."""
        rows = self.manifest.get("api_prices") or ()
        return {f"{row.get('model')} ({row.get('kind')})": _without_noise(row) for row in rows}

    @property
    def price_flags(self) -> Facts:
        return self._flags("usd_per_hour", "utilisation", "tuning_cycles")

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(self.manifest.get("tasks") or ())

    def settings(self, task: str) -> Facts:
        """What the task file says, but for its scoring, where its files lie, and the settings of single systems."""
        spec = self._spec(task)
        own = {key: value for key, value in spec.items() if key not in (*LOCATION, *SECTIONS, "metrics")}
        for part, apart in (("answer", SCORING), ("questions", ("test", "train", "dev"))):
            own[part] = {key: value for key, value in (spec.get(part) or {}).items() if key not in apart}
        if (
            "lm_eval" in spec
        ):  # one hash names lm-eval's own task file, its release and its documents together
            own["lm-eval's task, release or documents"] = self._files(task).get("test")
        return {key: value for key, value in own.items() if value != {}}

    def scoring(self, task: str) -> Facts:
        """What decides whether an answer is right; metrics after the first decide nothing."""
        spec = self._spec(task)
        answer = spec.get("answer") or {}
        judged = {f"answer.{key}": answer[key] for key in SCORING if answer.get(key) is not None}
        return {"metrics": list(spec.get("metrics") or ())[:1], **judged}

    def training(self, task: str) -> Facts:
        """Hashes of the questions that may be learnt from: `train`, `dev`."""
        return {role: value for role, value in self._files(task).items() if role not in ("spec", "test")}

    def index(self, task: str) -> Facts | None:
        """The key that names embedder, corpus and chunking, then documents and passages."""
        index = self._part("indexes").get(task)
        return None if index is None else {key: index.get(key) for key in ("key", "documents", "passages")}

    @cached_property
    def adapters(self) -> dict[tuple[str, str, int], Facts]:
        """(Task it was trained for, strategy, seed) → its training record."""
        return {
            (row.get("task", ""), row.get("strategy", ""), row.get("seed", 0)): row
            for row in self.manifest.get("adapters") or ()
        }

    def _part(self, name: str) -> Facts:
        return self.manifest.get(name) or {}

    def _flags(self, *names: str) -> Facts:
        settings = self._part("settings")
        given = {f"--{name.replace('_', '-')}": settings.get(name) for name in names}
        return {name: "not given" if value is None else value for name, value in given.items()}

    def _task(self, task: str) -> Facts:
        return self._part("tasks").get(task) or {}

    def _spec(self, task: str) -> Facts:
        return self._task(task).get("spec") or {}

    def _files(self, task: str) -> Facts:
        return self._task(task).get("files") or {}


def _without_noise(facts: Facts) -> Facts:
    return {
        key: _without_noise(value) if isinstance(value, Mapping) else value
        for key, value in facts.items()
        if key not in SHEET_NOISE
    }
