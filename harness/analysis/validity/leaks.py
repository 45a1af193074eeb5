"""Does a test question, or a near copy of one, stand among the training questions (`spec/copies.py`)?"""

from __future__ import annotations

from harness.analysis.results.checks import Check, Status
from harness.analysis.validity.check import Case, Rule
from harness.quantities import counted, listed, percent
from harness.spec.copies import find_copies

SHOWN = 3


def no_leak(case: Case, rule: Rule) -> list[Check]:
    """Any exact copy fails; near copies fail above a share, and warn below it."""
    # Who looks for a question's nearest examples leaves its copies out.
    learning = tuple(
        system.name for system in case.own if system.adapted or (system.examples and not system.nearest)
    )
    if not learning:
        return rule.absent("No strategy that learns from training questions answered this task.")
    if case.run.training is None:
        return rule.absent("The run kept no training questions.")
    test, learnt = case.run.test_questions(case.task), case.run.training_questions(case.task)
    if not test or not learnt:
        return rule.absent("There are no training questions.")
    copies = find_copies(test, learnt)
    exact = sum(copy.exact for copy in copies)
    share = len(copies) / len(test)
    status, threshold = rule.limits.judge(share)
    if exact:
        status, threshold = Status.FAIL, 0.0
    pairs = listed((f"{copy.test.id} is {copy.learnt.id}" for copy in copies), SHOWN, apart="; ")
    detail = (
        f"{percent(share)} of {counted(len(test), 'test question')} repeat one of "
        f"{counted(len(learnt), 'training question')}: {exact} identical, {len(copies) - exact} nearly"
        f"{pairs and f' ({pairs})'}."
    )
    figures = {
        "share": share,
        "test questions": float(len(test)),
        "training questions": float(len(learnt)),
        "identical": float(exact),
        "nearly": float(len(copies) - exact),
        "not named": float(max(0, len(copies) - SHOWN)),
    }
    return [rule.check(status, detail, share, threshold, learning, figures)]
