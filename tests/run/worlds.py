"""A small world for run tests: a task with a corpus on disk, and tools made of fakes.

The fake engine's reply is a hash of the whole prompt and of the adapter, so that any change of either shows.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.files import sha256_file, sha256_text
from harness.finetune.store import WEIGHTS, adapter_folder
from harness.records import AdapterRecord, Decoding, Generation, Timed
from harness.run.compare import Tools, compare
from harness.run.plan import AdapterNeed
from harness.run.prepare import TaskContext
from harness.run.settings import Settings
from harness.spec.strategy import STRATEGIES
from harness.spec.task import Task, load_task
from tests.fakes import FakeChat, FakeClock, FakeEngine, Silent, WordEmbedder

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


def reply(prompt: str, adapter: Path | None) -> str:
    return sha256_text(prompt + str(adapter and adapter.name))[:8]


class Killed(BaseException):
    """What a SIGKILL looks like from inside: nobody catches it."""


class FallibleEngine(FakeEngine):
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

    def generate(self, prompts: Any, decoding: Decoding, *, shared: int = 0) -> list[Generation]:
        if len(self.batches) + 1 == self.fail_batch:
            raise self.error
        return super().generate(prompts, decoding, shared=shared)

    def time(self, prompt: Any, decoding: Decoding, clock: Callable[[], float]) -> Timed:
        if len(self.timed) + 1 == self.fail_timed:
            raise self.error
        return super().time(prompt, decoding, clock)


def make_tools(cache: Path, engine: FakeEngine | None = None) -> Tools:
    engine = engine or FallibleEngine()
    embedder = WordEmbedder(engine.clock)
    return Tools(engine, lambda: embedder, cache, Silent(), engine.clock)


def context_of(
    task: Task, cache: Path, chat: FakeChat | None = None, clock: FakeClock | None = None
) -> TaskContext:
    """The task's context over its corpus, where it has one."""
    from harness.corpus.retriever import open_retriever

    retriever = None
    if task.corpus is not None:
        retriever = open_retriever(
            task.corpus,
            WordEmbedder(clock),
            chunk_tokens=64,
            overlap_tokens=16,
            cache=cache,
            progress=Silent(),
        )
    return TaskContext(task, chat or FakeChat(), retriever, 0)  # type: ignore[arg-type]


def plant_adapter(task: Task, strategy: str, tools: Tools, seed: int = 0) -> str:
    """Put a (meaningless) adapter where the store looks for it, as the fake cannot train; its sha256."""
    context = context_of(task, tools.cache)
    training = context.training(AdapterNeed(task.name, STRATEGIES[strategy], seed))
    key = training.key(tools.engine.identity)
    folder = adapter_folder(tools.cache, key)
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(f"weights of {task.name} {strategy} {seed}".encode())
    record = AdapterRecord(
        key=key, sha256=sha256_file(folder / WEIGHTS), task=task.name, strategy=strategy,
        base_sha256=tools.engine.identity.sha256, recipe=training.recipe.to_json(), examples=9, epochs=1.0,
        steps=1, train_tokens=100, seconds=1.0, device="cpu", train_loss=0.5, dev_loss=None, train_fit=1.0,
        stopped="max_epochs",
    )  # fmt: skip
    (folder / "training.json").write_text(json.dumps(dataclasses.asdict(record)), encoding="utf-8")
    return record.sha256


def settings_of(task: Task, *strategies: str, **options: Any) -> Settings:
    return Settings(tasks=(str(task.path),), strategies=strategies, **{"latency_queries": 0, **options})


def go(settings: Settings, tasks: list[Task], tools: Tools, output: Path, *, resume: bool = False) -> Path:
    return compare(settings, tasks, tools, output, resume=resume, command="harness compare")


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def said(folder: Path) -> list[tuple[str, str, str, str]]:
    """Every answer of a run, sorted; a repeated one would show."""
    return sorted(
        (row["task"], row["strategy"], row["question_id"], row["prediction"])
        for row in rows(folder, "answers")
    )


def manifest(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return data
