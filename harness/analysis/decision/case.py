"""From a run's evidence to what each task's decision rests on: candidates, prices, requirements, failed checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.analysis.accuracy import ScoredAnswers, per_question
from harness.analysis.decision.appraisal import appraise
from harness.analysis.decision.candidates import Candidate, CandidatesAt, on_the_same_questions
from harness.analysis.decision.choice import Choice, Rules, choose
from harness.analysis.decision.contenders import candidate_of, priced
from harness.analysis.decision.pairs import Pairs, trainings
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.evidence import Evidence
from harness.analysis.money import cost
from harness.analysis.money.economics import CostInputs
from harness.analysis.money.prices import Prices
from harness.analysis.results.checks import Check
from harness.analysis.results.run import SystemFigures, TaskFigures
from harness.analysis.results.setting import ASSUMED_MONTHLY_QUERIES, Setting
from harness.analysis.results.verdict import Verdict
from harness.analysis.unfinished import rivals_waited_for
from harness.analysis.validity.check import excluded
from harness.records import FIT_EXAMPLES
from harness.run.facts import ModelFacts
from harness.scoring.table import is_graded
from harness.steps import Step, compare_again


@dataclass(frozen=True, slots=True)
class TrainFit:
    """The share of its `n` training questions that an adapter answers as it was trained to."""

    share: float
    n: int


@dataclass(frozen=True)
class Case:
    """All that a task's decision rests on.

    `systems`: the task's own, so without adapters of other tasks. `excluded`: system → the failed checks that forbid
    it; `candidates_at` leaves these out, `excluded_at` gives those of them that one could deploy. `unfit`: why nothing
    of this run may be recommended, a clause: it was quick, or is not complete. `waiting`: rivals whose answers are
    still to come. `sizes`: parameters of each model, by its label (None: the run has only one). `fits`: how well each
    adapter learned its training answers. `models`: of the run; `memory_gb`: of its machine. `limit`: of questions that
    the run was to ask (None: of none). `completing`: what makes an unfit run fit.
    """

    systems: Mapping[str, SystemFigures]
    candidates_at: CandidatesAt
    rules: Rules
    setting: Setting
    excluded_at: CandidatesAt = lambda _: ()
    primary_metric: str | None = None
    probes: str | None = None
    checks: Sequence[Check] = ()
    excluded: Mapping[str, tuple[Check, ...]] = field(default_factory=dict)
    unfit: str | None = None
    waiting: tuple[str, ...] = ()
    sizes: Mapping[str | None, float | None] = field(default_factory=dict)
    fits: Mapping[str, TrainFit] = field(default_factory=dict)
    task: str = ""
    models: tuple[ModelFacts, ...] = ()
    memory_gb: float | None = None
    limit: int | None = None
    completing: Step | None = None
    command: str | None = None
    """That of the run."""

    def compare(self, *flags: str, without: str = "") -> str:
        """The command that compares the task again, as the run did but for these flags."""
        return compare_again(self.command, self.task, *flags, without=without)

    def choice_at(self, setting: Setting) -> Choice:
        """The choice at a setting; among nobody while rivals have not answered.

        Nothing of an unfit run is recommended, nor what is of no use; and where a system that could not be judged
        might have won, no more is said than which is the best of the others.
        """
        candidates = () if self.waiting else self.candidates_at(setting)
        choice = choose(candidates, self.rules, setting)
        if choice.status is not Verdict.RECOMMENDED:
            return choice
        if self.unfit or choice.useless:
            return replace(choice, status=Verdict.UNDECIDED, condition=None)
        return replace(choice, status=Verdict.BEST_OF_JUDGED) if self.unjudged(choice, setting) else choice

    def under(self, needs: Requirements) -> Case:
        """The same with other limits."""
        return replace(self, rules=replace(self.rules, needs=needs))

    def unjudged(self, choice: Choice, setting: Setting) -> tuple[str, ...]:
        """The excluded systems that might have won: all but those that miss a requirement whatever their accuracy.

        None where the choice is right nearly always, so that nobody could be better by what matters.
        """
        best = max((appraisal.accuracy for appraisal in choice.feasible), default=0.0)
        if best > 1 - self.rules.margin:
            return ()
        appraised = [
            appraise(candidate, self.rules.needs, setting)
            for candidate in self.excluded_at(setting)
            if candidate.scores
        ]
        return tuple(
            appraisal.name
            for appraisal in appraised
            if all(outcome.requirement == "min_accuracy" for outcome in appraisal.missed)
        )

    @property
    def labels(self) -> tuple[str | None, ...]:
        """What the models of the task's systems are called, in the plan's order; (None,) where there is only one."""
        return tuple(dict.fromkeys(row.system.model_label for row in self.systems.values()))

    @property
    def parameters(self) -> float | None:
        """Of the first model."""
        return self.sizes.get(next(iter(self.labels), None))

    def of_model(self, label: str | None) -> Case:
        """The same with the systems of one model alone, for what is said of a model and not of the choice."""
        own = {name: row for name, row in self.systems.items() if row.system.model_label == label}
        return replace(self, systems=own)

    def beside(self, name: str | None) -> Case:
        """The same with the systems of the model that `name` answers with, if that has a control; else of one that has.

        Gains of retrieval and of the right passages are differences on one model.
        """
        first = [self.systems[name].system.model_label] if name and name in self.systems else []
        cases = [self.of_model(label) for label in dict.fromkeys([*first, *self.labels])]
        return next((case for case in cases if case.named("gold")), self)

    def named(self, *kinds: str, adapted: bool = False) -> str | None:
        """The name of the system with this context, under an adapter or not; None where it did not run.

        Variants of a strategy are not meant.
        """
        wanted = (adapted, kinds)
        rows = [(name, row.system) for name, row in self.systems.items() if not row.system.marks]
        return next((name for name, system in rows if (system.adapted, system.kinds) == wanted), None)

    @property
    def graded(self) -> str | None:
        """The primary metric, where an answer can be partly right by it."""
        return self.primary_metric if is_graded(self.primary_metric) else None


def case_of(
    run: Evidence,
    task: str,
    figures: TaskFigures,
    answered: Mapping[str, ScoredAnswers],
    clusters: Mapping[str, str],
    needs: Requirements,
    inputs: CostInputs,
) -> Case:
    """What the decision of a task rests on. `answered`: system → its answers."""
    prices = cost.prices_of(run)
    metric = figures.primary_metric or ""
    own = {
        name: system
        for name, system in figures.strategies.items()
        if not system.system.trained_elsewhere(task) and answered.get(name)
    }
    failed = excluded(figures.validity)
    candidates = [
        candidate_of(run, task, system, per_question(answered[name], metric), prices, inputs)
        for name, system in own.items()
        if not system.control
    ]
    fair, unfair = (
        [candidate for candidate in candidates if (candidate.name in failed) is out] for out in (False, True)
    )
    unfit = _unfit(run, figures)
    return Case(
        systems=own,
        candidates_at=priced(run, task, on_the_same_questions(fair), prices, inputs),
        excluded_at=priced(run, task, unfair, prices, inputs),
        rules=Rules(
            needs,
            Pairs(figures.comparisons, figures.primary_metric, trainings(figures.strategies)),
            clusters,
            least_error_usd=prices.second_usd if prices else 0.0,
        ),
        setting=replace(_setting(inputs, prices), token_factor=_token_factor(candidates)),
        primary_metric=figures.primary_metric,
        probes=figures.probes,
        checks=figures.validity,
        excluded={name: tuple(checks) for name, checks in failed.items() if name in own},
        unfit=unfit.why if unfit else None,
        waiting=rivals_waited_for(run, task),
        sizes={model.label: model.parameters for model in run.manifest.models},
        fits={name: fit for name, system in own.items() if (fit := _fit(run, system))},
        task=task,
        models=run.manifest.models,
        memory_gb=run.manifest.machine.memory_gb,
        limit=run.manifest.settings.limit,
        completing=unfit.remedy if unfit else None,
        command=run.manifest.command,
    )


def _token_factor(candidates: Sequence[Candidate]) -> float | None:
    """1 where a candidate pays for tokens, whose price may move then."""
    return 1.0 if any(candidate.economics.by_token for candidate in candidates) else None


def _setting(inputs: CostInputs, prices: Prices | None) -> Setting:
    prices = prices.under(inputs) if prices else None
    return Setting(
        monthly_queries=inputs.monthly_queries or ASSUMED_MONTHLY_QUERIES,
        horizon_months=inputs.horizon_months,
        error_price_usd=inputs.error_price_usd,
        refresh_days=inputs.refresh_days,
        usd_per_hour=prices.usd_per_hour if prices else None,
        utilisation=prices.utilisation if prices else None,
        cycles=inputs.cycles if prices else None,
        monthly_queries_assumed=inputs.monthly_queries is None,
        tariff=inputs.tariff,
        peak_factor=prices.peak_factor if prices else None,
        people_factor=inputs.people_factor,
    )


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a run is not fit for decisions, as a clause, and what makes one that is."""

    why: str
    remedy: Step


def _unfit(run: Evidence, figures: TaskFigures) -> Unfit | None:
    """None where it is fit."""
    if run.manifest.quick:
        why = "this was a quick run, with few questions and little training"
        again = compare_again(run.manifest.command, figures.name)
        return Unfit(why, Step("Compare in full, without --quick", again))
    missing = any(
        system.n_answered + system.out_of_reach < figures.n for system in figures.strategies.values()
    )
    if missing or run.manifest.status != "complete":
        return Unfit("the run is not complete", Step("Go on with it", "harness compare --resume RUN"))
    return None


def _fit(run: Evidence, system: SystemFigures) -> TrainFit | None:
    """How well the adapter that answered reproduces its own training answers; None without one."""
    trained = (adapter.record for adapter in run.manifest.adapters if adapter.record.sha256 == system.adapter)
    return next((TrainFit(row.train_fit, min(FIT_EXAMPLES, row.examples)) for row in trained), None)
