"""A row of the table of checks, the limits it goes by, and what a check is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from harness.analysis.accuracy import ScoredAnswers
from harness.analysis.evidence import Evidence, Pair
from harness.analysis.results.checks import Check, FigureKind, Status
from harness.quantities import percent
from harness.records import AdapterRecord, Question
from harness.spec.system import System
from harness.steps import Step

SEVERITY = {status: place for place, status in enumerate(Status)}


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a figure becomes a warning and where a failure; `fail` below `warn`: lower is worse."""

    warn: float
    fail: float

    def judge(self, figure: float) -> tuple[Status, float]:
        """The status of a figure and the limit that it crossed (the nearest, where it crossed none)."""
        sign = 1 if self.fail >= self.warn else -1
        if sign * figure > sign * self.fail:
            return Status.FAIL, self.fail
        return (Status.WARN if sign * figure > sign * self.warn else Status.PASS), self.warn

    def worst(self, findings: Sequence[Finding]) -> Finding:
        """The finding with the worst status, and of those the one with the worst figure."""
        sign = 1 if self.fail >= self.warn else -1
        return max(findings, key=lambda finding: (SEVERITY[finding.status], sign * finding.figure))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found of one system. `kind`: of its figure, where it is not the check's usual one."""

    system: str
    figure: float
    status: Status
    threshold: float
    kind: FigureKind | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table of checks. `title` is what people read, and says what is looked at, not what should be so:
    `failed: answers not cut` would be read the wrong way round.

    `look` returns at least one Check, not applicable where it has nothing to look at.
    """

    name: str
    title: str
    kind: FigureKind
    limits: Limits
    look: Callable[[Case, Rule], list[Check]]
    remedy: Callable[[Case], Step]
    """What to do where it fails or warns."""
    failed: str = ""
    """Why a system that fails cannot be judged, as a clause: `it was never trained`."""

    def judge(self, case: Case) -> list[Check]:
        """Look at a task; what fails or warns comes with its remedy."""
        return [
            replace(check, remedy=self.remedy(case)) if check.status in (Status.FAIL, Status.WARN) else check
            for check in self.look(case, self)
        ]

    def finding(self, system: System, figure: float) -> Finding:
        """What the limits make of a figure."""
        return Finding(system.name, figure, *self.limits.judge(figure))

    def absent(self, reason: str) -> list[Check]:
        """The check where it has nothing to look at in this run."""
        return [self.check(Status.NOT_APPLICABLE, reason, None, None, (), {})]

    def verdict(self, findings: Sequence[Finding], detail: str, figures: Mapping[str, float]) -> list[Check]:
        """One check over the systems it looked at: the worst status, and the systems that have it."""
        worst = self.limits.worst(findings)
        named = dict.fromkeys(finding.system for finding in findings if finding.status is worst.status)
        return [self.check(worst.status, detail, worst.figure, worst.threshold, named, figures, worst.kind)]

    def shares(
        self, what: str, unit: str, found: Sequence[tuple[Finding, int]], more: str = ""
    ) -> list[Check]:
        """One check of a share of each system's answers, prompts, … (`unit`), of which there are so many."""
        parts = [f"{finding.system} {percent(finding.figure)} of {n}" for finding, n in found]
        figures: dict[str, float] = {}
        for finding, n in found:
            figures |= {f"{finding.system}: share": finding.figure, f"{finding.system}: {unit}": float(n)}
        return self.verdict([finding for finding, _ in found], f"{what}: {', '.join(parts)}.{more}", figures)

    def check(
        self,
        status: Status,
        detail: str,
        figure: float | None,
        threshold: float | None,
        systems: Iterable[str],
        figures: Mapping[str, float],
        kind: FigureKind | None = None,
    ) -> Check:
        kind = kind or self.kind
        return Check(
            self.name,
            self.title,
            status,
            detail,
            kind,
            figure,
            threshold,
            tuple(systems),
            dict(figures),
            self.failed if status is Status.FAIL else "",
        )


class RightReply(NamedTuple):
    """A reply that is right, and its question."""

    reply: str
    question: Question


@dataclass(frozen=True)
class Case:
    """One task of a run, as the checks see it."""

    run: Evidence
    task: str
    scores: Mapping[Pair, ScoredAnswers]
    """All answers of the run with their scores, by task and system."""

    @cached_property
    def metric(self) -> str:
        """The primary metric; none (empty) where only whole texts are scored."""
        return next(iter(self.run.manifest.tasks[self.task].metrics), "")

    @cached_property
    def clusters(self) -> dict[str, str]:
        """Question id → cluster."""
        return self.run.clusters(self.task)

    @cached_property
    def answers(self) -> dict[System, ScoredAnswers]:
        """The answers to this task by system, in the plan's order; those of other tasks' adapters as well."""
        systems = self.run.systems(self.task)
        return {systems[name]: scored for (task, name), scored in self.scores.items() if task == self.task}

    @cached_property
    def own(self) -> dict[System, ScoredAnswers]:
        """The answers of the task's own systems; adapters of other tasks left out."""
        return {s: scored for s, scored in self.answers.items() if not s.trained_elsewhere(self.task)}

    @cached_property
    def right(self) -> dict[System, list[RightReply]]:
        """System → its right replies to questions with an answer and no options; of the task's own that have some."""
        found = {
            system: [
                RightReply(reply, one.question)
                for reply, one, value in zip(
                    scored.answers.prediction, scored.asked, scored.by(self.metric), strict=True
                )
                if value == 1 and one.question.answerable and not one.question.choices
            ]
            for system, scored in self.own.items()
        }
        return {system: right for system, right in found.items() if right}

    @property
    def adapted(self) -> list[System]:
        return [system for system in self.own if system.adapted]

    @property
    def retrieving(self) -> list[System]:
        """Systems that look for passages of the documents."""
        return [system for system in self.own if system.retrieved and not system.reads_train]

    def adapters(self, system: System) -> dict[int, AdapterRecord]:
        """Seed → the training record of a system's adapter."""
        trained = self.run.manifest.adapters
        return {adapter.seed: adapter.record for adapter in trained if adapter.system == system.id}

    def seeds(self, system: System) -> list[int]:
        """The seeds a system was trained or answered under, in order."""
        return sorted({*self.adapters(system), *self.own[system].answers.seed})

    def named(self, system: System, seed: int) -> str:
        """The system, with the seed where it has several."""
        return f"{system.name} (seed {seed})" if len(self.seeds(system)) > 1 else system.name

    def twin(self, system: System) -> System | None:
        """The system that is the same under the base weights: the bare model for a plain fine-tune."""
        asked = (system.model, system.context, system.form)
        alike = (other for other in self.own if (other.model, other.context, other.form) == asked)
        return next((other for other in alike if not other.adapted), None)


def excluded(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """System → the failed checks that rule it out: it is neither recommended nor counted as beaten."""
    reasons: dict[str, list[Check]] = {}
    for check in checks:
        for system in check.strategies if check.status is Status.FAIL else ():
            reasons.setdefault(system, []).append(check)
    return reasons
