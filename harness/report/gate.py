"""What `check` says: a judgement as sections of sentences and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.analysis.regression.changes import Change
from harness.analysis.regression.findings import AccuracyFigures, Flip, LatencyFigures, Outcome
from harness.analysis.regression.replies import MAY_DIFFER, MAY_DIFFER_HALF
from harness.analysis.regression.rules import RULES, Expect, Tier
from harness.quantities import counted, percent, signed, three
from harness.report.view import Block, Bullets, Section, Table, sections, visible
from harness.report.view import section as section_of
from harness.run.folder import run_name
from harness.steps import Step

if TYPE_CHECKING:
    from harness.analysis.regression.gate import Finding, Judgement

MARKS = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.INCONCLUSIVE: "?", Outcome.NOT_APPLICABLE: "–"}
VERDICTS = {
    Outcome.PASS: "No regression",
    Outcome.INCONCLUSIVE: "Inconclusive",
    Outcome.FAIL: "Regression",
}
EXPECTED = {
    Expect.SAME: "Expected: the same. Whatever is not equal fails; accuracy and latency are only shown.",
    Expect.CHANGE: "Expected: a change. Accuracy and latency decide; what else moved is listed under what changed.",
}
MOVED = "≠"
"""The mark of what a rule found that does not decide."""
MOST_FLIPS = 5
"""Questions shown of one finding; JSON has them all."""
MOST_CAUSES = 4
LONG_CAUSE = 100
REPLY = 80
"""Characters of a reply or a question that are shown."""


def headline(judgement: Judgement) -> str:
    """`Regression: 2 of 60 checks failed, 1 inconclusive.`"""
    outcomes = [finding.outcome for finding in judgement.findings if finding.counts]
    failed, inconclusive = outcomes.count(Outcome.FAIL), outcomes.count(Outcome.INCONCLUSIVE)
    total = len(outcomes) - outcomes.count(Outcome.NOT_APPLICABLE)
    text = f"{VERDICTS[judgement.outcome]}: {failed} of {counted(total, 'check')} failed"
    if inconclusive:
        text += f", {inconclusive} inconclusive" + (
            ", which --strict counts as failed" if judgement.strict else ""
        )
    return text + "."


def report(judgement: Judgement) -> tuple[Section, ...]:
    """Verdict, table, what failed and why, what changed."""
    return sections(
        section_of(
            headline(judgement),
            _sides(judgement),
            EXPECTED[judgement.expect],
            *(f"Left out: {clause}." for clause in judgement.left_out),
            *(f"Not in the baseline: {clause}." for clause in judgement.new),
            _table(judgement),
            _may_differ(judgement),
        ),
        _deciding(judgement, "Failed", Outcome.FAIL),
        _deciding(judgement, "Inconclusive", Outcome.INCONCLUSIVE),
        section_of("What changed", changed(judgement.changes), *_moved(judgement)),
        _remedy(judgement),
    )


def _sides(judgement: Judgement) -> str:
    run = run_name(judgement.run_id, Path(judgement.run))
    baseline = run_name(judgement.baseline_id, Path(judgement.baseline))
    sides = f"Run {run} against baseline {baseline}"
    return (
        f"{sides}, which is the same run, so that nothing could differ."
        if judgement.same_run
        else f"{sides}."
    )


def _may_differ(judgement: Judgement) -> str | None:
    """What the exact tier lets pass, and why, where the two runs did not compute alike."""
    if not judgement.other_kernels:
        return None
    return (
        f"Other kernels ({', '.join(judgement.other_kernels)}) change the last bits of sums. Three things may "
        "therefore differ, and nothing else: the weights of a retrained adapter, the order of passages with equal "
        f"scores, and a few answers (up to {percent(MAY_DIFFER)}, in half precision {percent(MAY_DIFFER_HALF)})."
    )


def changed(changes: Sequence[Change]) -> Block:
    """Everything that differs by the manifests."""
    if not changes:
        return "Nothing that the manifests record: same inputs, versions, machine and prices."
    sentences = (f"{change.cause.value}: {change.sentence}" for change in changes)
    return Bullets(tuple(dict.fromkeys(sentences)))


def _table(judgement: Judgement) -> Table:
    cases: dict[tuple[str, str], list[Finding]] = {}
    for finding in judgement.findings:
        cases.setdefault((finding.task, _strategy(finding)), []).append(finding)
    rows = tuple((*case, *(_cell(findings, tier) for tier in Tier)) for case, findings in cases.items())
    return Table(("Task", "Strategy", "Exact", "Accuracy", "Latency, × base"), rows)


def _strategy(finding: Finding) -> str:
    return f"{finding.strategy} (control)" if finding.control else finding.strategy


def _mark(finding: Finding) -> str:
    return MARKS[finding.outcome] if finding.counts or finding.outcome is not Outcome.FAIL else MOVED


def _cell(findings: Sequence[Finding], tier: Tier) -> str:
    """`✓ 8`, `≠ prompts, answers`, `✗ 96.0 % → 76.0 % (−20.0)`."""
    mine = [finding for finding in findings if finding.tier is tier]
    if tier is not Tier.EXACT:
        return "; ".join(f"{_mark(finding)} {_figure(finding)}".strip() for finding in mine)
    fallen = [finding for finding in mine if finding.outcome is Outcome.FAIL]
    if fallen:
        return f"{_mark(fallen[0])} {', '.join(finding.rule for finding in fallen)}"
    return f"{MARKS[Outcome.PASS]} {sum(finding.outcome is Outcome.PASS for finding in mine)}"


def _figure(finding: Finding) -> str:
    match finding.figures:
        case LatencyFigures(before=before, after=after):
            return f"{three(before)} → {three(after)}"
        case AccuracyFigures(before=before, after=after, delta=delta):
            return f"{percent(before)} → {percent(after)}" + (f" ({signed(delta)})" if delta else "")
    return ""


def _deciding(judgement: Judgement, title: str, outcome: Outcome) -> Section | None:
    """What decided with this outcome, and its likeliest causes."""
    findings = [finding for finding in judgement.findings if finding.counts and finding.outcome is outcome]
    return section_of(
        title, *(block for same in _alike(findings) for block in _paragraph(same, cause_lines(same[0])))
    )


def _moved(judgement: Judgement) -> Iterator[Block]:
    """What moved and does not decide; the changes that can have moved it stand right above."""
    findings = [
        finding for finding in judgement.findings if finding.outcome is Outcome.FAIL and not finding.counts
    ]
    for same in _alike(findings):
        yield from _paragraph(same)


def _remedy(judgement: Judgement) -> Section | None:
    """What to do where a failure was meant."""
    if judgement.outcome is not Outcome.FAIL:
        return None
    accept = Step("Accept it as the new baseline, and commit that", judgement.accept)
    harm = "Or ask only whether it did harm: --expect change" if judgement.expect is Expect.SAME else None
    return section_of("Meant?", accept, harm)


def _alike(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings that say the same of several systems, by the same questions and causes, together."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        causes = tuple(change.sentence for change in finding.causes)
        groups.setdefault((finding.rule, finding.detail, finding.flips, causes), []).append(finding)
    return list(groups.values())


def _paragraph(same: Sequence[Finding], causes: Iterable[str] = ()) -> Iterator[Block]:
    """What a rule found, then its questions and its causes."""
    first = same[0]
    where = ", ".join(f"{finding.task} · {_strategy(finding)}" for finding in same)
    yield f"{_mark(first)} {first.rule} ({where}): {first.detail}."
    yield Bullets((*flip_lines(first.flips, MOST_FLIPS), *causes))


def cause_lines(finding: Finding) -> Iterator[str]:
    """`Likeliest cause: …`, of a rule that is not itself about an input. An inconclusive one may have none.

    A long one by its name alone: what it changed to is said once, under what changed.
    """
    named = "; ".join(
        change.sentence if len(change.sentence) <= LONG_CAUSE else change.name
        for change in finding.causes[:MOST_CAUSES]
    )
    unseen = "none that the manifests show, so the program or its environment changed unseen"
    if RULES[finding.rule].suspects and (named or finding.outcome is Outcome.FAIL):
        yield f"Likeliest cause: {named or unseen}."


def flip_lines(flips: Sequence[Flip], most: int) -> Iterator[str]:
    """A line each of the first questions, and how many more there are."""
    yield from map(flip_line, flips[:most])
    if len(flips) > most:
        yield f"… and {counted(len(flips) - most, 'more question')} (--json has them all)"


def flip_line(flip: Flip) -> str:
    """`lost q7 “Which …?” (right: Paris): “Paris” → “Lyon”`."""
    right = cut("; ".join(flip.right)) or "a refusal"
    word = "lost" if flip.lost else "won"
    replies = f"“{cut(flip.before)}” → “{cut(flip.after)}”"
    return f"{word} {cut(flip.question_id)} “{cut(flip.question)}” (right: {right}): {replies}"


def cut(text: str, most: int = REPLY) -> str:
    """Text on one line, shortened where it is long, with nothing in it that cannot be seen."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= most else line[: most - 1] + "…"
