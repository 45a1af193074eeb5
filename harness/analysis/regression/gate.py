"""The gate: every rule put to every task and strategy that both runs measured, and what that comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.analysis.evidence import Evidence, read_timings
from harness.analysis.regression import exact, losses, replies, slowdown
from harness.analysis.regression.changes import Cause, Change, changes, touching
from harness.analysis.regression.findings import Outcome, Rule, Said
from harness.analysis.regression.pairing import (
    Common,
    Past,
    Rerun,
    Side,
    check_comparable,
    common,
    measured,
    reruns,
)
from harness.errors import InputError
from harness.run.folder import read_manifest
from harness.spec.gate import RULES, TIER_OF, Gate

TABLE: dict[str, Rule] = {
    "model": exact.model,
    "adapter": exact.adapter,
    "index": exact.index,
    "settings": exact.settings,
    "retrieved": exact.retrieved,
    "recall": exact.recall_at_k,
    "prompts": exact.prompts,
    "answers": replies.answers,
    "prices": exact.prices,
    "token_cost": replies.token_cost,
    "accuracy": losses.accuracy,
    "latency": slowdown.latency,
}
"""Rule → its function; names, tiers and order are `spec/gate.py`'s."""
MOST_HISTORY = 20
"""Runs of a history that are looked at, the latest."""
EXIT = {Outcome.PASS: 0, Outcome.NOT_APPLICABLE: 0, Outcome.UNSURE: 3, Outcome.FAIL: 4}
SEVERITY = {outcome: place for place, outcome in enumerate(Outcome)}
_FOUND = (Cause.INDEX, Cause.SETTINGS, Cause.LIBRARY, Cause.MACHINE, Cause.PROGRAM)
_ALL = tuple(cause for cause in Cause if cause is not Cause.PRICE)
SUSPECTS: dict[str, tuple[Cause, ...]] = {
    "retrieved": _FOUND,
    "recall": _FOUND,
    "prompts": (
        Cause.MODEL,
        Cause.TRAINING,
        Cause.INDEX,
        Cause.PROMPT,
        Cause.SETTINGS,
        Cause.LIBRARY,
        Cause.PROGRAM,
    ),
    "answers": (Cause.SETTINGS, Cause.LIBRARY, Cause.MACHINE, Cause.PROGRAM),
    "token_cost": _ALL,
    "accuracy": _ALL,
    "latency": _ALL,
}
"""Rule → what can move it: what was retrieved does not hang on the model that reads, nor the answer to an equal prompt
of equal weights on the index."""
NAMES_ITS_CAUSE = tuple(rule for rule in RULES if rule not in SUSPECTS)
"""Rules whose sentence is about an input itself, so that no other has to be looked for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule said of one task and strategy."""

    rule: str
    tier: str
    task: str
    strategy: str
    said: Said
    counts: bool
    """Whether this rule may fail the gate here; otherwise it is only told."""
    causes: tuple[Change, ...]
    """What the manifests show that may have moved it, likeliest first."""

    @property
    def outcome(self) -> Outcome:
        return self.said.outcome


@dataclass(frozen=True)
class Judgement:
    """A run against its baseline."""

    before: Side
    after: Side
    common: Common
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    strict: bool = False
    """Whether `cannot tell` is a failure."""

    @property
    def outcome(self) -> Outcome:
        """The worst of the findings that count."""
        worst = max(
            (one.outcome for one in self.findings if one.counts), key=SEVERITY.__getitem__, default=None
        )
        if worst is None or worst is Outcome.NOT_APPLICABLE:
            return Outcome.PASS
        return Outcome.FAIL if self.strict and worst is Outcome.UNSURE else worst

    @property
    def exit_code(self) -> int:
        return EXIT[self.outcome]


def judge(
    after: Path,
    before: Path,
    gate: Gate,
    *,
    partly: bool = False,
    strict: bool = False,
    history: Path | None = None,
) -> Judgement:
    """Judge the run in `after` by the one in `before`.

    `partly`: compare what is common, where not all is. `history`: a folder of runs that show how much times move by
    themselves. Raises InputError where the runs are not of the same thing, HarnessError where one is incomplete.
    """
    new, old = Side.read(after), Side.read(before)
    gate.check_names(measured(old, new))
    found = common(old, new)
    check_comparable(found, partly=partly)
    return judged(old, new, found, gate, strict=strict, history=earlier(history, new.run))


def judged(
    before: Side,
    after: Side,
    found: Common,
    gate: Gate,
    *,
    strict: bool = False,
    history: Sequence[Past] = (),
) -> Judgement:
    """All rules on what two runs have in common."""
    changed = tuple(changes(before.run.manifest, after.run.manifest))
    findings = [
        one for rerun in reruns(before, after, found, gate, history) for one in _findings(rerun, changed)
    ]
    return Judgement(before, after, found, changed, tuple(findings), strict)


def _findings(rerun: Rerun, changed: Sequence[Change]) -> Iterator[Finding]:
    near = touching(changed, rerun.task, rerun.strategy, rerun.unused)
    for rule in RULES:
        said = TABLE[rule](rerun)
        # Too few questions to measure anything: nothing moved that could have a cause.
        told = said.outcome is Outcome.FAIL or (said.outcome is Outcome.UNSURE and said.figures)
        causes = [one for one in near if one.cause in SUSPECTS.get(rule, ())]
        counts = rule in rerun.limits.fail_on
        yield Finding(
            rule, TIER_OF[rule], rerun.task, rerun.strategy, said, counts, tuple(causes if told else ())
        )


def earlier(folder: Path | None, run: Evidence) -> list[Past]:
    """The latest complete and timed runs of the same model and device in a folder of runs, but for this one.

    Those that cannot be read are left out: they say nothing of how much times move.
    """
    if folder is None:
        return []
    if not folder.is_dir():
        raise InputError(f"there is no folder of runs at {folder} (--history).")
    found: list[Past] = []
    for path in sorted((one.parent for one in folder.glob("*/run.json")), reverse=True):
        if len(found) == MOST_HISTORY:
            break
        try:
            manifest = read_manifest(path)
            if _belongs(manifest, run) and (timings := read_timings(path)):
                found.append(Past(manifest, timings))
        except InputError:
            continue
    return found


def _belongs(manifest: dict[str, Any], run: Evidence) -> bool:
    model, own = (one.get("model") or {} for one in (manifest, run.manifest))
    return (
        manifest.get("status") == "complete"
        and manifest.get("run_id") != run.manifest.get("run_id")
        and all(model.get(key) == own.get(key) for key in ("sha256", "dtype", "device"))
    )
