"""`--within`: the largest run that fits into a time, by how long its parts take on this machine.

Questions give way first, as a seeded sample is still a fair one; then what is timed; whole strategies last, the dearest
first. No strategy is made worse: one that does not fit is left out, and the report says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harness.errors import InputError
from harness.progress import Progress
from harness.quantities import listed, seconds
from harness.run.expected import Costs
from harness.run.plan import Plan
from harness.run.settings import Settings, effort
from harness.run.within import Within

LEAST_QUESTIONS = 25
"""Of a task: fewer tell next to nothing (a difference of 30 points, at best)."""

ENOUGH_QUESTIONS = 60
"""Before a task has fewer, fewer are timed."""

FEW_TIMED = 10
"""The fewest times of which a median is printed."""

LEAST_STRATEGIES = 2
END_S = 6.0
"""The report at the end."""

MARGIN = 1.15
"""Steps take longer than expected about as often as not; the pages in between take their share too."""

PlanOf = Callable[[Settings], Plan]


class Unheard:
    """Progress of what is done again when the run begins: bars, no notes."""

    def __init__(self, progress: Progress) -> None:
        self.track = progress.track

    def note(self, message: str) -> None:
        """It is said again by the run itself."""


@dataclass(frozen=True)
class Fitter:
    """Looks for the largest run whose work takes at most `work_s`. `costs`: of everything that was asked for."""

    costs: Costs
    plan_of: PlanOf
    allowed_s: float
    work_s: float

    def fitted(self, settings: Settings) -> Settings:
        """The settings of that run. Raises InputError where even the least does not fit."""
        fewer: list[str] = []
        left_out: list[tuple[str, str]] = []
        while True:
            plan = self.plan_of(settings)
            found = self._fewer_questions(settings, plan, fewer, tuple(left_out))
            if found:
                return found
            if settings.seeds > 1:
                settings = replace(settings, seeds=1)
                fewer.append("each adapter is trained once")
            elif plan.forgetting.names and settings.forgetting is not None:
                settings = replace(settings, forgetting=None)
                fewer.append("nothing shows what fine-tunes forget")
            else:
                dearest, took = self._dearest(settings)
                if dearest is None:
                    raise InputError(self._refusal(settings, plan))
                settings = replace(settings, strategies=tuple(s for s in settings.strategies if s != dearest))
                left_out.append((dearest, f"since it takes about {seconds(took)} here"))

    def _fewer_questions(
        self, settings: Settings, plan: Plan, fewer: Sequence[str], left_out: tuple[tuple[str, str], ...]
    ) -> Settings | None:
        """The run of these strategies with as many questions as fit; None where the least do not."""
        whole, timed = _sizes(plan), effort(settings).latency_queries
        for count, least in ((timed, ENOUGH_QUESTIONS), (min(timed, FEW_TIMED), LEAST_QUESTIONS)):
            questions = self._most_questions(plan, settings, count, whole)
            if questions < min(least, whole):
                continue
            clauses = [*fewer]
            if questions < whole:
                clauses.append(f"{questions} questions a task at most, a seeded sample")
            if count < timed:
                clauses.append(f"{count} questions timed, not {timed}")
            took = self.takes(plan, settings, questions, count)
            kept = Within(self.allowed_s, self.allowed_s - self.work_s + took, tuple(clauses), left_out)
            limit = settings.limit if questions == whole else questions
            return replace(settings, limit=limit, latency_queries=count, within=kept)
        return None

    def takes(self, plan: Plan, settings: Settings, questions: int, timed: int) -> float:
        """Seconds of a run with at most so many questions a task."""
        trainings, total = plan.trainings, 0.0
        for job in plan.jobs:
            if cost := self.costs.get(job):
                asked = min(questions, cost.questions)
                total += cost.answer_s * asked / max(1, cost.questions)
                total += cost.train_s if job in trainings else 0.0
                total += cost.timed_s * min(timed, asked) if job.seed == settings.seed else 0.0
        return MARGIN * total

    def _most_questions(self, plan: Plan, settings: Settings, timed: int, whole: int) -> int:
        """By bisection, as a run with more questions takes longer; 0 where not one fits."""
        low, high = 0, whole
        while low < high:
            middle = (low + high + 1) // 2
            if self.takes(plan, settings, middle, timed) <= self.work_s:
                low = middle
            else:
                high = middle - 1
        return low

    def _dearest(self, settings: Settings) -> tuple[str | None, float]:
        """The strategy without which a run of the least questions is shortest, and what it takes with all of them."""
        if len(settings.strategies) <= LEAST_STRATEGIES:
            return None, 0.0

        def without(strategy: str, questions: int) -> float:
            rest = replace(settings, strategies=tuple(s for s in settings.strategies if s != strategy))
            with contextlib.suppress(InputError):  # nothing else applies to any task
                return self.takes(self.plan_of(rest), rest, questions, FEW_TIMED)
            return float("inf")

        dearest = min(settings.strategies, key=lambda strategy: without(strategy, LEAST_QUESTIONS))
        plan = self.plan_of(settings)
        whole = _sizes(plan)
        took = self.takes(plan, settings, whole, FEW_TIMED) - without(dearest, whole)
        return dearest, took / MARGIN

    def _refusal(self, settings: Settings, plan: Plan) -> str:
        timed = min(effort(settings).latency_queries, FEW_TIMED)
        least = self.allowed_s - self.work_s + self.takes(plan, settings, LEAST_QUESTIONS, timed)
        return (
            f"--within {round(self.allowed_s)}s: even {listed(settings.strategies)} on {LEAST_QUESTIONS} questions a "
            f"task take about {seconds(least)} here. Allow that much, or name fewer tasks or another model."
        )


def _sizes(plan: Plan) -> int:
    """Questions of the largest task."""
    return max((len(task.test) for task in plan.tasks.values()), default=0)
