"""A small world for run tests: a task with a corpus on disk, and tools made of fakes.

The fake engine's reply is a hash of the whole prompt and of the adapter, so that any change of either shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from harness.engines.engine import (
    AdapterRef,
    Clock,
    Completion,
    Engine,
    EngineIdentity,
    Request,
    TimedCompletion,
)
from harness.files import sha256_text
from harness.finetune.open import open_trainer
from harness.records import Passage, Ranked
from harness.run.compare import compare
from harness.run.facts import ModelFacts, Planned, Seeds, TaskFacts
from harness.run.machines import MachineFacts
from harness.run.manifest import Manifest
from harness.run.manifest_file import read_manifest
from harness.run.obstacles import obstacle
from harness.run.plan import ForgettingTasks, Plan, make_plan, sample, setup_of
from harness.run.prepare import TaskContext
from harness.run.settings import Settings
from harness.run.tools import Model, Tools
from harness.spec.context import Gold, Nearest, Retrieved
from harness.spec.models import ModelEntry
from harness.spec.strategy import STRATEGIES, parse_strategy
from harness.spec.system import System
from harness.spec.task import Task, load_task
from tests.fakes import FakeClock, RecordingEngine, Silent, WordEmbedder

TOOLS = ("drill", "saw", "lathe", "plane", "sander", "router", "anvil", "kiln")
SYSTEM = "Answer shortly."


def lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def questions() -> list[dict[str, Any]]:
    """Three questions a tool, of different lengths, each with its gold document."""
    words = ("Who keeps the {}?", "In which room of the workshop does the {} stand?", "Is the {} heavy?")
    return [
        {"id": f"{tool}-{n}", "question": word.format(tool), "answers": [f"{tool} {n}"], "gold_docs": [tool]}
        for tool in TOOLS
        for n, word in enumerate(words)
    ]


def train() -> list[dict[str, Any]]:
    rows = [
        {"id": f"t-{tool}", "question": f"What is the price of the {tool}?", "answers": [f"{len(tool)} euros"],
         "gold_docs": [tool], "fact_id": f"price-{tool}"}
        for tool in TOOLS
    ]  # fmt: skip
    return [*rows, {"id": "t-none", "question": "Who painted it?", "answers": [], "answerable": False}]


def write_task(
    folder: Path,
    name: str = "workshop",
    *,
    probes: str = "knowledge",
    test: list[dict[str, Any]] | None = None,
    with_train: bool = True,
    with_corpus: bool = True,
    answer: str = "text",
    more: str = "",
) -> Path:
    """A valid task file in `folder`; what is left out cannot serve some strategies."""
    lines(folder / name / "test.jsonl", questions() if test is None else test)
    if with_train:
        lines(folder / name / "train.jsonl", train())
    if with_corpus:
        docs = folder / "docs"
        docs.mkdir(exist_ok=True)
        for tool in TOOLS:
            text = (
                f"# The {tool}\n\nThe {tool} stands in room {len(tool)}. Its keeper is {tool} {len(tool)}.\n"
            )
            (docs / f"{tool}.md").write_text(text, encoding="utf-8")
    refusal = "  refusal: unknown\n" if answer == "text" else ""
    metric = "contains" if answer == "text" else "choice"
    text = (
        f"name: {name}\nprobes: {probes}\n"
        + ("corpus: docs\n" if with_corpus else "")
        + f"questions:\n  test: {name}/test.jsonl\n"
        + (f"  train: {name}/train.jsonl\n" if with_train else "")
        + f"prompt:\n  system: {SYSTEM}\n"
        + f'answer:\n  type: {answer}\n  max_tokens: 8\n  stop: ["\\n"]\n{refusal}metrics: [{metric}]\n'
        + more
    )
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def make_task(folder: Path, name: str = "workshop", **options: Any) -> Task:
    return load_task(write_task(folder, name, **options))


def reply(prompt: str, adapter: AdapterRef | None) -> str:
    return sha256_text(prompt + str(adapter and adapter.folder.name))[:8]


class Killed(BaseException):
    """What a SIGKILL looks like from inside: nobody catches it."""


class FallibleEngine(RecordingEngine):
    """Raises `error` at the n-th batch or the n-th timed answer (from 1; None: never)."""

    def __init__(
        self,
        clock: FakeClock | None = None,
        *,
        batch: int | None = None,
        timed: int | None = None,
        error: type[BaseException] = Killed,
    ) -> None:
        super().__init__(reply, clock)
        self.fail_batch, self.fail_timed, self.error = batch, timed, error

    def complete(
        self, requests: Sequence[Request], adapter: AdapterRef | None = None, *, job: Sequence[Request] = ()
    ) -> list[Completion]:
        if len(self.batches) + 1 == self.fail_batch:
            raise self.error
        return super().complete(requests, adapter, job=job)

    def time(self, request: Request, adapter: AdapterRef | None, clock: Clock) -> TimedCompletion:
        if len(self.timed) + 1 == self.fail_timed:
            raise self.error
        return super().time(request, adapter, clock)


def make_tools(cache: Path, engine: RecordingEngine | None = None) -> Tools:
    engine = engine or FallibleEngine()
    embedder = WordEmbedder(engine.clock)
    return Tools((model_of(engine),), lambda: embedder, embedder.name, cache, Silent(), engine.clock)


def pair_of_tools(
    cache: Path,
    small: RecordingEngine | None = None,
    large: RecordingEngine | None = None,
    *,
    fits: bool = True,
) -> Tools:
    """Tools of a run with two models, `small` and `large`, on one clock. `fits`: into memory together."""
    clock = FakeClock()
    engines = [small or FallibleEngine(clock), large or FallibleEngine(clock)]
    for engine, label, digit in zip(engines, ("small", "large"), "12", strict=True):
        engine.identity = EngineIdentity(f"fake-{label}", "tests", digit * 64, "float32", "cpu")
        engine.clock = clock
        engine._script = partial(_as, label)
    embedder = WordEmbedder(clock)
    models = tuple(model_of(engine, label) for engine, label in zip(engines, ("small", "large"), strict=True))
    return Tools(models, lambda: embedder, embedder.name, cache, Silent(), clock, fit_together=lambda _: fits)


def _as(label: str, prompt: str, adapter: AdapterRef | None) -> str:
    """Each model has replies of its own."""
    return reply(label + prompt, adapter)


PAIR = (ModelEntry(name="small", model="fake"), ModelEntry(name="large", model="fake"))


def model_of(engine: Engine, label: str | None = None) -> Model:
    """A model as a run opens it."""
    return Model(ModelEntry(model="fake", name=label), engine, open_trainer(engine), label)


def context_of(task: Task, cache: Path, engine: RecordingEngine | None = None) -> TaskContext:
    """The task's context over its corpus, where it has one, and its training questions."""
    from harness.corpus.documents import read_corpus
    from harness.corpus.examples import ExampleFinder, ExampleFinders, open_examples
    from harness.corpus.opening import open_retriever
    from harness.corpus.retriever import Retriever
    from harness.corpus.retrievers import Retrievers
    from harness.run.train_corpus import corpus_of_train

    engine = engine or FallibleEngine()
    corpus = read_corpus(task.corpus) if task.corpus is not None else None
    embedder = WordEmbedder(engine.clock)

    def examples(nearest: Nearest) -> ExampleFinder:
        train = sample(task.train, nearest.max_examples, 0)
        return open_examples(train, embedder, "", cache=cache, progress=Silent())

    def passages(way: Retrieved | Gold) -> Retriever:
        learnt = isinstance(way, Retrieved) and way.source == "train"
        texts = corpus_of_train(task, task.train) if learnt else corpus
        assert texts is not None
        return open_retriever(texts, embedder, way, cache=cache, progress=Silent())

    whole = [Ranked(Passage(doc.doc_id, doc.doc_id, doc.title, doc.text), 0.0) for doc in corpus or ()]
    return TaskContext(
        task, engine, Retrievers(passages), 0, ExampleFinders(examples), tuple(reversed(whole))
    )


def system(task: Task, strategy: str, engine: Engine | None = None) -> System:
    """A strategy made concrete for a task of this world."""
    return setup_of(engine or FallibleEngine(), WordEmbedder.name, 0)(task, STRATEGIES[strategy])


def plan_of(
    tasks: Sequence[Task],
    strategies: Sequence[str],
    seeds: Sequence[int] = (0,),
    forgetting: ForgettingTasks | None = None,
) -> Plan:
    """What a run over the fakes would do."""
    engine = FallibleEngine()
    setup = setup_of(engine, WordEmbedder.name, 0)
    chosen = [(strategy, setup) for strategy in map(parse_strategy, strategies)]
    return make_plan(tasks, chosen, lambda task, one: obstacle(task, one, engine), seeds, forgetting)


def run_of(tasks: Sequence[Task] = (), systems: Mapping[str, Sequence[System]] | None = None) -> Manifest:
    """A manifest of a run that has just begun, for a folder that only some passes write into."""
    planned = [(task, one) for task, some in (systems or {}).items() for one in some]
    return Manifest(
        run_id="run", created="2026-01-02T03:04:05+00:00", status="running", quick=False, command="",
        harness_version="0", git_commit=None, settings=Settings(tasks=()), model=ModelFacts(name="fake"),
        embedder=None, tasks={task.name: TaskFacts(spec=task.spec) for task in tasks},
        systems={one.id: one for _, one in planned},
        plan=tuple(Planned(task=task, system=one.id) for task, one in planned),
        not_applicable={}, forgetting=(), seeds=Seeds(sampling=0, training=(0,), order=0), libraries={},
        machine=MachineFacts(),
    )  # fmt: skip


def settings_of(task: Task, *strategies: str, **options: Any) -> Settings:
    return Settings(tasks=(str(task.path),), strategies=strategies, **{"latency_queries": 0, **options})


def go(settings: Settings, tasks: list[Task], tools: Tools, output: Path, *, resume: bool = False) -> Path:
    return compare(settings, tasks, tools, output, resume=resume, command="harness compare")


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def names(folder: Path) -> dict[str, str]:
    """System id → name at home, of a run."""
    return {key: facts["name"] for key, facts in manifest(folder)["systems"].items()}


def named(folder: Path, row: Mapping[str, Any]) -> str:
    """The name of a row's system on the row's task."""
    return read_manifest(folder).name(row["task"], row["system"])


def answers_of(folder: Path) -> list[tuple[str, str, str, str]]:
    """Every answer of a run (task, system, question, reply), sorted; a repeated one would show."""
    record = read_manifest(folder)
    return sorted(
        (row["task"], record.name(row["task"], row["system"]), row["question_id"], row["prediction"])
        for row in rows(folder, "answers")
    )


def manifest(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return data
