"""summary.csv: one line a task and strategy, figures unrounded, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io
from typing import Any

from harness.analysis.retrieval import DEPTHS

Figures = dict[str, Any]


def render(results: Figures) -> str:
    """The summary as CSV with line feeds. An empty cell: not measured, or n too small to claim it."""
    rows = [
        _row(results, task, figures, strategy, block)
        for task, figures in results["tasks"].items()
        for strategy, block in figures["strategies"].items()
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_row(results, "", {}, "", None))
    writer.writerows([_safe(value) for value in row.values()] for row in rows)
    return out.getvalue()


def _safe(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


def _row(results: Figures, task: str, figures: Figures, strategy: str, block: Figures | None) -> Figures:
    """Column → value; without a block, the columns with nothing in them."""
    whole = {"run_id": results["run_id"], "task": task, "strategy": strategy}
    about = {name: figures.get(name) for name in ("probes", "primary_metric")}
    named: Figures = {**whole, **about}
    for column, path in COLUMNS.items():
        named[column] = _at(block, path)
    named["quick"], named["incomplete"] = results["quick"], results["incomplete"]
    return named


COLUMNS: dict[str, tuple[str, ...]] = {
    "n": ("accuracy", "n"),
    "accuracy": ("accuracy", "mean"),
    "ci_low": ("accuracy", "ci_low"),
    "ci_high": ("accuracy", "ci_high"),
    "accuracy_fact_seen": ("groups", "fact_seen", "mean"),
    "accuracy_fact_unseen": ("groups", "fact_unseen", "mean"),
    "latency_n": ("latency_s", "n"),
    "latency_p50_s": ("latency_s", "p50"),
    "latency_p90_s": ("latency_s", "p90"),
    "ttft_p50_s": ("ttft_s", "p50"),
    "retrieve_p50_s": ("retrieve_s", "p50"),
    "decode_tok_s_per_user": ("tokens_per_s", "decode_per_user"),
    "end_to_end_tok_s": ("tokens_per_s", "end_to_end"),
    "system_output_tok_s": ("tokens_per_s", "system_output"),
    "prompt_tokens_mean": ("tokens", "prompt_mean"),
    "completion_tokens_mean": ("tokens", "completion_mean"),
    "per_query_usd": ("cost", "per_query_usd"),
    "batched_usd": ("cost", "components", "batched_usd"),
    "per_correct_usd": ("cost", "per_correct_usd"),
    "fixed_usd": ("cost", "fixed_usd"),
    "refresh_usd": ("cost", "refresh_usd"),
    "storage_usd_per_month": ("cost", "storage_usd_per_month"),
    **{f"recall_at_{depth}": ("retrieval", "recall_at_k", str(depth)) for depth in DEPTHS},
    "answer_in_context": ("retrieval", "answer_in_context"),
    "dropped_passages": ("dropped_passages",),
    "finish_length_share": ("finish_length_share",),
    "empty_share": ("empty_share",),
}
"""Column → where its value stands in a strategy's results."""


def _at(block: Figures | None, path: tuple[str, ...]) -> Any:
    value: Any = block
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
