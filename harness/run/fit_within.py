"""`--within`: the largest run that fits into a time, by how long its parts take on this machine.

Tries of a search give way first, for all strategies alike: at least two each, or none at all. Then questions do, as a
seeded sample is still a fair one; then what is timed; whole strategies last, the dearest first. No strategy is made
worse than another: one that does not fit is left out, and the report says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harness.errors import InputError
from harness.progress import Progress
from harness.quantities import listed, seconds
from harness.run.expected import Costs
from harness.run.plan import Job, Plan
from harness.run.settings import Settings, effort
from harness.run.tuning.planned import NOTHING, Searches, Work
from harness.run.within import Within

LEAST_QUESTIONS = 25
"""The fewest questions of a task: fewer tell next to nothing (a difference of 30 points, at best)."""

ENOUGH_QUESTIONS = 60
"""Fewer questions are timed before a task has fewer than these."""

FEW_TIMED = 10
"""The fewest times of which a median is printed."""

LEAST_TRIES = 2
"""The fewest settings that are tried of a strategy: its default and one other."""

LEAST_STRATEGIES = 2
END_S = 6.0
"""What the report at the end takes."""

MARGIN = 1.15
"""Steps take longer than expected about as often as not; the pages in between take their share too."""

DEARER = 1.3
"""Settings that are tried, and what is chosen of them, read more than the defaults: larger passages, more examples."""

PlanOf = Callable[[Settings], Plan]
SearchOf = Callable[[Settings, Plan], Searches]


class BarsOnly:
    """Progress of what is done again when the run begins: bars, no notes."""

    def __init__(self, progress: Progress) -> None:
        self.track = progress.track

    def note(self, message: str) -> None:
        """Says nothing: the run itself says it again."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A run that may fit. `searches`: what choosing its settings does; nothing where that is not asked for."""

    settings: Settings
    plan: Plan
    searches: Searches

    @property
    def questions(self) -> int:
        """How many the largest task asks."""
        return max((len(task.test) for task in self.plan.tasks.values()), default=0)

    @property
    def timed(self) -> int:
        return effort(self.settings).latency_queries

    def search(self, job: Job) -> Work:
        """The search of a job's settings. It trains with the first seed alone."""
        return self.searches.get((job.task, job.system.id), NOTHING)


@dataclass(frozen=True)
class Fitter:
    """Looks for the largest run whose work takes at most `work_s`. `costs`: of everything that was asked for."""

    costs: Costs
    plan_of: PlanOf
    search_of: SearchOf
    allowed_s: float
    work_s: float

    def fitted(self, settings: Settings) -> Settings:
        """The settings of that run. Raises InputError where even the least does not fit."""
        fewer: list[str] = []
        left_out: list[tuple[str, str]] = []
        if settings.tune is not None:
            if found := self._with_fewer_tries(settings):
                return found
            took = self._searching(self._tried(replace(settings, tune=LEAST_TRIES)))
            fewer.append(
                f"nothing is tuned, since {LEAST_TRIES} settings each take about {seconds(took)} here"
            )
            settings = replace(settings, tune=None)
        while True:
            tried = self._tried(settings)
            if found := self._with_fewer_questions(tried, fewer, tuple(left_out)):
                return found
            if settings.seeds > 1:
                settings = replace(settings, seeds=1)
                fewer.append("each adapter is trained once")
            elif tried.plan.forgetting.names and settings.forgetting is not None:
                settings = replace(settings, forgetting=None)
                fewer.append("nothing shows what fine-tunes forget")
            else:
                dearest, took = self._dearest(tried)
                if dearest is None:
                    raise InputError(self._refusal(tried))
                settings = replace(settings, strategies=tuple(s for s in settings.strategies if s != dearest))
                left_out.append((dearest, f"since it takes about {seconds(took)} here"))

    def _tried(self, settings: Settings) -> Tried:
        plan = self.plan_of(settings)
        return Tried(settings, plan, self.search_of(settings, plan))

    def _with_fewer_tries(self, settings: Settings) -> Settings | None:
        """The run with the most tries that fit beside all questions; with the least of them, beside fewer questions.

        None where not even those fit.
        """
        wanted = settings.tune or 0
        for tries in range(wanted, LEAST_TRIES - 1, -1):
            tried = self._tried(replace(settings, tune=tries))
            least = ENOUGH_QUESTIONS if tries == LEAST_TRIES else tried.questions
            fewer = [f"{tries} settings of each strategy are tried, not {wanted}"] if tries < wanted else []
            if found := self._with_most_questions(tried, tried.timed, least, fewer):
                return found
        return None

    def _with_fewer_questions(
        self, tried: Tried, fewer: Sequence[str], left_out: tuple[tuple[str, str], ...]
    ) -> Settings | None:
        """The run of these strategies with as many questions as fit; None where the least do not."""
        for timed, least in ((tried.timed, ENOUGH_QUESTIONS), (min(tried.timed, FEW_TIMED), LEAST_QUESTIONS)):
            if found := self._with_most_questions(tried, timed, least, fewer, left_out):
                return found
        return None

    def _with_most_questions(
        self,
        tried: Tried,
        timed: int,
        least: int,
        fewer: Sequence[str],
        left_out: tuple[tuple[str, str], ...] = (),
    ) -> Settings | None:
        """The run that times so many questions, with as many as fit; None where these are fewer than the `least`."""
        settings, whole = tried.settings, tried.questions
        questions = self._most_questions(tried, timed)
        if questions < min(least, whole):
            return None
        clauses = [*fewer]
        if questions < whole:
            clauses.append(f"{questions} questions a task at most, a seeded sample")
        if timed < tried.timed:
            clauses.append(f"{timed} questions timed, not {tried.timed}")
        expected_s = self.allowed_s - self.work_s + self.takes(tried, questions, timed)
        kept = Within(self.allowed_s, expected_s, tuple(clauses), left_out)
        limit = settings.limit if questions == whole else questions
        return replace(settings, limit=limit, latency_queries=timed, within=kept)

    def takes(self, tried: Tried, questions: int, timed: int) -> float:
        """Seconds of a run with at most so many questions a task, and of the search before it."""
        trainings, total = tried.plan.trainings, 0.0
        for job in tried.plan.jobs:
            if cost := self.costs.get(job):
                asked, first = min(questions, cost.questions), job.seed == tried.settings.seed
                searched = tried.search(job).answers > 0
                took = cost.answer_s * asked / max(1, cost.questions)
                took += cost.timed_s * min(timed, asked) if first else 0.0
                total += took * (DEARER if searched else 1.0)
                if job in trainings and not cost.trained and not (searched and first):
                    total += cost.train_s  # else the search trains it
        return MARGIN * total + self._searching(tried)

    def _searching(self, tried: Tried) -> float:
        """Seconds of the search alone."""
        total = 0.0
        for job in tried.plan.jobs:
            if (cost := self.costs.get(job)) and job.seed == tried.settings.seed:
                work = tried.search(job)
                total += DEARER * cost.answer_s * work.answers / max(1, cost.questions)
                total += cost.train_s * work.whole_trainings + cost.index_s * work.cuts
        return MARGIN * total

    def _most_questions(self, tried: Tried, timed: int) -> int:
        """The most questions that fit, by bisection; 0 where not one fits."""
        low, high = 0, tried.questions
        while low < high:
            middle = (low + high + 1) // 2
            if self.takes(tried, middle, timed) <= self.work_s:
                low = middle
            else:
                high = middle - 1
        return low

    def _dearest(self, tried: Tried) -> tuple[str | None, float]:
        """The strategy without which a run of the least questions is shortest, and what it takes with all of them."""
        settings = tried.settings
        if len(settings.strategies) <= LEAST_STRATEGIES:
            return None, 0.0

        def without(strategy: str, questions: int) -> float:
            rest = replace(settings, strategies=tuple(s for s in settings.strategies if s != strategy))
            with contextlib.suppress(InputError):  # nothing else applies to any task
                return self.takes(self._tried(rest), questions, FEW_TIMED)
            return float("inf")

        dearest = min(settings.strategies, key=lambda strategy: without(strategy, LEAST_QUESTIONS))
        whole = tried.questions
        return dearest, (self.takes(tried, whole, FEW_TIMED) - without(dearest, whole)) / MARGIN

    def _refusal(self, tried: Tried) -> str:
        work_s = self.takes(tried, LEAST_QUESTIONS, min(tried.timed, FEW_TIMED))
        least, names = seconds(self.allowed_s - self.work_s + work_s), listed(tried.settings.strategies)
        return (
            f"--within {round(self.allowed_s)}s: even {names} on {LEAST_QUESTIONS} questions a task take about {least} "
            "here. Allow that much, or name fewer tasks or another model."
        )
