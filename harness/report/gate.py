"""What `check` says: a judgement as sentences and tables, and as one JSON document."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from harness.analysis.regression.changes import Change, other_kernels
from harness.analysis.regression.findings import Flip, Outcome
from harness.analysis.regression.gate import NAMES_ITS_CAUSE, Finding, Judgement
from harness.analysis.regression.pairing import same_run
from harness.analysis.regression.replies import MAY_DIFFER, MAY_DIFFER_HALF
from harness.quantities import counted, percent, signed, three
from harness.report.page.text import visible
from harness.report.view import Block, Bullets, Section, Table, sections
from harness.report.view import section as section_of
from harness.spec.gate import TIERS

MARKS = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.UNSURE: "?", Outcome.NOT_APPLICABLE: "–"}
VERDICTS = {
    Outcome.PASS: "No regression",
    Outcome.UNSURE: "Cannot tell",
    Outcome.FAIL: "Regression",
}
MOST_FLIPS = 5
"""Questions shown of one finding; JSON has them all."""
MOST_CAUSES = 4
LONG_CAUSE = 100
REPLY = 80
"""Characters of a reply or a question that are shown."""


def document(judgement: Judgement) -> dict[str, Any]:
    """The whole judgement as plain JSON values."""
    return {
        "schema_version": 1,
        "run": str(judgement.after.run.folder),
        "baseline": str(judgement.before.run.folder),
        "run_ids": {"run": _id(judgement.after), "baseline": _id(judgement.before)},
        "outcome": judgement.outcome.value,
        "exit_code": judgement.exit_code,
        "strict": judgement.strict,
        "left_out": list(judgement.common.obstacles),
        "new": list(judgement.common.added),
        "other_kernels": _kernels(judgement),
        "changes": [change_json(change) for change in judgement.changes],
        "findings": [_finding_json(finding) for finding in judgement.findings],
    }


def _id(side: Any) -> str:
    return str(side.run.manifest.get("run_id"))


def change_json(change: Change) -> dict[str, Any]:
    return {**dataclasses.asdict(change), "cause": change.cause.value}


def _finding_json(finding: Finding) -> dict[str, Any]:
    said = finding.said
    return {
        "rule": finding.rule,
        "tier": finding.tier,
        "task": finding.task,
        "strategy": finding.strategy,
        "outcome": said.outcome.value,
        "counts": finding.counts,
        "detail": said.detail,
        "margin": said.margin,
        "figures": dict(said.figures),
        "flips": [dataclasses.asdict(flip) for flip in said.flips],
        "causes": [change_json(change) for change in finding.causes],
    }


def headline(judgement: Judgement) -> str:
    """`Regression: 2 of 60 rules failed; 1 cannot tell.`"""
    counting = [one for one in judgement.findings if one.counts and one.outcome is not Outcome.NOT_APPLICABLE]
    fallen, unsure = (
        sum(one.outcome is outcome for one in counting) for outcome in (Outcome.FAIL, Outcome.UNSURE)
    )
    text = f"{VERDICTS[judgement.outcome]}: {fallen} of {counted(len(counting), 'check')} failed"
    if unsure:
        text += f", {unsure} cannot tell" + (", which --strict counts as failed" if judgement.strict else "")
    return text + "."


def report(judgement: Judgement) -> tuple[Section, ...]:
    """Verdict, table, what failed and why, what changed."""
    left_out = [f"Left out: {sentence}." for sentence in judgement.common.obstacles]
    added = [f"Not in the baseline: {sentence}." for sentence in judgement.common.added]
    return sections(
        section_of(
            headline(judgement),
            _sides(judgement),
            *left_out,
            *added,
            _table(judgement),
            _may_differ(judgement),
        ),
        *(_group(judgement, outcome, counts=True) for outcome in (Outcome.FAIL, Outcome.UNSURE)),
        _group(judgement, Outcome.FAIL, counts=False),
        section_of("What changed", changed(judgement.changes)),
    )


def _sides(judgement: Judgement) -> str:
    sides = f"Run {judgement.after.run.folder} against baseline {judgement.before.run.folder}"
    if same_run(judgement.before, judgement.after):
        return f"{sides}, which is the same run, so that nothing could differ."
    return f"{sides}."


def _may_differ(judgement: Judgement) -> str | None:
    """What the exact tier lets pass, and why, where the two runs did not compute alike."""
    kernels = _kernels(judgement)
    if not kernels:
        return None
    return (
        f"Other kernels ({', '.join(kernels)}) move the last bits of sums. So the weights of an adapter trained "
        "again, the order of passages as good as each other and a few answers "
        f"(up to {percent(MAY_DIFFER)}, in half precision {percent(MAY_DIFFER_HALF)}) may differ; nothing else may."
    )


def _kernels(judgement: Judgement) -> list[str]:
    return other_kernels(judgement.before.run.manifest, judgement.after.run.manifest)


def changed(changes: Sequence[Change]) -> Block:
    """All that the manifests say is different."""
    if not changes:
        return "Nothing that the manifests know: the same inputs, versions, machine and prices."
    return Bullets(tuple(f"{change.cause.value}: {change.sentence}" for change in changes))


def _table(judgement: Judgement) -> Table:
    cases: dict[tuple[str, str], list[Finding]] = {}
    for finding in judgement.findings:
        cases.setdefault((finding.task, finding.strategy), []).append(finding)
    rows = [(task, strategy, *map(_cell_of(found), TIERS)) for (task, strategy), found in cases.items()]
    return Table(("Task", "Strategy", "Exact", "Accuracy", "Latency, × base"), tuple(rows))


def _cell_of(found: Sequence[Finding]) -> Any:
    def cell(tier: str) -> str:
        mine = [one for one in found if one.tier == tier]
        if tier == "exact":
            return _exact(mine)
        (one,) = mine
        return f"{MARKS[one.outcome]} {_figure(one)}".strip()

    return cell


def _exact(found: Sequence[Finding]) -> str:
    """`✓ 8` or `✗ prompts, answers`."""
    fallen = [one.rule for one in found if one.outcome is Outcome.FAIL]
    if fallen:
        return f"{MARKS[Outcome.FAIL]} {', '.join(fallen)}"
    return f"{MARKS[Outcome.PASS]} {sum(one.outcome is Outcome.PASS for one in found)}"


def _figure(finding: Finding) -> str:
    figures = finding.said.figures
    if not figures:
        return ""
    if finding.tier == "latency":
        return f"{three(figures['before'])} → {three(figures['after'])}"
    delta = figures["delta"]
    change = f" ({signed(delta)})" if delta else ""
    return f"{percent(figures['before'])} → {percent(figures['after'])}{change}"


TITLES = {
    (Outcome.FAIL, True): "Failed",
    (Outcome.UNSURE, True): "Cannot tell",
    (Outcome.FAIL, False): "Worse or different, but not among the rules that may fail here",
}


def _group(judgement: Judgement, outcome: Outcome, *, counts: bool) -> Section | None:
    found = [one for one in judgement.findings if one.outcome is outcome and one.counts is counts]
    blocks = [block for same in _alike(found) for block in _told(same)]
    return section_of(TITLES[outcome, counts], *blocks)


def _alike(found: Sequence[Finding]) -> list[list[Finding]]:
    """Findings that say the same of several strategies, by the same questions and causes, together."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for one in found:
        groups.setdefault((one.rule, one.said.detail, one.said.flips, one.causes), []).append(one)
    return list(groups.values())


def _told(same: Sequence[Finding]) -> Iterator[Block]:
    """What a finding says, then its questions and its cause."""
    first = same[0]
    where = ", ".join(f"{one.task} · {one.strategy}" for one in same)
    yield f"{MARKS[first.outcome]} {first.rule} ({where}): {first.said.detail}."
    yield Bullets((*flip_lines(first.said.flips, MOST_FLIPS), *cause_lines(first)))


def cause_lines(finding: Finding) -> Iterator[str]:
    """`Likeliest cause: …`, of a rule that is not itself about an input. What cannot be told may have none.

    A long one by its name alone: what it changed to is said once, under what changed.
    """
    named = "; ".join(
        change.sentence if len(change.sentence) <= LONG_CAUSE else change.name
        for change in finding.causes[:MOST_CAUSES]
    )
    unseen = "none that the manifests show, so the program or its environment changed unseen"
    if finding.rule not in NAMES_ITS_CAUSE and (named or finding.outcome is Outcome.FAIL):
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
