"""Checks of what stood in the prompt: passages found, passages kept, and the control above what it controls."""

from __future__ import annotations

from harness.analysis.results.checks import Check, Status
from harness.analysis.retrieval import Texts, answers_shown, recalls
from harness.analysis.statistics.intervals import mean
from harness.analysis.validity.check import Case, Finding, Rule
from harness.analysis.validity.paired import drop
from harness.analysis.waterfall import CONTROL, LADDER, READER
from harness.quantities import percent, points, whole
from harness.spec.system import System

ENOUGH_QUESTIONS = 10
"""With fewer questions that name gold documents, a low recall warns and does not fail."""
HELD = 0.5
"""Where an answer stands in the passages shown for more of the questions than this, the retriever finds what it should,
whatever the gold documents are called: a low recall then warns."""


DOUBTS = {
    Status.WARN: " The gold documents or the questions' wording may be wrong.",
    Status.FAIL: " The gold documents or the questions' wording are wrong: what {control} says of better retrieval and "
    "of the generator does not count; what {reader} answered does.",
}
"""What it means that the control does worse than what it controls."""


def finds_passages(case: Case, rule: Rule) -> list[Check]:
    """A retriever that finds nothing makes rag a straw man."""
    findings, parts, doubts = [], [], []
    figures: dict[str, float] = {}
    depths: dict[int, None] = {}
    texts = Texts(case.run.passages)
    for system in case.retrieving:
        assert system.retrieved is not None
        k = system.retrieved.k
        found = recalls(case.own[system], [k])[k]
        reached = mean(found)
        if reached is None:
            continue
        status, threshold = rule.limits.judge(reached)
        held = None
        if status is Status.FAIL:
            held = mean([shown for shown in answers_shown(case.own[system], texts) if shown is not None])
            if len(found) < ENOUGH_QUESTIONS or (held or 0.0) > HELD:
                status, threshold = Status.WARN, rule.limits.warn
        depths[k] = None
        findings.append(Finding(system.name, reached, status, threshold))
        parts.append(f"{system.name} {percent(reached)} (n={whole(len(found))})")
        if held is not None and held > HELD:
            doubts.append(
                f"an answer stands in what {system.name} showed for {percent(held)} of the questions"
            )
            figures[f"{system.name}: answer in context"] = held
        figures |= {
            "k": float(k),
            f"{system.name}: recall": reached,
            f"{system.name}: questions": float(len(found)),
        }
    if not findings:
        retrieved = "No answered question names gold documents, so recall is unknown."
        return rule.absent(retrieved if case.retrieving else "No strategy retrieves.")
    detail = f"recall@{'/'.join(map(str, depths))}: {', '.join(parts)}."
    if doubts:
        detail += f" The gold documents may be named wrongly: {' and '.join(doubts)}."
    return rule.verdict(findings, detail, figures)


def oracle_not_below(case: Case, rule: Rule) -> list[Check]:
    """The same generator with the right passages must not do worse than with found ones.

    Where it does, the control is wrong and not what it controls: the status speaks of the control alone.
    """
    checks = []
    for control in filter(LADDER[CONTROL], case.own):
        readers = (system for system in case.own if LADDER[READER](system) and system.model == control.model)
        if reader := next(readers, None):
            checks += _not_below(case, rule, control, reader)
    return checks or rule.absent("The control and the strategy it controls did not both answer.")


def _not_below(case: Case, rule: Rule, control: System, reader: System) -> list[Check]:
    """The control of one model against what it controls."""
    shown = case.own[control].answers.shown_passages
    given = case.own[control].taken([place for place, number in enumerate(shown) if number])
    change = drop(case.own[reader], given, case.metric, case.clusters)
    if change is None:
        return rule.absent("No question was answered both with right and with found passages.")
    status, _ = rule.limits.judge(-1.0 if change.p is None else -change.p)
    error = "" if change.delta >= 0 or status is not Status.PASS else ", within error"
    detail = (
        f"{control.name} − {reader.name} on questions with right passages: {points(change.delta)}{error} "
        f"({change.lost} lost, {change.gained} gained of {change.n})."
    )
    if status in DOUBTS:
        detail += DOUBTS[status].format(control=control.name, reader=reader.name)
    return [rule.check(status, detail, change.delta, 0.0, (control.name,), change.figures)]


def keeps_passages(case: Case, rule: Rule) -> list[Check]:
    """Prompts over their budget lose passages: more than a few, and the budget is what was measured."""
    found = [
        (rule.finding(system, sum(map(bool, scored.answers.dropped_passages)) / len(scored)), len(scored))
        for system, scored in case.own.items()
        if system.passages is not None and scored
    ]
    if not found:
        return rule.absent("No strategy puts passages into the prompt.")
    return rule.shares("Prompts that lost passages", "prompts", found)
