"""The table of checks, and the judgement of a task by all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.analysis.accuracy import ScoredAnswer
from harness.analysis.evidence import Evidence, Pair
from harness.analysis.validity import adapters, answers, context, leaks, template
from harness.analysis.validity.check import Case, Check, Test

CHECKS: dict[str, Test] = {
    "adapter_changes_logits": adapters.changes_logits,
    "adapter_fits_training": adapters.fits_training,
    "same_prompts": adapters.same_prompts,
    "no_test_question_in_training": leaks.no_leak,
    "retrieval_floor": context.finds_passages,
    "oracle_not_below_rag": context.oracle_not_below,
    "truncated_prompts": context.keeps_passages,
    "cut_answers": answers.not_cut,
    "empty_answers": answers.not_empty,
    "chat_template": template.applied_once,
    "forgetting": adapters.forgetting,
}
"""Name → check. Each returns at least one Check of its name, not applicable where it has nothing to look at."""


def judge(run: Evidence, task: str, scores: Mapping[Pair, Sequence[ScoredAnswer]]) -> list[Check]:
    """Every check of a task, in the table's order. `scores` are those of the whole run."""
    case = Case(run, task, scores)
    return [check for test in CHECKS.values() for check in test(case)]
