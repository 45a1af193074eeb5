"""The main job, top to bottom: plan, prepare, answer, time. What follows is derived by `report`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.corpus.embedder import Embedder
from harness.corpus.retriever import Retriever, open_retriever
from harness.engines.engine import Clock, Engine, monotonic
from harness.errors import InputError, InputErrors, RunInterrupted
from harness.files import sha256_json
from harness.finetune.store import WEIGHTS, Adapter, adapter_folder, load_or_train
from harness.progress import Progress
from harness.quantities import counted
from harness.run import surroundings
from harness.run.answer import AnswerPass
from harness.run.answer_cache import AnswerCache
from harness.run.begin import describe, reopen
from harness.run.folder import RunFolder, question_row
from harness.run.plan import AdapterNeed, Guards, Plan, limited, make_plan
from harness.run.prepare import ReadyJob, TaskContext, fact_seen, ready
from harness.run.samples import write_samples
from harness.run.settings import Settings, effort
from harness.run.timing import TimingPass, contestants
from harness.spec.strategy import parse_strategies
from harness.spec.task import Task, gold_doc_errors


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with, made at the edge so that tests can hand in fakes."""

    engine: Engine
    embedder: Callable[[], Embedder]
    cache: Path
    progress: Progress
    clock: Clock = monotonic


def compare(
    settings: Settings, tasks: Sequence[Task], tools: Tools, output: Path, *, resume: bool, command: str
) -> Path:
    """Run everything and return the run folder. The evidence is on disk however this ends.

    Raises InputError for what a person wrote wrong (before any model loads), RunInterrupted on Ctrl-C.
    """
    plan = plan_run(settings, tasks)
    manifest = describe(settings, plan, tools.engine.identity, command, output)
    folder = reopen(output, manifest) if resume else RunFolder.create(output, manifest)
    try:
        _Run(settings, plan, tools, folder).go()
    except KeyboardInterrupt:
        folder.update(status="interrupted")
        raise RunInterrupted(
            f"stopped. What was answered is kept; go on with: harness compare --resume {folder.path}"
        ) from None
    except InputError:  # what a person can mend; the run itself is as whole as it was
        folder.update(status="interrupted")
        raise
    except Exception:
        folder.update(status="failed")
        raise
    folder.update(status="complete", peak_memory_gb=surroundings.peak_memory_gb(), **loading(tools, folder))
    return folder.path


def loading(tools: Tools, folder: RunFolder) -> dict[str, Any]:
    """What was learnt by loading the weights; nothing where every answer came from the cache."""
    facts = tools.engine.facts()
    if not facts:
        return {}
    model = {**folder.manifest["model"], "parameters": facts["parameters"]}
    return {"load_s": facts["load_s"], "model": model}


def plan_run(settings: Settings, tasks: Sequence[Task]) -> Plan:
    todo = effort(settings)
    cut = [limited(task, todo, settings.seed) for task in tasks]
    strategies = parse_strategies(settings.strategies)
    return make_plan(cut, strategies, settings.training_seeds, guards_of(settings, tasks))


def guards_of(settings: Settings, tasks: Sequence[Task]) -> Guards:
    """The guards among the tasks: those that probe general knowledge, and those that the settings name."""
    if settings.guards is None:
        return Guards()
    named = [task for task in tasks if str(task.path.resolve()) in settings.guards]
    general = [task.name for task in tasks if task.spec.probes == "general"]
    alone = [task.name for task in named if str(task.path.resolve()) not in settings.tasks]
    return Guards(tuple(dict.fromkeys([*general, *(task.name for task in named)])), tuple(alone))


@dataclass
class _Run:
    """One run in progress: what it was asked, and what has been made ready so far."""

    settings: Settings
    plan: Plan
    tools: Tools
    folder: RunFolder
    contexts: dict[str, TaskContext] = field(default_factory=dict)
    adapters: dict[AdapterNeed, Adapter] = field(default_factory=dict)

    def go(self) -> None:
        self._say_where()
        self._prepare()
        jobs = [ready(job, self.contexts[job.task]) for job in self.plan.jobs]
        write_samples(self.folder, self.plan.tasks.values(), jobs)
        answers = self._answer_pass()
        self._say_plan(jobs, answers)
        self._answer(jobs, answers)
        self._time(jobs)

    # Prepare

    def _prepare(self) -> None:
        embedder: Embedder | None = None
        for name, task in self.plan.tasks.items():
            retriever = None
            if any(job.strategy.uses_corpus for job in self.plan.jobs_of(name)):
                embedder = embedder or self.tools.embedder()
                retriever = self._retriever(task, embedder)
            self.contexts[name] = TaskContext(task, self.tools.engine.chat, retriever, self.settings.seed)
        if embedder:
            self.folder.update(embedder={"name": embedder.name, "sha256": embedder.sha256})
        self.folder.write_questions(
            question_row(name, question, fact_seen(task, question, self.settings.seed))
            for name, task in self.plan.tasks.items()
            for question in task.test
        )

    def _retriever(self, task: Task, embedder: Embedder) -> Retriever:
        assert task.corpus is not None
        retriever = open_retriever(
            task.corpus,
            embedder,
            chunk_tokens=task.spec.retrieval.chunk_tokens,
            overlap_tokens=task.spec.retrieval.overlap_tokens,
            cache=self.tools.cache,
            progress=self.tools.progress,
        )
        check_gold(task, retriever.document_ids)
        indexes = {**self.folder.manifest["indexes"]}
        previous = indexes.get(task.spec.name)
        if previous and previous["key"] != retriever.info.key:
            raise InputError(
                f"{self.folder.path} cannot be resumed: the corpus of task {task.spec.name!r}, its chunking or "
                "the embedder has changed since the run began. Start a new run."
            )
        if previous is None or previous.get("reused"):
            indexes[task.spec.name] = dataclasses.asdict(retriever.info)
        self.folder.update(indexes=indexes)
        return retriever

    # Answer

    def _answer_pass(self) -> AnswerPass:
        tools = self.tools
        cache = (
            AnswerCache(tools.cache / "answers.sqlite", tools.progress) if self.settings.use_cache else None
        )
        return AnswerPass(tools.engine, self.folder, cache, tools.progress, tools.clock)

    def _say_where(self) -> None:
        """With what and where to, before anything long begins: embedding a corpus may take minutes."""
        identity = self.tools.engine.identity
        self.tools.progress.note(
            f"Model {identity.name} ({identity.dtype} on {identity.device}); run folder {self.folder.path}"
        )

    def _say_plan(self, jobs: Sequence[ReadyJob], answers: AnswerPass) -> None:
        """What will run and what is cached, before the first answer."""
        say = self.tools.progress.note
        identity = self.tools.engine.identity
        for task, context in self.contexts.items():
            if context.retriever:
                info = context.retriever.info
                say(f"  {task}: index of {info.passages} passages {'reused' if info.reused else 'built'}")
        for need in self.plan.adapters:
            key = self.contexts[need.task].training(need).key(identity)
            known = adapter_folder(self.tools.cache, key).exists()
            seed = f", seed {need.seed}" if self.settings.seeds > 1 else ""
            state = "cached" if known else "to be trained"
            say(f"  {need.task} · {need.strategy.name}: adapter {state}{seed}")
        for job in jobs:
            count = len(job.questions)
            cached = f", {answers.known(job, None)} cached" if job.job.adapter is None else ""
            say(f"  {job.job.task} · {job.job.name}: {count} questions{cached}")
        for task in self.plan.guards.alone:
            count, guests = len(self.plan.tasks[task].test), len(self.plan.adapters)
            say(
                f"  {task} guards, to show what is forgotten: {counted(count, 'question')} to base and to "
                f"{counted(guests, 'adapter')}, {count * (1 + guests):,} answers; --guard none saves them"
            )
        for task in self.plan.idle:
            say(f"  {task} would only guard, and no adapter is trained: it is not asked")
        for task_ in self.plan.tasks.values():
            for sentence in (*task_.left_out, *task_.remarks):
                say(f"  {sentence}")
        for task, reasons in self.plan.not_applicable.items():
            for strategy, reason in reasons.items():
                say(f"  {task} · {strategy}: not applicable, {reason}")

    def _answer(self, jobs: Sequence[ReadyJob], answers: AnswerPass) -> None:
        engine = self.tools.engine
        for job in jobs:
            if job.job.adapter is None:
                answers.run(job, None, lambda: engine.use(None))
        for need in self.plan.adapters:
            adapter = self._adapter(need)
            for job in jobs:
                if job.job.adapter == need:
                    folder = adapter.folder
                    answers.run(job, adapter.record.sha256, lambda folder=folder: engine.use(folder))  # type: ignore[misc]
        self._aggregate(jobs)

    def _aggregate(self, jobs: Sequence[ReadyJob]) -> None:
        """Keep what tasks make of all their answers together, where they make anything of them."""
        answered = self.folder.answered()
        rows = []
        for one in jobs:
            job = one.job
            said = answered.get((job.task, job.name, job.seed), {})
            for metric, value in one.context.wording.aggregates([*said.values()]).items():
                place = {"task": job.task, "strategy": job.name, "seed": job.seed}
                rows.append({**place, "metric": metric, "value": value})
        self.folder.update(aggregates=rows)

    def _adapter(self, need: AdapterNeed) -> Adapter:
        training = self.contexts[need.task].training(need)
        adapter = load_or_train(self.tools.engine, training, self.tools.cache, self.tools.progress)
        self.adapters[need] = adapter
        record = {**dataclasses.asdict(adapter.record), "reused": adapter.reused}
        record |= {"task": need.task, "strategy": need.strategy.name, "seed": need.seed}
        record |= {"bytes": (adapter.folder / WEIGHTS).stat().st_size}
        others = [
            old for old in self.folder.manifest["adapters"]
            if (old["task"], old["strategy"], old.get("seed", 0)) != (need.task, need.strategy.name, need.seed)
        ]  # fmt: skip
        plan = [
            {**entry, "adapter": adapter.record.sha256} if job.adapter == need else entry
            for entry, job in zip(self.folder.manifest["plan"], self.plan.jobs, strict=True)
        ]
        self.folder.update(adapters=[*others, record], plan=plan)
        return adapter

    # Time

    def _time(self, jobs: Sequence[ReadyJob]) -> None:
        count = effort(self.settings).latency_queries
        if count == 0:
            return
        tools = self.tools
        timing = TimingPass(tools.engine, self.folder, tools.progress, tools.clock, self.settings.seed)
        for task in self.plan.tasks:
            if task in self.plan.guards.alone:
                continue  # asked for what is forgotten, and nobody would deploy anything for it
            racers = [
                (job, self.adapters[job.job.adapter].folder if job.job.adapter else None)
                for job in jobs
                if job.job.task == task and not job.job.is_guest and job.job.seed == self.settings.seed
            ]
            if racers:
                timing.run(task, contestants(racers), count)
        tools.engine.use(None)


def check_gold(task: Task, document_ids: Collection[str]) -> None:
    """Raises InputErrors where questions name gold documents that the corpus lacks."""
    errors = gold_doc_errors(task, document_ids)
    if errors:
        raise InputErrors(errors)


def default_output(root: Path, settings: Settings) -> Path:
    """`<UTC time>-<short hash>` under `root`."""
    now = datetime.now(UTC)
    return root / f"{now:%Y%m%dT%H%M%SZ}-{sha256_json([settings.to_json(), now.isoformat()])[:6]}"
