"""A run's results → all its tables, which the page folds away."""

from __future__ import annotations

from harness.analysis.results.run import AdapterResult, RunResult, TaskResult
from harness.corpus.inventory import not_read_line
from harness.quantities import NA, counted, number, percent, seconds, whole
from harness.report import (
    costs,
    decisions,
    effort,
    forms,
    labels,
    messages,
    prices,
    scoreboard,
    servers,
    tables,
)
from harness.report.numbers import figure, loss
from harness.report.view import Columns, Section, Table, section, sections, table_of
from harness.run.facts import IndexFacts


def run_sections(results: RunResult) -> tuple[Section, ...]:
    """What holds for the run as a whole."""
    return sections(
        section("Adapters", _adapters(results)),
        section("Indexes", _indexes(results)),
        section("Files of a corpus that were not read", _not_read(results)),
        section("Prices", *prices.prices(results)),
        section("Versions", _versions(results)),
    )


def task_sections(task: TaskResult) -> tuple[Section, ...]:
    """All tables of one task."""
    pairs = (
        tables.PAIRS,
        tables.clusters_in_words(task),
        scoreboard.trained(task),
        servers.asked_again(task),
        tables.comparisons(task),
    )
    return sections(
        section("Decision", *decisions.task_blocks(task)),
        section("Comparisons", *pairs if task.comparisons else ()),
        section("Effort", *effort.task_blocks(task)),
        section("System messages", *messages.blocks(task)),
        section("Held to a form", *forms.blocks(task)),
        section("Learning curve", *effort.curve_blocks(task)),
        section("All metrics", tables.metrics(task)),
        section("Labels", *labels.blocks(task)),
        section("Fields of JSON answers", *labels.field_blocks(task)),
        section("By kind of question", tables.groups(task)),
        section("Training seeds", tables.seeds(task)),
        section("What the fine-tune forgot", tables.forgetting(task)),
        section("Retrieval", tables.retrieval(task)),
        section("Citations", tables.citations(task)),
        section("Where the accuracy goes", tables.steps(task), tables.bins(task)),
        section("Speed", tables.speed(task), servers.timed(task)),
        section("Cost", *costs.task_blocks(task)),
        section("Answers", tables.answers(task)),
    )


def _dev_questions(row: AdapterResult) -> str:
    """On how many the kept epoch was chosen, and where they are from."""
    if not row.watched:
        return NA if row.watched is None else "none"
    return f"{row.watched} (held back from train)" if row.held_back else _known(row.watched)


def _dev_score(row: AdapterResult) -> str:
    return NA if row.dev_score is None else f"{percent(row.dev_score)} ({row.dev_metric})"


_CHOSEN: Columns[AdapterResult] = (
    ("Dev score", _dev_score),
    ("Dev questions", _dev_questions),
    ("Epoch kept", lambda row: _known(row.kept_epoch)),
)
"""How the epoch was chosen; shown where it is recorded."""


def _adapters(results: RunResult) -> Table:
    return table_of(
        results.adapters,
        ("Adapter", lambda row: f"{row.strategy} for {row.task}"),
        ("Examples", lambda row: _known(row.examples)),
        ("Epochs", lambda row: f"{number(row.epochs)} ({_known(row.steps)} steps)"),
        ("Training time", lambda row: seconds(row.seconds)),
        ("Training tok/s", lambda row: figure(row.train_tokens_per_s)),
        ("Loss, first → last", lambda row: f"{loss(row.first_train_loss)} → {loss(row.train_loss)}"),
        ("Dev loss", lambda row: loss(row.dev_loss)),
        *(_CHOSEN if any(row.watched is not None for row in results.adapters) else ()),
        ("Own training answers reproduced", lambda row: percent(row.train_fit)),
        ("Stopped because", lambda row: row.stopped or NA),
        ("Origin", lambda row: "taken from the cache" if row.reused else "trained in this run"),
        ("sha256", lambda row: (row.sha256 or "")[:12]),
    )


Indexes = Columns[tuple[str, IndexFacts]]


def _indexes(results: RunResult) -> Table:
    """An index a row; prefixes, ways of searching and what was embedded anew only where there are any."""
    examples = [
        (f"{task}: examples", index) for task, some in results.example_indexes.items() for index in some
    ]
    rows = [*results.all_indexes, *examples]
    prefixes: Indexes = (
        ("Prefix of questions", lambda row: _prefix(row[1].query_prefix)),
        ("Prefix of passages", lambda row: _prefix(row[1].passage_prefix)),
    )
    searched: Indexes = (("Search", lambda row: _search(row[1])),)
    refreshed: Indexes = (("Embedded anew", lambda row: _refreshed(row[1])),)
    return table_of(
        rows,
        ("Task", lambda row: row[0]),
        ("Documents", lambda row: _known(row[1].documents)),
        ("Passages", lambda row: _known(row[1].passages)),
        *(prefixes if any(index.query_prefix or index.passage_prefix for _, index in rows) else ()),
        *(() if all(index.exact for _, index in rows) else searched),
        ("Time to build", lambda row: seconds(row[1].seconds)),
        ("Tokens embedded", lambda row: number(row[1].embed_tokens)),
        *(refreshed if any(index.refreshed for _, index in rows) else ()),
        ("Origin", lambda row: "taken from the cache" if row[1].reused else "built in this run"),
    )


def _not_read(results: RunResult) -> Table:
    rows = ((task, group) for task, index in results.indexes.items() for group in index.passed_over)
    return table_of(
        rows,
        ("Task", lambda row: row[0]),
        ("Files", lambda row: whole(row[1].files)),
        ("Which, and why", lambda row: not_read_line(row[1])),
    )


def _search(index: IndexFacts) -> str:
    if index.exact:
        return "exact"
    queries = counted(index.recall_queries or 0, "query", "queries")
    return f"{index.kind}; {percent(index.recall)} of the ten nearest ({queries})"


def _refreshed(index: IndexFacts) -> str:
    """What taking in a changed corpus cost."""
    if not index.refreshed:
        return "all"
    new = (counted(index.new_passages or 0, "passage"), counted(index.new_tokens or 0, "token"))
    return f"{', '.join(new)}, {seconds(index.new_s)}"


def _prefix(text: str | None) -> str:
    return NA if text is None else repr(text) if text else "none"


def _known(count: int | None) -> str:
    return NA if count is None else str(count)


def _model_versions(results: RunResult) -> dict[str, str | None]:
    return {
        f"{f'model {model.label}' if model.label else 'model'} {what}": value
        for model in results.all_models
        for what, value in (("source", model.source), ("revision", model.revision), ("sha256", model.sha256))
    }


def _versions(results: RunResult) -> Table:
    embedder = results.embedder
    known = {
        "harness": results.harness_version,
        "git commit": results.git_commit,
        "results schema": str(results.schema_version),
        **_model_versions(results),
        "embedder sha256": embedder.sha256 if embedder else None,
        **results.libraries,
    }
    return Table(("What", "Version"), tuple((name, value) for name, value in known.items() if value))
