"""A run's evidence → `RunResult`: every figure of the reports, and nothing that is not in the evidence.

`measure` gives what does not depend on prices and requirements, `derive` adds costs and the decision. The same
evidence gives the same results to the byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from harness.analysis import accuracy, throughput
from harness.analysis.accuracy import ScoredAnswers, Scores, score_all
from harness.analysis.baselines import Trivial, trivial
from harness.analysis.citations import citations
from harness.analysis.comparisons import Answered, comparisons, forgetting
from harness.analysis.decision.case import Case, case_of
from harness.analysis.decision.needs import needs_of, with_needs
from harness.analysis.decision.other_metrics import figures_under, in_words, verdicts
from harness.analysis.decision.pairs import difference
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.decision.summary import summary
from harness.analysis.decision.verdict import standing, verdict
from harness.analysis.evidence import Evidence, Pair, missed, missing_answers
from harness.analysis.forms import form_effects, form_shares
from harness.analysis.groups import aggregated
from harness.analysis.labels import by_field, by_label
from harness.analysis.latency import percentiles, tpots, unmerged, warm
from harness.analysis.money import breakeven, cost
from harness.analysis.money.economics import CostInputs, Economics
from harness.analysis.repeats import repeat_noise
from harness.analysis.results.figures import Missing, Tokens
from harness.analysis.results.run import (
    AdapterResult,
    RunResult,
    SystemFigures,
    SystemResult,
    TaskFigures,
    TaskResult,
)
from harness.analysis.retrieval import Texts, retrieval
from harness.analysis.seeds import by_seed
from harness.analysis.statistics.clusters import Design, repeats
from harness.analysis.statistics.intervals import mean
from harness.analysis.tuning.effort import effort_of
from harness.analysis.tuning.learning import curves
from harness.analysis.unfinished import unfinished
from harness.analysis.validity.check import excluded
from harness.analysis.validity.table import judge
from harness.analysis.waterfall import Sources, waterfall
from harness.run.facts import TrainedAdapter
from harness.run.manifest import SCHEMA_VERSION, Manifest
from harness.run.scores import refusal_of
from harness.scoring.table import is_graded
from harness.spec.system import System


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run says of a task whatever things cost and whatever is required."""

    figures: TaskFigures
    answered: dict[str, ScoredAnswers]
    """System name → its scored answers."""
    clusters: dict[str, str]
    under: dict[str, TaskFigures]
    """Every other metric of the task → the figures were it the primary one."""


def derive(
    run: Evidence,
    scores: Scores | None = None,
    inputs: CostInputs | None = None,
    needs: Requirements | None = None,
    measured: Mapping[str, Measured] | None = None,
) -> RunResult:
    """All figures of a run. `measured`: what `measure` gave, if at hand.

    `inputs` and `needs`: what the user sets of costs and requires now; without them, what was set and
    required when the run was made.
    """
    manifest = run.manifest
    measured = measure(run, scores) if measured is None else measured
    needs = needs_of(run) if needs is None else needs
    inputs = inputs_under(run, needs, inputs)
    tasks = {task: _result(run, figures, inputs, needs) for task, figures in measured.items()}
    missing = missing_answers(run)
    return RunResult(
        schema_version=SCHEMA_VERSION,
        run_id=manifest.run_id,
        created=manifest.created,
        status=manifest.status,
        command=manifest.command,
        harness_version=manifest.harness_version,
        git_commit=manifest.git_commit,
        model=manifest.model,
        models=manifest.models,
        timing_order=manifest.timing_order,
        embedder=manifest.embedder,
        machine=manifest.machine,
        workers=manifest.workers,
        libraries=manifest.libraries,
        settings=manifest.settings,
        price_sheet=manifest.price_sheet,
        indexes=manifest.indexes,
        other_indexes=manifest.other_indexes,
        example_indexes=manifest.example_indexes,
        load_s=manifest.load_s,
        first_query_s=manifest.first_query_s,
        adapters=tuple(_adapter(manifest, trained) for trained in manifest.adapters),
        quick=manifest.quick,
        incomplete=manifest.status != "complete" or missing > 0,
        missing_answers=missing,
        unfinished=unfinished(run),
        set_aside=dict(manifest.set_aside),
        torn_lines=run.torn_lines,
        prices=cost.price_facts(manifest, inputs),
        requirements=needs.asked,
        summary=summary(
            {name: task.decision for name, task in tasks.items()},
            {name: task.probes for name, task in tasks.items()},
        ),
        tasks=tasks,
        groups=aggregated(manifest.groups, tasks),
    )


def inputs_under(run: Evidence, needs: Requirements, inputs: CostInputs | None = None) -> CostInputs:
    """What costs are worked out with: as the run was set, or as given, with what is required."""
    return with_needs(cost.inputs_of(run) if inputs is None else inputs, needs)


def measure(run: Evidence, scores: Scores | None = None) -> dict[str, Measured]:
    """What does not depend on prices and requirements, by task. `scores`: what `score_all` gave, if at hand."""
    scores = score_all(run) if scores is None else scores
    return {task: _measured(run, task, scores) for task in run.tasks}


def _measured(run: Evidence, task: str, scores: Scores) -> Measured:
    facts = run.manifest.tasks[task]
    spec = facts.spec
    primary = next(iter(facts.metrics), None)
    texts = Texts(run.passages)
    systems = run.systems(task)
    questions = run.questions.get(task, {})
    clusters = run.clusters(task)
    answered = {name: scores[task, name] for name in systems}
    timed = {name: run.timings.get((task, name), ()) for name in systems}
    constants = trivial(run, task, primary or "", clusters)
    checks = judge(run, task, scores)
    failed = excluded(checks)
    pairs = Answered(task, primary, clusters, systems, answered, timed) if primary else None
    forms = form_effects(pairs, spec) if pairs else ()
    figures = TaskFigures(
        name=task,
        n=len(questions),
        n_unanswerable=sum(not asked.question.answerable for asked in questions.values()),
        primary_metric=primary,
        probes=spec.probes,
        description=spec.description,
        corpus=spec.corpus,
        train_questions=facts.train_questions,
        clusters=Design.of([*clusters.values()]).facts(
            repeats({name: asked.question for name, asked in questions.items()})
        ),
        strategies={
            name: _system(run, task, system, answered[name], texts, constants)
            for name, system in systems.items()
        },
        not_applicable=dict(run.manifest.not_applicable.get(task, {})),
        forgetting=tuple(forgetting(pairs)) if pairs else (),
        comparisons=tuple(
            replace(row, excluded=tuple(side for side in (row.a, row.b) if side in failed))
            for row in (comparisons(pairs, failed) if pairs else ())
        ),
        validity=tuple(checks),
        waterfall=waterfall(
            systems,
            answered,
            primary or "",
            refusal_of(spec),
            Sources(run.passages, texts),
        ),
        effort=replace(effort_of(run, task), learning=curves(run, task, primary, answered, clusters, failed)),
        baselines=constants.baselines,
        forms=forms,
        form_shares=form_shares(pairs, forms) if pairs else (),
    )
    under = figures_under(figures, facts.metrics, answered, constants)
    return Measured(figures, answered, clusters, under)


def _result(run: Evidence, measured: Measured, inputs: CostInputs, needs: Requirements) -> TaskResult:
    """What was measured on a task with what it costs and what is decided."""
    figures, task = measured.figures, measured.figures.name
    money = {name: cost.economics_of(run, (task, name), inputs) for name in figures.strategies}
    strategies = {
        name: _widened(
            SystemResult, row, cost=cost.cost_of(run, (task, name), money[name], row.accuracy, inputs)
        )
        for name, row in figures.strategies.items()
    }
    entries = _entries(figures, money)

    def case_under(figures: TaskFigures) -> Case:
        return case_of(run, task, figures, measured.answered, measured.clusters, needs, inputs)

    case = case_under(figures)
    others = {metric: standing(case_under(row)) for metric, row in measured.under.items()}
    by_metric = verdicts(standing(case), others)
    decision = verdict(case)
    form = (share.reason for share in figures.form_shares if share.in_words)
    return _widened(
        TaskResult,
        figures,
        strategies=strategies,
        cost_totals=cost.totals([entry.money for entry in entries], inputs),
        decision=replace(
            decision,
            reasons=(*decision.reasons, *form),
            break_even=breakeven.break_evens(entries, inputs, _accuracies(figures)),
            by_metric=by_metric,
            other_metrics=in_words(by_metric),
        ),
    )


W = TypeVar("W", SystemResult, TaskResult)


def _widened(kind: type[W], narrow: SystemFigures | TaskFigures, **more: object) -> W:
    """A value of `kind`: the fields of `narrow`, and those that it adds or replaces."""
    values = {field.name: getattr(narrow, field.name) for field in fields(narrow)}
    return kind(**{**values, **more})


def _accuracies(figures: TaskFigures) -> breakeven.Accuracies:
    metric = figures.primary_metric
    resolved = [frozenset((row.a, row.b)) for row in figures.comparisons if difference(row).resolved]
    return breakeven.Accuracies(resolved, metric if is_graded(metric) else None)


def _entries(figures: TaskFigures, money: Mapping[str, Economics]) -> list[breakeven.Entry]:
    """Those that one could deploy, with their money: neither controls nor adapters of other tasks."""
    failed = excluded(figures.validity)
    return [
        breakeven.Entry(money[name], row.accuracy.mean, name not in failed)
        for name, row in figures.strategies.items()
        if not row.control and not figures.is_foreign(row.system)
    ]


def _system(
    run: Evidence,
    task: str,
    system: System,
    scored: ScoredAnswers,
    texts: Texts,
    constants: Trivial,
) -> SystemFigures:
    pair, clusters = (task, system.name), constants.clusters
    metrics = run.manifest.tasks[task].metrics
    primary = metrics[0] if metrics else ""
    spec = run.manifest.tasks[task].spec
    timings = run.timings.get(pair, ())
    deployed = [row for row in timings if row.deployed]
    passed = run.passed(pair)
    by_metric = {
        metric: accuracy.estimate(accuracy.per_question(scored, metric), clusters) for metric in metrics
    }
    answers = scored.answers
    return SystemFigures(
        system=system,
        accuracy=accuracy.estimate(accuracy.per_question(scored, primary), clusters),
        metrics=by_metric,
        aggregates=_aggregates(run, pair),
        groups=accuracy.groups(scored, primary, clusters),
        seeds=by_seed(scored, primary, clusters),
        n_answered=len(set(answers.question_id)),
        latency_s=percentiles([row.e2e_s for row in deployed]),
        ttft_s=percentiles([row.ttft_s for row in deployed]),
        retrieve_s=percentiles([row.retrieve_s for row in deployed if row.retrieve_s is not None]),
        tpot_s=percentiles(tpots(deployed)),
        unmerged=unmerged(timings),
        tokens=Tokens(
            mean(answers.prompt_tokens),
            mean(answers.completion_tokens),
            mean(answers.reasoning_tokens) or None,
        ),
        tokens_per_s=throughput.tokens_per_s(timings, passed),
        retrieval=retrieval(scored, system, texts),
        citations=citations(scored, system, spec, clusters),
        adapter=run.adapter_key(pair),
        truncated=sum(map(bool, answers.dropped_passages)),
        dropped_passages=sum(answers.dropped_passages),
        finish_length_share=mean([reason == "length" for reason in answers.finish_reason]),
        empty_share=mean([not reply.strip() for reply in answers.prediction]),
        cached_share=mean(answers.cached),
        over_trivial=constants.beaten_by(scored),
        by_filter=accuracy.by_filter(scored, primary, spec),
        missing=_missing(run, pair),
        warm=warm(timings),
        untimed=sum(row.timed for row in run.failures.get(pair, ())),
        repeat_noise=repeat_noise(scored, _asked_again(run, pair), primary),
        labels=by_label(scored, spec, clusters),
        fields=by_field(scored, spec, clusters),
    )


def _asked_again(run: Evidence, pair: Pair) -> ScoredAnswers:
    task = pair[0]
    return accuracy.score(run.repeats[pair], run.questions.get(task, {}), run.manifest.tasks[task].spec)


def _missing(run: Evidence, pair: Pair) -> tuple[Missing, ...]:
    count = Counter((row.reason, row.final) for row in missed(run, pair))
    rows = (Missing(reason, n, final) for (reason, final), n in count.items())
    return tuple(sorted(rows, key=lambda row: (-row.n, row.reason, row.final)))


def _aggregates(run: Evidence, pair: Pair) -> dict[str, float | None]:
    """What an lm-eval task makes of all answers together, by metric: no mean, so without an interval (first seed)."""
    manifest = run.manifest
    rows = [row for row in manifest.aggregates if (row.task, manifest.name(row.task, row.system)) == pair]
    first = min((row.seed for row in rows), default=None)
    return {row.metric: row.value for row in rows if row.seed == first}


def _adapter(manifest: Manifest, trained: TrainedAdapter) -> AdapterResult:
    facts, system = trained.record, manifest.systems[trained.system]
    losses = [point.train_loss for point in facts.loss_curve if point.train_loss is not None]
    return AdapterResult(
        task=facts.task,
        strategy=system.home_name,
        seed=trained.seed,
        sha256=facts.sha256,
        examples=facts.examples,
        epochs=facts.epochs,
        steps=facts.steps,
        train_tokens=facts.train_tokens,
        seconds=facts.seconds,
        train_tokens_per_s=throughput.rate(facts.train_tokens, facts.seconds),
        first_train_loss=losses[0] if losses else None,
        train_loss=facts.train_loss,
        dev_loss=facts.dev_loss,
        dev_score=facts.dev_score,
        dev_metric=facts.dev_metric,
        kept_epoch=facts.kept_epoch,
        watched=facts.watched,
        held_back=facts.held_back,
        train_fit=facts.train_fit,
        logit_shift=facts.logit_shift,
        stopped=facts.stopped,
        reused=trained.reused,
        bytes=trained.bytes,
        loss_curve=facts.loss_curve,
    )
