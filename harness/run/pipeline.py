"""The stages of a run: everything is made ready, answered model by model, and timed."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.engines.engine import AdapterRef, Engine, is_served
from harness.errors import InputError, TaskFailed
from harness.finetune.store import adapter_folder, load_or_train, stored
from harness.finetune.trainer import Trainer
from harness.quantities import counted, dollars, seconds
from harness.run.aggregates import keep_aggregates
from harness.run.announce import say_plan, say_where
from harness.run.answer import AnswerPass
from harness.run.answer_cache import open_answers
from harness.run.contexts import RunContexts
from harness.run.conversation import template_sentences
from harness.run.estimate import Estimate, Passes, estimate, in_short
from harness.run.executor import Strand
from harness.run.expected import (
    Costs,
    disk_bytes,
    expected_steps,
    guessed_steps,
    in_words,
    job_costs,
    measured_speeds,
    prompt_length,
    step_of,
    timed_jobs,
    timing_of,
    with_seconds,
    with_steps,
)
from harness.run.facts import TimingOrder, TrainedAdapter
from harness.run.fitting import fitting, holding
from harness.run.folder import RunFolder
from harness.run.manifest import Manifest
from harness.run.pace import Kind, Pace, Step
from harness.run.plan import Job, Plan
from harness.run.prepare import ReadyJob, ready
from harness.run.samples import write_samples
from harness.run.settings import Settings, effort
from harness.run.timing import TimingPass, timed_forms
from harness.run.tools import Tools
from harness.spec.system import LoRA, ModelRef
from harness.steps import typed

Reached = Callable[[bool], None]
"""Told when there is more evidence than before; True: nothing more comes for a while."""


def nobody(_for_a_while: bool) -> None:
    """Stands in where nobody watches the run."""


@dataclass
class Run:
    """One run in progress: what it was asked, and what has been made ready so far."""

    settings: Settings
    plan: Plan
    tools: Tools
    folder: RunFolder
    contexts: RunContexts
    reached: Reached = nobody
    pace: Pace | None = None
    adapters: dict[tuple[ModelRef, LoRA, int], AdapterRef] = field(default_factory=dict)
    _stored: dict[tuple[ModelRef, LoRA, int], AdapterRef | None] = field(default_factory=dict)
    """The adapters of the plan as the store had them when they were first looked for."""

    def go(self) -> None:
        say_where(self.tools, self.folder)
        jobs, passes = self.make_ready()
        say_plan(self.plan, self.contexts, self.settings, jobs, passes, self._trained)
        planned = self.estimate(jobs, passes)
        self._keep_within(planned)
        if words := in_words(planned, disk_bytes(jobs, self.plan, self._trained), self.folder.path):
            self.tools.progress.note(f"  {words}")
        self._answer(jobs, passes)
        keep_aggregates(self.folder, jobs, self.tools.progress)
        self._time(jobs)

    def make_ready(self) -> tuple[list[ReadyJob], Passes]:
        """Make ready everything that is known before the first answer."""
        tools = self.tools
        self._keep_template()
        self.contexts.prepare()
        self.plan = holding(self.plan, self.contexts.of)
        jobs = self._fitted([ready(job, self.contexts.of(job)) for job in self.plan.jobs])
        self.contexts.write_questions(jobs)
        write_samples(self.folder, self.plan.tasks.values(), jobs)
        cache = open_answers(self.settings, tools)
        passes = {
            model.ref: AnswerPass(
                model.engine,
                self.folder,
                cache,
                tools.progress,
                tools.clock,
                tools.executor,
                asks_anew=self.settings.repeat > 1,
                held=self._held,
            )
            for model in tools.models
        }
        return jobs, passes

    def estimate(self, jobs: Sequence[ReadyJob], passes: Passes) -> Estimate:
        """What is left to ask, what it may cost and how long it takes here, which sets the run's pace."""
        planned, costs = self.costs(jobs, passes)
        steps = None if costs is None else expected_steps(costs, self.plan, self.settings, self.folder)
        expected = guessed_steps(jobs, planned.jobs) if steps is None else steps
        tools, sheet = self.tools, self.folder.manifest.price_sheet
        self.pace = Pace(expected, tools.progress, tools.clock, steps is None, tools.executor.workers)
        an_hour = self.settings.usd_per_hour or (sheet.machine.usd_per_hour if sheet else None)
        return with_steps(planned, steps, tools.executor, an_hour)

    def costs(
        self, jobs: Sequence[ReadyJob], passes: Passes, *, every: bool = False
    ) -> tuple[Estimate, Costs | None]:
        """The estimate, and what each job costs of time. `every`: as of `measured_speeds`."""
        planned = estimate(jobs, passes, self.settings, self.folder)
        speeds = measured_speeds(jobs, planned.jobs, self.tools, every=every)
        planned = with_seconds(planned, jobs, speeds)
        return planned, job_costs(jobs, planned.jobs, self.plan, speeds, self._trained)

    def _keep_within(self, planned: Estimate) -> None:
        """Say what servers will be asked. Raises InputError where that cannot stay within the user's limit."""
        if not any(row.served for row in planned.jobs):
            return
        self.tools.progress.note(f"  {in_short(planned)}")
        limit = self.settings.max_usd
        if limit is not None and planned.usd_spent + (planned.usd_least or 0.0) > limit:
            spent = f", and {dollars(planned.usd_spent)} are spent" if planned.usd_spent else ""
            raise InputError(
                f"--max-usd {limit:g} does not reach: the prompts alone cost {dollars(planned.usd_least)}{spent}. Ask "
                f"fewer questions (--limit), or allow more: {typed('compare', '--resume', self.folder.path)} "
                "--max-usd USD"
            )

    def _fitted(self, jobs: Sequence[ReadyJob]) -> list[ReadyJob]:
        """The jobs that fit into their model's window; what does not is taken out of the plan, with the reason."""
        self.plan, fitted = fitting(self.plan, jobs)
        kept = {(ready.job.task, ready.job.system.id) for ready in fitted}
        self.folder.update(
            plan=tuple(row for row in self.folder.manifest.plan if (row.task, row.system) in kept),
            not_applicable=self.plan.not_applicable,
        )
        return fitted

    # Answer

    def _keep_template(self) -> None:
        """Keep how each model's conversations are written, and say what is unusual about it."""
        models = []
        for model, known in zip(self.tools.models, self.folder.manifest.models, strict=True):
            facts = model.engine.template_facts()
            models.append(dataclasses.replace(known, template=facts) if facts else known)
            for sentence in template_sentences(facts) if facts else ():
                of = f"{model.label}: " if model.label else ""
                self.tools.progress.note(f"  {of}{sentence}")
        self.folder.update_models(models)

    def _trained(self, job: Job) -> bool:
        return self._held(job) is not None

    def _held(self, job: Job) -> AdapterRef | None:
        """The adapter that answers a job, if it is there: on the model's server, or in the store, whole."""
        if job.adapter is None or job.adapter in self.adapters:
            return self.adapters[job.adapter] if job.adapter else job.served
        if job.adapter not in self._stored:
            home = next(one for one in self.plan.trainings if one.adapter == job.adapter)
            key = self._trainer(home).key(self.contexts.of(home).training(home.system, home.seed))
            self._stored[job.adapter] = stored(adapter_folder(self.tools.cache, key))
        return self._stored[job.adapter]

    def _trainer(self, job: Job) -> Trainer:
        trainer = self.tools.of(job.system).trainer
        assert trainer is not None  # else the plan has no such job
        return trainer

    def _apart(self) -> tuple[Engine, ...]:
        """The engines, where they cannot be in memory together; a resumed run goes on as it began."""
        order, engines = self.folder.manifest.timing_order, [model.engine for model in self.tools.models]
        if order is None:
            order = TimingOrder.INTERLEAVED if self.tools.fit_together(engines) else TimingOrder.ABBA
            self.folder.update(timing_order=order)
        return tuple(engines) if order is TimingOrder.ABBA else ()

    def _answer(self, jobs: Sequence[ReadyJob], passes: Passes) -> None:
        """First what needs no training, the shortest prompts before longer ones: there is soon something to see.

        Models that do not fit into memory together answer one after the other, each all its jobs in one stretch.
        """
        self.folder.update(set_aside={})
        apart = self._apart()
        ordered = sorted(jobs, key=prompt_length)
        for models in [(model,) for model in self.tools.models] if apart else [self.tools.models]:
            strands: list[Strand] = []
            for of in (self._untrained, self._trained_here):
                for model in models:
                    own = [job for job in ordered if job.job.system.model == model.ref]
                    strands += of(own, passes[model.ref])
            self.tools.executor.together(strands)
            if apart:
                models[0].engine.release()

    def _untrained(self, jobs: Sequence[ReadyJob], answers: AnswerPass) -> Iterator[Strand]:
        """The jobs that need no training: each by itself; those of a server, asked several at once, in order."""
        untrained = [job for job in jobs if job.job.adapter is None]
        if is_served(answers.engine):
            yield functools.partial(self._ask_all, untrained, answers)
        else:
            yield from (functools.partial(self._answer_one, job, None, answers) for job in untrained)

    def _ask_all(self, jobs: Sequence[ReadyJob], answers: AnswerPass) -> None:
        for repeat in range(self.settings.repeat):
            for job in jobs:
                if not (repeat and job.job.shows_forgetting):
                    self._answer_one(job, job.job.served, answers, repeat)

    def _trained_here(self, jobs: Sequence[ReadyJob], answers: AnswerPass) -> Iterator[Strand]:
        """Each training with the jobs of its adapter: the shortest first, where one waits for the other, so that there
        is soon something to see; else the longest, which the whole run waits for."""
        own = [job.job for job in jobs]
        trainings = [training for training in self.plan.trainings if training in own]
        several = self.tools.executor.workers > 1
        for training in sorted(trainings, key=self._training_takes, reverse=several):
            yield functools.partial(self._train_and_answer, training, jobs, answers)

    def _train_and_answer(self, training: Job, jobs: Sequence[ReadyJob], answers: AnswerPass) -> None:
        if training.task in self.folder.manifest.set_aside:
            return
        self.reached(True)
        adapter = self._adapter(training)
        for job in jobs:
            if job.job.adapter == training.adapter:
                self._answer_one(job, adapter, answers)

    def _answer_one(
        self, ready_job: ReadyJob, adapter: AdapterRef | None, answers: AnswerPass, repeat: int = 0
    ) -> None:
        """Answer a job, unless its task was set aside. Raises TaskFailed where no other task is left."""
        task, set_aside = ready_job.job.task, self.folder.manifest.set_aside
        if task in set_aside:
            return
        label, asked = f"{task} · {ready_job.job.system.name}", len(ready_job.questions)
        try:
            with self._step(step_of(Kind.ANSWERS, ready_job.job), label, counted(asked, "answer")):
                answers.run(ready_job, adapter, repeat)
            self.reached(False)
        except TaskFailed as error:
            if not set(self.plan.tasks) - {task, *set_aside}:
                raise
            why = str(error)
            self.folder.change(lambda manifest: {"set_aside": {**manifest.set_aside, task: why}})
            self.tools.progress.note(f"  {task} is set aside: {error}")

    def _adapter(self, job: Job) -> AdapterRef:
        """Train or open the adapter of a job and keep its record, in the place of an earlier one of its own."""
        assert job.adapter is not None
        training = self.contexts.of(job).training(job.system, job.seed)
        label = f"{job.task} · {job.system.name}"
        with self._step(step_of(Kind.TRAINING, job), label, "" if self._trained(job) else "trained"):
            adapter = load_or_train(self._trainer(job), training, self.tools.cache, self.tools.progress)
        self.adapters[job.adapter] = adapter.ref
        trained = TrainedAdapter(
            system=job.system.id,
            seed=job.seed,
            record=adapter.record,
            reused=adapter.reused,
            left_out=training.left_out,
            bytes=adapter.bytes,
        )
        self.folder.change(lambda manifest: self._with_adapter(manifest, job, trained))
        return adapter.ref

    def _with_adapter(self, manifest: Manifest, job: Job, trained: TrainedAdapter) -> dict[str, Any]:
        """What the manifest says of adapters and of the plan, with a job's new one."""
        others = [old for old in manifest.adapters if (old.system, old.seed) != (job.system.id, job.seed)]
        plan = list(manifest.plan)
        for place, planned in enumerate(self.plan.jobs):
            if planned.adapter == job.adapter:
                plan[place] = dataclasses.replace(plan[place], adapter=trained.record.sha256)
        return {"adapters": (*others, trained), "plan": tuple(plan)}

    def _training_takes(self, job: Job) -> float:
        return (self.pace.takes(step_of(Kind.TRAINING, job)) if self.pace else None) or 0.0

    @contextlib.contextmanager
    def _step(self, step: Step, label: str, done: str) -> Iterator[None]:
        """Around a step: a line with what was `done` and its time; none for what was there already."""
        if self.pace is None or not done:
            yield
            return
        if step[0] is Kind.TRAINING and (takes := self.pace.takes(step)):
            self.tools.progress.note(f"  {label}: trains, some {seconds(takes)}")
        with self.pace.step(step, label, done):
            yield

    # Time

    def _time(self, jobs: Sequence[ReadyJob]) -> None:
        count = effort(self.settings).latency_queries
        if count == 0:
            return
        tools = self.tools
        apart = self._apart()
        timing = TimingPass(self.folder, tools.progress, tools.clock, self.settings.seed, apart)
        with tools.executor.alone():
            for task in self.plan.tasks:
                if task not in self.folder.manifest.set_aside:
                    self._time_task(task, jobs, timing, count)
            for model in tools.models:
                if apart:
                    model.engine.release()
                else:
                    model.engine.load(None)

    def _time_task(self, task: str, jobs: Sequence[ReadyJob], timing: TimingPass, count: int) -> None:
        timed = [
            (job, self.adapters[job.job.adapter] if job.job.adapter else job.job.served)
            for job in timed_jobs(task, jobs, self.plan, self.settings)
        ]
        if timed:
            self.reached(True)
            with self._step(timing_of(task), task, "timed"):
                timing.run(task, timed_forms(timed), count)
            self.reached(False)
