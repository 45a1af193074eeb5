"""A run's answers one by one, scored: read only where a step needs them, and no more than a few runs at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.analysis.accuracy import per_question, score
from harness.analysis.evidence import Pair, read_run
from harness.errors import InputError

KEPT = 4
"""Runs whose scores are held at once; neighbours are asked for together."""


@dataclass(frozen=True, slots=True)
class Scored:
    """`by_pair`: (task, strategy) → question id → score by the first metric, the mean over seeds."""

    by_pair: Mapping[Pair, Mapping[str, float]]
    clusters: Mapping[str, Mapping[str, str]]


class Source(Protocol):
    """Where the scores of a run come from."""

    def of(self, folder: Path) -> Scored | None:
        """None where the evidence of the run in `folder` cannot be believed."""


@dataclass
class Scores:
    """Folder → its scores. A folder that cannot be read is remembered with the reason."""

    faults: dict[Path, str] = field(default_factory=dict)
    _kept: OrderedDict[Path, Scored] = field(default_factory=OrderedDict)

    def of(self, folder: Path) -> Scored | None:
        """None where the evidence cannot be believed; then `faults` says why."""
        if folder in self.faults:
            return None
        if folder not in self._kept:
            try:
                self._kept[folder] = _scored(folder)
            except InputError as error:
                self.faults[folder] = " ".join(str(error).split())
                return None
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(folder)
        return self._kept[folder]


def _scored(folder: Path) -> Scored:
    """By the first metric alone: the others take most of the time, and nobody asks for them here."""
    run = read_run(folder)
    by_pair = {}
    for (task, strategy), rows in run.answers.items():
        spec = run.spec(task)
        metrics = list(spec.get("metrics", ()))[:1]
        scored = score(rows, run.questions[task], {**spec, "metrics": metrics})
        by_pair[task, strategy] = per_question(scored, metrics[0]) if metrics else {}
    return Scored(by_pair, {task: run.clusters(task) for task in run.questions})
