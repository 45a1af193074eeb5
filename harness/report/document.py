"""A run's results → all its tables, which the page folds away."""

from __future__ import annotations

from typing import Any

from harness.quantities import counted
from harness.report import comparisons, costs, decisions, lights, numbers, prices, tables
from harness.report.view import Bullets, Document, Section, Table, section, sections

Figures = dict[str, Any]


def document(results: Figures) -> Document:
    """All tables of `results` (as `derive` makes them)."""
    return Document(
        tasks={name: _task(task) for name, task in results["tasks"].items()},
        general=sections(
            section("Adapters", _adapters(results)),
            section("Indexes", _indexes(results)),
            section("Prices", *prices.prices(results)),
            section("Versions", _versions(results)),
        ),
    )


def _task(task: Figures) -> tuple[Section, ...]:
    absent = tuple(f"{strategy}: {reason}" for strategy, reason in task["not_applicable"].items())
    return sections(
        section("Overview", _lead(task), tables.overview(task)),
        section("Decision", *decisions.task_blocks(task)),
        section("Not applicable", Bullets(absent)),
        section("Comparisons", *_comparisons(task)),
        section("All metrics", tables.metrics(task)),
        section("By kind of question", tables.groups(task)),
        section("Training seeds", comparisons.seeds(task)),
        section("What the fine-tune forgot", comparisons.forgetting(task)),
        section("Retrieval", tables.retrieval(task)),
        section("Where the accuracy goes", lights.steps(task), lights.bins(task)),
        section("Speed", tables.speed(task)),
        section("Cost", *costs.task_blocks(task)),
        section("Answers", tables.defects(task)),
    )


def _lead(task: Figures) -> str:
    """What the task is about, what it probes, and how many questions it asks."""
    counts = counted(task["n"], "question")
    if task["n_unanswerable"]:
        counts += f", {task['n_unanswerable']} of them unanswerable"
    if task["train_questions"]:
        counts += f"; {counted(task['train_questions'], 'training question')}"
    probes = f"Probes {task['probes']}." if task["probes"] else ""
    return " ".join(part for part in (task["description"], probes, f"{counts}.") if part)


def _comparisons(task: Figures) -> tuple[str | Table | None, ...]:
    table = comparisons.comparisons(task)
    return (comparisons.PAIRS, comparisons.clusters(task), table) if table else ()


def _adapters(results: Figures) -> Table:
    rows = tuple(
        (
            f"{record.get('strategy', '')} for {record.get('task', '')}",
            str(record.get("examples", numbers.NA)),
            f"{numbers.number(record.get('epochs'))} ({record.get('steps', numbers.NA)} steps)",
            numbers.seconds(record.get("seconds")),
            numbers.per_second(record["train_tokens_per_s"]),
            f"{numbers.loss(record['first_train_loss'])} → {numbers.loss(record.get('train_loss'))}",
            numbers.loss(record.get("dev_loss")),
            numbers.percent(record.get("train_fit")),
            str(record.get("stopped", numbers.NA)),
            "taken from the cache" if record.get("reused") else "trained in this run",
            str(record.get("sha256", ""))[:12],
        )
        for record in results["adapters"]
    )
    headers = (
        "Adapter",
        "Examples",
        "Epochs",
        "Training time",
        "Training tok/s",
        "Loss, first → last",
        "Dev loss",
        "Own training answers reproduced",
        "Stopped because",
        "Origin",
        "sha256",
    )
    return Table(headers, rows)


def _indexes(results: Figures) -> Table:
    rows = tuple(
        (
            task,
            str(index.get("documents", numbers.NA)),
            str(index.get("passages", numbers.NA)),
            numbers.seconds(index.get("seconds")),
            numbers.number(index.get("embed_tokens")),
            "taken from the cache" if index.get("reused") else "built in this run",
        )
        for task, index in (results["indexes"] or {}).items()
    )
    return Table(("Task", "Documents", "Passages", "Time to build", "Tokens embedded", "Origin"), rows)


def _versions(results: Figures) -> Table:
    model, embedder = results["model"] or {}, results["embedder"] or {}
    known = {
        "harness": results["harness_version"],
        "git commit": results["git_commit"],
        "results schema": results["schema_version"],
        "model source": model.get("source"),
        "model revision": model.get("revision"),
        "model sha256": model.get("sha256"),
        "embedder source": embedder.get("source"),
        "embedder sha256": embedder.get("sha256"),
        **(results["libraries"] or {}),
    }
    return Table(("What", "Version"), tuple((name, str(value)) for name, value in known.items() if value))
