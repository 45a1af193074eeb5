"""summary.csv and its Parquet form: one row per task and system, unrounded, empty where nothing was measured."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from harness.analysis.results.run import RunResult, SystemResult, TaskResult
from harness.analysis.retrieval import DEPTHS

Value = str | int | float | bool | None


class Row(NamedTuple):
    """What a row of the summary is made from."""

    run: RunResult
    task: TaskResult
    system: SystemResult

    def group(self, name: str) -> float | None:
        """The accuracy on a kind of question."""
        accuracy = self.system.groups.get(name)
        return accuracy.mean if accuracy else None

    def recall(self, depth: int) -> float | None:
        return self.system.retrieval.recall_at_k[str(depth)] if self.system.retrieval else None

    def constant(self) -> float | None:
        """The accuracy of the task's best trivial baseline."""
        best = self.task.best_baseline
        return best.estimate.mean if best else None

    def over_trivial(self, name: str) -> float | bool | None:
        """A figure of the difference to that baseline."""
        gap = self.system.over_trivial
        return getattr(gap, name) if gap else None

    def macro_f1(self, name: str) -> float | None:
        """A figure of the macro-F1, where the task classifies."""
        labels = self.system.labels
        return getattr(labels.macro_f1, name) if labels else None

    def answer_in_context(self) -> float | None:
        return self.system.retrieval.answer_in_context if self.system.retrieval else None


class Column(NamedTuple):
    """A name, the type of what is not None, and the value of a row."""

    name: str
    type: type[str] | type[int] | type[float] | type[bool]
    value: Callable[[Row], Value]


COLUMNS = (
    Column("run_id", str, lambda row: row.run.run_id),
    Column("task", str, lambda row: row.task.name),
    Column("strategy", str, lambda row: row.system.system.name),
    Column("model", str, lambda row: row.system.system.model.name),
    Column("model_label", str, lambda row: row.system.system.model_label),
    Column("probes", str, lambda row: row.task.probes),
    Column("primary_metric", str, lambda row: row.task.primary_metric),
    Column("n", int, lambda row: row.system.accuracy.n),
    Column("accuracy", float, lambda row: row.system.accuracy.mean),
    Column("ci_low", float, lambda row: row.system.accuracy.ci_low),
    Column("ci_high", float, lambda row: row.system.accuracy.ci_high),
    Column("macro_f1", float, partial(Row.macro_f1, name="mean")),
    Column("macro_f1_low", float, partial(Row.macro_f1, name="ci_low")),
    Column("macro_f1_high", float, partial(Row.macro_f1, name="ci_high")),
    Column("accuracy_fact_seen", float, lambda row: row.group("fact_seen")),
    Column("accuracy_fact_unseen", float, lambda row: row.group("fact_unseen")),
    Column("trivial_accuracy", float, Row.constant),
    Column("over_trivial", float, partial(Row.over_trivial, name="delta")),
    Column("over_trivial_low", float, partial(Row.over_trivial, name="ci_low")),
    Column("over_trivial_high", float, partial(Row.over_trivial, name="ci_high")),
    Column("beats_trivial", bool, partial(Row.over_trivial, name="beats")),
    Column("latency_n", int, lambda row: row.system.latency_s.n),
    Column("latency_p50_s", float, lambda row: row.system.latency_s.p50),
    Column("latency_p90_s", float, lambda row: row.system.latency_s.p90),
    Column("ttft_p50_s", float, lambda row: row.system.ttft_s.p50),
    Column("retrieve_p50_s", float, lambda row: row.system.retrieve_s.p50),
    Column("decode_tok_s_per_user", float, lambda row: row.system.tokens_per_s.decode_per_user),
    Column("end_to_end_tok_s", float, lambda row: row.system.tokens_per_s.end_to_end),
    Column("system_output_tok_s", float, lambda row: row.system.tokens_per_s.system_output),
    Column("prompt_tokens_mean", float, lambda row: row.system.tokens.prompt_mean),
    Column("completion_tokens_mean", float, lambda row: row.system.tokens.completion_mean),
    Column("tariff", str, lambda row: str(row.run.prices.tariff)),
    Column("cost_at_monthly_queries", int, lambda row: round(row.system.cost.queries)),
    Column("per_query_usd", float, lambda row: row.system.cost.per_query_usd),
    Column("batched_usd", float, lambda row: row.system.cost.components.batched_usd),
    Column("per_correct_usd", float, lambda row: row.system.cost.per_correct_usd),
    Column("fixed_usd", float, lambda row: row.system.cost.fixed_usd),
    Column("refresh_usd", float, lambda row: row.system.cost.refresh_usd),
    Column("storage_usd_per_month", float, lambda row: row.system.cost.storage_usd_per_month),
    *(Column(f"recall_at_{depth}", float, partial(Row.recall, depth=depth)) for depth in DEPTHS),
    Column("answer_in_context", float, Row.answer_in_context),
    Column("dropped_passages", int, lambda row: row.system.dropped_passages),
    Column("finish_length_share", float, lambda row: row.system.finish_length_share),
    Column("empty_share", float, lambda row: row.system.empty_share),
    Column("quick", bool, lambda row: row.run.quick),
    Column("incomplete", bool, lambda row: row.run.incomplete),
)
"""All columns, in their order in every file."""


def rows(results: RunResult) -> Iterator[list[Value]]:
    """One row per task and system, its values in the order of `COLUMNS`."""
    for task in results.tasks.values():
        for system in task.strategies.values():
            yield [column.value(Row(results, task, system)) for column in COLUMNS]


_FORMULA = re.compile(r"(^|[,;|\t\r\n])([^\S\t\r\n]*)(?=[=+\-@＝＋－＠])")
"""Where a spreadsheet would begin to read a formula: at the head of a cell, or behind what it may take for the end of
one (another country's separator, a tab, a new line)."""


def to_csv(results: RunResult) -> str:
    """The summary as CSV with line feeds. An empty cell: not measured, or n too small to claim it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in COLUMNS])
    writer.writerows([_safe(value) for value in row] for row in rows(results))
    return out.getvalue()


def _safe(value: Value) -> Value:
    """Text with an apostrophe before whatever would be a formula; numbers, negative ones too, as they are."""
    return _FORMULA.sub(r"\1\2'", value) if isinstance(value, str) else value


def to_parquet(results: RunResult) -> bytes:
    """The same table with typed columns, and without apostrophes: nothing that reads Parquet runs a formula."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(column.name, types[column.type]) for column in COLUMNS])
    typed = [
        {c.name: None if value is None else c.type(value) for c, value in zip(COLUMNS, row, strict=True)}
        for row in rows(results)
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(typed, schema=schema), out)
    return out.getvalue()
