"""A run's evidence → `RunResult`: every figure of the reports, and nothing that is not in the evidence.

`measure.py` gives what does not depend on prices and requirements; costs and the decision are added here. The same
evidence gives the same results to the byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TypeVar

from harness.analysis import throughput
from harness.analysis.accuracy import Scores
from harness.analysis.decision.case import Case, case_of
from harness.analysis.decision.needs import needs_of, with_needs
from harness.analysis.decision.other_metrics import in_words, verdicts
from harness.analysis.decision.pairs import difference
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.decision.summary import summary
from harness.analysis.decision.verdict import standing, verdict
from harness.analysis.evidence import Evidence, missing_answers
from harness.analysis.groups import aggregated
from harness.analysis.measure import TaskMeasures, measure
from harness.analysis.money import breakeven, cost
from harness.analysis.money.economics import CostInputs, Economics
from harness.analysis.results.decision import Decision
from harness.analysis.results.run import (
    AdapterResult,
    RunResult,
    SystemFigures,
    SystemResult,
    TaskFigures,
    TaskResult,
)
from harness.analysis.unfinished import unfinished
from harness.analysis.validity.check import excluded
from harness.run.facts import TrainedAdapter
from harness.run.manifest import SCHEMA_VERSION, Manifest
from harness.scoring.table import is_graded


def derive(
    run: Evidence,
    scores: Scores | None = None,
    inputs: CostInputs | None = None,
    needs: Requirements | None = None,
    measured: Mapping[str, TaskMeasures] | None = None,
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


def _result(run: Evidence, measured: TaskMeasures, inputs: CostInputs, needs: Requirements) -> TaskResult:
    """What was measured on a task with what it costs and what is decided."""
    figures, task = measured.figures, measured.figures.name
    money = {name: cost.economics_of(run, (task, name), inputs) for name in figures.strategies}
    strategies = {
        name: _widened(
            SystemResult, row, cost=cost.cost_of(run, (task, name), money[name], row.accuracy, inputs)
        )
        for name, row in figures.strategies.items()
    }

    def case_under(figures: TaskFigures) -> Case:
        return case_of(run, task, figures, measured.answered, measured.clusters, needs, inputs)

    case = case_under(figures)
    others = {metric: standing(case_under(row)) for metric, row in measured.under.items()}
    by_metric = verdicts(standing(case), others)
    decision = verdict(case)
    entries = _entries(figures, money, decision)
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


def _entries(
    figures: TaskFigures, money: Mapping[str, Economics], decision: Decision
) -> list[breakeven.Entry]:
    """Those that one could deploy, with their money: neither controls nor adapters of other tasks.

    Accuracies are those that the decision compares, as if all candidates had answered the same questions.
    """
    failed, compared = excluded(figures.validity), decision.candidates
    return [
        breakeven.Entry(
            money[name],
            compared[name].accuracy_measured if name in compared else row.accuracy.mean,
            name not in failed,
        )
        for name, row in figures.strategies.items()
        if figures.is_deployable(row.system)
    ]


def _adapter(manifest: Manifest, trained: TrainedAdapter) -> AdapterResult:
    facts, system = trained.record, manifest.systems[trained.system]
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
        first_train_loss=facts.first_train_loss,
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
