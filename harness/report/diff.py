"""What `diff` says: two runs side by side, as sections and as one JSON document."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from harness.analysis.regression.difference import Difference, Moved
from harness.analysis.regression.pairing import same_run
from harness.quantities import NA, dollars, number, percent, signed, three
from harness.report.gate import change_json, changed, flip_lines
from harness.report.view import Block, Bullets, Section, Table, section, sections

MOST_FLIPS = 10
"""Questions shown a strategy; JSON has them all."""


def document(found: Difference) -> dict[str, Any]:
    """The whole comparison as plain JSON values; pairs are [before, after]."""
    return {
        "schema_version": 1,
        "before": str(found.before.run.folder),
        "after": str(found.after.run.folder),
        "left_out": list(found.common.obstacles),
        "new": list(found.common.added),
        "changes": [change_json(change) for change in found.changes],
        "results": [_moved_json(moved) for moved in found.moved],
    }


def _moved_json(moved: Moved) -> dict[str, Any]:
    return {
        "task": moved.task,
        "strategy": moved.strategy,
        "accuracy": dict(moved.accuracy.figures),
        "latency_ratio": dict(moved.latency.figures),
        "prompt_tokens": list(moved.prompt_tokens),
        "completion_tokens": list(moved.completion_tokens),
        "per_query_usd": list(moved.per_query_usd),
        "answers": moved.answers,
        "other_prompts": moved.other_prompts,
        "other_answers": moved.other_answers,
        "flips": [dataclasses.asdict(flip) for flip in moved.accuracy.flips],
    }


def report(found: Difference) -> tuple[Section, ...]:
    """Inputs, results, flipped questions."""
    left_out = Bullets(tuple(f"Left out: {sentence}." for sentence in found.common.obstacles))
    added = Bullets(tuple(f"Only in the second: {sentence}." for sentence in found.common.added))
    sides = f"From {found.before.run.folder} to {found.after.run.folder}."
    if same_run(found.before, found.after):
        sides += " Both are the same run."
    return sections(
        section("Two runs side by side", sides, left_out, added),
        section("What changed in the inputs", changed(found.changes)),
        section("What changed in the results", *_results(found)),
        section("Flipped questions", *_flips(found)),
    )


def _results(found: Difference) -> list[Block]:
    headers = (
        "Task", "Strategy", "Accuracy", "Difference (95 %)", "Other prompts, replies", "Tokens read", "written",
        "Latency, × base", "$ per query",
    )  # fmt: skip
    return [Table(headers, tuple(map(_row, found.moved)))]


def _row(moved: Moved) -> tuple[str, ...]:
    figures, times = moved.accuracy.figures, moved.latency.figures
    interval = ""
    if figures and figures["delta"] is not None:
        interval = signed(figures["delta"])
        if figures["ci_low"] is not None:
            interval += f" ({signed(figures['ci_low'])} to {signed(figures['ci_high'])})"
    return (
        moved.task,
        moved.strategy,
        _arrow((figures.get("before"), figures.get("after")), percent),
        interval or NA,
        f"{moved.other_prompts}, {moved.other_answers} of {moved.answers}",
        _arrow(moved.prompt_tokens, number),
        _arrow(moved.completion_tokens, number),
        _arrow(
            (times.get("before"), times.get("after")), lambda value: NA if value is None else three(value)
        ),
        _arrow(moved.per_query_usd, dollars),
    )


def _arrow(pair: tuple[float | None, float | None], shown: Callable[[float | None], str]) -> str:
    before, after = map(shown, pair)
    return before if before == after else f"{before} → {after}"


def _flips(found: Difference) -> list[Block]:
    blocks: list[Block] = []
    for moved in found.moved:
        flips = moved.accuracy.flips
        if flips:
            lost = sum(flip.lost for flip in flips)
            blocks.append(f"{moved.task} · {moved.strategy}: {lost} lost, {len(flips) - lost} won")
            blocks.append(Bullets(tuple(flip_lines(flips, MOST_FLIPS))))
    return blocks
