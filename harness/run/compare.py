"""The main job, top to bottom: plan, prepare, answer, time. What follows is derived by `report`."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from harness.corpus.documents import Corpus
from harness.corpus.embedder import Embedder
from harness.corpus.inventory import Corpora, grouped
from harness.corpus.loss import answers_found
from harness.corpus.retriever import Retriever, open_retriever
from harness.corpus.window import tell_cut_questions
from harness.engines.engine import AdapterRef, Engine, is_served
from harness.errors import (
    HarnessError,
    InputError,
    InputErrors,
    ModelUnavailable,
    RunInterrupted,
    SpendingLimit,
    TaskFailed,
)
from harness.files import sha256_json, writing
from harness.finetune.store import adapter_folder, load_or_train
from harness.finetune.trainer import Trainer
from harness.quantities import counted, dollars
from harness.records import QuestionRow, Ranked
from harness.run import environment
from harness.run.aggregates import keep_aggregates
from harness.run.answer import AnswerPass
from harness.run.answer_cache import AnswerCache
from harness.run.asked import question_rows
from harness.run.begin import describe, reopen
from harness.run.conversation import template_sentences
from harness.run.estimate import Estimate, estimate, in_short
from harness.run.fitting import fitting
from harness.run.folder import QUESTIONS, RunFolder, check_output
from harness.run.lock import LOCK, writing_alone
from harness.run.manifest import EmbedderFacts, IndexFacts, ModelFacts, TimingOrder, TrainedAdapter
from harness.run.plan import Contestant, ForgettingTasks, Job, Plan, limited, make_plan, obstacle, setup_of
from harness.run.prepare import ReadyJob, TaskContext, ready
from harness.run.quotes import Quotes, quotes_sentence
from harness.run.samples import write_samples
from harness.run.settings import Settings, effort
from harness.run.spending import Spending, metered, spent_before
from harness.run.timing import TimingPass, timed_forms
from harness.run.tools import Model, Tools
from harness.spec.system import Gold, LoRA, ModelRef, Retrieved, System
from harness.spec.task import Task, gold_doc_errors


def compare(
    settings: Settings,
    tasks: Sequence[Task],
    tools: Tools,
    output: Path,
    *,
    resume: bool,
    command: str,
    corpora: Corpora | None = None,
) -> Path:
    """Run everything and return the run folder. The evidence is on disk however this ends.

    `corpora`: what was read of them already.
    Raises InputError for what a person wrote wrong (before any model loads), RunInterrupted on Ctrl-C.
    """
    plan = plan_run(settings, tasks, tools)
    manifest = describe(settings, plan, tools.models, command, output)
    if not resume:
        check_output(output)
        with writing(str(output)):
            output.mkdir(parents=True, exist_ok=True)
    with writing_alone(output):
        folder = reopen(output, manifest) if resume else RunFolder.create(output, manifest)
        try:
            run = _run_of(settings, plan, tools, folder, corpora)
            run.go()
            _finish(folder, run.tools)
        except KeyboardInterrupt:
            _note_status(folder, "interrupted")
            raise RunInterrupted(f"stopped. {_go_on(folder)}") from None
        except HarnessError as error:
            # A person can put an InputError right; the run is as complete as it was.
            wrong_input = isinstance(error, InputError)
            _note_status(
                folder, "interrupted" if wrong_input or isinstance(error, SpendingLimit) else "failed"
            )
            if isinstance(error, SpendingLimit):
                raise SpendingLimit(f"{error} {_go_on(folder)} --max-usd USD") from error
            if isinstance(error, ModelUnavailable):
                raise ModelUnavailable(f"{error} {_go_on(folder)}") from error
            if isinstance(error.__cause__, OSError | sqlite3.Error) and not wrong_input:  # as a full disk
                raise HarnessError(f"{error} {_go_on(folder)}") from error.__cause__
            raise
        except Exception:
            _note_status(folder, "failed")
            raise
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
        manifest = describe(settings, plan, tools.models, "", resumed or output)
        folder = reopen(output, manifest) if resumed is not None else RunFolder.create(output, manifest)
        run = _run_of(settings, plan, tools, folder, corpora)
        return run.estimate(*run.make_ready())


def _run_of(settings: Settings, plan: Plan, tools: Tools, folder: RunFolder, corpora: Corpora | None) -> _Run:
    """A run that begins or goes on, its servers counted where there is a limit."""
    spending = None
    if settings.max_usd is not None:
        spending = Spending(settings.max_usd, spent_before(folder))
        tools = metered(tools, folder.manifest, spending)
    return _Run(settings, plan, tools, folder, corpora or Corpora(), spending)


def _finish(folder: RunFolder, tools: Tools) -> None:
    """Say in the manifest how the run ended, with what was learnt about the model on the way."""
    manifest = folder.manifest
    known = [_learnt(facts, tools) for facts in manifest.models]
    ended = "interrupted" if folder.missing() else "complete"
    status = "failed" if manifest.set_aside else ended
    peak = environment.peak_memory_gb()
    folder.update(
        status=status,
        peak_memory_gb=peak,
        model=known[0],
        other_models=tuple(known[1:]),
        load_s=known[0].load_s,
    )


def _learnt(facts: ModelFacts, tools: Tools) -> ModelFacts:
    """What is known of a model at the end. Weights were loaded where something had to be computed."""
    model = next(model for model in tools.models if model.label == facts.label)
    loaded = model.engine.facts()
    if loaded is None:
        return facts
    return dataclasses.replace(
        facts,
        parameters=loaded.parameters,
        load_s=loaded.load_s,
        decoding=loaded.decoding,
        training=loaded.training,
        merging=loaded.merging,
        unsent=loaded.unsent or facts.unsent,
    )


def _note_status(folder: RunFolder, status: str) -> None:
    """Say in the manifest how a run ended, unless even that cannot be written: `running` is read as stopped, too."""
    with contextlib.suppress(HarnessError):
        folder.update(status=status)


def _go_on(folder: RunFolder) -> str:
    return f"What was answered is kept; go on with: harness compare --resume {folder.path}"


def plan_run(settings: Settings, tasks: Sequence[Task], tools: Tools) -> Plan:
    """What a run with these settings will do. Raises InputError where nothing applies."""
    todo = effort(settings)
    contestants: list[Contestant] = []
    for model, strategies in zip(tools.models, settings.strategies_by_model, strict=True):
        setup = setup_of(model.engine, tools.embedder_name, settings.seed, model.label, model.entry.adapters)
        contestants += [(strategy, setup) for strategy in strategies]

    def obstacle_to(task: Task, system: System) -> str | None:
        model = tools.of(system)
        return obstacle(task, system, model.engine, trainable=model.trainer is not None)

    return make_plan(
        [limited(task, todo, settings.seed) for task in tasks],
        contestants,
        obstacle_to,
        settings.training_seeds,
        forgetting_tasks(settings, tasks),
    )


def forgetting_tasks(settings: Settings, tasks: Sequence[Task]) -> ForgettingTasks:
    """The tasks that show forgetting: those that probe general knowledge, and those that the settings name."""
    if settings.forgetting is None:
        return ForgettingTasks()
    named = [task for task in tasks if str(task.path.resolve()) in settings.forgetting]
    general = [task.name for task in tasks if task.spec.probes == "general"]
    alone = [task.name for task in named if str(task.path.resolve()) not in settings.tasks]
    return ForgettingTasks(tuple(dict.fromkeys([*general, *(task.name for task in named)])), tuple(alone))


Passes = Mapping[ModelRef, AnswerPass]
"""How each model is asked."""


def _described(model: Model) -> str:
    identity = model.engine.identity
    how = f"{identity.dtype} on {identity.device}" if identity.dtype else identity.device
    called = f"{model.label}: " if model.label else ""
    return f"{called}{identity.name} ({how})"


@dataclass
class _Run:
    """One run in progress: what it was asked, and what has been made ready so far."""

    settings: Settings
    plan: Plan
    tools: Tools
    folder: RunFolder
    corpora: Corpora
    spending: Spending | None = None
    contexts: dict[tuple[str, ModelRef], TaskContext] = field(default_factory=dict)
    """By task and model: they share the retriever and what it found."""
    adapters: dict[tuple[ModelRef, LoRA, int], AdapterRef] = field(default_factory=dict)
    lengths: dict[str, dict[str, int]] = field(default_factory=dict)
    """Task → question id → tokens that the embedder would read of it."""
    found: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Task → question id → whether an answer stands in its gold documents."""

    def go(self) -> None:
        self._say_where()
        jobs, passes = self.make_ready()
        self._say_plan(jobs, passes)
        self._keep_within(self.estimate(jobs, passes))
        self._answer(jobs, passes)
        keep_aggregates(self.folder, jobs, self.tools.progress)
        self._time(jobs)

    def make_ready(self) -> tuple[list[ReadyJob], Passes]:
        """Everything that is known before the first answer."""
        tools = self.tools
        self._keep_template()
        self._prepare()
        jobs = self._fitted([ready(job, self._context(job)) for job in self.plan.jobs])
        self._write_questions(jobs)
        write_samples(self.folder, self.plan.tasks.values(), jobs)
        cached = self.settings.use_cache
        cache = AnswerCache(tools.cache / "answers.sqlite", tools.progress) if cached else None
        passes = {
            model.ref: AnswerPass(
                model.engine,
                self.folder,
                cache,
                tools.progress,
                tools.clock,
                asks_anew=self.settings.repeat > 1,
            )
            for model in tools.models
        }
        return jobs, passes

    def estimate(self, jobs: Sequence[ReadyJob], passes: Passes) -> Estimate:
        return estimate(jobs, passes, self.settings, self.folder, spent_before(self.folder))

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
                f"fewer questions (--limit), or allow more: harness compare --resume {self.folder.path} --max-usd USD"
            )

    # Prepare

    def _prepare(self) -> None:
        embedder: Embedder | None = None
        passages_of = {job.task: job.system.passages for job in self.plan.jobs if job.system.passages}
        for name, task in self.plan.tasks.items():
            retriever = None
            if passages := passages_of.get(name):
                embedder = embedder or self.tools.embedder()
                self.lengths[name] = tell_cut_questions(
                    name, task.test, embedder, passages, self.tools.progress
                )
                retriever = self._retriever(task, passages, embedder)
                self.found[name] = answers_found(task, self._corpus(task))
            found: dict[str, tuple[Ranked, ...]] = {}
            for model in self.tools.models:
                context = TaskContext(task, model.engine, retriever, self.settings.seed, found)
                self.contexts[name, model.ref] = context
        if embedder:
            facts = EmbedderFacts(name=embedder.name, sha256=embedder.sha256, max_tokens=embedder.max_tokens)
            self.folder.update(embedder=facts)
        self.corpora.forget()

    def _context(self, job: Job) -> TaskContext:
        return self.contexts[job.task, job.system.model]

    def _fitted(self, jobs: Sequence[ReadyJob]) -> list[ReadyJob]:
        """The jobs that fit into their model's window; what does not is taken out of the plan, with the reason."""
        self.plan, fitted = fitting(self.plan, jobs)
        kept = {(ready.job.task, ready.job.system.id) for ready in fitted}
        self.folder.update(
            plan=tuple(row for row in self.folder.manifest.plan if (row.task, row.system) in kept),
            not_applicable=self.plan.not_applicable,
        )
        return fitted

    def _write_questions(self, jobs: Sequence[ReadyJob]) -> None:
        """Keep the questions with what was found out about them, and say which hold control tokens."""
        rows: list[QuestionRow] = []
        for name, task in self.plan.tasks.items():
            own = [job for job in jobs if job.job.task == name]
            known = question_rows(
                task, own, self.lengths.get(name, {}), self.found.get(name, {}), self.settings.seed
            )
            if sentence := quotes_sentence(
                {row.id: Quotes(row.quoted, row.imitated) for row in known}, len(known)
            ):
                self.tools.progress.note(f"  {name}: {sentence}")
            rows += known
        self.folder.write_whole(QUESTIONS, rows)

    def _corpus(self, task: Task) -> Corpus:
        assert task.corpus is not None
        return self.corpora.read(task.corpus)

    def _retriever(self, task: Task, passages: Retrieved | Gold, embedder: Embedder) -> Retriever:
        corpus = self._corpus(task)
        if errors := gold_doc_errors(task, corpus.ids, corpus.passed_over):
            raise InputErrors(errors)
        retriever = open_retriever(
            corpus,
            embedder,
            passages,
            cache=self.tools.cache,
            progress=self.tools.progress,
        )
        previous = self.folder.manifest.indexes.get(task.name)
        if previous and previous.key != retriever.info.key:
            raise InputError(
                f"{self.folder.path} cannot be resumed: the corpus of task {task.name!r}, its chunking or "
                "the embedder has changed since the run began. Start a new run."
            )
        if previous is None or previous.reused:
            facts = IndexFacts(
                **dataclasses.asdict(retriever.info),
                files=corpus.inventory.files,
                characters=corpus.inventory.characters,
                passed_over=grouped(corpus.passed_over),
            )
            self.folder.update(indexes={**self.folder.manifest.indexes, task.name: facts})
        return retriever

    # Answer

    def _say_where(self) -> None:
        """With what and where to, before anything long begins: embedding a corpus may take minutes."""
        models = "; ".join(map(_described, self.tools.models))
        several = "Models" if len(self.tools.models) > 1 else "Model"
        self.tools.progress.note(f"{several} {models}; run folder {self.folder.path}")

    def _keep_template(self) -> None:
        """Keep how each model's conversations are written, and say what is unusual about it."""
        models = []
        for model, known in zip(self.tools.models, self.folder.manifest.models, strict=True):
            facts = model.engine.template_facts()
            models.append(dataclasses.replace(known, template=facts) if facts else known)
            for sentence in template_sentences(facts) if facts else ():
                of = f"{model.label}: " if model.label else ""
                self.tools.progress.note(f"  {of}{sentence}")
        self.folder.update(model=models[0], other_models=tuple(models[1:]))

    def _say_plan(self, jobs: Sequence[ReadyJob], passes: Passes) -> None:
        """What will run and what is cached, before the first answer."""
        say = self.tools.progress.note
        for (task, model), context in self.contexts.items():
            if context.retriever and model == self.tools.model.ref:
                info = context.retriever.info
                say(f"  {task}: index of {info.passages} passages {'reused' if info.reused else 'built'}")
        for job in self.plan.trainings:
            seed = f", seed {job.seed}" if self.settings.seeds > 1 else ""
            say(f"  {job.task} · {job.system.name}: adapter {self._adapter_state(job)}{seed}")
            if left_out := self._context(job).training(job.system, job.seed).left_out:
                longer = f"{counted(left_out, 'training example')} left out: longer than the model reads"
                say(f"  {job.task} · {job.system.name}: {longer}")
        for asked in jobs:
            known = passes[asked.job.system.model].known
            cached = "" if asked.job.system.adapted else f", {known(asked)} cached"
            say(f"  {asked.job.task} · {asked.job.system.name}: {len(asked.questions)} questions{cached}")
        for task in self.plan.forgetting.alone:
            count, asked_there = len(self.plan.tasks[task].test), self.plan.jobs_of(task)
            adapters = sum(job.system.adapted for job in asked_there)
            say(
                f"  {task} shows what is forgotten: {counted(count, 'question')} to base and to "
                f"{counted(adapters, 'adapter')}, {count * len(asked_there):,} answers; --guard none saves them"
            )
        for task in self.plan.idle:
            say(f"  {task} would only show what is forgotten, and no adapter is trained: it is not asked")
        for asked_task in self.plan.tasks.values():
            for sentence in (*asked_task.left_out, *asked_task.remarks):
                say(f"  {sentence}")
        for task, reasons in self.plan.not_applicable.items():
            for system, reason in reasons.items():
                say(f"  {task} · {system}: not applicable, {reason}")

    def _adapter_state(self, job: Job) -> str:
        key = self._trainer(job).key(self._context(job).training(job.system, job.seed))
        return "cached" if adapter_folder(self.tools.cache, key).exists() else "to be trained"

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
        """Model by model, so that the weights of each are needed in one stretch."""
        self.folder.update(set_aside={})
        apart = self._apart()
        for model in self.tools.models:
            mine = [job for job in jobs if job.job.system.model == model.ref]
            self._answer_model(mine, passes[model.ref])
            if apart:
                model.engine.release()

    def _answer_model(self, jobs: Sequence[ReadyJob], answers: AnswerPass) -> None:
        times = self.settings.repeat if is_served(answers.engine) else 1
        for repeat in range(times):
            for job in jobs:
                if job.job.adapter is None and not (repeat and job.job.shows_forgetting):
                    self._answer_one(job, job.job.served, answers, repeat)
        own = [job.job for job in jobs]
        for training in self.plan.trainings:
            if training not in own or training.task in self.folder.manifest.set_aside:
                continue
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
        try:
            answers.run(ready_job, adapter, repeat)
        except TaskFailed as error:
            if not set(self.plan.tasks) - {task, *set_aside}:
                raise
            self.folder.update(set_aside={**set_aside, task: str(error)})
            self.tools.progress.note(f"  {task} is set aside: {error}")

    def _adapter(self, job: Job) -> AdapterRef:
        """Train or open the adapter of a job and keep its record, in the place of an earlier one of its own."""
        assert job.adapter is not None
        training = self._context(job).training(job.system, job.seed)
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
        manifest = self.folder.manifest
        others = [old for old in manifest.adapters if (old.system, old.seed) != (job.system.id, job.seed)]
        plan = list(manifest.plan)
        for place, planned in enumerate(self.plan.jobs):
            if planned.adapter == job.adapter:
                plan[place] = dataclasses.replace(plan[place], adapter=adapter.record.sha256)
        self.folder.update(adapters=(*others, trained), plan=tuple(plan))
        return adapter.ref

    # Time

    def _time(self, jobs: Sequence[ReadyJob]) -> None:
        count = effort(self.settings).latency_queries
        if count == 0:
            return
        tools = self.tools
        apart = self._apart()
        timing = TimingPass(self.folder, tools.progress, tools.clock, self.settings.seed, apart)
        for task in self.plan.tasks:
            if task in self.folder.manifest.set_aside:
                continue
            if task in self.plan.forgetting.alone:
                continue  # asked for what is forgotten, and nobody would deploy anything for it
            timed = [
                (job, self.adapters[job.job.adapter] if job.job.adapter else job.job.served)
                for job in jobs
                if job.job.task == task
                and not job.job.shows_forgetting
                and job.job.seed == self.settings.seed
            ]
            if timed:
                timing.run(task, timed_forms(timed), count)
        for model in tools.models:
            if apart:
                model.engine.release()
            else:
                model.engine.load(None)


def default_output(root: Path, settings: Settings) -> Path:
    """`<UTC time>-<short hash>` under `root`."""
    now = datetime.now(UTC)
    return root / f"{now:%Y%m%dT%H%M%SZ}-{sha256_json([repr(settings), now.isoformat()])[:6]}"
