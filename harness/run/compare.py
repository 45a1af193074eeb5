"""The main job, top to bottom: plan, prepare, answer, time. What follows is derived by `report`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.corpus.inventory import Corpora
from harness.errors import InputError
from harness.files import writing
from harness.run.begin import describe, keep_chosen, reopen
from harness.run.contexts import RunContexts
from harness.run.devsplit import with_dev
from harness.run.ending import ending, finish
from harness.run.estimate import Estimate
from harness.run.facts import Obstacle
from harness.run.fit_within import END_S, BarsOnly, Fitter
from harness.run.folder import RunFolder, check_output
from harness.run.lock import LOCK, writing_alone
from harness.run.obstacles import obstacle
from harness.run.pipeline import Reached, Run, nobody
from harness.run.plan import (
    Contestant,
    ForgettingTasks,
    Plan,
    limited,
    make_plan,
    setup_of,
    with_chosen,
)
from harness.run.settings import Settings, effort
from harness.run.spending import Spending, metered, spent_before
from harness.run.tools import Tools
from harness.run.tuning.askers import Askers
from harness.run.tuning.learning import Learning
from harness.run.tuning.planned import Searches, with_seconds
from harness.run.tuning.tune import Chosen, Tuning, chosen_by
from harness.spec.system import System
from harness.spec.task import Task
from harness.steps import Step


def compare(
    settings: Settings,
    tasks: Sequence[Task],
    tools: Tools,
    output: Path,
    *,
    resume: bool,
    command: str,
    run_id: str | None = None,
    corpora: Corpora | None = None,
    reached: Reached = nobody,
) -> Path:
    """Run everything and return the run folder. The evidence is on disk however this ends.

    `run_id`: that of a new run; None: any. `corpora`: what was read of them already. `reached`: is told when there is
    more to report.
    Raises InputError for what a person wrote wrong (before any model loads), RunInterrupted on Ctrl-C.
    """
    plan = plan_run(settings, tasks, tools)
    manifest = describe(settings, plan, tools, command, output, run_id)
    if not resume:
        check_output(output)
        with writing(str(output)):
            output.mkdir(parents=True, exist_ok=True)
    with writing_alone(output):
        folder = reopen(output, manifest) if resume else RunFolder.create(output, manifest)
        with ending(folder):
            tools = _counted(settings, tools, folder)
            corpora = corpora or Corpora()
            askers = Askers(settings, tools, folder, corpora)
            if settings.tries:
                chosen = Tuning(plan, askers).go()
                plan = plan_run(settings, tasks, tools, chosen)
                keep_chosen(folder, plan)
            contexts = RunContexts(plan, tools, folder, corpora, settings.seed)
            Run(settings, plan, tools, folder, contexts, reached).go()
            if settings.learning_curve:
                reached(True)
                Learning(plan, askers).go()
            finish(folder, tools)
    return folder.path


def dry_run(
    settings: Settings,
    tasks: Sequence[Task],
    tools: Tools,
    resumed: Path | None,
    corpora: Corpora | None = None,
) -> Estimate:
    """What a run with these settings would ask, or what is left of one; no run folder is made or changed.

    The index of a corpus is built where it is not in the cache: without it nobody knows how long prompts are.
    """
    plan = plan_run(settings, tasks, tools)
    with tempfile.TemporaryDirectory() as place:
        output = Path(place) / "run"
        if resumed is not None:
            shutil.copytree(resumed, output, ignore=lambda _, names: [name for name in names if name == LOCK])
        manifest = describe(settings, plan, tools, "", resumed or output)
        folder = reopen(output, manifest) if resumed is not None else RunFolder.create(output, manifest)
        tools = _counted(settings, tools, folder)
        corpora = corpora or Corpora()
        askers = Askers(settings, tools, folder, corpora)
        trials = Tuning(plan, askers).estimate() if settings.tries else ()
        if folder.manifest.tuned:
            plan = plan_run(settings, tasks, tools, chosen_by(plan, folder.manifest.tuned))
        contexts = RunContexts(plan, tools, folder, corpora, settings.seed)
        run = Run(settings, plan, tools, folder, contexts)
        curve = Learning(plan, askers).estimate() if settings.learning_curve else ()
        planned = run.estimate(*run.make_ready())
        steps = (run.pace.expected if run.pace else None) or {}
        return replace(
            planned,
            tuning=with_seconds(trials, planned, steps, run.plan),
            learning=with_seconds(curve, planned, steps, run.plan),
        )


def fit_within(
    settings: Settings,
    tasks: Sequence[Task],
    tools: Tools,
    allowed_s: float,
    began: float,
    corpora: Corpora | None = None,
) -> tuple[Settings, list[Task]]:
    """The settings and tasks of the largest run that fits into `allowed_s` seconds since `began`, by the tools' clock.

    Raises InputError where even the least does not fit, and where nothing tells how fast the models answer.
    """
    clock, quiet = tools.clock, replace(tools, progress=BarsOnly(tools.progress))
    plan = plan_run(settings, tasks, tools)
    with tempfile.TemporaryDirectory() as place:
        output = Path(place) / "run"
        folder = RunFolder.create(output, describe(settings, plan, tools, "", output))
        quiet = _counted(settings, quiet, folder)
        start = clock()
        contexts = RunContexts(plan, quiet, folder, corpora or Corpora(), settings.seed)
        run = Run(settings, plan, quiet, folder, contexts)
        jobs, passes = run.make_ready()
        again_s = clock() - start  # a run makes everything ready once more, with indexes that are there then
        _, costs = run.costs(jobs, passes, every=True)
    if costs is None:
        raise InputError("--within: the models did not answer, so nothing tells how long a run takes here.")

    def asked(settings: Settings) -> list[Task]:
        return [task for task in tasks if str(task.path.resolve()) in settings.task_files]

    def searched(tried: Settings, plan: Plan) -> Searches:
        return Tuning(plan, Askers(tried, tools, folder, Corpora())).work() if tried.tries else {}

    work_s = allowed_s - (clock() - began) - again_s / 2 - END_S
    fitter = Fitter(costs, lambda tried: plan_run(tried, asked(tried), tools), searched, allowed_s, work_s)
    fitted = fitter.fitted(settings)
    return fitted, asked(fitted)


def _counted(settings: Settings, tools: Tools, folder: RunFolder) -> Tools:
    """The tools of a run that begins or goes on, its servers counted where there is a limit."""
    if settings.max_usd is None:
        return tools
    return metered(tools, folder.manifest, Spending(settings.max_usd, spent_before(folder)))


def plan_run(settings: Settings, tasks: Sequence[Task], tools: Tools, chosen: Chosen | None = None) -> Plan:
    """What a run with these settings will do. `chosen`: on dev. Raises InputError where nothing applies."""
    todo = effort(settings)
    contestants: list[Contestant] = []
    for model, strategies in zip(tools.models, settings.strategies_by_model, strict=True):
        setup = setup_of(model.engine, tools.embedder_name, settings.seed, model.label, model.entry.adapters)
        setup = with_chosen(setup, chosen or {})
        contestants += [(strategy, setup) for strategy in strategies]

    def obstacle_to(task: Task, system: System) -> Obstacle | None:
        model = tools.of(system)
        return obstacle(task, system, model.engine, trainable=model.trainer is not None)

    asked = [limited(task, todo, settings.seed) for task in tasks]
    plan = make_plan(
        [with_dev(task, settings.seed) for task in asked] if settings.tries else asked,
        contestants,
        obstacle_to,
        settings.training_seeds,
        forgetting_tasks(settings, tasks),
    )
    within = settings.within.left_out if settings.within else ()
    longer = Step("Allow more time", "--within TIME")
    left_out = {name: Obstacle(f"left out, {why}", longer) for name, why in within}
    reasons = {
        task: row if task in plan.forgetting.alone else {**row, **left_out}
        for task, row in plan.not_applicable.items()
    }
    return replace(plan, not_applicable=reasons)


def forgetting_tasks(settings: Settings, tasks: Sequence[Task]) -> ForgettingTasks:
    """The tasks that show forgetting: those that probe general knowledge, and those that the settings name."""
    if settings.forgetting is None:
        return ForgettingTasks()
    named = [task for task in tasks if str(task.path.resolve()) in settings.forgetting]
    general = [task.name for task in tasks if task.spec.probes == "general"]
    alone = [task.name for task in named if str(task.path.resolve()) not in settings.tasks]
    return ForgettingTasks(tuple(dict.fromkeys([*general, *(task.name for task in named)])), tuple(alone))
