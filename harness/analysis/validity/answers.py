"""Checks of the replies: a limit that cuts many, or a stop text that leaves many empty, is what was measured."""

from __future__ import annotations

from collections.abc import Callable

from harness.analysis.accuracy import ScoredAnswer
from harness.analysis.validity.check import Case, Check, Finding, Limits, absent, listed, verdict
from harness.quantities import percent

CUT = Limits(warn=0.1, fail=0.5)
"""Share of written answers that the token limit cut and that are not right. Small models ramble, and are cut
often; one that had said the right thing by then lost nothing."""
EMPTY = Limits(warn=0.05, fail=0.2)
"""Share of written answers without a word."""


def not_cut(case: Case) -> list[Check]:
    def cut(one: ScoredAnswer) -> bool:
        return one.row.finish_reason == "length" and one.scores.get(case.metric, 0.0) < 1

    return _share(case, "cut_answers", "Answers cut by the token limit, and not right", CUT, cut)


def not_empty(case: Case) -> list[Check]:
    return _share(case, "empty_answers", "Empty answers", EMPTY, lambda one: not one.row.prediction.strip())


def _share(
    case: Case, name: str, what: str, limits: Limits, counts: Callable[[ScoredAnswer], bool]
) -> list[Check]:
    figures: dict[str, float] = {}
    findings, parts = [], []
    for strategy, scored in case.own.items():
        written = [one for one in scored if one.row.finish_reason != "choice"]
        if written:
            share = sum(map(counts, written)) / len(written)
            findings.append(Finding(strategy.name, share, *limits.judge(share)))
            parts.append(f"{strategy.name} {percent(share)} of {len(written)}")
            figures |= {f"{strategy.name}: share": share, f"{strategy.name}: answers": float(len(written))}
    if not findings:
        return [absent(name, "No answer was written: choices are picked by their likelihood.")]
    return [verdict(name, findings, limits, f"{what}: {listed(parts)}.", figures)]
