"""The gate: every rule put to every task and strategy that both runs measured, and what that comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.analysis.reading import read_timings
from harness.analysis.regression.changes import Change, changes, other_kernels, touching
from harness.analysis.regression.findings import Figures, Flip, Outcome
from harness.analysis.regression.pairing import (
    Past,
    Rerun,
    Side,
    check_comparable,
    measured,
    reruns,
    shared,
)
from harness.analysis.regression.rules import RULES, Expect, Tier
from harness.analysis.regression.terms import Gate
from harness.errors import InputError
from harness.run.manifest import Manifest
from harness.run.manifest_file import MANIFEST, read_manifest
from harness.steps import typed

SCHEMA_VERSION = 2
MOST_HISTORY = 20
"""Runs of a history that are looked at, the latest."""
EXIT = {Outcome.PASS: 0, Outcome.INCONCLUSIVE: 3, Outcome.FAIL: 4}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found about one system on one task.

    `counts`: whether the rule decides here; otherwise it is only shown. `control`: of a system that explains others and
    decides nothing. `causes`: what differs between the inputs and may have moved it, likeliest first.
    """

    rule: str
    tier: Tier
    task: str
    strategy: str
    control: bool
    outcome: Outcome
    counts: bool
    detail: str
    margin: float | None
    figures: Figures | None
    flips: tuple[Flip, ...]
    causes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A run against its baseline, each by its folder and its id. `same_run`: both are one run, or a copy of it.

    `left_out`, `new`: clauses. `strict`: an inconclusive rule counts as failed.
    """

    schema_version: int = SCHEMA_VERSION
    run: str
    run_id: str
    baseline: str
    baseline_id: str
    same_run: bool
    expect: Expect
    outcome: Outcome
    exit_code: int
    strict: bool
    left_out: tuple[str, ...]
    new: tuple[str, ...]
    other_kernels: tuple[str, ...]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    accept: str
    """The command that makes the run the baseline."""


def judge(
    after: Path,
    before: Path,
    gate: Gate,
    *,
    partly: bool = False,
    strict: bool = False,
    history: Path | None = None,
    accept: str | None = None,
) -> Judgement:
    """Judge the run in `after` by the one in `before`: every rule on what both measured.

    `partly`: compare what is common, where not all is. `history`: a folder of runs that show how much times move by
    themselves. `accept`: the command that makes the run the baseline; None: `harness accept`.

    Raises InputError where the runs did not measure the same, HarnessError where one is incomplete.
    """
    old = Side.read(before)
    new = Side.read(after, old.manifest)
    gate.check_names(measured(old, new))
    common = shared(old, new)
    check_comparable(common, partly=partly)
    changed = changes(old.manifest, new.manifest)
    pairs = reruns(old, new, common, gate.margins, earlier(history, new.manifest))
    findings = tuple(finding for rerun in pairs for finding in _findings(rerun, gate, changed))
    outcome = _outcome(findings, strict=strict)
    return Judgement(
        run=str(new.run.folder),
        run_id=new.manifest.run_id,
        baseline=str(old.run.folder),
        baseline_id=old.manifest.run_id,
        same_run=old.manifest.run_id == new.manifest.run_id,
        expect=gate.expected,
        outcome=outcome,
        exit_code=EXIT[outcome],
        strict=strict,
        left_out=common.obstacles,
        new=common.added,
        other_kernels=tuple(other_kernels(old.manifest, new.manifest)),
        changes=tuple(changed),
        findings=findings,
        accept=accept or typed("accept", after, "--baseline", before),
    )


def _outcome(findings: Sequence[Finding], *, strict: bool) -> Outcome:
    """The worst of the findings that count."""
    outcomes = {finding.outcome for finding in findings if finding.counts}
    if Outcome.FAIL in outcomes or (strict and Outcome.INCONCLUSIVE in outcomes):
        return Outcome.FAIL
    return Outcome.INCONCLUSIVE if Outcome.INCONCLUSIVE in outcomes else Outcome.PASS


def _findings(rerun: Rerun, gate: Gate, changed: Sequence[Change]) -> Iterator[Finding]:
    near = touching(changed, rerun.pair)
    control = rerun.system.control
    deciding = () if control else gate.expect(*rerun.pair).deciding
    for rule in RULES.values():
        ruling = rule.judge(rerun)
        # Too few questions to measure anything: nothing moved that could have a cause.
        moved = ruling.outcome is Outcome.FAIL or (ruling.outcome is Outcome.INCONCLUSIVE and ruling.figures)
        yield Finding(
            rule.name,
            rule.tier,
            rerun.task,
            rerun.strategy,
            control,
            ruling.outcome,
            rule.tier in deciding,
            ruling.detail,
            ruling.margin,
            ruling.figures,
            ruling.flips,
            tuple(change for change in near if moved and change.cause in rule.suspects),
        )


def earlier(folder: Path | None, run: Manifest) -> list[Past]:
    """The latest complete and timed runs of the same model and device in a folder of runs, but for this one.

    Those that cannot be read are left out: they say nothing of how much times move.
    """
    if folder is None:
        return []
    if not folder.is_dir():
        raise InputError(f"there is no folder of runs at {folder} (--history).")
    past: list[Past] = []
    for path in sorted((file.parent for file in folder.glob(f"*/{MANIFEST}")), reverse=True):
        if len(past) == MOST_HISTORY:
            break
        try:
            manifest = read_manifest(path)
            if _belongs(manifest, run) and (timings := read_timings(path, manifest)):
                past.append(Past(manifest, timings))
        except InputError:
            continue
    return past


def _belongs(past: Manifest, run: Manifest) -> bool:
    old, new = ({(row.sha256, row.dtype, row.device) for row in each.models} for each in (past, run))
    return past.status == "complete" and past.run_id != run.run_id and old == new
