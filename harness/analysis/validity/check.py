"""What a check says, the limits it goes by, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from harness.analysis.accuracy import ScoredAnswer
from harness.analysis.evidence import Evidence, Pair
from harness.spec.strategy import STRATEGIES, Source, Strategy


class Status(StrEnum):
    """From best to worst, but for a check that had nothing to look at."""

    NOT_APPLICABLE = "not_applicable"
    PASS = "pass"  # noqa: S105 - a status, and no password
    WARN = "warn"
    FAIL = "fail"


NAMES = {
    "adapter_changes_logits": "effect of the adapter",
    "adapter_fits_training": "fit to its training answers",
    "same_prompts": "prompts of base and fine-tune",
    "no_test_question_in_training": "leak into training",
    "retrieval_floor": "retrieval",
    "oracle_not_below_rag": "oracle against rag",
    "truncated_prompts": "dropped passages",
    "cut_answers": "cut answers",
    "empty_answers": "empty answers",
    "chat_template": "chat template",
    "forgetting": "forgetting",
}
"""Name of a check in results.json → what people read. They say what is looked at: of what should be so,
`failed: answers not cut` would be read the wrong way round."""

SEVERITY = {status: place for place, status in enumerate(Status)}


@dataclass(frozen=True, slots=True)
class Check:
    """One light. `strategies` are those that the status speaks of: of a failed check, the ones it forbids."""

    check: str
    status: Status
    detail: str
    """A sentence with the figure."""
    figure: float | None = None
    threshold: float | None = None
    """The limit that was crossed; where none was, the nearest. None where the check knows no number."""
    strategies: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    """Every number of the sentence, by what it is."""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "status": self.status.value, "strategies": list(self.strategies)}


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
        return max(findings, key=lambda found: (SEVERITY[found.status], sign * found.figure))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found of one strategy."""

    strategy: str
    figure: float
    status: Status
    threshold: float


def verdict(
    name: str, findings: Sequence[Finding], limits: Limits, detail: str, figures: Mapping[str, float]
) -> Check:
    """One check over the strategies it looked at: the worst status, and the strategies that have it."""
    worst = limits.worst(findings)
    named = tuple(dict.fromkeys(found.strategy for found in findings if found.status is worst.status))
    return Check(name, worst.status, detail, worst.figure, worst.threshold, named, figures)


def absent(name: str, reason: str) -> Check:
    """A check that has nothing to look at in this run."""
    return Check(name, Status.NOT_APPLICABLE, reason)


@dataclass(frozen=True)
class Case:
    """One task of a run, as the checks see it."""

    run: Evidence
    task: str
    scores: Mapping[Pair, Sequence[ScoredAnswer]]
    """All answers of the run with their scores, by task and strategy."""

    @cached_property
    def spec(self) -> dict[str, Any]:
        return self.run.spec(self.task)

    @property
    def metric(self) -> str:
        """The primary metric."""
        return str(next(iter(self.spec.get("metrics", ())), ""))

    @cached_property
    def clusters(self) -> dict[str, str]:
        """Question id → cluster."""
        return self.run.clusters(self.task)

    @cached_property
    def own(self) -> dict[Strategy, Sequence[ScoredAnswer]]:
        """The answers of the task's own strategies, in the plan's order; adapters of other tasks left out."""
        return {
            STRATEGIES[name]: scored
            for (task, name), scored in self.scores.items()
            if task == self.task and name in STRATEGIES
        }

    @property
    def adapted(self) -> list[Strategy]:
        return [strategy for strategy in self.own if strategy.adapted]

    @property
    def retrieving(self) -> list[Strategy]:
        return [strategy for strategy in self.own if Source.RETRIEVED in strategy.context]

    def adapters(self, strategy: Strategy) -> dict[int, dict[str, Any]]:
        """Seed → the training record of a strategy's adapter."""
        return {
            record.get("seed", 0): record
            for record in self.run.manifest.get("adapters", ())
            if (record.get("task"), record.get("strategy")) == (self.task, strategy.name)
        }

    def seeds(self, strategy: Strategy) -> list[int]:
        """The seeds a strategy was trained or answered under, in order."""
        return sorted({*self.adapters(strategy), *(one.row.seed for one in self.own[strategy])})

    def named(self, strategy: Strategy, seed: int) -> str:
        """The strategy, with the seed where it has several."""
        return f"{strategy.name} (seed {seed})" if len(self.seeds(strategy)) > 1 else strategy.name

    def twin(self, strategy: Strategy) -> Strategy | None:
        """The strategy whose prompts are the same under the base weights: `base` for `lora`."""
        return next(
            (other for other in self.own if not other.adapted and other.context == strategy.context), None
        )


Test = Callable[[Case], list[Check]]


def forbidden(checks: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Strategy → names of the failed checks that forbid recommending it, of a task's `validity` in results."""
    reasons: dict[str, list[str]] = {}
    for check in checks:
        for strategy in check["strategies"] if check["status"] == Status.FAIL else ():
            reasons.setdefault(strategy, []).append(check["check"])
    return reasons


def listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def name_of(check: Mapping[str, Any]) -> str:
    """What people read for a check of results.json."""
    return NAMES.get(check["check"]) or str(check["check"])


def clause(detail: str) -> str:
    """A check's sentence as a part of another one."""
    return detail[:1].lower() + detail[1:].removesuffix(".")
