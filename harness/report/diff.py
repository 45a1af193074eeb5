"""What `diff` says: two runs side by side, as sections."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.analysis.regression.diff import BeforeAfter, Moved, RunDiff
from harness.quantities import NA, dollars, number, percent, signed, signed_ends, three
from harness.report.gate import changed, flip_lines
from harness.report.view import Block, Bullets, Section, Table, section, sections
from harness.run.folder import run_name

MOST_FLIPS = 10
"""Questions shown a strategy; JSON has them all."""


def report(diff: RunDiff) -> tuple[Section, ...]:
    """Inputs, results, flipped questions."""
    before, after = run_name(diff.before_id, Path(diff.before)), run_name(diff.after_id, Path(diff.after))
    sides = f"From {before} to {after}." + (" Both are the same run." if diff.same_run else "")
    left_out = Bullets(tuple(f"Left out: {clause}." for clause in diff.left_out))
    added = Bullets(tuple(f"Only in the second: {clause}." for clause in diff.new))
    return sections(
        section("Two runs side by side", sides, left_out, added),
        section("What changed in the inputs", changed(diff.changes)),
        section("What changed in the results", Table(HEADERS, tuple(map(_row, diff.results)))),
        section("Flipped questions", *(block for moved in diff.results for block in _flips(moved))),
    )


HEADERS = (
    "Task", "Strategy", "Accuracy", "Difference (95 %)", "Other prompts, replies", "Tokens read", "written",
    "Latency, × base", "$ per query",
)  # fmt: skip


def _row(moved: Moved) -> tuple[str, ...]:
    accuracy, latency = moved.accuracy, moved.latency_ratio
    ends = signed_ends(accuracy.ci_low, accuracy.ci_high) if accuracy else ""
    return (
        moved.task,
        moved.strategy,
        _arrow((accuracy.before, accuracy.after) if accuracy else (None, None), percent),
        f"{signed(accuracy.delta if accuracy else None)}{f' ({ends})' if ends else ''}",
        f"{moved.other_prompts}, {moved.other_answers} of {moved.answers}",
        _arrow(moved.prompt_tokens, number),
        _arrow(moved.completion_tokens, number),
        _arrow((latency.before, latency.after), lambda value: three(value or 0.0)) if latency else NA,
        _arrow(moved.per_query_usd, dollars),
    )


def _arrow(pair: BeforeAfter, shown: Callable[[float | None], str]) -> str:
    before, after = map(shown, pair)
    return before if before == after else f"{before} → {after}"


def _flips(moved: Moved) -> list[Block]:
    if not moved.flips:
        return []
    lost = sum(flip.lost for flip in moved.flips)
    heading = f"{moved.task} · {moved.strategy}: {lost} lost, {len(moved.flips) - lost} won"
    return [heading, Bullets(tuple(flip_lines(moved.flips, MOST_FLIPS)))]
