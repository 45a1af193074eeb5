"""A run's results → all its tables, which the page folds away."""

from __future__ import annotations

from harness.analysis.results.run import RunResult, TaskResult
from harness.quantities import NA, number, percent, seconds
from harness.report import comparisons, costs, decisions, opening, prices, tables
from harness.report.numbers import figure, loss
from harness.report.view import Bullets, Document, Section, Table, section, sections


def document(results: RunResult) -> Document:
    """All tables of a run."""
    return Document(
        tasks={name: _task(task) for name, task in results.tasks.items()},
        general=sections(
            section("Adapters", _adapters(results)),
            section("Indexes", _indexes(results)),
            section("Prices", *prices.prices(results)),
            section("Versions", _versions(results)),
        ),
    )


def _task(task: TaskResult) -> tuple[Section, ...]:
    absent = tuple(f"{system}: {reason}" for system, reason in task.not_applicable.items())
    pairs = comparisons.comparisons(task)
    return sections(
        section("Overview", opening.about(task), tables.overview(task)),
        section("Decision", *decisions.task_blocks(task)),
        section("Not applicable", Bullets(absent)),
        section("Comparisons", *((comparisons.PAIRS, comparisons.clusters(task), pairs) if pairs else ())),
        section("All metrics", tables.metrics(task)),
        section("By kind of question", tables.groups(task)),
        section("Training seeds", tables.seeds(task)),
        section("What the fine-tune forgot", comparisons.forgetting(task)),
        section("Retrieval", tables.retrieval(task)),
        section("Where the accuracy goes", tables.steps(task), tables.bins(task)),
        section("Speed", tables.speed(task)),
        section("Cost", *costs.task_blocks(task)),
        section("Answers", tables.answers(task)),
    )


def _adapters(results: RunResult) -> Table:
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
    rows = tuple(
        (
            f"{adapter.strategy} for {adapter.task}",
            _known(adapter.examples),
            f"{number(adapter.epochs)} ({_known(adapter.steps)} steps)",
            seconds(adapter.seconds),
            figure(adapter.train_tokens_per_s),
            f"{loss(adapter.first_train_loss)} → {loss(adapter.train_loss)}",
            loss(adapter.dev_loss),
            percent(adapter.train_fit),
            adapter.stopped or NA,
            "taken from the cache" if adapter.reused else "trained in this run",
            (adapter.sha256 or "")[:12],
        )
        for adapter in results.adapters
    )
    return Table(headers, rows)


def _indexes(results: RunResult) -> Table:
    rows = tuple(
        (
            task,
            _known(index.documents),
            _known(index.passages),
            seconds(index.seconds),
            number(index.embed_tokens),
            "taken from the cache" if index.reused else "built in this run",
        )
        for task, index in results.indexes.items()
    )
    return Table(("Task", "Documents", "Passages", "Time to build", "Tokens embedded", "Origin"), rows)


def _known(count: int | None) -> str:
    return NA if count is None else str(count)


def _versions(results: RunResult) -> Table:
    model, embedder = results.model, results.embedder
    known = {
        "harness": results.harness_version,
        "git commit": results.git_commit,
        "results schema": str(results.schema_version),
        "model source": model.source,
        "model revision": model.revision,
        "model sha256": model.sha256,
        "embedder sha256": embedder.sha256 if embedder else None,
        **results.libraries,
    }
    return Table(("What", "Version"), tuple((name, value) for name, value in known.items() if value))
