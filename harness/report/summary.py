"""The summary as a table of plain values: one row a task and strategy, figures unrounded, None where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.analysis.retrieval import DEPTHS

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A name, the type of what is not None, and where the value stands: in a strategy's block, or above it."""

    name: str
    type: type[str] | type[int] | type[float] | type[bool]
    path: tuple[str, ...]


RUN = (Column("run_id", str, ("run_id",)),)
TASK = (Column("probes", str, ("probes",)), Column("primary_metric", str, ("primary_metric",)))
STATE = (Column("quick", bool, ("quick",)), Column("incomplete", bool, ("incomplete",)))
STRATEGY = (
    Column("n", int, ("accuracy", "n")),
    Column("accuracy", float, ("accuracy", "mean")),
    Column("ci_low", float, ("accuracy", "ci_low")),
    Column("ci_high", float, ("accuracy", "ci_high")),
    Column("accuracy_fact_seen", float, ("groups", "fact_seen", "mean")),
    Column("accuracy_fact_unseen", float, ("groups", "fact_unseen", "mean")),
    Column("latency_n", int, ("latency_s", "n")),
    Column("latency_p50_s", float, ("latency_s", "p50")),
    Column("latency_p90_s", float, ("latency_s", "p90")),
    Column("ttft_p50_s", float, ("ttft_s", "p50")),
    Column("retrieve_p50_s", float, ("retrieve_s", "p50")),
    Column("decode_tok_s_per_user", float, ("tokens_per_s", "decode_per_user")),
    Column("end_to_end_tok_s", float, ("tokens_per_s", "end_to_end")),
    Column("system_output_tok_s", float, ("tokens_per_s", "system_output")),
    Column("prompt_tokens_mean", float, ("tokens", "prompt_mean")),
    Column("completion_tokens_mean", float, ("tokens", "completion_mean")),
    Column("per_query_usd", float, ("cost", "per_query_usd")),
    Column("batched_usd", float, ("cost", "components", "batched_usd")),
    Column("per_correct_usd", float, ("cost", "per_correct_usd")),
    Column("fixed_usd", float, ("cost", "fixed_usd")),
    Column("refresh_usd", float, ("cost", "refresh_usd")),
    Column("storage_usd_per_month", float, ("cost", "storage_usd_per_month")),
    *(Column(f"recall_at_{depth}", float, ("retrieval", "recall_at_k", str(depth))) for depth in DEPTHS),
    Column("answer_in_context", float, ("retrieval", "answer_in_context")),
    Column("dropped_passages", int, ("dropped_passages",)),
    Column("finish_length_share", float, ("finish_length_share",)),
    Column("empty_share", float, ("empty_share",)),
)
COLUMNS = (*RUN, Column("task", str, ()), Column("strategy", str, ()), *TASK, *STRATEGY, *STATE)
"""All columns, in their order in every file."""


def rows(results: Figures) -> list[list[Any]]:
    """A row a task and strategy, its values in the order of `COLUMNS`."""
    return [
        [
            *_values(results, RUN),
            task,
            strategy,
            *_values(figures, TASK),
            *_values(block, STRATEGY),
            *_values(results, STATE),
        ]
        for task, figures in results["tasks"].items()
        for strategy, block in figures["strategies"].items()
    ]


def _values(block: Figures, columns: tuple[Column, ...]) -> list[Any]:
    return [_at(block, column.path) for column in columns]


def _at(block: Figures, path: tuple[str, ...]) -> Any:
    value: Any = block
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
