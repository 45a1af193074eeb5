"""What `check --certify` says: how often the gate fails with nothing changed."""

from __future__ import annotations

import dataclasses
from typing import Any

from harness.analysis.regression.certificate import WANTED, Certificate
from harness.quantities import percent
from harness.report.view import Bullets, Section, Table, section, sections


def document(found: Certificate) -> dict[str, Any]:
    """As plain JSON values."""
    return {
        "schema_version": 1,
        "trials": found.trials,
        "assumed_churn": found.churn,
        "fail": {"share": found.fail, "ci_low": found.fail_low, "ci_high": found.fail_high},
        "cannot_tell": found.unsure,
        "wanted": WANTED,
        "cases": [dataclasses.asdict(case) for case in found.cases],
        "exact": [{"rule": one.rule, "task": one.task, "strategy": one.strategy} for one in found.exact],
    }


def report(found: Certificate) -> tuple[Section, ...]:
    """The whole gate, what stands behind the figure, and each rule."""
    verdict = "keeps" if found.fail <= WANTED else "does not keep"
    text = (
        f"In {found.trials:,} pairs of runs with nothing changed the gate failed in {percent(found.fail)} "
        f"({percent(found.fail_low)} to {percent(found.fail_high)}), which {verdict} the limit of {percent(WANTED)}. "
        f"In {percent(found.unsure)} more it could not tell."
    )
    exact = tuple(f"{one.rule} ({one.task} · {one.strategy}): {one.said.detail}." for one in found.exact)
    rows = tuple(
        (one.task, one.strategy, one.rule, percent(one.fail), percent(one.unsure)) for one in found.cases
    )
    return sections(
        section("A/A certificate", text, _how(found)),
        section(
            "The exact tier failed between the run and its rerun, so something did change", Bullets(exact)
        ),
        section("Rule by rule", Table(("Task", "Strategy", "Rule", "Failed", "Could not tell"), rows)),
    )


def _how(found: Certificate) -> str:
    if found.churn is None:
        return "The run and its rerun were exchanged at random, question by question."
    return (
        f"No rerun was given (--baseline RERUN), so {percent(found.churn)} of the answers were assumed to change in "
        "each run (--churn; on one machine none do), and differences between timed questions stand in for those "
        "between reruns, which are smaller. The exact tier compares what is equal, and cannot fail."
    )
