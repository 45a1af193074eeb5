"""Checks of the replies: a limit that cuts many, or a stop text that leaves many empty, is what was measured."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from harness.analysis.accuracy import ScoredAnswers
from harness.analysis.answers import Answers
from harness.analysis.evidence import missed
from harness.analysis.results.checks import Check
from harness.analysis.validity.check import Case, Rule
from harness.quantities import whole
from harness.run.missing import reasons


def not_missing(case: Case, rule: Rule) -> list[Check]:
    """Which answers could not be had: neither right nor wrong. Of too many, the others are a selection."""
    figures: dict[str, float] = {}
    findings, parts = [], []
    for system, scored in case.own.items():
        lacking = missed(case.run, (case.task, system.name))
        n = len(scored) + len(lacking)
        if not n:
            continue
        findings.append(rule.finding(system, len(lacking) / n))
        if lacking:
            why = reasons((row.reason, 1) for row in lacking)
            parts.append(f"{system.name} {whole(len(lacking))} of {whole(n)}: {why}")
            count = Counter(row.reason for row in lacking)
            figures |= {f"{system.name}: {reason}": float(times) for reason, times in count.items()}
        figures |= {f"{system.name}: missing": float(len(lacking)), f"{system.name}: asked": float(n)}
    if not findings:
        return rule.absent("Nothing was asked.")
    lost = f"Answers that could not be had count neither as right nor as wrong: {'. '.join(parts)}."
    return rule.verdict(findings, lost if parts else "Whatever was asked was answered.", figures)


def not_cut(case: Case, rule: Rule) -> list[Check]:
    def cut(scored: ScoredAnswers) -> list[bool]:
        ends = zip(scored.answers.finish_reason, scored.by(case.metric), strict=True)
        return [ended == "length" and (value or 0.0) < 1 for ended, value in ends]

    thinking = [
        f"{system.name} {whole(n)}"
        for system, scored in case.own.items()
        if (n := sum(cut_in_thought(scored.answers)))
    ]
    what = "Answers cut by the token limit, and not right"
    return _share(case, rule, what, cut, f" Cut within a thought: {', '.join(thinking)}." if thinking else "")


def cut_in_thought(answers: Answers) -> list[bool]:
    """Whether a model that thinks before it answers came to no answer, for each answer."""
    columns = zip(answers.finish_reason, answers.reasoning_tokens, answers.completion_tokens, strict=True)
    return [ended == "length" and 0 < thoughts == tokens for ended, thoughts, tokens in columns]


_BARE_FENCE = re.compile(r"\s*(```\w*)?\s*")


def not_empty(case: Case, rule: Rule) -> list[Check]:
    """A stop text may also leave the beginning of a code fence."""
    return _share(
        case,
        rule,
        "Replies without a word",
        lambda scored: [bool(_BARE_FENCE.fullmatch(reply)) for reply in scored.answers.prediction],
    )


def _share(
    case: Case, rule: Rule, what: str, counts: Callable[[ScoredAnswers], list[bool]], more: str = ""
) -> list[Check]:
    """The check of a share of the written answers; `more`: further sentences."""
    found = []
    for system, scored in case.own.items():
        chosen = [ended == "choice" for ended in scored.answers.finish_reason]
        if written := chosen.count(False):
            counted = zip(counts(scored), chosen, strict=True)
            share = sum(counts and not picked for counts, picked in counted) / written
            found.append((rule.finding(system, share), written))
    if not found:
        return rule.absent("No answer was written: choices are picked by their likelihood.")
    return rule.shares(what, "answers", found, more)
