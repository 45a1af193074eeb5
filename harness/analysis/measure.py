"""What a run says of each task whatever things cost and whatever is required: figures, comparisons, checks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from harness.analysis import accuracy, throughput
from harness.analysis.accuracy import ScoredAnswers, Scores, score_all
from harness.analysis.baselines import Trivial, trivial
from harness.analysis.citations import citations
from harness.analysis.comparisons import Answered, comparisons, forgetting
from harness.analysis.decision.other_metrics import figures_under
from harness.analysis.evidence import Evidence, Pair, missed
from harness.analysis.forms import form_effects, form_shares
from harness.analysis.labels import by_field, by_label
from harness.analysis.latency import percentiles, tpots, unmerged, warm
from harness.analysis.repeats import repeat_noise
from harness.analysis.results.figures import Missing, Tokens
from harness.analysis.results.run import SystemFigures, TaskFigures
from harness.analysis.retrieval import Texts, retrieval
from harness.analysis.seeds import by_seed
from harness.analysis.statistics.clusters import Design, repeats
from harness.analysis.statistics.intervals import mean
from harness.analysis.tuning.effort import effort_of
from harness.analysis.tuning.learning import curves
from harness.analysis.validity.check import excluded
from harness.analysis.validity.table import judge
from harness.analysis.waterfall import Sources, waterfall
from harness.run.scores import refusal_of
from harness.spec.system import System


@dataclass(frozen=True, slots=True)
class TaskMeasures:
    """What a run says of a task whatever things cost and whatever is required."""

    figures: TaskFigures
    answered: dict[str, ScoredAnswers]
    """System name → its scored answers."""
    clusters: dict[str, str]
    under: dict[str, TaskFigures]
    """Every other metric of the task → the figures were it the primary one."""


def measure(run: Evidence, scores: Scores | None = None) -> dict[str, TaskMeasures]:
    """What does not depend on prices and requirements, by task. `scores`: what `score_all` gave, if at hand."""
    scores = score_all(run) if scores is None else scores
    return {task: _measured(run, task, scores) for task in run.tasks}


def _measured(run: Evidence, task: str, scores: Scores) -> TaskMeasures:
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
    return TaskMeasures(figures, answered, clusters, under)


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
